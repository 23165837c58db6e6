"""Oneself, one's API keys, and the people of the house."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from quart import Blueprint

from mydia.accounts import changes, queries
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import Role, User, check_password, new_key
from mydia.errors import Conflict, Forbidden
from mydia.store.transaction import Transaction
from web.api.kit import Body, operation
from web.policy import Person, Policy, Visit

api = Blueprint("accounts_api", __name__)
Password = Annotated[str, Field(min_length=10, max_length=1024, json_schema_extra={"format": "password"})]


# -- shapes


@dataclass(frozen=True, slots=True)
class Me:
    """Who asks. `via` tells whether by a session or by an API key."""

    id: str
    name: str
    role: Role
    via: Literal["session", "api_key"]


@dataclass(frozen=True, slots=True)
class KeyOut:
    """An API key without its secret; `prefix` is how it begins."""

    id: str
    name: str
    prefix: str
    created_at: str
    last_used_at: str | None
    expires_at: str | None


@dataclass(frozen=True, slots=True)
class KeyList:
    items: list[KeyOut]


class NewKey(Body):
    """What the key is for, and after how many days it ends; never, when left out."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    days: Annotated[int | None, Field(ge=1, le=3650)] = None


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A new API key. `key` is shown here, and never again."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class UserOut:
    """Somebody who may come in."""

    id: str
    username: str
    name: str
    email: str | None
    role: Role
    created_at: str
    last_login_at: str | None


@dataclass(frozen=True, slots=True)
class UserList:
    items: list[UserOut]


class NewUser(Body):
    """Somebody who is to come in."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password
    role: Role = "user"


class UserChange(Body):
    """What is left out stays. A new password ends every session of theirs."""

    role: Role | None = None
    password: Password | None = None


# -- oneself


@operation(api, "/me", Policy.READ, answers=Me)
async def me(visit: Visit) -> Me:
    """Whose session or API key this is."""
    person = _person(visit)
    return Me(person.id, person.name, person.role, person.via)


@operation(api, "/api-keys", Policy.READ, answers=KeyList)
async def list_api_keys(visit: Visit) -> KeyList:
    """One's own API keys, newest first."""
    keys = await visit.read(queries.keys_of, _person(visit).id)
    return KeyList([KeyOut(k.id, k.name, k.prefix, k.created_at, k.last_used_at, k.expires_at) for k in keys])


@operation(api, "/api-keys", Policy.ACT, method="POST", body=NewKey, answers=KeyMade, status=201)
async def add_api_key(visit: Visit, body: NewKey) -> KeyMade:
    """Make an API key for oneself. It may what its owner may."""
    key = new_key()
    hashed = await hash_secret(key.secret)
    key_id = await visit.write(
        changes.add_key, _person(visit).id, body.name, key.prefix, hashed, days=body.days, actor=visit.name
    )
    return KeyMade(key_id, key.text)


@operation(api, "/api-keys/<key_id>", Policy.ACT, method="DELETE")
async def revoke_api_key(visit: Visit, key_id: str) -> None:
    """Revoke an API key; administrators anybody's. It opens nothing from the next request on."""
    owner = None if visit.may("ADMIN") else _person(visit).id
    await visit.write(changes.delete_key, key_id, user_id=owner, actor=visit.name)


# -- the people of the house


@operation(api, "/users", Policy.ADMIN, answers=UserList)
async def list_users(visit: Visit) -> UserList:
    """Everybody who may come in, by name."""
    return UserList([_user(u) for u in await visit.read(queries.list_users)])


@operation(api, "/users", Policy.ADMIN, method="POST", body=NewUser, answers=UserOut, status=201)
async def add_user(visit: Visit, body: NewUser) -> UserOut:
    """Let somebody in, by name and password."""
    hashed = await hash_secret(check_password(body.password))
    user_id = await visit.write(changes.create_user, body.username, hashed, body.role, actor=visit.name)
    return _user(await visit.read(queries.get_user, user_id))


@operation(api, "/users/<user_id>", Policy.ADMIN, answers=UserOut)
async def get_user(visit: Visit, user_id: str) -> UserOut:
    """One of the people of the house."""
    return _user(await visit.read(queries.get_user, user_id))


@operation(api, "/users/<user_id>", Policy.ADMIN, method="PUT", body=UserChange, answers=UserOut)
async def change_user(visit: Visit, user_id: str, body: UserChange) -> UserOut:
    """Change somebody's role or password. The last administrator stays one."""
    hashed = None if body.password is None else await hash_secret(check_password(body.password))
    await visit.write(_change, user_id, body.role, hashed, actor=visit.name)
    return _user(await visit.read(queries.get_user, user_id))


@operation(api, "/users/<user_id>", Policy.ADMIN, method="DELETE")
async def delete_user(visit: Visit, user_id: str) -> None:
    """Delete somebody's account with its sessions and API keys; one's own, another administrator does."""
    if user_id == _person(visit).id:
        raise Conflict("Nobody can delete their own account; another administrator can.")
    await visit.write(changes.delete_user, user_id, actor=visit.name)


def _change(tx: Transaction, user_id: str, role: Role | None, password_hash: str | None, *, actor: str) -> None:
    if role is not None:
        changes.set_role(tx, user_id, role, actor=actor)
    if password_hash is not None:
        changes.set_password(tx, user_id, password_hash, actor=actor)


def _person(visit: Visit) -> Person:
    if visit.person is None:
        raise Forbidden("This is for people with an account.")
    return visit.person


def _user(user: User) -> UserOut:
    return UserOut(user.id, user.username, user.name, user.email, user.role, user.created_at, user.last_login_at)
