"""People, their sessions and API keys, and how fast logins may be tried."""

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from mydia.errors import Invalid

Role = Literal["admin", "user", "readonly"]
ROLES: tuple[Role, ...] = ("admin", "user", "readonly")
KEY_PREFIX = "myd_"


@dataclass(frozen=True, slots=True)
class User:
    id: str
    username: str
    role: Role
    display_name: str | None
    email: str | None
    last_login_at: str | None
    created_at: str

    @property
    def name(self) -> str:
        """What pages and events call them."""
        return self.display_name or self.username


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and the Argon2 hash to hold a password against; None: no login by password."""

    user: User
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody an OpenID provider vouches for: `subject` is who they are there for good; `name` and `groups` may change."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How somebody may log in: by a password, by an OpenID provider (its issuer), or by both."""

    password: bool
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Login:
    """A session that is alive, and whose it is."""

    user: User
    session_id: str
    csrf_secret: str
    seen: datetime


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    user_id: str
    user_agent: str | None
    created_at: str
    last_seen_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as lists show it: its public half, never its secret."""

    id: str
    user_id: str
    name: str
    prefix: str
    last_used_at: str | None
    expires_at: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """What a key's public half leads to: whose it is, if its secret fits `key_hash`."""

    user: User
    key_id: str
    key_hash: str
    last_used_at: str | None


class NewToken(NamedTuple):
    """A session's token, for the cookie, and its hash, for the database."""

    token: str
    hash: str


class NewKey(NamedTuple):
    """An API key: `text` is shown once; `prefix` and the Argon2 hash of `secret` are kept."""

    text: str
    prefix: str
    secret: str


def new_token(mark: str = "") -> NewToken:
    """`mark` stands before the token, to tell sessions apart in which something must happen at their end."""
    token = mark + secrets.token_urlsafe(32)
    return NewToken(token, token_hash(token))


def token_hash(token: str) -> str:
    """A random token of 256 bits needs no slow hash: there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_key() -> NewKey:
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    return NewKey(f"{KEY_PREFIX}{prefix}_{secret}", prefix, secret)


def split_key(text: str) -> tuple[str, str] | None:
    """An API key's public half and secret; None when it is no key of ours."""
    prefix, separator, secret = text.removeprefix(KEY_PREFIX).partition("_")
    fits = (
        text.startswith(KEY_PREFIX) and separator and len(prefix) == 8 and prefix.isalnum() and 16 <= len(secret) <= 128
    )
    return (prefix, secret) if fits else None


def check_username(name: str) -> str:
    """The name without the space around it; Invalid says what a name must be."""
    name = name.strip()
    if not 1 <= len(name) <= 64 or any(not c.isprintable() for c in name):
        raise Invalid("a user name has 1 to 64 printable characters", field="username")
    return name


def check_password(password: str) -> str:
    """The password; Invalid when it is too short to be one, or too long to be hashed in reasonable time."""
    if len(password) < 10:
        raise Invalid("a password has at least 10 characters; several words are easiest", field="password")
    if len(password) > 1024:
        raise Invalid("a password has at most 1024 characters", field="password")
    return password


# -- how fast logins may be tried

FREE_TRIES = 5  # before the first wait
LONGEST_WAIT = 900.0
FORGOTTEN_AFTER = 3600.0


def login_wait(failures: Sequence[float], now: float) -> float:
    """Seconds until the next try is heard, after failures at these times; 0: now.

    The first few cost nothing (people mistype), then each doubles the wait, a quarter of an hour at most. Kept per account and per
    client, each by itself: many clients can't try one account, one client can't try many.
    """
    recent = [at for at in failures if now - at < FORGOTTEN_AFTER]
    if len(recent) < FREE_TRIES:
        return 0.0
    wait = min(2.0 ** (len(recent) - FREE_TRIES), LONGEST_WAIT)
    return max(0.0, max(recent) + wait - now)


def client_network(address: str) -> str:
    """Whose tries count together: an IPv4 address, or an IPv6 /64, which one household has to itself."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
