"""Search the library, from the field at the top of every page."""

from quart import Blueprint, request

from mydia.media.queries import last_seq, search_titles
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("search", __name__)


@route(pages, "/search", Policy.READ)
async def search(visit: Visit) -> Answer:
    q = request.args.get("q", "").strip()[:200]
    found = await visit.read(search_titles, q, 60) if q else ()
    return await whole("search.html", visit, q=q, found=found, live_after=await visit.read(last_seq))
