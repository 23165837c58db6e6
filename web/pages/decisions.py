"""One search: everything that was found, with every verdict; and taking what was not taken."""

from typing import Any

from quart import Blueprint, request

from mydia.downloads import changes
from mydia.downloads import queries as downloads
from mydia.downloads.model import CandidateView
from mydia.media import queries as media
from mydia.store.engine import Connection
from mydia.store.paging import Page as Paged
from web.auth import back_to
from web.page import Page, screenful
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("decisions", __name__)


async def _candidates(visit: Visit, search_id: str) -> Paged[CandidateView]:
    cursor = request.args.get("cursor") or None
    return await visit.read(downloads.candidates_of, search_id, cursor=cursor, limit=screenful(50))


def _asked(conn: Connection, search_id: str) -> dict[str, Any]:
    search = downloads.search_view(conn, search_id)
    return {"search": search, "item": media.get_media(conn, search.media_item_id)}


DECISIONS = Page("decisions.html", {"candidates": _candidates}, parts={"more_candidates": "candidates"})


@route(pages, "/searches/<search_id>", Policy.READ)
async def decisions(visit: Visit, search_id: str) -> Answer:
    return await DECISIONS.answer(visit, search_id=search_id, shown=await visit.read(_asked, search_id))


@route(pages, "/searches/<search_id>/grab/<int:position>", Policy.ACT, methods=("POST",))
async def grab(visit: Visit, search_id: str, position: int) -> Answer:
    """A person takes a candidate, whatever was decided of it."""
    search = await visit.read(downloads.search_view, search_id)
    await visit.write(changes.grab_candidate, search_id, position, actor=visit.name)
    return await back_to(f"/titles/{search.media_item_id}", "The release is grabbed.")
