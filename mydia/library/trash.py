"""Writes of the trash: a file is marked, moved there by the importer after the commit, and put back or deleted for good."""

from collections.abc import Mapping, Sequence
from typing import Any

from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import FileRestored, FileTrashed
from mydia.library.changes import let_go
from mydia.store.engine import to_json
from mydia.store.names import from_text, readable, to_text
from mydia.store.transaction import Transaction


def intend_trash(tx: Transaction, file_id: str, *, reason: str, actor: str) -> str:
    """Mark a file for the trash; the importer moves it after the commit. The trash row's id."""
    row = tx.one(
        "select f.*, r.path as root_path from media_files f join library_roots r on r.id = f.root_id where f.id = :id",
        id=file_id,
    )
    if row is None:
        raise NotFound(f"There is no file {file_id}.")
    if leaving(tx, file_id):
        raise Conflict(f"{readable(from_text(row['relative_path']))} is on its way to the trash already.")
    trash_id = tx.new_id()
    tx.insert(
        "trash",
        {
            "id": trash_id,
            "root_id": row["root_id"],
            "media_item_id": row["media_item_id"],
            "relative_path": row["relative_path"],
            "trash_path": "",
            "size": row["size"],
            "reason": reason,
            "actor": actor,
            "state": "intent",
            "metadata": to_json({"file_id": file_id}),
            "created_at": tx.now,
            "updated_at": tx.now,
        },
    )
    return trash_id


def leaving(tx: Transaction, file_id: str) -> bool:
    """Whether a file is on its way to the trash."""
    return bool(
        tx.value(
            "select 1 from media_files f join trash t on t.root_id = f.root_id and t.relative_path = f.relative_path"
            " where f.id = :f and t.state = 'intent' limit 1",
            f=file_id,
        )
    )


def file_trashed(tx: Transaction, trash_id: str, trash_path: str, side_files: Sequence[Mapping[str, Any]] = ()) -> None:
    """The file now lies in the trash, with its side files: its row goes, the trash row tells where it is."""
    row = tx.one("select * from trash where id = :id", id=trash_id)
    if row is None:
        raise NotFound(f"There is nothing with the id {trash_id} in the trash.")
    tx.update(
        "trash",
        trash_id,
        state="trashed",
        trash_path=to_text(trash_path),
        metadata=to_json({"side_files": [dict(s) for s in side_files]}),
        updated_at=tx.now,
    )
    known = tx.value(
        "select id from media_files where root_id = :r and relative_path = :p", r=row["root_id"], p=row["relative_path"]
    )
    if known is not None:
        let_go(tx, known)
        tx.execute("delete from media_files where id = :id", id=known)
    tx.emit(
        FileTrashed(
            media_item_id=row["media_item_id"],
            actor=row["actor"],
            trash_id=trash_id,
            path=row["relative_path"],
            reason=row["reason"],
        )
    )


def request_restore(tx: Transaction, trash_id: str, *, actor: str) -> str:
    """Have a file brought back to where it was; the job's id. Conflict when it is not in the trash."""
    row = tx.one("select relative_path, state from trash where id = :id", id=trash_id)
    if row is None:
        raise NotFound(f"There is nothing with the id {trash_id} in the trash.")
    if row["state"] != "trashed":
        raise Conflict(f"{readable(from_text(row['relative_path']))} is not in the trash: it is {row['state']}.")
    return tx.enqueue("restore_file", {"trash_id": trash_id, "actor": actor}, hurry=True)


def trash_ended(tx: Transaction, trash_id: str, state: str, *, actor: str = "system") -> None:
    """The file was put back ("restored") or has left the trash for good ("deleted")."""
    row = tx.one("select * from trash where id = :id", id=trash_id)
    if row is None:
        raise NotFound(f"There is nothing with the id {trash_id} in the trash.")
    if state not in ("restored", "deleted"):
        raise Invalid(f"Trash ends as restored or deleted, not {state!r}.")
    if row["state"] == "restored":
        return  # by now, or by an attempt that could not say so any more: what is back in its place is not deleted
    tx.update("trash", trash_id, state=state, updated_at=tx.now)
    if state == "restored":
        tx.emit(
            FileRestored(media_item_id=row["media_item_id"], actor=actor, trash_id=trash_id, path=row["relative_path"])
        )
        tx.enqueue("scan_root", {"root_id": row["root_id"]}, priority=-1)
