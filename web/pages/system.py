"""The machine room: the live supervision tree, what is outside, the store, the latest log lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from quart import Blueprint

from mydia.downloads.model import ProviderStatus
from mydia.downloads.queries import provider_statuses
from mydia.logs import LogLine, tail
from mydia.otp import ChildInfo
from mydia.settings.alerts import Alert, alerts
from mydia.store import growth
from mydia.store.engine import StoreStatus
from mydia.store.growth import Sample
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


@dataclass(frozen=True, slots=True)
class Growth:
    """`tables`: the largest first, with their rows now and at the oldest sample. `line`: the size by day as a line of SVG, 100 by 24."""

    samples: tuple[Sample, ...]
    tables: tuple[tuple[str, int, int], ...]
    line: str


async def _growth(visit: Visit) -> Growth | None:
    samples = await visit.read(growth.samples)
    if not samples:
        return None
    first, last = samples[0].tables, samples[-1].tables
    tables = sorted(((name, n, first.get(name, 0)) for name, n in last.items() if n), key=lambda t: (-t[1], t[0]))
    return Growth(samples, tuple(tables), _line([s.size for s in samples]))


def _line(sizes: Sequence[int]) -> str:
    top, steps = max(*sizes, 1), max(1, len(sizes) - 1)
    return " ".join(f"{100 * i / steps:.1f},{24 - 23 * size / top:.1f}" for i, size in enumerate(sizes))


async def _alerts(visit: Visit) -> tuple[Alert, ...]:
    return await visit.read(alerts)


async def _log(visit: Visit) -> list[LogLine]:
    return list(reversed(tail()))[:LINES]


SYSTEM = Page(
    "system.html",
    {"alerts": _alerts, "growth": _growth, "tree": _tree, "providers": _providers, "store": _store, "log": _log},
)


@route(pages, "/system", Policy.ADMIN)
async def system(visit: Visit) -> Answer:
    return await SYSTEM.answer(visit)
