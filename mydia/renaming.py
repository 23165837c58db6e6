"""What other naming templates would rename: each linked file beside the name it would get, from the facts kept of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mydia.appraise import formats_of, release_of
from mydia.choosing import queries as choosing
from mydia.core.formats import CustomFormat
from mydia.core.naming import differences
from mydia.incoming import in_names, naming_facts, path_for
from mydia.library import queries as library
from mydia.library.model import FileView
from mydia.media import queries as media
from mydia.media.model import Episode, MediaItem
from mydia.ports import probe_from
from mydia.settings.naming import Naming
from mydia.store.engine import Connection
from mydia.store.paging import Page

_AT_ONCE = 200  # titles of which ids are read together


@dataclass(frozen=True, slots=True)
class Renaming:
    """One file that would get another name. `pieces` say how: ("=", kept), ("-", removed), ("+", added). `clashes`: with another's."""

    file_id: str
    media_item_id: str
    before: str
    after: str
    clashes: bool
    pieces: tuple[tuple[str, str], ...]


def preview(
    conn: Connection, naming: Naming, *, media_item_id: str | None = None, cursor: str | None = None, limit: int = 100
) -> Page[Renaming]:
    """What `naming` would rename, of one title or title by title: whole titles until `limit` files are found. The cursor is a title's
    id."""
    formats = choosing.formats(conn)
    found: list[Renaming] = []
    if media_item_id is not None:
        return Page(tuple(_of_title(conn, media.get_media(conn, media_item_id), naming, formats)), None)
    for item_id in _titles(conn, cursor or ""):
        found += _of_title(conn, media.get_media(conn, item_id), naming, formats)
        if len(found) >= limit:
            return Page(tuple(found), item_id)
    return Page(tuple(found), None)


def _titles(conn: Connection, after: str) -> Iterator[str]:
    while True:
        rows = conn.all("select id from media_items where id > :a order by id limit :n", a=after, n=_AT_ONCE)
        yield from (row["id"] for row in rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["id"]


def _of_title(conn: Connection, item: MediaItem, naming: Naming, formats: Sequence[CustomFormat]) -> list[Renaming]:
    files = [f for f in library.files_of(conn, item.id) if f.state == "linked"]
    episodes = {e.id: e for e in media.episodes_of(conn, item.id)} if item.type == "tv_show" and files else {}
    suffixes = _suffixes(conn, item)
    names = [(f, name_of(f, item, episodes, naming, formats, suffixes.get(f.id, ""))) for f in files]
    taken = Counter((f.root_id, after.casefold()) for f, after in names)
    return [
        Renaming(
            f.id,
            item.id,
            f.relative_path,
            after,
            taken[f.root_id, after.casefold()] > 1,
            tuple(differences(f.relative_path, after)),
        )
        for f, after in names
        if after != f.relative_path
    ]


def _suffixes(conn: Connection, item: MediaItem) -> dict[str, str]:
    """File id -> what its slot puts behind its name."""
    return {
        file_id: slot.ending for slot in media.slots_of(conn, item.id) for file_id in library.held_by(conn, slot.id)
    }


def name_of(
    file: FileView,
    item: MediaItem,
    episodes: dict[str, Episode],
    naming: Naming,
    formats: Sequence[CustomFormat],
    suffix: str = "",
) -> str:
    """The path that the templates give a file of the library; its own where they give none."""
    path = PurePosixPath(file.relative_path)
    chosen = sorted((episodes[e] for e in file.episode_ids if e in episodes), key=lambda e: (e.season, e.number))
    if item.type == "tv_show" and not chosen:
        return file.relative_path
    imported = file.scene_name and file.scene_name != file.relative_path
    probe = file.metadata.get("probe")
    facts = naming_facts(
        item,
        chosen,
        release_of(file, item),
        file.quality or "Unknown",
        probe=probe_from(probe) if probe else None,
        original_name=file.scene_name or "" if imported else path.stem,
        formats=in_names(formats, formats_of(file, item, formats)),
        current_name=path.stem,
    )
    made = path_for(naming, facts, path.suffix, suffix)
    return made + path.suffix if made else file.relative_path
