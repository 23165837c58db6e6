"""Deeds that ask first: a form that carries a question is answered by a page that puts it, and done when that page sends it again.

With script the question was put by a dialog already, and htmx says that it sends. So nothing is deleted by one stray press, with or
without script, and no view knows of it.
"""

from quart import Response, request

from web.edge import local_path
from web.page import whole
from web.policy import Visit

FIELD = "confirm"
"""Holds the question. It is asked of whoever sent it, so nobody gains by changing or leaving it out."""
FORM = "application/x-www-form-urlencoded"


async def question_of(visit: Visit) -> Response | None:
    """The page that asks, where this request is a form with a question; else None."""
    if visit.person is None or request.mimetype != FORM or request.headers.get("HX-Request"):
        return None
    form = await request.form
    if not form.get(FIELD):
        return None
    fields = [(name, value) for name, value in form.items(multi=True) if name != FIELD]
    return await whole("confirm.html", visit, question=form[FIELD], fields=fields, back=_came_from(form.get("back")))


def _came_from(named: str | None) -> str:
    """The page whose form this is."""
    _, _, beyond = request.headers.get("Referer", "").partition("://")
    return local_path(named or "/" + beyond.partition("/")[2])
