"""Writes of library folders and files. A change never touches the disk; it records what was seen there or what is about to be done."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec

from mydia.core.quality import QUALITIES, UNKNOWN
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import (
    FileFound,
    FileGone,
    FileLinked,
    FileUnmatched,
    HealthChanged,
    RootChanged,
    ScanFinished,
)
from mydia.lacking import reckon
from mydia.library.model import FileFacts, FileView, RootState, SeenFile
from mydia.ports import MediaKind
from mydia.store.engine import among, from_json, to_json
from mydia.store.names import from_text, readable, to_text
from mydia.store.transaction import Transaction

P = ParamSpec("P")


def ensure_roots(tx: Transaction, wanted: Sequence[tuple[str, MediaKind]]) -> None:
    """Make the configured folders known. One that left the configuration stays, so that nothing in it is forgotten by a typo."""
    for path, kind in wanted:
        row = tx.one("select id, type from library_roots where path = :p", p=to_text(path))
        if row is None:
            tx.insert(
                "library_roots",
                {"id": tx.new_id(), "path": to_text(path), "type": kind, "created_at": tx.now, "updated_at": tx.now},
            )
        elif row["type"] != kind:
            tx.update("library_roots", row["id"], type=kind, updated_at=tx.now)


def set_root_state(
    tx: Transaction, root_id: str, state: RootState, reason: str | None, device: int | None = None
) -> None:
    row = tx.one("select path, state, reason from library_roots where id = :id", id=root_id)
    if row is None:
        raise NotFound(f"There is no library folder {root_id}.")
    if device is not None and state in ("ok", "readonly"):
        # What is suspicious may be another disk: remembering it would make it the right one at the next look.
        tx.update("library_roots", root_id, device=device)
    if (row["state"], row["reason"]) != (state, reason):
        tx.update("library_roots", root_id, state=state, reason=reason, updated_at=tx.now)
        tx.emit(RootChanged(root_id=root_id, path=row["path"], state=state, reason=reason))


def set_root_copies(tx: Transaction, root_id: str, why: str | None) -> None:
    """Why imports into this folder are copied; None: they are hard links. Told when the one becomes the other."""
    row = tx.one("select path, copies from library_roots where id = :id", id=root_id)
    if row is None or row["copies"] == why:
        return
    tx.update("library_roots", root_id, copies=why, updated_at=tx.now)
    if (row["copies"] is None) != (why is None):
        path = readable(from_text(row["path"]))
        told = f"Imports into {path} are copied: {why}" if why else f"Imports into {path} are hard links again."
        tx.emit(HealthChanged(part=f"imports into {path}", ok=why is None, message=told))


def request_scan(tx: Transaction, root_id: str | None = None, *, hurry: bool = False) -> tuple[str, ...]:
    """Ask for a walk of one folder, or of all: the ids of the jobs that do it. `hurry`: somebody waits for it."""
    ids = [r["id"] for r in tx.all("select id from library_roots order by created_at, id")]
    if root_id is not None:
        if root_id not in ids:
            raise NotFound(f"There is no library folder {root_id}.")
        ids = [root_id]
    return tuple(tx.enqueue("scan_root", {"root_id": r}, priority=-1 if hurry else None, hurry=hurry) for r in ids)


def confirm_root(tx: Transaction, root_id: str, *, actor: str) -> str:
    """A person says that the folder is as it should be (another disk, many files deleted): the scan that then believes it."""
    if tx.value("select 1 from library_roots where id = :id", id=root_id) is None:
        raise NotFound(f"There is no library folder {root_id}.")
    return tx.enqueue("scan_root", {"root_id": root_id, "confirmed_by": actor}, priority=-1, hurry=True)


def files_seen(tx: Transaction, root_id: str, files: Sequence[SeenFile]) -> int:
    """New or changed files of one root; each is to be identified. One that is known as it is stays so. The number of rows written.

    What an import has placed and not yet committed is that import's to say: taken for a file that came by itself, it would be held
    against its own download when the import goes on.
    """
    written = 0
    coming = {r["relative_path"] for r in tx.all(_COMING, root=root_id)}
    for f in files:
        if to_text(f.relative_path) in coming:
            continue
        file_id = tx.value(
            "insert into media_files (id, root_id, relative_path, state, size, mtime_ns, inode, created_at, updated_at)"
            " values (:id, :root, :path, 'new', :size, :mtime, :inode, :now, :now)"
            " on conflict (root_id, relative_path) do update set state = 'new', reason = null, size = excluded.size,"
            " mtime_ns = excluded.mtime_ns, inode = excluded.inode, missing_since = null, updated_at = excluded.updated_at"
            " where media_files.state = 'missing' or media_files.size <> excluded.size or media_files.mtime_ns <> excluded.mtime_ns"
            " returning id",
            id=tx.new_id(),
            root=root_id,
            path=to_text(f.relative_path),
            size=f.size,
            mtime=f.mtime_ns,
            inode=f.inode,
            now=tx.now,
        )
        if file_id is None:
            continue
        written += 1
        tx.emit(FileFound(file_id=file_id, path=to_text(f.relative_path)))
        tx.enqueue("identify_file", {"file_id": file_id}, max_attempts=8)
    return written


_COMING = """select j.relative_path from import_journal j join downloads d on d.id = j.download_id
    where j.state = 'intent' and j.root_id = :root and d.status in ('completed', 'importing')
    union select n.new_path as relative_path from renames n where n.state = 'intent' and n.root_id = :root"""


def unless_changed(
    tx: Transaction,
    file: FileView,
    change: Callable[Concatenate[Transaction, str, P], None],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> bool:
    """Make a change that follows from a look at a file, which takes its time; not where the file is another by now, or somebody else has
    said what it is: whoever wrote that down knew better, or has asked for another look. Whether it was made."""
    same = tx.value(
        "select 1 from media_files where id = :id and state = :state and size = :size and mtime_ns = :mtime and relative_path = :path",
        id=file.id,
        state=file.state,
        size=file.size,
        mtime=file.mtime_ns,
        path=to_text(file.relative_path),
    )
    if same is not None:
        change(tx, file.id, *args, **kwargs)
    return same is not None


def identify_again(tx: Transaction, file_ids: Sequence[str]) -> None:
    """Files that nothing fitted, now that there is something new that may."""
    for file_id in file_ids:
        if tx.execute("update media_files set state = 'new' where id = :id and state = 'unmatched'", id=file_id):
            tx.enqueue("identify_file", {"file_id": file_id}, max_attempts=8)


def files_gone(tx: Transaction, missed: Mapping[str, str]) -> int:
    """Files (by id, with the path where each was looked for) that a healthy root no longer has; how many. The rows stay, as missing, until
    the file returns or the title is deleted.

    One that is on its way to the trash or to another name, or has it since, is no loss.
    """
    match, params = among("f.id", missed)
    rows = tx.all(
        f"select f.id, f.relative_path, f.media_item_id from media_files f where {match} and f.state <> 'missing' and not exists"
        " (select 1 from trash t where t.state = 'intent' and t.root_id = f.root_id and t.relative_path = f.relative_path) and not exists"
        " (select 1 from renames n where n.state = 'intent' and n.root_id = f.root_id and n.old_path = f.relative_path) order by f.id",
        **params,
    )
    gone = [r for r in rows if r["relative_path"] == to_text(missed[r["id"]])]
    for r in gone:
        tx.update(
            "media_files",
            r["id"],
            state="missing",
            missing_since=tx.now,
            reason="Not found in its folder any more",
            updated_at=tx.now,
        )
        let_go(tx, r["id"])
        tx.emit(FileGone(media_item_id=r["media_item_id"], file_id=r["id"], path=r["relative_path"]))
    return len(gone)


def scan_finished(
    tx: Transaction, root_id: str, *, seen: int, added: int, gone: int, seconds: float, problems: Sequence[str]
) -> None:
    result = {"seen": seen, "added": added, "gone": gone, "seconds": round(seconds, 3), "problems": list(problems)[:50]}
    tx.update("library_roots", root_id, last_scan_at=tx.now, last_scan=to_json(result))
    path = tx.value("select path from library_roots where id = :id", id=root_id) or ""
    tx.emit(ScanFinished(root_id=root_id, path=path, seen=seen, added=added, gone=gone, seconds=round(seconds, 3)))


def link_file(
    tx: Transaction,
    file_id: str,
    media_item_id: str,
    episode_ids: Sequence[str],
    facts: FileFacts,
    *,
    slots: Sequence[str] = (),
    claim_slot: str | None = None,
    actor: str = "system",
) -> None:
    """Say what a file is. Of `slots` (those it fits, the best first; the main one when none is named) the first holds it that holds
    nothing, or a worse file, for its target; a slot that held it already comes first.

    `claim_slot` is the slot an import was for: that slot holds the file whatever it held before.
    """
    row = tx.one("select relative_path from media_files where id = :id", id=file_id)
    if row is None:
        raise NotFound(f"There is no file {file_id}.")
    tx.update(
        "media_files",
        file_id,
        media_item_id=media_item_id,
        state="linked",
        reason=None,
        verified_at=tx.now,
        updated_at=tx.now,
        **_columns(facts),
    )
    tx.execute("delete from episode_files where file_id = :id", id=file_id)
    tx.insert_many("episode_files", [{"file_id": file_id, "episode_id": e} for e in episode_ids])
    order = (claim_slot,) if claim_slot else _slot_order(tx, file_id, media_item_id, slots)
    let_go(tx, file_id, instead=claim_slot is None)
    for target in episode_ids or ("",):
        for slot in order:
            if claim_slot or _better_than_held(tx, slot, target, facts.quality):
                tx.execute(
                    "insert into held_files (slot_id, target, file_id) values (:s, :t, :f)"
                    " on conflict (slot_id, target) do update set file_id = excluded.file_id",
                    s=slot,
                    t=target,
                    f=file_id,
                )
                break
    reckon(tx, media_item_id)
    if claim_slot:
        return  # an import tells of the file by itself
    tx.emit(
        FileLinked(
            media_item_id=media_item_id,
            actor=actor,
            file_id=file_id,
            path=row["relative_path"],
            quality=facts.quality or UNKNOWN.name,
            episodes=codes(tx, episode_ids),
        )
    )


def _slot_order(tx: Transaction, file_id: str, media_item_id: str, slots: Sequence[str]) -> tuple[str, ...]:
    rows = tx.all(
        "select s.id, s.name, (select count(*) from held_files h where h.slot_id = s.id and h.file_id = :f) as holds from slots s"
        " where s.media_item_id = :m order by s.created_at, s.id",
        f=file_id,
        m=media_item_id,
    )
    held = [r["id"] for r in rows if r["holds"]]
    return tuple(dict.fromkeys((*held, *slots))) if slots else tuple(r["id"] for r in rows if r["name"] == "default")


def hold_where_nothing_is(tx: Transaction, file_id: str, target: str, slots: Sequence[str]) -> None:
    """Have the first of these slots that holds nothing for the target hold a file of the library."""
    for slot in slots:
        row = {"s": slot, "t": target, "f": file_id}
        if tx.execute(
            "insert into held_files (slot_id, target, file_id) values (:s, :t, :f) on conflict (slot_id, target) do nothing",
            **row,
        ):
            reckon(tx, tx.value("select media_item_id from slots where id = :s", s=slot))
            return


def file_unmatched(
    tx: Transaction, file_id: str, reason: str, facts: FileFacts | None = None, *, invalid: bool = False
) -> None:
    """A file that fits no title (a person may say what it is), or that is no video at all (`invalid`)."""
    row = tx.one("select relative_path from media_files where id = :id", id=file_id)
    if row is None:
        raise NotFound(f"There is no file {file_id}.")
    let_go(tx, file_id)
    tx.execute("delete from episode_files where file_id = :id", id=file_id)
    tx.update(
        "media_files",
        file_id,
        state="invalid" if invalid else "unmatched",
        reason=readable(reason),
        media_item_id=None,
        updated_at=tx.now,
        **(_columns(facts) if facts else {}),
    )
    tx.emit(FileUnmatched(file_id=file_id, path=row["relative_path"], reason=readable(reason)))


def identify_by_hand(
    tx: Transaction,
    file_id: str,
    media_item_id: str,
    episode_ids: Sequence[str],
    *,
    slots: Sequence[str] = (),
    actor: str,
) -> None:
    """A person says what a file is. What was probed and parsed of it stays; a slot holds it as `link_file` says."""
    row = tx.one("select * from media_files where id = :id", id=file_id)
    if row is None:
        raise NotFound(f"There is no file {file_id}.")
    if row["state"] not in ("linked", "unmatched"):
        raise Conflict(f"This file is {row['state']}; only one that is here and was looked at can be told what it is.")
    kind = tx.value("select type from media_items where id = :id", id=media_item_id)
    if kind is None:
        raise Invalid(f"There is no title {media_item_id}.", field="media_id")
    match, params = among("id", episode_ids)
    known = tx.value(f"select count(*) from episodes where media_item_id = :m and {match}", m=media_item_id, **params)
    if known != len(episode_ids) or (kind == "tv_show") != bool(episode_ids):
        said = "name at least one episode of this show" if kind == "tv_show" else "a film has no episodes"
        raise Invalid(f"These are not its episodes: {said}, and each once.", field="episode_ids")
    facts = FileFacts(
        **{k: row[k] for k in FileFacts.__slots__ if k not in ("languages", "metadata", "scene_name")},
        languages=tuple(from_json(row["languages"]) or ()),
        scene_name=None if row["scene_name"] is None else from_text(row["scene_name"]),
        metadata=from_json(row["metadata"]) or {},
    )
    link_file(tx, file_id, media_item_id, list(episode_ids), facts, slots=slots, actor=actor)


def let_go(tx: Transaction, file_id: str, *, instead: bool = True) -> None:
    """No slot holds the file any more; where the library has another for the same, that no other slot holds, the best of them is held
    `instead` by the main slot. (A further slot has its own idea of what it takes.)"""
    held = tx.all(
        "select h.slot_id, h.target, s.media_item_id as title from held_files h join slots s on s.id = h.slot_id"
        " where h.file_id = :id order by h.slot_id, h.target",
        id=file_id,
    )
    tx.execute("delete from held_files where file_id = :id", id=file_id)
    for row in held if instead else ():
        others = tx.all(
            "select f.id, f.quality from slots s join media_files f on f.media_item_id = s.media_item_id"
            " left join episode_files e on e.file_id = f.id and e.episode_id = :t"
            " where s.id = :s and s.name = 'default' and f.state = 'linked' and f.id <> :f and (:t = '' or e.file_id is not null)"
            " and not exists (select 1 from held_files h where h.file_id = f.id and h.slot_id <> s.id) order by f.id",
            s=row["slot_id"],
            t=row["target"],
            f=file_id,
        )
        if others:
            best = max(others, key=lambda other: _weight(other["quality"]))
            tx.insert("held_files", {"slot_id": row["slot_id"], "target": row["target"], "file_id": best["id"]})
    for title in dict.fromkeys(row["title"] for row in held):
        reckon(tx, title)


def codes(tx: Transaction, episode_ids: Sequence[str]) -> tuple[str, ...]:
    """The episodes' numbers as people write them ("S01E02"), in order."""
    if not episode_ids:
        return ()
    match, params = among("id", list(episode_ids))
    rows = tx.all(f"select season_number as s, episode_number as e from episodes where {match} order by s, e", **params)
    return tuple(f"S{r['s']:02}E{r['e']:02}" for r in rows)


def _columns(facts: FileFacts) -> dict[str, Any]:
    return {
        "quality": facts.quality,
        "revision": facts.revision,
        "resolution": facts.resolution,
        "codec": facts.codec,
        "hdr_format": facts.hdr_format,
        "audio_codec": facts.audio_codec,
        "audio_channels": facts.audio_channels,
        "languages": to_json(list(facts.languages)),
        "bitrate": facts.bitrate,
        "duration": facts.duration,
        "release_group": None if facts.release_group is None else to_text(facts.release_group),
        "scene_name": None if facts.scene_name is None else to_text(facts.scene_name),
        "metadata": to_json(facts.metadata),
    }


def _better_than_held(tx: Transaction, slot_id: str, target: str, quality: str | None) -> bool:
    row = tx.one(
        "select f.quality from held_files h join media_files f on f.id = h.file_id where h.slot_id = :s and h.target = :t",
        s=slot_id,
        t=target,
    )
    return row is None or _weight(quality) > _weight(row["quality"])


def _weight(quality: str | None) -> int:
    return QUALITIES.get(quality or "", UNKNOWN).weight
