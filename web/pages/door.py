"""The door: the set-up of a new house, login, logout. What leads through an OpenID provider is in oidc.py beside this."""

from quart import Blueprint, redirect, request

from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, Unavailable
from web import auth, oidc
from web.edge import local_path
from web.page import whole
from web.policy import Answer, Policy, Visit, route
from web.throttle import TooOften

pages = Blueprint("door", __name__)


def sentence(problem: Exception) -> str:
    text = str(problem)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


async def setup_page(visit: Visit, problem: MydiaError | None = None, token: str = "", username: str = "") -> Answer:
    return await _door("setup.html", visit, problem, token=token, username=username)


async def login_page(visit: Visit, problem: MydiaError | None = None, target: str = "/", username: str = "") -> Answer:
    return await _door("login.html", visit, problem, next=target, username=username)


async def _door(template: str, visit: Visit, problem: MydiaError | None, **values: str) -> Answer:
    status = 429 if isinstance(problem, TooOften) else 503 if isinstance(problem, Unavailable) else 422
    said = sentence(problem) if problem else None
    offer = await oidc.offer(visit)
    return await whole(template, visit, status if problem else 200, problem=said, offer=offer, **values)


@route(pages, "/setup", Policy.PUBLIC)
async def setup(visit: Visit) -> Answer:
    if await auth.is_claimed(visit.site):
        return redirect("/login", 303)
    return await setup_page(visit, token=request.args.get("token", ""))


@route(pages, "/setup", Policy.PUBLIC, methods=("POST",))
async def claim(visit: Visit) -> Answer:
    """The first administrator, by the token that stands in the log."""
    auth.require_passwords(visit)
    form = await request.form
    token, username, password = (form.get(name, "") for name in ("token", "username", "password"))
    try:
        if password != form.get("again", password):
            raise Invalid("The two passwords differ.", field="again")
        user_id = await auth.claim(visit, token=token.strip(), username=username.strip(), password=password)
    except Conflict:
        return redirect("/login", 303)
    except (Invalid, Forbidden, TooOften) as problem:
        return await setup_page(visit, problem, token, username)
    return await auth.begin_session(visit, user_id, "/")


@route(pages, "/login", Policy.PUBLIC)
async def login(visit: Visit) -> Answer:
    target = local_path(request.args.get("next"))
    if not await auth.is_claimed(visit.site):
        return redirect("/setup", 303)
    if visit.person is not None:
        return redirect(target, 303)
    return await login_page(visit, target=target)


@route(pages, "/login", Policy.PUBLIC, methods=("POST",))
async def enter(visit: Visit) -> Answer:
    form = await request.form
    username, target = form.get("username", ""), local_path(form.get("next"))
    try:
        user_id, by = await auth.check_login(visit, username.strip(), form.get("password", ""))
        return await auth.begin_session(visit, user_id, target, by=by)
    except (Invalid, Conflict, TooOften) as problem:
        return await login_page(visit, problem, target, username)


@route(pages, "/logout", Policy.READ, methods=("POST",))
async def logout(visit: Visit) -> Answer:
    return await auth.end_session(visit, await oidc.farewell(visit))
