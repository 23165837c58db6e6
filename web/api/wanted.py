"""What is lacking, slot by slot: when it is searched next, and why not yet; and what the indexers may be asked today."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field
from quart import Blueprint

from mydia import tokens
from mydia.core.wanted import LONG_AGO, SPENT, Wanted, Why, not_yet
from mydia.downloads.queries import spent_on
from mydia.media import changes
from mydia.ports import MediaKind
from mydia.store.transaction import to_text
from mydia.wishes import Wish, wanting
from web.api.kit import operation
from web.api.models import JobRef, Paging
from web.policy import Policy, Visit

api = Blueprint("wanted_api", __name__)
NO_INDEXER = "no indexer is configured"
ROUND = 200
"""Searches that are made at once, at most, when everything is to be searched."""


class WantedQuery(Paging):
    """Which of it."""

    why: Annotated[
        Why | None, Field(description="missing: nothing is held. cutoff_unmet: something better is sought")
    ] = None
    type: MediaKind | None = None
    limit: Annotated[int, Field(ge=1, le=100, description="How many titles, at most")] = 25


@dataclass(frozen=True, slots=True)
class ThingOut:
    """A film, or one episode. `due`: from when on it is searched of the house's own accord (null where no date is known); `not_yet` says
    why that is not now."""

    episode_id: str | None
    season: int | None
    episode: int | None
    title: str
    why: Why
    due: str | None
    last_search: str | None
    not_yet: str | None


@dataclass(frozen=True, slots=True)
class WantedOut:
    """What one slot of a title lacks."""

    media_id: str
    type: MediaKind
    title: str
    year: int | None
    slot_id: str
    slot: str
    main: bool
    quality_profile: str
    things: list[ThingOut]


@dataclass(frozen=True, slots=True)
class WantedPage:
    """A page may hold few, or none, while `next` is given: whether a held file's score is good enough is asked title by title."""

    items: list[WantedOut]
    next: str | None


@dataclass(frozen=True, slots=True)
class BudgetOut:
    """The questions an indexer was asked today (UTC), and how many are left; no `limit` and `left`: any number."""

    indexer: str
    limit: int | None
    automated: int
    asked: int
    left: int | None


@dataclass(frozen=True, slots=True)
class BudgetList:
    day: str
    items: list[BudgetOut]


@operation(api, "/wanted", Policy.READ, query=WantedQuery, answers=WantedPage)
async def list_wanted(visit: Visit, query: WantedQuery) -> WantedPage:
    """What is monitored and lacking, or held below its cutoff: title by title, slot by slot."""
    return await wanted_page(visit, query.why, query.type, query.cursor, query.limit)


@operation(api, "/wanted/search", Policy.ACT, method="POST", answers=JobRef, status=202)
async def search_wanted(visit: Visit) -> JobRef:
    """Search for all that is due, the least recently searched first, within what the indexers may be asked today."""
    return JobRef(await visit.write(changes.request_round, ROUND))


@operation(api, "/indexer-budgets", Policy.READ, answers=BudgetList)
async def list_indexer_budgets(visit: Visit) -> BudgetList:
    """What each indexer was asked today, and what it may still be asked."""
    return await budgets(visit)


async def wanted_page(
    visit: Visit, why: Why | None, kind: MediaKind | None, cursor: str | None, limit: int
) -> WantedPage:
    now, rules = visit.house.clock.now(), visit.house.config.downloads.rules
    left = (await budgets(visit)).items
    nobody = NO_INDEXER if not left else SPENT if all(b.left == 0 for b in left) else None
    page = await visit.read(wanting, now, rules, why=why, kind=kind, cursor=cursor, limit=limit)
    return WantedPage([_out(wish, now, nobody) for wish in page.items], page.next)


async def budgets(visit: Visit) -> BudgetList:
    day = tokens.day_of(visit.house.clock.now())
    spent = await visit.read(spent_on, day)
    limits = tokens.limits(visit.house.config)
    return BudgetList(
        day,
        [
            BudgetOut(
                b.indexer,
                limits[b.indexer] or None,
                spent[b.indexer].automated if b.indexer in spent else 0,
                spent[b.indexer].asked if b.indexer in spent else 0,
                b.left,
            )
            for b in tokens.budgets(limits, spent)
        ],
    )


def _out(wish: Wish, now: datetime, nobody: str | None) -> WantedOut:
    return WantedOut(
        media_id=wish.item.id,
        type=wish.item.type,
        title=wish.item.title,
        year=wish.item.year,
        slot_id=wish.slot.id,
        slot=wish.slot.label,
        main=wish.slot.is_main,
        quality_profile=wish.profile.name,
        things=[_thing(wish, thing, now, nobody) for thing in wish.lacks],
    )


def _thing(wish: Wish, thing: Wanted, now: datetime, nobody: str | None) -> ThingOut:
    target = wish.target_of(thing)
    episode = next((e for e in wish.episodes if e.id == target), None)
    looked = wish.looked.get(target)
    return ThingOut(
        episode_id=target or None,
        season=episode.season if episode else None,
        episode=episode.number if episode else None,
        title=(episode.title or f"Episode {episode.number}") if episode else wish.item.title,
        why=thing.why,
        due=to_text(thing.due) if thing.due not in (None, LONG_AGO) else None,
        last_search=looked.last_at if looked else None,
        not_yet=not_yet(thing, now) or nobody,
    )
