"""One's own account: password, where one is logged in, API keys; and, for administrators, the people of the house."""

from dataclasses import dataclass

from quart import Blueprint, request

from mydia.accounts import changes, queries
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import ROLES, ApiKey, Role, Session, User, WaysIn, check_password, new_key
from mydia.errors import Forbidden, Invalid
from mydia.media.queries import last_seq
from web.auth import back_to, begin_session, check_login, require_passwords
from web.oidc import offer
from web.page import whole
from web.policy import Answer, Person, Policy, Visit, route

pages = Blueprint("account", __name__)
ROLE_WORDS = {"admin": "Administrator", "user": "May add and search", "readonly": "May look"}


@dataclass(frozen=True, slots=True)
class Mine:
    """What belongs to whoever looks."""

    user: User
    sessions: tuple[Session, ...]
    keys: tuple[ApiKey, ...]
    ways: WaysIn


def _self(visit: Visit) -> Person:
    if visit.person is None:
        raise Forbidden("This is for people with an account.")
    return visit.person


async def _mine(visit: Visit) -> Mine:
    me, now = _self(visit), visit.house.clock.now()
    return Mine(
        await visit.read(queries.get_user, me.id),
        await visit.read(queries.sessions_of, me.id, now),
        await visit.read(queries.keys_of, me.id),
        await visit.read(queries.ways_in, me.id),
    )


async def _show(visit: Visit, status: int = 200, new_key: str | None = None) -> Answer:
    people = await visit.read(queries.list_users) if visit.may("ADMIN") else ()
    shown = {"roles": ROLE_WORDS, "new_key": new_key, "mine": await _mine(visit), "people": people}
    live_after, provider = await visit.read(last_seq), await offer(visit, look=False)
    return await whole("account.html", visit, status, live_after=live_after, offer=provider, **shown)


@route(pages, "/account", Policy.READ)
async def account(visit: Visit) -> Answer:
    return await _show(visit)


@route(pages, "/account/password", Policy.READ, methods=("POST",))
async def change_password(visit: Visit) -> Answer:
    """A new password, by the old one. Every session ends; whoever changed it goes on in a new one."""
    form, me = await request.form, _self(visit)
    user = await visit.read(queries.get_user, me.id)
    _, by = await check_login(visit, user.username, form.get("old", ""))
    password = check_password(form.get("password", ""))
    if password != form.get("again", password):
        raise Invalid("The two new passwords differ.", field="again")
    hashed = await hash_secret(password)
    await visit.write(changes.set_password, me.id, hashed, by=by, actor=visit.name)
    return await begin_session(visit, me.id, "/account", by=hashed)


@route(pages, "/account/sessions/close", Policy.READ, methods=("POST",))
async def close_sessions(visit: Visit) -> Answer:
    me = _self(visit)
    closed = await visit.write(changes.close_other_sessions, me.id, me.session_id)
    return await back_to(
        "/account", f"Logged out in {closed} other places." if closed != 1 else "Logged out in 1 other place."
    )


@route(pages, "/account/keys", Policy.READ, methods=("POST",))
async def make_key(visit: Visit) -> Answer:
    """A new API key. Its text is on the page that answers, and nowhere else, ever."""
    me, name = _self(visit), (await request.form).get("name", "")
    key = new_key()
    hashed = await hash_secret(key.secret)
    await visit.write(changes.add_key, me.id, name, key.prefix, hashed, actor=visit.name)
    return await _show(visit, 201, key.text)


@route(pages, "/account/keys/<key_id>/revoke", Policy.READ, methods=("POST",))
async def revoke_key(visit: Visit, key_id: str) -> Answer:
    owner = None if visit.may("ADMIN") else _self(visit).id
    await visit.write(changes.delete_key, key_id, user_id=owner, actor=visit.name)
    return await back_to("/account", "The key is revoked; it opens nothing any more.")


# -- the people of the house ---------------------------------------------------------------------------------------------


@route(pages, "/people", Policy.ADMIN, methods=("POST",))
async def add_person(visit: Visit) -> Answer:
    require_passwords(visit)
    form = await request.form
    role: Role = next((r for r in ROLES if r == form.get("role")), "readonly")
    hashed = await hash_secret(check_password(form.get("password", "")))
    await visit.write(changes.create_user, form.get("username", ""), hashed, role, actor=visit.name)
    return await back_to("/account", f"{form.get('username', '').strip()} may come in now.")


@route(pages, "/people/<user_id>/role", Policy.ADMIN, methods=("POST",))
async def set_role(visit: Visit, user_id: str) -> Answer:
    asked = (await request.form).get("role")
    role = next((r for r in ROLES if r == asked), None)
    if role is None:
        raise Invalid(f"There is no role {asked!r}.", field="role")
    await visit.write(changes.set_role, user_id, role, actor=visit.name)
    return await back_to("/account", "The role is changed.")


@route(pages, "/people/<user_id>/delete", Policy.ADMIN, methods=("POST",))
async def delete_person(visit: Visit, user_id: str) -> Answer:
    if user_id == _self(visit).id:
        raise Invalid("Nobody can delete their own account; another administrator can.")
    await visit.write(changes.delete_user, user_id, actor=visit.name)
    return await back_to("/account", "The account is deleted.")
