"""Files that get another name: the intents, what became of each, and the way back.

intent -> done | failed. The row is written before the file is touched; the file's own row follows when it has its new name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mydia.errors import Conflict, NotFound
from mydia.events import FileRenamed
from mydia.library.changes import let_go
from mydia.store.engine import Connection, to_json
from mydia.store.names import from_text, readable, to_text
from mydia.store.paging import Page, decode_cursor, encode_cursor
from mydia.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RenameRow:
    """One file's rename; paths are relative to its root."""

    id: str
    batch_id: str
    file_id: str | None
    media_item_id: str | None
    root_id: str
    root_path: str
    old_path: str
    new_path: str
    state: str
    reason: str | None
    actor: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request to rename came to; `waiting` files have their turn still to come."""

    id: str
    actor: str
    created_at: str
    done: int
    failed: int
    waiting: int


# -- changes


def request_renames(tx: Transaction, media_item_id: str | None = None, *, actor: str) -> tuple[str, str]:
    """Rename the files of a title, or all, by the naming in force: the batch's id, and its job's."""
    batch = tx.new_id()
    args = {"batch_id": batch, "media_item_id": media_item_id, "undo": None, "actor": actor}
    return batch, tx.enqueue("rename_files", args, media_item_id=media_item_id)


def request_undo(tx: Transaction, batch_id: str, *, actor: str) -> tuple[str, str]:
    """Give the files of a batch their names back, those that still have the ones it gave: the new batch's id, and its job's."""
    if tx.value("select 1 from renames where batch_id = :b and state = 'done' limit 1", b=batch_id) is None:
        raise NotFound("Nothing was renamed by that, so there is nothing to undo.")
    batch = tx.new_id()
    args = {"batch_id": batch, "media_item_id": None, "undo": batch_id, "actor": actor}
    return batch, tx.enqueue("rename_files", args)


def intend_renames(tx: Transaction, batch_id: str, wanted: Sequence[tuple[str, str, str]], *, actor: str) -> int:
    """Write down (file id, present path, new path) before any file is touched; how many. One that is no longer so is left out."""
    count = 0
    for file_id, before, after in wanted:
        row = tx.one(
            "select root_id, media_item_id from media_files f where f.id = :f and f.relative_path = :p and f.state = 'linked'"
            " and not exists (select 1 from renames r where r.state = 'intent' and r.root_id = f.root_id and r.old_path = f.relative_path)",
            f=file_id,
            p=to_text(before),
        )
        if row is None:
            continue
        count += 1
        tx.insert(
            "renames",
            {
                "id": tx.new_id(),
                "batch_id": batch_id,
                "file_id": file_id,
                **row,
                "old_path": to_text(before),
                "new_path": to_text(after),
                "state": "intent",
                "actor": actor,
                "created_at": tx.now,
                "updated_at": tx.now,
            },
        )
    return count


def renamed(tx: Transaction, rename_id: str, side_files: Sequence[tuple[str, str]]) -> None:
    """The file has its new name: its row says so. What its old name said of its release is kept, where nothing else does."""
    row = _row(tx, rename_id)
    if row["state"] != "intent":
        return
    known = tx.one("select scene_name from media_files where id = :f", f=row["file_id"])
    if known is not None:
        # Seen there by a scan meanwhile, it is the same file.
        twin = tx.value(
            "select id from media_files where root_id = :r and relative_path = :p and id <> :f",
            r=row["root_id"],
            p=row["new_path"],
            f=row["file_id"],
        )
        if twin is not None:
            let_go(tx, twin)
            tx.execute("delete from media_files where id = :id", id=twin)
        old_stem = to_text(PurePosixPath(from_text(row["old_path"])).stem)
        said = known["scene_name"] if known["scene_name"] not in (None, row["old_path"]) else old_stem
        tx.update(
            "media_files",
            row["file_id"],
            relative_path=row["new_path"],
            scene_name=said,
            updated_at=tx.now,
        )
    sides = [{"before": to_text(b), "after": to_text(a)} for b, a in side_files]
    tx.update("renames", rename_id, state="done", side_files=to_json(sides), updated_at=tx.now)
    tx.emit(
        FileRenamed(
            media_item_id=row["media_item_id"],
            actor=row["actor"],
            file_id=row["file_id"] or "",
            before=row["old_path"],
            path=row["new_path"],
        )
    )


def rename_failed(tx: Transaction, rename_id: str, reason: str) -> None:
    """It keeps its name, and why."""
    tx.execute(
        "update renames set state = 'failed', reason = :why, updated_at = :now where id = :id and state = 'intent'",
        why=readable(reason),
        now=tx.now,
        id=rename_id,
    )


def _row(tx: Transaction, rename_id: str) -> dict[str, Any]:
    row = tx.one("select * from renames where id = :id", id=rename_id)
    if row is None:
        raise Conflict(f"The rename {rename_id} was forgotten meanwhile.")
    return row


# -- queries


def rows_of(conn: Connection, batch_id: str, state: str | None = None, limit: int = 500) -> tuple[RenameRow, ...]:
    rows = conn.all(
        "select n.*, r.path as root_path from renames n join library_roots r on r.id = n.root_id"
        " where n.batch_id = :b and (:s = '' or n.state = :s) order by n.id limit :n",
        b=batch_id,
        s=state or "",
        n=limit,
    )
    return tuple(
        RenameRow(
            **{
                **{key: row[key] for key in RenameRow.__slots__},
                **{key: from_text(row[key]) for key in ("root_path", "old_path", "new_path")},
            }
        )
        for row in rows
    )


def reversals(conn: Connection, batch_id: str, after: str, limit: int) -> tuple[tuple[str, tuple[str, str, str]], ...]:
    """(rename id, (file id, present path, path before)) of what a batch renamed and what still has that name, in portions by id."""
    rows = conn.all(
        "select n.id, n.file_id, n.new_path, n.old_path from renames n join media_files f on f.id = n.file_id"
        " where n.batch_id = :b and n.state = 'done' and f.relative_path = n.new_path and n.id > :a order by n.id limit :n",
        b=batch_id,
        a=after,
        n=limit,
    )
    return tuple((r["id"], (r["file_id"], from_text(r["new_path"]), from_text(r["old_path"]))) for r in rows)


def batches(conn: Connection, *, cursor: str | None = None, limit: int = 20) -> Page[Batch]:
    """What was renamed, the latest first."""
    (before,) = decode_cursor(cursor, str) if cursor else ("\U0010ffff",)
    rows = conn.all(
        "select batch_id as id, min(actor) as actor, min(created_at) as created_at,"
        " sum(case when state = 'done' then 1 else 0 end) as done, sum(case when state = 'failed' then 1 else 0 end) as failed,"
        " sum(case when state = 'intent' then 1 else 0 end) as waiting"
        " from renames where batch_id < :b group by batch_id order by batch_id desc limit :n",
        b=before,
        n=limit + 1,
    )
    found = tuple(Batch(**{**r, **{k: int(r[k]) for k in ("done", "failed", "waiting")}}) for r in rows[:limit])
    return Page(found, encode_cursor((found[-1].id,)) if len(rows) > limit else None)
