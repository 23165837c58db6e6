"""Reads of library folders and files. Lists page by cursor on an indexed order."""

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, get_args

from mydia.errors import Invalid, NotFound
from mydia.library.model import FileState, FileView, JournalRow, KnownFile, Root, ScanStatus, TrashRow
from mydia.store.engine import Connection, among, containing, from_json, quick
from mydia.store.names import from_text, to_text
from mydia.store.paging import Page, decode_cursor, encode_cursor

# The folder's path by a subquery: where there is but one folder, a join would be begun with it, and all its files sorted.
_ROOT_PATH = "(select r.path from library_roots r where r.id = {}.root_id) as root_path"
_FILE = (
    f"select f.*, {_ROOT_PATH.format('f')}, exists (select 1 from held_files h where h.file_id = f.id) as held"
    " from media_files f"
)
_TRASH = f"select t.*, {_ROOT_PATH.format('t')} from trash t"


@quick
def roots(conn: Connection) -> tuple[Root, ...]:
    return tuple(_root(r) for r in conn.all("select * from library_roots order by created_at, id"))


@quick
def get_root(conn: Connection, root_id: str) -> Root:
    row = conn.one("select * from library_roots where id = :id", id=root_id)
    if row is None:
        raise NotFound(f"There is no library folder {root_id}.")
    return _root(row)


def known_at(conn: Connection, root_id: str, relative_paths: Sequence[str]) -> dict[str, KnownFile]:
    """Relative path -> what is known of it, for those that are known."""
    match, params = among("relative_path", [to_text(p) for p in relative_paths])
    sql = f"select id, relative_path, size, mtime_ns, state from media_files where root_id = :r and {match} order by relative_path"
    return {k.relative_path: k for k in map(_known, conn.all(sql, r=root_id, **params))}


def known_after(conn: Connection, root_id: str, after: str, limit: int) -> tuple[KnownFile, ...]:
    """The files of a root that are not missing, in portions by path: those of a large library at once would take too much memory."""
    rows = conn.all(
        "select id, relative_path, size, mtime_ns, state from media_files where root_id = :r and relative_path > :a"
        " and state <> 'missing' order by relative_path limit :n",
        r=root_id,
        a=to_text(after),
        n=limit,
    )
    return tuple(map(_known, rows))


def known_below(conn: Connection, root_id: str, relative_path: str, limit: int) -> tuple[KnownFile, ...]:
    """The file of that path, and the files below a folder of that path, as far as they are not missing."""
    path = to_text(relative_path)
    one = [known for known in known_at(conn, root_id, [relative_path]).values() if known.state != "missing"]
    rows = conn.all(
        "select id, relative_path, size, mtime_ns, state from media_files where root_id = :r and state <> 'missing'"
        " and relative_path >= :low and relative_path < :high order by relative_path limit :n",
        r=root_id,
        low=path + "/",
        high=path + "0",  # follows "/"
        n=limit - len(one),
    )
    return (*one, *map(_known, rows))


def count_known(conn: Connection, root_id: str) -> int:
    """How many files of a root are not missing."""
    return int(conn.value("select count(*) from media_files where root_id = :r and state <> 'missing'", r=root_id))


def unmatched(conn: Connection, kind: str, *, cursor: str | None = None, limit: int) -> Page[tuple[str, str]]:
    """(id, relative path) of the files of films, or of shows, that nothing fitted; oldest first, in portions."""
    after, after_id = decode_cursor(cursor, str, str) if cursor else ("", "")
    rows = conn.all(
        "select f.id, f.relative_path, f.created_at from media_files f where f.state = 'unmatched' and (f.created_at, f.id) > (:at, :id)"
        " and exists (select 1 from library_roots r where r.id = f.root_id and r.type = :k) order by f.created_at, f.id limit :n",
        k=kind,
        at=after,
        id=after_id,
        n=limit,
    )
    following = encode_cursor((rows[-1]["created_at"], rows[-1]["id"])) if len(rows) == limit else None
    return Page(tuple((r["id"], from_text(r["relative_path"])) for r in rows), following)


def list_files(
    conn: Connection,
    *,
    state: str | None = None,
    root_id: str | None = None,
    media_item_id: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[FileView]:
    """Files, newest first. `q` is a part of the path."""
    states = get_args(FileState)
    if state is not None and state not in states:
        raise Invalid(f"state must be one of {', '.join(states)}, not {state!r}.", field="state")
    where, params = ["1 = 1"], dict[str, Any](limit=limit + 1)
    for column, value in (("root_id", root_id), ("media_item_id", media_item_id)):
        if value is not None:
            where.append(f"f.{column} = :{column}")
            params[column] = value
    if q:
        where.append("lower(f.relative_path) like lower(:q) escape '!'")
        params["q"] = containing(q)
    if cursor:
        params["after"], params["after_id"] = decode_cursor(cursor, str, str)
        where.append("(f.created_at, f.id) < (:after, :after_id)")
    sql = f"{_FILE} where {' and '.join(where)} {{}} order by f.created_at desc, f.id desc limit :limit"
    if state is None and (root_id is None or media_item_id is not None):
        rows = conn.all(sql.format(""), **params)
    else:
        # A folder's newest files are the newest of each state that it has, each read along the index.
        found = [
            conn.all(sql.format("and f.state = :state"), state=each, **params)
            for each in ([state] if state else states)
        ]
        rows = sorted(chain.from_iterable(found), key=itemgetter("created_at", "id"), reverse=True)
    page = _views(conn, rows[:limit])
    return Page(page, encode_cursor((page[-1].created_at, page[-1].id)) if len(rows) > limit else None)


def files_of(conn: Connection, media_item_id: str) -> tuple[FileView, ...]:
    """Every file of one title, by path."""
    return _views(
        conn, conn.all(f"{_FILE} where f.media_item_id = :id order by f.relative_path, f.id", id=media_item_id)
    )


@quick
def get_file(conn: Connection, file_id: str) -> FileView:
    rows = conn.all(f"{_FILE} where f.id = :id", id=file_id)
    if not rows:
        raise NotFound(f"There is no file {file_id}.")
    return _views(conn, rows)[0]


def held_file(conn: Connection, slot_id: str, target: str) -> FileView | None:
    """The file that a slot holds for an episode's id, or for '' (the film)."""
    rows = conn.all(
        f"{_FILE} join held_files hh on hh.file_id = f.id where hh.slot_id = :s and hh.target = :t", s=slot_id, t=target
    )
    return _views(conn, rows)[0] if rows else None


def scan_status(conn: Connection) -> ScanStatus:
    running = conn.value("select count(*) from jobs where kind = 'scan_root' and state in ('available', 'executing')")
    waiting = conn.value("select count(*) from media_files where state = 'new'")
    return ScanStatus(bool(running), roots(conn), int(waiting))


def abandoned_imports(conn: Connection) -> tuple[tuple[JournalRow, str], ...]:
    """Imports that were begun, and whose download has ended otherwise since; each with its root's path."""
    rows = conn.all(
        "select j.*, r.path as root_path from import_journal j join downloads d on d.id = j.download_id"
        " join library_roots r on r.id = j.root_id where j.state = 'intent' and d.status in ('failed', 'cancelled') order by j.id"
    )
    return tuple((journal_row(r), from_text(r["root_path"])) for r in rows)


def journal_of(conn: Connection, download_id: str) -> tuple[JournalRow, ...]:
    return tuple(
        journal_row(r)
        for r in conn.all("select * from import_journal where download_id = :d order by id", d=download_id)
    )


def came_since(conn: Connection, row: TrashRow) -> frozenset[str]:
    """The paths in a root that imports have chosen since a file of it was marked for the trash; those that were undone too."""
    rows = conn.all(
        # By id, which is later for what came later even where somebody set the clock back.
        "select relative_path from import_journal where root_id = :root and id > :id",
        root=row.root_id,
        id=row.id,
    )
    return frozenset(from_text(r["relative_path"]) for r in rows)


@quick
def trash(conn: Connection, *, cursor: str | None = None, limit: int = 50) -> Page[TrashRow]:
    """What was deleted and can still be restored, newest first."""
    where, params = ["t.state = 'trashed'"], dict[str, Any](limit=limit + 1)
    if cursor:
        params["after"], params["after_id"] = decode_cursor(cursor, str, str)
        where.append("(t.created_at, t.id) < (:after, :after_id)")
    rows = conn.all(
        f"{_TRASH} where {' and '.join(where)} order by t.created_at desc, t.id desc limit :limit", **params
    )
    page = tuple(_trash(r) for r in rows[:limit])
    return Page(page, encode_cursor((page[-1].created_at, page[-1].id)) if len(rows) > limit else None)


def trash_in_flight(conn: Connection) -> tuple[TrashRow, ...]:
    return tuple(_trash(r) for r in conn.all(f"{_TRASH} where t.state = 'intent' order by t.id"))


def trash_before(conn: Connection, before: str, limit: int = 100) -> tuple[TrashRow, ...]:
    """What has lain in the trash since before that time, oldest first."""
    rows = conn.all(
        f"{_TRASH} where t.state = 'trashed' and t.created_at < :b order by t.created_at, t.id limit :n",
        b=before,
        n=limit,
    )
    return tuple(_trash(r) for r in rows)


def trash_over(conn: Connection, most: int, limit: int = 100) -> tuple[TrashRow, ...]:
    """The oldest of the trash beyond the newest `most` bytes of it, oldest first."""
    rows = conn.all(
        f"{_TRASH} join (select id, sum(size) over (order by created_at desc, id desc) as held from trash where state = 'trashed') h"
        " on h.id = t.id where h.held > :most order by t.created_at, t.id limit :n",
        most=most,
        n=limit,
    )
    return tuple(_trash(r) for r in rows)


@quick
def get_trash(conn: Connection, trash_id: str) -> TrashRow:
    row = conn.one(f"{_TRASH} where t.id = :id", id=trash_id)
    if row is None:
        raise NotFound(f"There is nothing with the id {trash_id} in the trash.")
    return _trash(row)


def _root(row: dict[str, Any]) -> Root:
    return Root(
        id=row["id"],
        path=from_text(row["path"]),
        type=row["type"],
        state=row["state"],
        reason=row["reason"],
        device=row["device"],
        last_scan_at=row["last_scan_at"],
        last_scan=from_json(row["last_scan"]) if row["last_scan"] else None,
        copies=row["copies"],
    )


def _known(row: dict[str, Any]) -> KnownFile:
    return KnownFile(row["id"], from_text(row["relative_path"]), row["size"], row["mtime_ns"], row["state"])


def _views(conn: Connection, rows: list[dict[str, Any]]) -> tuple[FileView, ...]:
    if not rows:
        return ()
    match, params = among("file_id", [r["id"] for r in rows])
    episodes: dict[str, list[str]] = {}
    for link in conn.all(
        f"select file_id, episode_id from episode_files where {match} order by file_id, episode_id", **params
    ):
        episodes.setdefault(link["file_id"], []).append(link["episode_id"])
    return tuple(_view(r, tuple(episodes.get(r["id"], ()))) for r in rows)


def _view(row: dict[str, Any], episode_ids: tuple[str, ...]) -> FileView:
    return FileView(
        **{
            **{k: row[k] for k in FileView.__slots__ if k in row},
            "root_path": from_text(row["root_path"]),
            "relative_path": from_text(row["relative_path"]),
            "release_group": None if row["release_group"] is None else from_text(row["release_group"]),
            "scene_name": None if row["scene_name"] is None else from_text(row["scene_name"]),
            "languages": tuple(from_json(row["languages"]) or ()) if row["languages"] else (),
            "metadata": (from_json(row["metadata"]) or {}) if row["metadata"] else {},
            "held": bool(row["held"]),
            "episode_ids": episode_ids,
        }
    )


def _trash(row: dict[str, Any]) -> TrashRow:
    return TrashRow(
        **{
            **{k: row[k] for k in TrashRow.__slots__},
            "root_path": from_text(row["root_path"]),
            "relative_path": from_text(row["relative_path"]),
            "trash_path": from_text(row["trash_path"]),
            "metadata": (from_json(row["metadata"]) or {}) if row["metadata"] else {},
        }
    )


def journal_row(row: dict[str, Any]) -> JournalRow:
    """A row of import_journal."""
    return JournalRow(
        **{
            **{k: row[k] for k in JournalRow.__slots__},
            "source": from_text(row["source"]),
            "relative_path": from_text(row["relative_path"]),
            "part_path": from_text(row["part_path"]),
            "plan": from_json(row["plan"]),
        }
    )


def held_by(conn: Connection, slot_id: str) -> frozenset[str]:
    """The ids of the files that a slot holds."""
    return frozenset(
        r["file_id"] for r in conn.all("select file_id from held_files where slot_id = :s order by file_id", s=slot_id)
    )


def holdings(conn: Connection, media_item_id: str) -> tuple[tuple[str, str, str], ...]:
    """(slot id, episode's id or '' for the film, file id) of everything that a title's slots hold."""
    rows = conn.all(
        "select h.slot_id, h.target, h.file_id from slots s join held_files h on h.slot_id = s.id where s.media_item_id = :m"
        " order by h.slot_id, h.target",
        m=media_item_id,
    )
    return tuple((r["slot_id"], r["target"], r["file_id"]) for r in rows)
