"""Writes of users, sessions and API keys. Hashes come in ready: hashing takes a thread and 50 ms, a transaction has neither.

What a password allows names the hash that it was held against (`by`): where that is another by now, it allows nothing any more (Conflict).
"""

import secrets
from itertools import count
from typing import get_args

from mydia.accounts.model import Identity, Role, User, check_username, token_hash
from mydia.accounts.queries import count_admins, credentials_of, get_user, user_of, ways_in
from mydia.errors import Conflict, Forbidden, Invalid, NotFound
from mydia.events import UserChanged
from mydia.store.transaction import Transaction

_TOKEN = "setup_token"  # noqa: S105 - the name of a setting


def setup_token(tx: Transaction) -> str | None:
    """A new token that makes whoever knows it the first administrator; None when there is one. Earlier tokens are void."""
    if count_admins(tx):
        tx.execute("delete from settings where key = :key", key=_TOKEN)
        return None
    token = secrets.token_urlsafe(12)
    tx.execute(
        """insert into settings (key, value, updated_at) values (:key, :hash, :now)
        on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at""",
        key=_TOKEN,
        hash=token_hash(token),
        now=tx.now,
    )
    return token


def claim_house(tx: Transaction, token: str, username: str, password_hash: str) -> str:
    """The first administrator, by the set-up token from the log; the id. Forbidden when it is another, Conflict when there is one."""
    check_setup_token(tx, token_hash(token))
    return create_first_admin(tx, username, password_hash)


def check_setup_token(tx: Transaction, hashed: str) -> None:
    """Forbidden when this is not the hash of the set-up token, Conflict when the house has an administrator."""
    if count_admins(tx):
        raise Conflict("this house has an administrator already; log in instead")
    kept = tx.value("select value from settings where key = :key", key=_TOKEN)
    if kept is None or not secrets.compare_digest(str(kept), hashed):
        raise Forbidden("this is not the set-up token; it stands in the log of the last start")


def create_first_admin(tx: Transaction, username: str, password_hash: str) -> str:
    """The first administrator; the id. Conflict when there is one. Whoever calls has checked that it is they."""
    if count_admins(tx):
        raise Conflict("this house has an administrator already; log in instead")
    tx.execute("delete from settings where key = :key", key=_TOKEN)
    return create_user(tx, username, password_hash, "admin", actor=username)


def create_user(tx: Transaction, username: str, password_hash: str | None, role: Role, *, actor: str) -> str:
    """The new user's id; Conflict when the name is taken, in any case."""
    username = check_username(username)
    _check_role(role)
    if tx.value("select 1 from users where lower(username) = lower(:name)", name=username) is not None:
        raise Conflict(f"there is a user {username!r} already")
    user_id = tx.new_id()
    row = {"id": user_id, "username": username, "password_hash": password_hash, "role": role}
    tx.insert("users", {**row, "created_at": tx.now, "updated_at": tx.now})
    _tell(tx, user_id, f"created as {role}", actor)
    return user_id


def set_password(tx: Transaction, user_id: str, password_hash: str, *, by: str | None = None, actor: str) -> None:
    """A new password, which ends every session: whoever knew the old one is out. An administrator's needs no other one's (`by`)."""
    _check_known(tx, user_id, by)
    _update(tx, user_id, password_hash=password_hash)
    tx.execute("delete from sessions where user_id = :user", user=user_id)
    _tell(tx, user_id, "password changed", actor)


def rehash_password(tx: Transaction, user_id: str, password_hash: str, *, by: str) -> None:
    """The same password under today's cost of hashing."""
    _check_known(tx, user_id, by)
    _update(tx, user_id, password_hash=password_hash)


def set_role(tx: Transaction, user_id: str, role: Role, *, actor: str) -> None:
    """Conflict when it would leave the house without an administrator."""
    _check_role(role)
    _keep_an_admin(tx, get_user(tx, user_id), unless=role == "admin")
    _update(tx, user_id, role=role)
    _tell(tx, user_id, f"is {role} now", actor)


def delete_user(tx: Transaction, user_id: str, *, actor: str) -> None:
    """With their sessions and API keys. Conflict when it would leave the house without an administrator."""
    _keep_an_admin(tx, get_user(tx, user_id), unless=False)
    _tell(tx, user_id, "deleted", actor)
    tx.execute("delete from users where id = :id", id=user_id)


# -- people whom an OpenID provider vouches for


def come_in(tx: Transaction, identity: Identity, role: Role, *, decided: bool) -> str:
    """The id of their user, made at their first log-in. `decided`: the provider decides the role at every log-in.

    Conflict while the house has no administrator: the first is made by the set-up token alone. The last one stays one.
    """
    if not count_admins(tx):
        raise Conflict("this house has no administrator yet; set it up first")
    known = user_of(tx, identity)
    if known is None:
        return _create_user_of(tx, identity, role)
    if decided and known.role != role and not (known.role == "admin" and count_admins(tx) == 1):
        set_role(tx, known.id, role, actor=known.username)
    return known.id


def claim_house_as(tx: Transaction, token_hash: str, identity: Identity) -> str:
    """The first administrator, by the set-up token's hash and a provider; the id. Forbidden, Conflict as claim_house."""
    check_setup_token(tx, token_hash)
    tx.execute("delete from settings where key = :key", key=_TOKEN)
    known = user_of(tx, identity)
    if known is None:
        return _create_user_of(tx, identity, "admin")
    set_role(tx, known.id, "admin", actor=known.username)
    return known.id


def link_identity(tx: Transaction, user_id: str, identity: Identity, *, actor: str) -> None:
    """From now on the provider opens this account too. Conflict when it opens another one, or another identity opens this one."""
    known = user_of(tx, identity)
    if known is not None and known.id != user_id:
        raise Conflict(f"that identity opens the account {known.username!r} already")
    if known is None and ways_in(tx, user_id).issuer is not None:
        raise Conflict("this account is linked to another identity; unlink that first")
    _update(tx, user_id, oidc_issuer=identity.issuer, oidc_sub=identity.subject)
    _tell(tx, user_id, f"linked to {identity.issuer}", actor)


def unlink_identity(tx: Transaction, user_id: str, *, actor: str) -> None:
    """The provider opens this account no more. Conflict when nothing else would."""
    if not ways_in(tx, user_id).password:
        raise Conflict("this account has no password, so nothing would open it any more")
    _update(tx, user_id, oidc_issuer=None, oidc_sub=None)
    _tell(tx, user_id, "unlinked from its provider", actor)


def _create_user_of(tx: Transaction, identity: Identity, role: Role) -> str:
    """A name that is taken gets a number: it may be somebody else's, so the two are never made one."""
    names = (identity.name if n == 1 else f"{identity.name}-{n}" for n in count(1))
    name = next(n for n in names if credentials_of(tx, n) is None)
    user_id = create_user(tx, name, None, role, actor=name)
    _update(tx, user_id, oidc_issuer=identity.issuer, oidc_sub=identity.subject)
    return user_id


# -- sessions


def open_session(
    tx: Transaction, user_id: str, token_hash: str, user_agent: str | None, days: int, *, by: str | None = None
) -> str:
    """A login, by a password or by whoever else vouched for them; the session's id."""
    _check_known(tx, user_id, by)
    session_id = tx.new_id()
    row = {
        "id": session_id,
        "user_id": user_id,
        "token_hash": token_hash,
        "csrf_secret": secrets.token_urlsafe(32),
        "user_agent": None if user_agent is None else user_agent[:300],
        "created_at": tx.now,
        "last_seen_at": tx.now,
        "expires_at": tx.later(days * 86400),
    }
    tx.insert("sessions", row)
    _update(tx, user_id, last_login_at=tx.now)
    return session_id


def session_seen(tx: Transaction, session_id: str, days: int) -> None:
    """It was used, so it lives `days` from now on."""
    tx.update("sessions", session_id, last_seen_at=tx.now, expires_at=tx.later(days * 86400))


def close_session(tx: Transaction, session_id: str, *, user_id: str | None = None) -> bool:
    """Log out; whether there was such a session (of that user, where one is named)."""
    return (
        tx.execute(
            "delete from sessions where id = :id and user_id = coalesce(cast(:user as text), user_id)",
            id=session_id,
            user=user_id,
        )
        > 0
    )


def close_other_sessions(tx: Transaction, user_id: str, but: str | None = None) -> int:
    """Log somebody out everywhere, `but` in one session; how many there were."""
    return tx.execute(
        "delete from sessions where user_id = :user and id <> coalesce(cast(:but as text), '')", user=user_id, but=but
    )


def prune_sessions(tx: Transaction) -> int:
    """Forget the sessions that have expired."""
    return tx.execute("delete from sessions where expires_at <= :now", now=tx.now)


# -- API keys


def add_key(
    tx: Transaction, user_id: str, name: str, prefix: str, key_hash: str, *, days: float | None = None, actor: str
) -> str:
    """The key's id. Its text is shown once, by whoever made it (model.new_key); it is not known here."""
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise Invalid("an API key's name has 1 to 100 characters", field="name")
    get_user(tx, user_id)
    key_id = tx.new_id()
    row = {"id": key_id, "user_id": user_id, "name": name, "prefix": prefix, "key_hash": key_hash, "created_at": tx.now}
    tx.insert("api_keys", {**row, "expires_at": None if days is None else tx.later(days * 86400)})
    _tell(tx, user_id, f"API key {name!r} added", actor)
    return key_id


def delete_key(tx: Transaction, key_id: str, *, user_id: str | None = None, actor: str) -> None:
    """Revoke a key (of that user, where one is named), from the next request on. NotFound."""
    row = tx.one("select user_id, name from api_keys where id = :id", id=key_id)
    if row is None or (user_id is not None and row["user_id"] != user_id):
        raise NotFound(f"there is no API key {key_id}")
    tx.execute("delete from api_keys where id = :id", id=key_id)
    _tell(tx, row["user_id"], f"API key {row['name']!r} revoked", actor)


def key_used(tx: Transaction, key_id: str) -> None:
    tx.update("api_keys", key_id, last_used_at=tx.now)


def _tell(tx: Transaction, user_id: str, what: str, actor: str) -> None:
    tx.emit(UserChanged(user_id=user_id, name=get_user(tx, user_id).name, what=what, actor=actor))


def _check_role(role: str) -> None:
    if role not in get_args(Role):
        raise Invalid(f"there is no role {role!r}; known are {', '.join(get_args(Role))}", field="role")


def _check_known(tx: Transaction, user_id: str, by: str | None) -> None:
    if by is not None and tx.value("select password_hash from users where id = :id", id=user_id) != by:
        raise Conflict("the password was changed meanwhile; log in by the new one")


def _keep_an_admin(tx: Transaction, user: User, *, unless: bool) -> None:
    if user.role == "admin" and not unless and count_admins(tx) == 1:
        raise Conflict(f"{user.name} is the only administrator; make somebody else one first")


def _update(tx: Transaction, user_id: str, **columns: str | None) -> None:
    if not tx.update("users", user_id, updated_at=tx.now, **columns):
        raise NotFound(f"there is no user {user_id}")
