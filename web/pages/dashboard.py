"""Home: the library in numbers, what was added, what is moving, what happened, and what needs somebody."""

import shutil
from dataclasses import dataclass

import trio
from quart import Blueprint

from mydia.downloads import queries as downloads
from mydia.library import queries as library
from mydia.library.model import Root
from mydia.media import queries as media
from mydia.media.model import Counts, EventRow, MediaCard
from mydia.settings.alerts import alerts
from mydia.settings.model import Config
from mydia.store.paging import Page as Paged
from web.page import Page
from web.policy import Answer, Policy, Visit, route
from web.views import ROOT, Tone, stamp

pages = Blueprint("dashboard", __name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """`href` and `go` lead an administrator to where more is said of it."""

    what: str
    why: str
    tone: Tone
    href: str = ""
    go: str = ""


@dataclass(frozen=True, slots=True)
class Storage:
    root: Root
    total: int | None
    free: int | None


async def _counts(visit: Visit) -> Counts:
    return await visit.read(media.counts, today=visit.house.clock.now().date().isoformat())


async def _recent(visit: Visit) -> tuple[MediaCard, ...]:
    return await visit.read(media.recent, 18)


async def _active(visit: Visit) -> object:
    return await visit.read(downloads.list_downloads, status="active", limit=8)


async def _news(visit: Visit) -> Paged[EventRow]:
    return await visit.read(media.history, limit=14)


async def _storage(visit: Visit) -> list[Storage]:
    roots = await visit.read(library.roots)
    return await trio.to_thread.run_sync(lambda: [_space(root) for root in roots])


def _space(root: Root) -> Storage:
    try:
        usage = shutil.disk_usage(root.path)
    except OSError:
        return Storage(root, None, None)
    return Storage(root, usage.total, usage.free)


def lacking(config: Config) -> list[Problem]:
    """What a new house still needs before it can do its main job, each with the setting that gives it."""
    found = []
    if config.metadata.tmdb.api_key is None:
        why = "Set metadata.tmdb.api_key in config.yml to a key of themoviedb.org; one costs nothing."
        found.append(Problem("Titles can't be looked up yet.", why, "quiet"))
    if not any(indexer.enabled for indexer in config.downloads.indexers):
        why = "Name an indexer under downloads.indexers in config.yml, and what is wished for is searched there."
        found.append(Problem("Nothing can be searched yet.", why, "quiet"))
    return found


async def problems(visit: Visit) -> list[Problem]:
    """What is wrong now and who can mend it reads in one line each."""
    found = lacking(visit.house.config) if visit.may("ADMIN") else []
    for alert in await visit.read(alerts):
        found.append(Problem(alert.message, f"Since {stamp(alert.since)}.", "bad", "/system", "Look at the system"))
    for root in await visit.read(library.roots):
        if root.state != "ok":
            tone: Tone = "bad" if root.state == "unavailable" else "warning"
            what = f"Library folder {root.path}: {ROOT[root.state].words.lower()}."
            found.append(Problem(what, root.reason or "", tone, "#r-storage", "Look at it"))
        if root.copies:
            found.append(Problem(f"Imports into {root.path} are copied, not linked.", root.copies, "warning"))
    now = visit.house.clock.now().isoformat()
    for status in await visit.read(downloads.provider_statuses):
        if status.disabled_until and status.disabled_until > now[:19]:
            what, why = f"{status.name} ({status.family}) does not answer.", status.last_error or ""
            found.append(Problem(what, why, "warning", "/system#r-providers", "Test it"))
    return found


HOME = Page(
    "dashboard.html",
    {"health": problems, "counts": _counts, "recent": _recent, "active": _active, "storage": _storage, "news": _news},
)


@route(pages, "/", Policy.READ)
async def home(visit: Visit) -> Answer:
    return await HOME.answer(visit)
