"""One title: facts, episodes with their states, files with their probe, every search with every verdict, history; and what to do."""

from dataclasses import dataclass
from typing import Any, cast

from quart import Blueprint, request

from mydia import placing
from mydia.choosing.queries import list_profiles
from mydia.core.wanted import NewSeasons, Preset
from mydia.downloads import queries as downloads
from mydia.downloads.model import OPEN, DownloadView, SearchView
from mydia.errors import Invalid
from mydia.library.model import FileView
from mydia.library.queries import files_of, holdings
from mydia.media import changes
from mydia.media import queries as media
from mydia.media.model import Episode, EventRow, MediaCard, MediaItem, Slot
from mydia.store.engine import Connection
from mydia.store.paging import Page as Paged
from web.auth import back_to
from web.page import Page, screenful, whole
from web.pages.versions import Version, versions_of
from web.policy import Answer, Policy, Visit, route
from web.views import plural

pages = Blueprint("title", __name__)


@dataclass(frozen=True, slots=True)
class Facts:
    item: MediaItem
    card: MediaCard
    main: Slot
    profiles: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    episode: Episode
    file: FileView | None  # of the first version that has one
    state: str  # as views.EPISODE
    others: tuple[tuple[str, FileView], ...] = ()  # (version, file) of the further ones


@dataclass(frozen=True, slots=True)
class Season:
    number: int
    held: int
    total: int
    open: bool
    episodes: tuple[EpisodeRow, ...]


def facts(conn: Connection, title_id: str) -> Facts:
    item = media.get_media(conn, title_id)
    return Facts(item, media.card_of(conn, title_id), media.slots_of(conn, title_id)[0], list_profiles(conn))


def seasons(conn: Connection, title_id: str, today: str) -> tuple[Season, ...]:
    """Latest first, specials last; the season where something is missing is open, else the latest."""
    moving = downloads.episode_downloads(conn, title_id)
    files = {f.id: f for f in files_of(conn, title_id)}
    order_of = {s.id: i for i, s in enumerate(media.slots_of(conn, title_id))}
    labels = {s.id: s.label for s in media.slots_of(conn, title_id)}
    held: dict[str, list[tuple[str, FileView]]] = {}
    for slot, target, file_id in sorted(holdings(conn, title_id), key=lambda h: order_of[h[0]]):
        held.setdefault(target, []).append((labels[slot], files[file_id]))
    rows: dict[int, list[EpisodeRow]] = {}
    for episode in media.episodes_of(conn, title_id):
        own = held.get(episode.id, [])
        file = own[0][1] if own else None
        row = EpisodeRow(episode, file, _state(episode, file, moving, today), tuple(own[1:]))
        rows.setdefault(episode.season, []).append(row)
    order = sorted(rows, key=lambda n: (n == 0, -n))
    wanting = [n for n in order if any(r.state in ("missing", "downloading") for r in rows[n])]
    shown = wanting[0] if wanting else order[0] if order else None
    return tuple(
        Season(n, sum(r.file is not None for r in rows[n]), len(rows[n]), n == shown, tuple(rows[n])) for n in order
    )


def _state(episode: Episode, file: FileView | None, moving: dict[str, str], today: str) -> str:
    if file is not None:
        return "held"
    if episode.id in moving:
        return "downloading"
    if not episode.monitored:
        return "unmonitored"
    return "missing" if episode.air_date and episode.air_date <= today else "upcoming"


async def _facts(visit: Visit, title_id: str) -> Facts:
    return await visit.read(facts, title_id)


async def _seasons(visit: Visit, title_id: str) -> tuple[Season, ...]:
    return await visit.read(seasons, title_id, visit.house.clock.now().date().isoformat())


@dataclass(frozen=True, slots=True)
class Files:
    """`of`: file id -> the further versions that hold it."""

    items: tuple[FileView, ...]
    of: dict[str, str]


def files(conn: Connection, title_id: str) -> Files:
    further = {s.id: s.label for s in media.slots_of(conn, title_id) if not s.is_main}
    held: dict[str, list[str]] = {}
    for slot, _, file_id in holdings(conn, title_id):
        if slot in further and further[slot] not in held.setdefault(file_id, []):
            held[file_id].append(further[slot])
    return Files(files_of(conn, title_id), {file: ", ".join(names) for file, names in held.items()})


async def _files(visit: Visit, title_id: str) -> Files:
    return await visit.read(files, title_id)


async def _versions(visit: Visit, title_id: str) -> tuple[Version, ...]:
    return await visit.read(versions_of, title_id)


async def _downloads(visit: Visit, title_id: str) -> tuple[DownloadView, ...]:
    return await visit.read(downloads.downloads_of, title_id, limit=20)


async def _searches(visit: Visit, title_id: str) -> tuple[SearchView, ...]:
    return await visit.read(downloads.searches_of, title_id, limit=10)


async def _news(visit: Visit, title_id: str) -> Paged[EventRow]:
    return await visit.read(media.history, title_id, cursor=request.args.get("cursor") or None, limit=screenful(30))


TITLE = Page(
    "title.html",
    {
        "facts": _facts,
        "versions": _versions,
        "downloads": _downloads,
        "seasons": _seasons,
        "files": _files,
        "searches": _searches,
        "news": _news,
    },
    parts={"older": "news"},
)


@route(pages, "/titles/<title_id>", Policy.READ)
async def title(visit: Visit, title_id: str) -> Answer:
    return await TITLE.answer(visit, title_id=title_id)


# -- what a person may do with it ------------------------------------------------------------------------------------------


@route(pages, "/titles/<title_id>/search", Policy.ACT, methods=("POST",))
async def search_now(visit: Visit, title_id: str) -> Answer:
    """For all that it lacks, or a season or an episode of it; `look`: to choose from what is found."""
    form = await request.form
    look = form.get("look") == "1"
    season, episode = (_number(form.get(key), key) for key in ("season", "episode"))
    await visit.write(changes.request_search, title_id, season=season, episode=episode, grab=not look)
    if look:
        words = "The indexers are being asked. What they have appears here, and you choose."
        return await back_to(f"/titles/{title_id}#r-searches", words)
    return await back_to(f"/titles/{title_id}", "The search is on its way. What it finds and decides appears below.")


def _number(text: str | None, field: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Invalid(f"{text[:20]!r} is no number.", field=field)
    return int(text)


@route(pages, "/titles/<title_id>/refresh", Policy.ACT, methods=("POST",))
async def refresh(visit: Visit, title_id: str) -> Answer:
    await visit.write(changes.request_refresh, title_id, hurry=True)
    return await back_to(f"/titles/{title_id}", "The facts are being looked up again.")


@route(pages, "/titles/<title_id>/monitor", Policy.ACT, methods=("POST",))
async def monitor(visit: Visit, title_id: str) -> Answer:
    wanted = (await request.form).get("monitored") == "1"
    await visit.write(changes.update_media, title_id, monitored=wanted, actor=visit.name)
    return await back_to(f"/titles/{title_id}", "It is monitored now." if wanted else "It is not monitored any more.")


@route(pages, "/titles/<title_id>/profile", Policy.ACT, methods=("POST",))
async def profile(visit: Visit, title_id: str) -> Answer:
    chosen = (await request.form).get("quality_profile_id", "")
    await visit.write(changes.update_media, title_id, quality_profile_id=chosen, actor=visit.name)
    return await back_to(f"/titles/{title_id}", "The quality profile is changed.")


@route(pages, "/titles/<title_id>/want", Policy.ACT, methods=("POST",))
async def want(visit: Visit, title_id: str) -> Answer:
    """What of it is wanted, by a preset; or whether what comes new is."""
    form = await request.form
    preset = cast(Preset | None, form.get("monitor") or None)
    policy = form.get("new_seasons")
    if policy not in (None, "all", "none"):
        raise Invalid(f"What comes new is wanted or not (all, none), not {policy!r}.", field="new_seasons")
    await visit.write(
        changes.update_media,
        title_id,
        preset=preset,
        new_seasons=cast(NewSeasons | None, policy),
        actor=visit.name,
    )
    return await back_to(f"/titles/{title_id}", "What is wanted of it is changed.")


@route(pages, "/titles/<title_id>/delete", Policy.ADMIN)
async def leaving(visit: Visit, title_id: str) -> Answer:
    """What shall become of its files is asked first."""
    item = await visit.read(media.get_media, title_id)
    held, grabs = await visit.read(files_of, title_id), await visit.read(downloads.downloads_of, title_id)
    return await whole("delete.html", visit, item=item, files=held, open=[d for d in grabs if d.status in OPEN])


@route(pages, "/titles/<title_id>/delete", Policy.ADMIN, methods=("POST",))
async def delete(visit: Visit, title_id: str) -> Answer:
    item = await visit.read(media.get_media, title_id)
    too = (await request.form).get("files") == "trash"
    trashed = await visit.write(placing.delete_title, title_id, trash=too, actor=visit.name)
    if trashed:
        visit.house.mail["importer"].ring()
    words = f"{plural(trashed, 'file goes', 'files go')} to the trash." if too else "Its files stay on disk."
    return await back_to("/films" if item.type == "movie" else "/shows", f"{item.title} is forgotten. {words}")


@route(pages, "/titles/<title_id>/seasons/<int:season>/monitor", Policy.ACT, methods=("POST",))
async def monitor_season(visit: Visit, title_id: str, season: int) -> Answer:
    wanted = (await request.form).get("monitored") == "1"
    await visit.write(changes.set_season_monitored, title_id, season, wanted, actor=visit.name)
    return await back_to(f"/titles/{title_id}", "")


@route(pages, "/episodes/<episode_id>/monitor", Policy.ACT, methods=("POST",))
async def monitor_episode(visit: Visit, episode_id: str) -> Answer:
    wanted = (await request.form).get("monitored") == "1"
    await visit.write(changes.set_episode_monitored, episode_id, wanted, actor=visit.name)
    return await back_to("/shows", "")
