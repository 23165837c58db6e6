"""Titles: list, look at, add, change, delete; and searching, among what you have and what there is."""

from typing import Annotated, Literal

from pydantic import Field
from quart import Blueprint

from mydia import placing
from mydia.downloads import queries as downloads
from mydia.errors import MydiaError, NotFound
from mydia.library import queries as library
from mydia.media import changes, queries
from mydia.messages import AddTitle, FindTitles
from mydia.otp import NoAnswer
from mydia.ports import MetadataMatch
from mydia.store.engine import Connection
from web.api.downloads import SearchList, search_out
from web.api.kit import Body, Query, operation
from web.api.models import (
    EpisodeChange,
    EventPage,
    Id,
    JobRef,
    MediaChange,
    MediaOut,
    MediaPage,
    MediaQuery,
    NewMedia,
    Paging,
    SearchResult,
    event_out,
    found,
    media_out,
    slots_out,
)
from web.policy import Policy, Visit

api = Blueprint("media_api", __name__)
PATIENCE = 20.0


class WordsQuery(Query):
    """What a title is called."""

    q: Annotated[str, Field(min_length=1, max_length=200)]
    limit: Annotated[int, Field(ge=1, le=50)] = 20


@operation(api, "/media", Policy.READ, query=MediaQuery, answers=MediaPage)
async def list_media(visit: Visit, query: MediaQuery) -> MediaPage:
    """Titles, a page at a time."""
    if query.state or query.q or query.sort != "title" or query.limit > 100:
        today = visit.house.clock.now().date().isoformat()
        page = await visit.read(queries.list_media, today=today, **query.model_dump())
    else:
        page = await visit.read(queries.grid_page, type=query.type, cursor=query.cursor, limit=query.limit)
    return MediaPage(list(page.items), page.next)


@operation(api, "/media/<media_id>", Policy.READ, answers=MediaOut)
async def get_media(visit: Visit, media_id: str) -> MediaOut:
    """One title with its files and episodes."""
    return await visit.read(_whole, media_id)


@operation(api, "/media", Policy.ACT, method="POST", body=NewMedia, answers=MediaOut, status=201)
async def add_media(visit: Visit, body: NewMedia) -> MediaOut:
    """Add a title by its TMDB id. Adding one that is known already answers with that one."""
    wish = AddTitle(
        body.type,
        "tmdb",
        str(body.tmdb_id),
        root_id=body.root_id,
        quality_profile_id=body.quality_profile_id,
        monitored=body.monitored,
        preset=body.monitor,
        new_seasons=body.new_seasons,
        search=body.search,
        actor=visit.name,
    )
    item_id = await visit.house.mail["librarian"].ask(wish, timeout=PATIENCE)
    return await visit.read(_whole, str(item_id))


@operation(api, "/media/<media_id>", Policy.ACT, method="PUT", body=MediaChange, answers=MediaOut)
async def change_media(visit: Visit, media_id: str, body: MediaChange) -> MediaOut:
    """Change what a person may change; what is left out stays."""
    wished = body.model_dump()
    await visit.write(changes.update_media, media_id, actor=visit.name, preset=wished.pop("monitor"), **wished)
    return await visit.read(_whole, media_id)


class DeleteQuery(Query):
    """What becomes of its files: they stay on disk, unmatched, or go to the trash, where they can be restored."""

    files: Literal["keep", "trash"] = "keep"


@operation(api, "/media/<media_id>", Policy.ADMIN, method="DELETE", query=DeleteQuery)
async def delete_media(visit: Visit, media_id: str, query: DeleteQuery) -> None:
    """Forget a title, and with it nothing on disk unless that is asked for."""
    if await visit.write(placing.delete_title, media_id, trash=query.files == "trash", actor=visit.name):
        visit.house.mail["importer"].ring()


class SearchIn(Body):
    """Which of a title's versions, and which season or episode of a show; all when left out. Without `grab` what is found is kept to
    choose from (`GET /media/{id}/searches`, `POST /downloads`), and nothing is taken."""

    slot_id: Id | None = None
    season: Annotated[int | None, Field(ge=0, le=100_000)] = None
    episode: Annotated[int | None, Field(ge=0, le=100_000)] = None
    grab: bool = True


@operation(
    api, "/media/<media_id>/search", Policy.ACT, method="POST", body=SearchIn, optional=True, answers=JobRef, status=202
)
async def search_media(visit: Visit, media_id: str, body: SearchIn) -> JobRef:
    """Search for what the title lacks, now. It counts against the indexers' searches of today, and is never refused by them."""
    return JobRef(await visit.write(changes.request_search, media_id, **body.model_dump()))


@operation(api, "/media/<media_id>/refresh", Policy.ACT, method="POST", answers=JobRef, status=202)
async def refresh_media(visit: Visit, media_id: str) -> JobRef:
    """Ask the metadata provider about the title again."""
    return JobRef(await visit.write(changes.request_refresh, media_id, hurry=True))


@operation(api, "/episodes/<episode_id>", Policy.ACT, method="PUT", body=EpisodeChange)
async def change_episode(visit: Visit, episode_id: str, body: EpisodeChange) -> None:
    """Want an episode, or want it no more."""
    await visit.write(changes.set_episode_monitored, episode_id, body.monitored, actor=visit.name)


@operation(api, "/media/<media_id>/seasons/<season>", Policy.ACT, method="PUT", body=EpisodeChange)
async def change_season(visit: Visit, media_id: str, season: str, body: EpisodeChange) -> None:
    """Want every episode of a season (0: the specials), or none of it any more."""
    if not (season.isascii() and season.isdigit() and len(season) < 7):
        raise NotFound("A season is called by its number.")
    await visit.write(changes.set_season_monitored, media_id, int(season), body.monitored, actor=visit.name)


@operation(api, "/media/<media_id>/searches", Policy.READ, answers=SearchList)
async def searches_of(visit: Visit, media_id: str) -> SearchList:
    """The latest searches, each with its first candidates and why they were taken or refused."""
    await visit.read(queries.get_media, media_id)
    return SearchList([search_out(s) for s in await visit.read(downloads.searches_of, media_id)])


@operation(api, "/media/<media_id>/history", Policy.READ, query=Paging, answers=EventPage)
async def history_of(visit: Visit, media_id: str, query: Paging) -> EventPage:
    """What happened to a title, newest first."""
    await visit.read(queries.get_media, media_id)
    page = await visit.read(queries.history, media_id, cursor=query.cursor, limit=query.limit)
    return EventPage([event_out(e) for e in page.items], page.next)


@operation(api, "/search", Policy.READ, query=WordsQuery, answers=SearchResult)
async def search(visit: Visit, query: WordsQuery) -> SearchResult:
    """Titles called so: those you have, and those the metadata provider knows."""
    limit = query.limit
    have = await visit.read(queries.search_titles, query.q, limit)
    titles: list[MetadataMatch] = []
    problem = None
    for kind in ("movie", "tv_show"):
        try:
            titles += list(await visit.house.mail["librarian"].ask(FindTitles(kind, query.q), timeout=PATIENCE))[:limit]
        except (MydiaError, NoAnswer) as no:
            problem = str(no) or "The librarian is being restarted; try again"
            break
    known = await visit.read(_known_ids, [(t.kind, t.provider, t.id) for t in titles])
    return SearchResult(list(have), [found(t, known.get((t.kind, t.provider, t.id))) for t in titles], problem)


def _known_ids(conn: Connection, keys: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    known = {key: queries.by_external_id(conn, *key) for key in keys}
    return {key: item_id for key, item_id in known.items() if item_id is not None}


def _whole(conn: Connection, media_id: str) -> MediaOut:
    item, episodes = queries.get_media(conn, media_id), queries.episodes_of(conn, media_id)
    slots = slots_out(queries.slots_of(conn, media_id), library.holdings(conn, media_id), episodes)
    return media_out(item, slots, library.files_of(conn, media_id), episodes)
