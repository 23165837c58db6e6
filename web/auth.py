"""Who is this, and did they mean it: sessions, API keys, the CSRF check, the login throttle, and the notice a form leaves behind.

A session is a random cookie, signed with the house's key, whose hash stands in the sessions table: it can be revoked, a stolen database
opens nothing, and a made-up cookie is turned away before the database is asked. An
unsafe request in a session needs all of: SameSite=Lax on the cookie, an Origin and Sec-Fetch-Site that are ours where the browser
sends them, and the session's token, in the form (`csrf`) or in `X-CSRF-Token`. API keys count under /api only, and need none of that:
no browser sends one by itself.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Concatenate, Literal, NamedTuple, ParamSpec
from urllib.parse import urlsplit

import trio
from quart import Response, g, make_response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from mydia.accounts import changes, queries
from mydia.accounts.hashing import VerifiedKeys, fits, hash_secret, outdated
from mydia.accounts.model import (
    Login,
    check_password,
    check_username,
    client_network,
    new_token,
    split_key,
    token_hash,
)
from mydia.errors import Forbidden, Invalid, Unavailable
from mydia.otp import NoAnswer
from mydia.store.transaction import Transaction
from web.edge import local_path
from web.policy import Answer, Person, Site, Visit

P = ParamSpec("P")
COOKIE = "mydia_session"
FLASH = "mydia_flash"
VOUCHED = "oidc."
"""How the token of a session begins that an OpenID provider opened: at its end the provider's own session should end as well."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SEEN_EVERY = 300.0  # seconds between two writes that a session or key was used
NOTE_SECONDS = 3.0

_keys = VerifiedKeys()


# -- who is this? --------------------------------------------------------------------------------------------------------


async def person_of(site: Site) -> Person | None:
    """Whoever this request's API key (under /api) or cookie belongs to."""
    if request.path.startswith(("/api/", "/metrics")) and (key := _api_key()):
        return await _owner(site, key)
    token = unsealed(site.house.secret, request.cookies.get(COOKIE))
    return await _person(site, token_hash(token)) if token else None


def welcome_check(visit: Visit) -> Callable[[], Awaitable[bool]]:
    """For a stream that lives long: whether whoever opened it may still look."""
    token = unsealed(visit.house.secret, request.cookies.get(COOKIE)) or ""

    async def still_welcome() -> bool:
        return await _person(visit.site, token_hash(token)) is not None

    return still_welcome


async def _person(site: Site, hashed: str) -> Person | None:
    now = site.house.clock.now()
    login = await site.house.read(queries.login_of, hashed, now)
    if login is None:
        return None
    if (now - login.seen).total_seconds() > SEEN_EVERY:
        await _note(site, changes.session_seen, login.session_id, site.house.config.auth.session_days)
    user = login.user
    return Person(user.id, user.name, user.role, "session", csrf_token(login), login.session_id)


async def _owner(site: Site, text: str) -> Person | None:
    parts = split_key(text)
    if parts is None:
        return None
    now = site.house.clock.now()
    owner = await site.house.read(queries.key_owner, parts[0], now)
    # The public half is no secret: that nobody has it may be told at once, so that made-up keys cost nothing.
    if owner is None or not await _keys.fits(owner.key_hash, parts[1]):
        return None
    used = owner.last_used_at
    if used is None or used < now.replace(second=0, microsecond=0).isoformat()[:19]:
        await _note(site, changes.key_used, owner.key_id)
    return Person(owner.user.id, owner.user.name, owner.user.role, "api_key")


async def _note(
    site: Site, change: Callable[Concatenate[Transaction, P], None], *args: P.args, **kwargs: P.kwargs
) -> None:
    """That somebody was here: nobody is turned away, or waits for long, because it can't be written down just now."""
    with suppress(Unavailable, NoAnswer), trio.move_on_after(NOTE_SECONDS):
        await site.house.write(change, *args, **kwargs)


def sealed(secret: bytes, text: str) -> str:
    """`text` with the house's signature, for a cookie."""
    return f"{text}.{_signature(secret, text)}"


def unsealed(secret: bytes, value: str | None) -> str | None:
    """The text of a cookie that this house signed; None for any other."""
    text, _, signature = (value or "").rpartition(".")
    fits = hmac.compare_digest(signature.encode("utf-8", "replace"), _signature(secret, text).encode())
    return text if fits else None


def _signature(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def csrf_token(login: Login) -> str:
    return hmac.new(login.csrf_secret.encode(), login.session_id.encode(), hashlib.sha256).hexdigest()


def _api_key() -> str | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    bearer = value.strip() if kind.lower() == "bearer" else ""
    return request.headers.get("X-Api-Key") or bearer or None


async def is_claimed(site: Site) -> bool:
    """Whether the house has an administrator."""
    site.claimed = site.claimed or await site.house.read(queries.count_admins) > 0
    return site.claimed


# -- did they mean it? ---------------------------------------------------------------------------------------------------


async def check_meant(visit: Visit) -> None:
    """Forbidden when an unsafe request may have been made by somebody else's page."""
    person = visit.person
    if person is not None and person.via == "api_key":
        return
    # Browsers say on HTTPS and localhost where a request comes from, and there that word decides; elsewhere Origin does. It is
    # compared with Host, so a reverse proxy without HTTPS has to keep the Host header.
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        ours = origin is None or urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower()
    if not ours:
        raise Forbidden(
            "Another site's page sent this, so it was not done. If it was Mydia's own page behind a reverse proxy, let the proxy"
            " keep the Host header."
        )
    if person is None:
        return  # the login and the set-up, which have a password and a token of their own
    token = request.headers.get("X-CSRF-Token")
    if token is None and not request.is_json:
        token = (await request.form).get("csrf")
    if not hmac.compare_digest((token or "").encode("utf-8", "replace"), person.token.encode()):
        raise Forbidden("This form is from an earlier visit. Load the page again and repeat it.")


# -- login ---------------------------------------------------------------------------------------------------------------


async def check_login(visit: Visit, username: str, password: str) -> tuple[str, str]:
    """The id of the user whose name and password these are, and the hash that the password fits. Invalid, saying no more than that, or
    TooOften; Conflict where it is another by now.

    Forbidden where passwords are turned off.

    Checked before the hash, which costs; counted before it too, so that a hundred tries at once are a hundred failures.
    """
    require_passwords(visit)
    throttle, keys = visit.site.throttle, (f"user {username.casefold()[:64]}", f"net {client_network(visit.client)}")
    throttle.check(*keys)
    throttle.failed(*keys)
    found = await visit.read(queries.credentials_of, username)
    kept = found.password_hash if found else None
    if not await fits(kept, password[:1024]) or found is None or kept is None:
        raise Invalid("That is not the name and password of an account here.")
    throttle.succeeded(*keys)
    if outdated(kept):
        today = await hash_secret(password)
        await visit.write(changes.rehash_password, found.user.id, today, by=kept)
        kept = today
    return found.user.id, kept


def require_passwords(visit: Visit) -> None:
    if not visit.passwords:
        raise Forbidden("Passwords are turned off in this house (auth.local_auth_enabled); log in by OpenID Connect.")


async def claim(visit: Visit, token: str, username: str, password: str) -> str:
    """The id of the house's first administrator, by the set-up token. Invalid, Forbidden, Conflict or TooOften."""
    throttle, key = visit.site.throttle, f"net {client_network(visit.client)}"
    throttle.check(key)
    username, password = check_username(username), check_password(password)
    throttle.failed(key)
    user_id = await visit.write(changes.claim_house, token, username, await hash_secret(password))
    throttle.succeeded(key)
    return user_id


async def check_token(visit: Visit, token: str) -> str:
    """The hash of the set-up token, once it is that. Forbidden, Conflict or TooOften."""
    throttle, key = visit.site.throttle, f"net {client_network(visit.client)}"
    throttle.check(key)
    throttle.failed(key)
    hashed = token_hash(token)
    await visit.write(changes.check_setup_token, hashed)
    throttle.succeeded(key)
    return hashed


async def begin_session(
    visit: Visit, user_id: str, target: str, *, by: str | None = None, vouched: bool = False
) -> Response | WerkzeugResponse:
    """Send a user on to `target`, with a session of their own. A session they came with ends: nobody else's is carried on. `by`: the hash
    that their password fitted."""
    if visit.person is not None:
        await visit.write(changes.close_session, visit.person.session_id)
    token, hashed = new_token(VOUCHED if vouched else "")
    days = visit.house.config.auth.session_days
    await visit.write(changes.open_session, user_id, hashed, request.headers.get("User-Agent"), days, by=by)
    response = redirect(target, 303)
    response.set_cookie(
        COOKIE,
        sealed(visit.house.secret, token),
        max_age=days * 86400,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=visit.https,
    )
    return response


def is_vouched(visit: Visit) -> bool:
    """Whether it was an OpenID provider that opened this session."""
    return (unsealed(visit.house.secret, request.cookies.get(COOKIE)) or "").startswith(VOUCHED)


async def end_session(visit: Visit, response: Response | WerkzeugResponse) -> Response | WerkzeugResponse:
    """Answer with `response`, and nobody is logged in any more."""
    if visit.person is not None:
        await visit.write(changes.close_session, visit.person.session_id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=visit.https)
    return response


# -- after a form --------------------------------------------------------------------------------------------------------


class Flash(NamedTuple):
    """What a form came to, shown once on the next page."""

    text: str
    tone: Literal["good", "warning"]


async def back_to(target: str, words: str, tone: Literal["good", "warning"] = "good") -> Answer:
    """Answer a form: see `target` (or the page the form names), with these words."""
    asked = (await request.form).get("back")
    response = await make_response(redirect(local_path(asked) if asked else target, 303))
    if words:
        value = base64.urlsafe_b64encode(json.dumps([words, tone]).encode()).decode()
        visit: Visit = g.visit
        response.set_cookie(
            FLASH,
            sealed(visit.house.secret, value),
            max_age=60,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=visit.https,
        )
    return response


def take_flash(visit: Visit) -> Flash | None:
    """The words the last form left; anything else in that cookie is nothing."""
    value = unsealed(visit.house.secret, request.cookies.get(FLASH))
    if not value:
        return None
    try:
        text, tone = json.loads(base64.urlsafe_b64decode(value))
    except (binascii.Error, ValueError, TypeError):
        return None
    return Flash(str(text)[:300], "warning" if tone == "warning" else "good")
