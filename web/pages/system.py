"""The machine room: the live supervision tree, what is outside, the store, the latest log lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quart import Blueprint, request

from mydia.downloads.model import ProviderStatus
from mydia.downloads.queries import provider_statuses
from mydia.logs import LogLine, tail
from mydia.otp import ChildInfo
from mydia.settings.alerts import Alert, alerts
from mydia.store import growth
from mydia.store.engine import StoreStatus
from mydia.store.growth import Sample
from web.auth import back_to
from web.page import Page
from web.policy import Answer, Policy, Visit, route
from web.services import configured, tried
from web.views import Badge

pages = Blueprint("system", __name__)
LINES = 120
UNASKED = Badge("Not asked yet", "quiet", "clock")
UNTESTED = Badge("Not tested yet", "quiet", "clock")
"""Of those of which only a test tells: what they refuse at work stands with the work itself."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Something outside, with its state in words."""

    family: str
    name: str
    failures: int = 0
    disabled_until: str | None = None
    last_error: str | None = None
    last_success_at: str | None = None
    badge: Badge = UNASKED
    configured: bool = False


async def _tree(visit: Visit) -> list[ChildInfo]:
    return list(visit.site.tree.children()) if visit.site.tree is not None else []


async def _providers(visit: Visit) -> list[Provider]:
    """Everything outside that is configured, asked already or not; then what is not configured any more and left word of itself."""
    now = visit.house.clock.now().isoformat()[:19]
    known = {(p.family, p.name): _provider(p, now) for p in await visit.read(provider_statuses)}
    here = [known.pop((s.family, s.name), _unknown(s.family, s.name)) for s in configured(visit.house)]
    return [replace(p, configured=True) for p in here] + list(known.values())


def _unknown(family: str, name: str) -> Provider:
    return Provider(family, name, badge=UNASKED if family in ("indexer", "client") else UNTESTED)


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


LEVELS = {"": 0, "WARNING": 30, "ERROR": 40}


async def _log(visit: Visit) -> list[LogLine]:
    least = LEVELS.get(request.args.get("level", ""), 0)
    lines = [
        line for line in reversed(tail()) if LEVELS.get(line.level, 50 if line.level == "CRITICAL" else 0) >= least
    ]
    return lines[:LINES]


SYSTEM = Page(
    "system.html",
    {"alerts": _alerts, "growth": _growth, "tree": _tree, "providers": _providers, "store": _store, "log": _log},
)


@route(pages, "/system", Policy.ADMIN)
async def system(visit: Visit) -> Answer:
    return await SYSTEM.answer(visit)


@route(pages, "/system/services/test", Policy.ADMIN, methods=("POST",))
async def try_service(visit: Visit) -> Answer:
    """Ask one of them now; what it says, or why it says nothing, is the answer."""
    form = await request.form
    outcome = await tried(visit, form.get("family", ""), form.get("name", ""))
    return await back_to("/system", outcome.message, "good" if outcome.ok else "warning")
