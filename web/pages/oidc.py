"""The provider's door: to OpenID Connect and back, to log in, to claim a new house, to link one's account."""

from loguru import logger
from quart import Blueprint, redirect, request

from mydia.accounts import changes
from mydia.accounts.model import Identity
from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, Unavailable
from web import auth, oidc
from web.auth import back_to
from web.edge import local_path
from web.oidc import Ticket
from web.pages.door import login_page, sentence, setup_page
from web.policy import Answer, Policy, Visit, route
from web.throttle import TooOften

pages = Blueprint("oidc", __name__)
REFUSALS = (Invalid, Forbidden, Conflict, Unavailable, TooOften)


@route(pages, "/auth/oidc", Policy.PUBLIC)
async def login(visit: Visit) -> Answer:
    target = local_path(request.args.get("next"))
    if visit.person is not None:
        return redirect(target, 303)
    if not await auth.is_claimed(visit.site):
        return redirect("/setup", 303)
    try:
        return await oidc.send_off(visit, "login", target)
    except (Invalid, Unavailable) as problem:
        return await login_page(visit, problem, target)


@route(pages, "/auth/oidc/setup", Policy.PUBLIC, methods=("POST",))
async def claim(visit: Visit) -> Answer:
    """The first administrator as one whom the provider knows: the set-up token first, and once more when they are back."""
    token = (await request.form).get("token", "").strip()
    try:
        return await oidc.send_off(visit, "setup", "/", await auth.check_token(visit, token))
    except Conflict:
        return redirect("/login", 303)
    except REFUSALS as problem:
        return await setup_page(visit, problem, token)


@route(pages, "/account/oidc", Policy.READ, methods=("POST",))
async def link(visit: Visit) -> Answer:
    try:
        return await oidc.send_off(visit, "link", "/account", visit.person.session_id if visit.person else "")
    except (Invalid, Unavailable) as problem:
        return await back_to("/account", sentence(problem), "warning")


@route(pages, "/account/oidc/unlink", Policy.READ, methods=("POST",))
async def unlink(visit: Visit) -> Answer:
    auth.require_passwords(visit)
    await visit.write(changes.unlink_identity, visit.person.id if visit.person else "", actor=visit.name)
    return await back_to("/account", "The link is gone; your password opens this account.")


@route(pages, "/auth/oidc/callback", Policy.PUBLIC)
async def callback(visit: Visit) -> Answer:
    """Where the provider sends people back to. Whatever is not right is told on the page that they came from."""
    try:
        return await oidc.forget(await _arrive(visit, *await oidc.redeem(visit)))
    except REFUSALS as problem:
        logger.warning("Log-in by OpenID Connect refused to {}: {}", visit.client, problem)
        return await _refused(visit, oidc.ticket_of(visit), problem)


async def _arrive(visit: Visit, ticket: Ticket, identity: Identity) -> Answer:
    config = visit.house.config
    if ticket.purpose == "link":
        if visit.person is None or visit.person.session_id != ticket.holder:
            raise Invalid("You have logged in or out since you asked for the link. Ask for it again.")
        await visit.write(changes.link_identity, visit.person.id, identity, actor=visit.name)
        return await back_to("/account", f"{config.auth.oidc.label} opens this account from now on.")
    if ticket.purpose == "setup":
        user_id = await visit.write(changes.claim_house_as, ticket.holder, identity)
    else:
        decided = bool(config.auth.oidc.admin_groups)
        user_id = await visit.write(changes.come_in, identity, oidc.role_of(identity, config), decided=decided)
    return await auth.begin_session(visit, user_id, ticket.target, vouched=True)


async def _refused(visit: Visit, ticket: Ticket | None, problem: MydiaError) -> Answer:
    if ticket is not None and ticket.purpose == "link" and visit.person is not None:
        return await back_to("/account", sentence(problem), "warning")
    if not await auth.is_claimed(visit.site):
        return await setup_page(visit, problem)
    return await login_page(visit, problem, ticket.target if ticket else "/")
