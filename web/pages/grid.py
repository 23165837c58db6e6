"""Films and shows: the poster grid, filtered, searched, sorted, paged by cursor."""

from quart import Blueprint, request

from mydia.media.model import MediaCard
from mydia.media.queries import list_media
from mydia.store.paging import Page as Paged
from web.page import Page, screenful
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("grid", __name__)
SCREENFUL = 60
MOST_SHOWN = 600


async def _grid(visit: Visit, kind: str) -> Paged[MediaCard]:
    args = request.args
    return await visit.read(
        list_media,
        type=kind,
        state=args.get("state") or None,
        q=args.get("q") or None,
        sort="added" if args.get("sort") == "added" else "title",
        cursor=args.get("cursor") or None,
        limit=screenful(SCREENFUL, MOST_SHOWN),
        today=visit.house.clock.now().date().isoformat(),
    )


GRID = Page("grid.html", {"grid": _grid}, parts={"next": "grid"})


@route(pages, "/films", Policy.READ)
async def films(visit: Visit) -> Answer:
    return await GRID.answer(visit, kind="movie")


@route(pages, "/shows", Policy.READ)
async def shows(visit: Visit) -> Answer:
    return await GRID.answer(visit, kind="tv_show")
