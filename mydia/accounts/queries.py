"""Reads of users, sessions and API keys."""

from datetime import datetime

from mydia.accounts.model import ApiKey, Credentials, Identity, KeyOwner, Login, Session, User, WaysIn
from mydia.errors import NotFound
from mydia.store.engine import Connection, Row, quick
from mydia.store.transaction import parse_time, to_text

_USER = "u.id, u.username, u.role, u.display_name, u.email, u.last_login_at, u.created_at"


def user(row: Row) -> User:
    return User(**{name: row[name] for name in User.__slots__})


@quick
def count_admins(conn: Connection) -> int:
    """How many administrators there are; 0: the house is still to be claimed."""
    return int(conn.value("select count(*) from users where role = 'admin'"))


@quick
def get_user(conn: Connection, id: str) -> User:  # noqa: A002 - it is the column's name
    row = conn.one(f"select {_USER} from users u where u.id = :id", id=id)
    if row is None:
        raise NotFound(f"there is no user {id}")
    return user(row)


@quick
def user_of(conn: Connection, identity: Identity) -> User | None:
    """Whose identity this is: by issuer and subject, never by a name or an address."""
    row = conn.one(
        f"select {_USER} from users u where u.oidc_issuer = :issuer and u.oidc_sub = :subject",
        issuer=identity.issuer,
        subject=identity.subject,
    )
    return None if row is None else user(row)


@quick
def ways_in(conn: Connection, user_id: str) -> WaysIn:
    row = conn.one("select password_hash, oidc_issuer from users where id = :id", id=user_id)
    return WaysIn(False, None) if row is None else WaysIn(row["password_hash"] is not None, row["oidc_issuer"])


def list_users(conn: Connection) -> tuple[User, ...]:
    """Everybody, by name. A household, so there are no pages."""
    return tuple(user(row) for row in conn.all(f"select {_USER} from users u order by coalesce(u.username, ''), u.id"))


@quick
def credentials_of(conn: Connection, username: str) -> Credentials | None:
    """The user of that name, in any case, with the hash of their password; None when there is none."""
    sql = f"""select {_USER}, u.password_hash from users u
        where lower(u.username) = lower(:name) order by u.id limit 1"""
    row = conn.one(sql, name=username.strip())
    return None if row is None else Credentials(user(row), row["password_hash"])


@quick
def login_of(conn: Connection, token_hash: str, now: datetime) -> Login | None:
    """Whose session this token opens; None when it is none, has expired, or was revoked."""
    row = conn.one(
        f"""select {_USER}, s.id as session_id, s.csrf_secret, s.last_seen_at
        from sessions s join users u on u.id = s.user_id
        where s.token_hash = :hash and s.expires_at > :now""",
        hash=token_hash,
        now=to_text(now),
    )
    return (
        None
        if row is None
        else Login(user(row), row["session_id"], row["csrf_secret"], parse_time(row["last_seen_at"]))
    )


def sessions_of(conn: Connection, user_id: str, now: datetime) -> tuple[Session, ...]:
    """Where somebody is logged in, last seen first."""
    rows = conn.all(
        """select id, user_id, user_agent, created_at, last_seen_at, expires_at from sessions
        where user_id = :user and expires_at > :now order by last_seen_at desc, id""",
        user=user_id,
        now=to_text(now),
    )
    return tuple(Session(**row) for row in rows)


@quick
def key_owner(conn: Connection, prefix: str, now: datetime) -> KeyOwner | None:
    """Whose API key has this public half; None when none has, or it has expired."""
    row = conn.one(
        f"""select {_USER}, k.id as key_id, k.key_hash, k.last_used_at
        from api_keys k join users u on u.id = k.user_id
        where k.prefix = :prefix and (k.expires_at is null or k.expires_at > :now)""",
        prefix=prefix,
        now=to_text(now),
    )
    return None if row is None else KeyOwner(user(row), row["key_id"], row["key_hash"], row["last_used_at"])


def keys_of(conn: Connection, user_id: str) -> tuple[ApiKey, ...]:
    """Somebody's API keys, newest first."""
    rows = conn.all(
        """select id, user_id, name, prefix, last_used_at, expires_at, created_at from api_keys
        where user_id = :user order by created_at desc, id""",
        user=user_id,
    )
    return tuple(ApiKey(**row) for row in rows)
