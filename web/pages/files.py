"""Files of the library by state, each with why it is so; the trash; scan now."""

from quart import Blueprint, request

from mydia.library import changes
from mydia.library import queries as library
from mydia.library.trash import request_restore
from web.auth import back_to
from web.page import Page, screenful
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("files", __name__)


async def _files(visit: Visit) -> object:
    args = request.args
    state, cursor = args.get("state") or None, args.get("cursor") or None
    return await visit.read(library.list_files, state=state, cursor=cursor, limit=screenful(50))


async def _trash(visit: Visit) -> object:
    return await visit.read(library.trash, cursor=request.args.get("cursor") or None, limit=screenful(50))


FILES = Page("files.html", {"files": _files}, parts={"rows": "files"})
TRASH = Page("trash.html", {"trash": _trash}, parts={"rows": "trash"})


@route(pages, "/activity/files", Policy.READ)
async def files(visit: Visit) -> Answer:
    return await FILES.answer(visit)


@route(pages, "/activity/trash", Policy.READ)
async def trash(visit: Visit) -> Answer:
    return await TRASH.answer(visit)


@route(pages, "/trash/<trash_id>/restore", Policy.ACT, methods=("POST",))
async def restore(visit: Visit, trash_id: str) -> Answer:
    await visit.write(request_restore, trash_id, actor=visit.name)
    return await back_to("/activity/trash", "The file is brought back.")


@route(pages, "/library/scan", Policy.ADMIN, methods=("POST",))
async def scan(visit: Visit) -> Answer:
    jobs = await visit.write(changes.request_scan, hurry=True)
    words = "The library folders are being walked." if jobs else "There is no library folder to scan."
    return await back_to("/", words)


@route(pages, "/library/roots/<root_id>/confirm", Policy.ADMIN, methods=("POST",))
async def confirm_root(visit: Visit, root_id: str) -> Answer:
    """A folder that looked wrong (empty, another disk, much gone at once) is as a person wants it."""
    await visit.write(changes.confirm_root, root_id, actor=visit.name)
    return await back_to("/", "The folder is being walked, and believed.")
