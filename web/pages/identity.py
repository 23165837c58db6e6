"""One file: what it is taken for. A person says what it is, has it looked at again, or moves it to the trash."""

from collections.abc import Sequence
from dataclasses import dataclass

from quart import Blueprint, request

from mydia import placing
from mydia.core.release import Release, parse
from mydia.errors import Conflict
from mydia.library import changes
from mydia.library.model import FileView
from mydia.library.queries import get_file, get_root
from mydia.library.trash import intend_trash
from mydia.media import queries as media
from mydia.media.model import Episode, MediaCard, MediaItem
from mydia.ports import MediaKind
from mydia.store.engine import Connection
from web.auth import back_to
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("identity", __name__)
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Season:
    """`guessed`: the ids of those of its episodes that the file's name speaks of."""

    number: int
    episodes: tuple[Episode, ...]
    guessed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page shows: the file, the title it is said to be now, and what a person looked for or picked."""

    file: FileView
    kind: MediaKind
    now: MediaItem | None
    q: str
    found: tuple[MediaCard, ...]
    picked: MediaItem | None
    seasons: tuple[Season, ...]


def ask(conn: Connection, file_id: str, q: str | None, media_id: str | None) -> Asked:
    """`q`: titles called so, or as the file's name calls itself where nothing was asked; `media_id`: the one that was picked."""
    file = get_file(conn, file_id)
    kind = get_root(conn, file.root_id).type
    named = parse(file.relative_path, input="path", hint="movie" if kind == "movie" else "tv")
    words = (named.title or "") if q is None else q
    found = media.search_titles(conn, words, SHOWN) if words and media_id is None else ()
    picked = media.get_media(conn, media_id) if media_id else None
    return Asked(
        file,
        kind,
        media.get_media(conn, file.media_item_id) if file.media_item_id else None,
        words,
        tuple(sorted(found, key=lambda card: card.type != kind)),
        picked,
        seasons(media.episodes_of(conn, picked.id), named, file.episode_ids) if picked else (),
    )


def seasons(episodes: Sequence[Episode], named: Release, held: Sequence[str] = ()) -> tuple[Season, ...]:
    """A show's seasons, the first first, with what the name (or what was said of the file before: `held`) points at."""
    numbers = set(named.seasons or (1,) if named.episodes else ())
    pointed = frozenset(
        e.id
        for e in episodes
        if e.id in held
        or (not held and e.season in numbers and e.number in named.episodes)
        or (not held and named.air_date is not None and e.air_date == named.air_date)
    )
    order = sorted({e.season for e in episodes}, key=lambda number: (number == 0, number))
    return tuple(
        Season(n, own := tuple(e for e in episodes if e.season == n), pointed & {e.id for e in own}) for n in order
    )


@route(pages, "/files/<file_id>", Policy.ACT)
async def identity(visit: Visit, file_id: str) -> Answer:
    asked = request.args.get("q")
    q = None if asked is None else asked.strip()[:200]
    shown = await visit.read(ask, file_id, q, request.args.get("media_id") or None)
    return await whole("file.html", visit, shown=shown)


@route(pages, "/files/<file_id>", Policy.ACT, methods=("POST",))
async def tell(visit: Visit, file_id: str) -> Answer:
    form = await request.form
    media_id = form.get("media_id", "")
    await visit.write(placing.identify_by_hand, file_id, media_id, form.getlist("episode_id"), actor=visit.name)
    title = await visit.read(media.get_media, media_id)
    return await back_to(f"/titles/{media_id}", f"The file is {title.title} now.")


@route(pages, "/files/<file_id>/again", Policy.ACT, methods=("POST",))
async def look_again(visit: Visit, file_id: str) -> Answer:
    file = await visit.read(get_file, file_id)
    if file.state != "unmatched":
        raise Conflict(f"This file is {file.state}; only one that was not recognised is looked at again.")
    await visit.write(changes.identify_again, [file_id])
    return await back_to("/activity/files?state=unmatched", "The file is being looked at again.")


@route(pages, "/files/<file_id>/trash", Policy.ADMIN, methods=("POST",))
async def to_trash(visit: Visit, file_id: str) -> Answer:
    await visit.write(intend_trash, file_id, reason=f"Deleted by {visit.name}", actor=visit.name)
    visit.house.mail["importer"].ring()
    return await back_to("/activity/files", "The file goes to the trash. There it can be restored.")
