"""Backups: what there is and why it was made; one more now; what restoring one would lose, and restoring it."""

from urllib.parse import urlencode

from quart import Blueprint

from mydia.store.kept import Backup
from web import keeping
from web.auth import back_to
from web.page import Page, whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("backups", __name__)
WHERE = "/system/backups"


async def _backups(visit: Visit) -> list[Backup] | None:
    return await keeping.listed(visit)


async def _ready(visit: Visit) -> str | None:
    return await keeping.ready_since(visit)


def _here(**query: str) -> str:
    """Where the list refetches itself from, on whatever address it is shown."""
    return f"{WHERE}?{urlencode(query)}"


BACKUPS = Page("backups.html", {"ready": _ready, "backups": _backups})


@route(pages, "/system/backups", Policy.ADMIN)
async def backups(visit: Visit) -> Answer:
    return await BACKUPS.answer(visit)


@route(pages, "/system/backups", Policy.ADMIN, methods=("POST",))
async def make(visit: Visit) -> Answer:
    made = await keeping.make(visit)
    return await back_to(WHERE, f"{made.name} is written and verified.")


@route(pages, "/system/backups/<name>/restore", Policy.ADMIN)
async def ask_first(visit: Visit, name: str) -> Answer:
    """What would be lost and what would come back; nothing is done yet."""
    kept, said = await keeping.found(visit, name), await keeping.compare(visit, name)
    return await whole("restore.html", visit, kept=kept, said=said)


@route(pages, "/system/backups/<name>/restore", Policy.ADMIN, methods=("POST",))
async def restore(visit: Visit, name: str) -> Answer:
    """No redirect: the house closes behind this answer. The page's live line brings it back when the house does."""
    await keeping.restore(visit, name)
    return await BACKUPS.answer(visit, shown={"restoring": name, "here": _here})


@route(pages, "/system/restore/take", Policy.ADMIN, methods=("POST",))
async def take_ready(visit: Visit) -> Answer:
    """As `restore`, of what lies ready."""
    await keeping.take_ready(visit)
    return await BACKUPS.answer(visit, shown={"restoring": "The backup that lay ready", "here": _here})


@route(pages, "/system/restore/withdraw", Policy.ADMIN, methods=("POST",))
async def withdraw(visit: Visit) -> Answer:
    await keeping.withdraw(visit)
    return await back_to(WHERE, "The backup that lay ready is taken back; the database stays as it is.")


@route(pages, "/system/backups/<name>/delete", Policy.ADMIN, methods=("POST",))
async def delete(visit: Visit, name: str) -> Answer:
    await keeping.delete(visit, name)
    return await back_to(WHERE, f"{name} is deleted.")
