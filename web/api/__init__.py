"""REST under /api/v1: the same queries and changes as the pages, as JSON. One error shape (RFC 9457), one place that says who may what.

kit.py        how an operation is declared and answered      document.py   the OpenAPI document, made from the declarations
models.py     the shapes that several operations share        media.py      titles, searching
downloads.py  grabs, searches, the blocklist                  library.py    folders, files, trash
settings.py   configuration, quality profiles                 accounts.py   oneself, API keys, people
formats.py    custom formats                                  choosing.py   explain, what-if, naming, all as one document
slots.py      the versions of a title                         wanted.py     what is lacking, indexers' budgets
renames.py    other names for held files
jobs.py       jobs, history                                   backups.py   backups, restore, everything as one file
schedules.py  schedules, queues
"""

import json

from quart import Blueprint, Quart, Response, current_app

from web.api import (
    accounts,
    backups,
    choosing,
    document,
    downloads,
    formats,
    jobs,
    kit,
    library,
    media,
    renames,
    schedules,
    settings,
    slots,
    wanted,
)
from web.policy import Answer, Policy, Visit, route

about = Blueprint("about_api", __name__)


@route(about, "/openapi.json", Policy.PUBLIC)
async def openapi(visit: Visit) -> Answer:
    """The document of this API."""
    return Response(current_app.extensions["mydia.openapi"], content_type="application/json")


def install(app: Quart) -> None:
    """Add the API and its document to an app."""
    shelves = (
        media,
        slots,
        wanted,
        renames,
        downloads,
        library,
        settings,
        formats,
        choosing,
        accounts,
        jobs,
        schedules,
        backups,
    )
    for each in (about, *(module.api for module in shelves)):
        app.register_blueprint(each, url_prefix=kit.ROOT)
    made = document.document(app.extensions["mydia.operations"])
    app.extensions["mydia.openapi"] = json.dumps(made, separators=(",", ":"))
