"""What is lacking, slot by slot, with when it is searched next and why not yet; and what the indexers may be asked today."""

from dataclasses import dataclass
from typing import cast, get_args

from quart import Blueprint, request

from mydia.core.wanted import Why
from mydia.errors import Invalid
from mydia.media import changes
from mydia.ports import MediaKind
from web.api.wanted import ROUND, BudgetList, WantedOut, budgets, wanted_page
from web.auth import back_to
from web.page import Page
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("wanted", __name__)
SHOWN = 25
"""Titles of a page; its cost is in judging what each holds."""


@dataclass(frozen=True, slots=True)
class Shown:
    items: list[WantedOut]
    next: str | None


async def _wanted(visit: Visit) -> Shown:
    why, kind = request.args.get("why") or None, request.args.get("kind") or None
    if why not in (None, *get_args(Why)):
        raise Invalid(f"What is wanted is one of {', '.join(get_args(Why))}, not {why!r}.", field="why")
    if kind not in (None, "movie", "tv_show"):
        raise Invalid(f"There are titles of the kind movie and tv_show, not {kind!r}.", field="kind")
    cursor = request.args.get("cursor") or None
    page = await wanted_page(visit, cast(Why | None, why), cast(MediaKind | None, kind), cursor, SHOWN)
    return Shown(page.items, page.next)


async def _budgets(visit: Visit) -> BudgetList:
    return await budgets(visit)


WANTED = Page("wanted.html", {"budgets": _budgets, "wanted": _wanted}, parts={"more_wanted": "wanted"})


@route(pages, "/activity/wanted", Policy.READ)
async def wanted(visit: Visit) -> Answer:
    return await WANTED.answer(visit)


@route(pages, "/activity/wanted/search", Policy.ACT, methods=("POST",))
async def search_all(visit: Visit) -> Answer:
    await visit.write(changes.request_round, ROUND)
    return await back_to(
        "/activity/wanted", "What is due is being searched, as far as the indexers may be asked today."
    )
