"""The house itself: what happened everywhere, and the document of this API."""

from typing import Any

from quart import Blueprint

from mydia.media import queries
from web.api.kit import openapi, operation
from web.api.models import EventPage, Paging, event_out
from web.policy import Policy, Visit

api = Blueprint("house_api", __name__)


@operation(api, "/history", Policy.READ, query=Paging, answers=EventPage)
async def history(visit: Visit, query: Paging) -> EventPage:
    """What happened, newest first."""
    page = await visit.read(queries.history, cursor=query.cursor, limit=query.limit)
    return EventPage([event_out(e) for e in page.items], page.next)


@operation(api, "/openapi.json", Policy.PUBLIC, status=200)
async def document(visit: Visit) -> dict[str, Any]:
    """This document."""
    return openapi()
