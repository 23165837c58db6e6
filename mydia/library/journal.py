"""Writes of the import journal: intent -> placed -> done. What is about to happen to a file is written down before it happens."""

from collections.abc import Sequence
from typing import Any
from unicodedata import normalize

from mydia.core.quality import UNKNOWN
from mydia.errors import NotFound
from mydia.events import Imported
from mydia.library.changes import codes, link_file
from mydia.library.model import FileFacts, JournalRow, SeenFile
from mydia.library.queries import journal_row
from mydia.library.trash import intend_trash, leaving
from mydia.store.engine import among, to_json
from mydia.store.names import from_text, readable, to_text
from mydia.store.transaction import Transaction


def begin_import(
    tx: Transaction,
    download_id: str,
    *,
    source: str,
    root_id: str,
    relative_path: str,
    plan: dict[str, Any],
) -> JournalRow:
    """Write down what is about to happen to one file, before it happens.

    Where an attempt was cut short after it had written the same, that row is the answer: what was intended then is what is finished.
    """
    existing = tx.one(
        "select * from import_journal where download_id = :d and source = :s and state = 'intent'",
        d=download_id,
        s=to_text(source),
    )
    if existing is not None:
        return journal_row(existing)
    row_id = tx.new_id()
    row = {
        "id": row_id,
        "download_id": download_id,
        "source": to_text(source),
        "root_id": root_id,
        "relative_path": to_text(relative_path),
        "part_path": f".mydia-{row_id}.*.part",
        "method": None,
        "reason": None,
        "state": "intent",
        "plan": to_json(plan),
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    tx.insert("import_journal", row)
    return journal_row(row)


def import_placed(
    tx: Transaction,
    journal_id: str,
    seen: SeenFile,
    media_item_id: str,
    episode_ids: Sequence[str],
    facts: FileFacts,
    *,
    slot_id: str,
    release: str,
    method: str,
    reason: str | None,
    displaced: tuple[str, int] | None = None,
) -> str:
    """The file stands complete at its final name: its row, its links, and the slot that holds it, in one transaction. The file's id.

    A file that it replaces is only marked for the trash here, and moved there after this commit. One of the very same name lies there
    already (`displaced`: where, and its bytes): the two changed places in one step.
    """
    journal = tx.one("select * from import_journal where id = :id", id=journal_id)
    if journal is None:
        raise NotFound(f"There is no import {journal_id}.")
    if journal["state"] == "done":
        return str(
            tx.value(
                "select id from media_files where root_id = :r and relative_path = :p",
                r=journal["root_id"],
                p=journal["relative_path"],
            )
        )
    if displaced is not None:
        _displaced(tx, journal, media_item_id, *displaced)
    file_id = tx.value(
        "insert into media_files (id, root_id, relative_path, state, size, mtime_ns, inode, created_at, updated_at)"
        " values (:id, :root, :path, 'new', :size, :mtime, :inode, :now, :now)"
        " on conflict (root_id, relative_path) do update set size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode,"
        " missing_since = null, updated_at = excluded.updated_at returning id",
        id=tx.new_id(),
        root=journal["root_id"],
        path=journal["relative_path"],
        size=seen.size,
        mtime=seen.mtime_ns,
        inode=seen.inode,
        now=tx.now,
    )
    targets = list(episode_ids) or [""]
    match, params = among("target", targets)
    replaced = [
        r["file_id"]
        for r in tx.all(
            f"select distinct file_id from held_files where slot_id = :s and {match} order by file_id",
            s=slot_id,
            **params,
        )
        if r["file_id"] != file_id
    ]
    link_file(tx, file_id, media_item_id, episode_ids, facts, claim_slot=slot_id)
    for gone in replaced:
        if _spelled_otherwise(tx, gone, journal, seen):
            tx.execute("delete from media_files where id = :f", f=gone)
            continue
        # A file of several episodes is replaced only when nothing hangs on it any more.
        if tx.value("select 1 from held_files where file_id = :f limit 1", f=gone) is None and not leaving(tx, gone):
            intend_trash(
                tx, gone, reason=f"Replaced by {readable(from_text(journal['relative_path']))}", actor="importer"
            )
    tx.update("import_journal", journal_id, state="done", method=method, reason=reason, updated_at=tx.now)
    tx.emit(
        Imported(
            media_item_id=media_item_id,
            actor="importer",
            download_id=journal["download_id"],
            file_id=str(file_id),
            path=journal["relative_path"],
            release=release,
            quality=facts.quality or UNKNOWN.name,
            method=method,
            reason=reason,
            is_upgrade=bool(replaced) or displaced is not None,
            episodes=codes(tx, episode_ids),
        )
    )
    return str(file_id)


def _spelled_otherwise(tx: Transaction, file_id: str, journal: dict[str, Any], seen: SeenFile) -> bool:
    """Whether a file that is held is the one that was just placed: where case, or how an accent is written, makes no other name (network
    shares, for one), it stood there already, and moving the old name to the trash would move the only file there is."""
    row = tx.one("select root_id, relative_path, inode from media_files where id = :f", f=file_id) or {}
    if (row.get("root_id"), row.get("inode")) != (journal["root_id"], seen.inode):
        return False
    one, other = (normalize("NFC", from_text(r["relative_path"])).casefold() for r in (row, journal))
    return one == other


def _displaced(tx: Transaction, journal: dict[str, Any], media_item_id: str, trash_path: str, size: int) -> None:
    tx.insert(
        "trash",
        {
            "id": tx.new_id(),
            "root_id": journal["root_id"],
            "media_item_id": media_item_id,
            "relative_path": journal["relative_path"],
            "trash_path": to_text(trash_path),
            "size": size,
            "reason": "Replaced by a better file of the same name",
            "actor": "importer",
            "state": "trashed",
            "metadata": to_json({}),
            "created_at": tx.now,
            "updated_at": tx.now,
        },
    )


def close_import(tx: Transaction, journal_id: str, state: str, reason: str) -> None:
    """End a journal row without a file: "undone" (nothing was placed) or "failed" (a person must look)."""
    tx.update("import_journal", journal_id, state=state, reason=readable(reason), updated_at=tx.now)
