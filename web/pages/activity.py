"""What is going on: the queue, the history, the blocklist; and what a person may do about each. (Jobs are in jobs.py.)"""

from quart import Blueprint, request

from mydia.downloads import changes as download_changes
from mydia.downloads import queries as downloads
from mydia.media.queries import history
from web.auth import back_to
from web.page import Page, screenful
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("activity", __name__)


def _cursor() -> str | None:
    return request.args.get("cursor") or None


# -- queue -----------------------------------------------------------------------------------------------------------------


async def _queue(visit: Visit) -> object:
    return await visit.read(
        downloads.list_downloads, status="active", cursor=_cursor_of("more_queue"), limit=screenful(50)
    )


async def _ended(visit: Visit) -> object:
    return await visit.read(
        downloads.list_downloads, status="history", cursor=_cursor_of("more_ended"), limit=screenful(25)
    )


def _cursor_of(part: str) -> str | None:
    # Two lists on one page: a cursor is for the one whose next page is asked for.
    asked = request.args.get("region") or "more_ended"
    return _cursor() if asked == part else None


QUEUE = Page("activity.html", {"queue": _queue, "ended": _ended}, parts={"more_queue": "queue", "more_ended": "ended"})


@route(pages, "/activity", Policy.READ)
async def queue(visit: Visit) -> Answer:
    return await QUEUE.answer(visit)


@route(pages, "/downloads/<download_id>/cancel", Policy.ACT, methods=("POST",))
async def cancel_download(visit: Visit, download_id: str) -> Answer:
    await visit.write(download_changes.cancel_download, download_id, actor=visit.name)
    return await back_to("/activity", "The download is cancelled.")


@route(pages, "/downloads/<download_id>/block", Policy.ACT, methods=("POST",))
async def another(visit: Visit, download_id: str) -> Answer:
    """Not this release, now or ever: another is searched for."""
    await visit.write(download_changes.cancel_download, download_id, actor=visit.name, block=True, search_again=True)
    words = "The release is blocked, and another is being searched. The blocklist allows it again."
    return await back_to("/activity", words)


@route(pages, "/downloads/<download_id>/retry", Policy.ACT, methods=("POST",))
async def import_again(visit: Visit, download_id: str) -> Answer:
    force = (await request.form).get("force") == "1"
    await visit.write(download_changes.retry_import, download_id, actor=visit.name, force=force)
    return await back_to("/activity", "It is being imported, as you say." if force else "The import is tried again.")


# -- history ---------------------------------------------------------------------------------------------------------------


async def _history(visit: Visit) -> object:
    return await visit.read(history, cursor=_cursor(), limit=screenful(50))


HISTORY = Page("history.html", {"history": _history}, parts={"older": "history"})


@route(pages, "/activity/history", Policy.READ)
async def happened(visit: Visit) -> Answer:
    return await HISTORY.answer(visit)


# -- blocklist -------------------------------------------------------------------------------------------------------------


async def _blocked(visit: Visit) -> object:
    return await visit.read(downloads.blocklist, cursor=_cursor(), limit=screenful(50))


BLOCKLIST = Page("blocklist.html", {"blocked": _blocked}, parts={"rows": "blocked"})


@route(pages, "/activity/blocklist", Policy.READ)
async def blocklist(visit: Visit) -> Answer:
    return await BLOCKLIST.answer(visit)


@route(pages, "/blocklist/<block_id>/remove", Policy.ACT, methods=("POST",))
async def unblock(visit: Visit, block_id: str) -> Answer:
    await visit.write(download_changes.unblock, block_id)
    return await back_to("/activity/blocklist", "It may be grabbed again.")
