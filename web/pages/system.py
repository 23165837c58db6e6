"""The machine room: the live supervision tree, what is outside, the store, the latest log lines."""

from dataclasses import dataclass

from quart import Blueprint

from mydia.downloads.model import ProviderStatus
from mydia.downloads.queries import provider_statuses
from mydia.logs import LogLine, tail
from mydia.otp import ChildInfo
from mydia.store.engine import StoreStatus
from web.page import Page
from web.policy import Answer, Policy, Visit, route
from web.views import Badge

pages = Blueprint("system", __name__)
LINES = 120


@dataclass(frozen=True, slots=True)
class Provider:
    """Something outside, with its state in words."""

    family: str
    name: str
    failures: int
    disabled_until: str | None
    last_error: str | None
    last_success_at: str | None
    badge: Badge


async def _tree(visit: Visit) -> list[ChildInfo]:
    return list(visit.site.tree.children()) if visit.site.tree is not None else []


async def _providers(visit: Visit) -> list[Provider]:
    now = visit.house.clock.now().isoformat()[:19]
    return [_provider(p, now) for p in await visit.read(provider_statuses)]


def _provider(p: ProviderStatus, now: str) -> Provider:
    resting = p.disabled_until is not None and p.disabled_until > now
    badge = (
        Badge("Resting after failures", "bad", "x")
        if resting
        else Badge("Failed lately", "warning", "warning")
        if p.failures
        else Badge("Working", "good", "check")
    )
    shown = None if not p.failures else p.last_error
    return Provider(
        p.family, p.name, p.failures, p.disabled_until if resting else None, shown, p.last_success_at, badge
    )


async def _store(visit: Visit) -> StoreStatus:
    return await visit.house.engine.status()


async def _log(visit: Visit) -> list[LogLine]:
    return list(reversed(tail()))[:LINES]


SYSTEM = Page("system.html", {"tree": _tree, "providers": _providers, "store": _store, "log": _log})


@route(pages, "/system", Policy.ADMIN)
async def system(visit: Visit) -> Answer:
    return await SYSTEM.answer(visit)
