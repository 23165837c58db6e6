"""Log-in by OpenID Connect, this house's half: what a browser carries while it is away, and what its return must fit.

Whoever is sent to the provider carries a ticket, in a signed cookie that lives ten minutes and travels to the callback alone: the
secrets of the attempt (mydia/adapters/oidc.py), what it is for, and where to go then. It opens once.
"""

import base64
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from loguru import logger
from quart import Response, make_response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from mydia.accounts.model import Identity, Role, client_network
from mydia.errors import Invalid, MydiaError, NotFound
from mydia.settings.model import Config
from web.auth import is_vouched, sealed, unsealed
from web.page import whole
from web.policy import Answer, Site, Visit

if TYPE_CHECKING:
    from mydia.adapters.oidc import Provider

# The protocol brings cryptography of 12 MB, which a house without a provider does not load: it is imported where it is used.

TICKET = "mydia_oidc"
PATH = "/auth/oidc"
LIFE = timedelta(minutes=10)
_KIND = "oidc."  # what is signed as another cookie is no ticket


@dataclass(frozen=True, slots=True)
class Ticket:
    """`holder`: to link, the session that asked; for the set-up, the set-up token's hash. `until` is ISO 8601."""

    purpose: Literal["login", "link", "setup"]
    target: str
    holder: str
    redirect_uri: str
    until: str
    state: str
    nonce: str
    verifier: str


class Offer(NamedTuple):
    """The provider as a page offers it; `trouble` says why it can't be used just now."""

    name: str
    trouble: str | None = None


def provider_of(config: Config) -> "Provider | None":
    oidc = config.auth.oidc
    if not oidc.on or oidc.issuer is None or oidc.client_id is None:
        return None
    if oidc.issuer.startswith("http:"):
        logger.warning("auth.oidc.issuer is reached without encryption: whoever is between can let anybody in")
    secret = oidc.client_secret.get_secret_value() if oidc.client_secret else None
    groups = oidc.groups_claim if oidc.admin_groups else None
    from mydia.adapters.oidc import Provider

    return Provider(oidc.issuer, oidc.client_id, secret, oidc.scopes, groups)


def role_of(identity: Identity, config: Config) -> Role:
    oidc = config.auth.oidc
    return "admin" if identity.groups & set(oidc.admin_groups) else oidc.default_role


async def offer(visit: Visit, *, look: bool = True) -> Offer | None:
    """What to show of the provider. `look`: see whether it is there."""
    provider, name = visit.site.provider, visit.house.config.auth.oidc.label
    if provider is None:
        return None
    try:
        if look:
            await provider.announced(visit.house.clock.now())
    except MydiaError as trouble:
        return Offer(name, str(trouble))
    return Offer(name)


# -- out ------------------------------------------------------------------------------------------------------------------


async def send_off(
    visit: Visit, purpose: Literal["login", "link", "setup"], target: str, holder: str = ""
) -> Response | WerkzeugResponse:
    """Send the browser to the provider with a ticket. NotFound where there is none, Invalid or Unavailable when it can't be used."""
    from mydia.adapters.oidc import Attempt

    provider, now = _provider(visit.site), visit.house.clock.now()
    attempt, redirect_uri = Attempt.new(), f"{visit.address}{PATH}/callback"
    try:
        url = await provider.door(redirect_uri, attempt, now)
    except MydiaError as problem:
        logger.warning("Nobody can log in by OpenID Connect: {}", problem)
        raise
    target = target if len(json.dumps(target)) <= 2000 else "/"  # browsers drop a cookie that is larger than 4 KB
    ticket = Ticket(purpose, target, holder, redirect_uri, (now + LIFE).isoformat(), **asdict(attempt))
    response = redirect(url, 303) if request.method == "GET" else await leave(visit, url)
    response.set_cookie(
        TICKET,
        sealed(visit.house.secret, _KIND + base64.urlsafe_b64encode(json.dumps(asdict(ticket)).encode()).decode()),
        max_age=int(LIFE.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=visit.https,
    )
    return response


async def leave(visit: Visit, url: str) -> Response:
    """A page that sends on by itself. A form may not be answered by a redirect to another site: form-action forbids it."""
    return await whole("leave.html", visit, url=url, offer=await offer(visit, look=False))


async def farewell(visit: Visit) -> Response | WerkzeugResponse:
    """Where somebody goes who logs out: to the provider, to log out there too, when it was the provider that let them in."""
    provider = visit.site.provider
    if provider is not None and is_vouched(visit):
        try:
            url = await provider.farewell(f"{visit.address}/login", visit.house.clock.now())
        except MydiaError:
            url = None  # it is down: leaving this house must work all the same
        if url is not None:
            return await leave(visit, url)
    return redirect("/login", 303)


# -- back -----------------------------------------------------------------------------------------------------------------


def ticket_of(visit: Visit) -> Ticket | None:
    """The ticket that this browser carries, whatever its age."""
    text = unsealed(visit.house.secret, request.cookies.get(TICKET)) or ""
    return Ticket(**json.loads(base64.urlsafe_b64decode(text.removeprefix(_KIND)))) if text.startswith(_KIND) else None


async def redeem(visit: Visit) -> tuple[Ticket, Identity]:
    """This browser's ticket, and whom the provider vouches for with what it brings back. NotFound, Invalid, Unavailable or TooOften."""
    from mydia.adapters.oidc import Attempt, error_code

    provider, now, args = _provider(visit.site), visit.house.clock.now(), request.args
    throttle, key = visit.site.throttle, f"oidc {client_network(visit.client)}"
    throttle.check(key)
    throttle.failed(key)  # counted before the provider is asked, so that a hundred at once are a hundred
    ticket = ticket_of(visit)
    if ticket is None or not hmac.compare_digest(args.get("state", "").encode(), ticket.state.encode()):
        raise Invalid(f"This log-in was not begun in this browser, at {visit.address}. Begin it here.")
    _open(visit.site, ticket, now)
    if "error" in args:
        raise Invalid(f"{provider.host} did not let you in ({error_code(args['error'])}).")
    attempt = Attempt(ticket.state, ticket.nonce, ticket.verifier)
    identity = await provider.redeem(
        args.get("code", ""), ticket.redirect_uri, attempt, now, sender=args.get("iss") or None
    )
    throttle.succeeded(key)
    return ticket, identity


def _open(site: Site, ticket: Ticket, now: datetime) -> None:
    """A ticket opens once, and for ten minutes."""
    site.redeemed = {state: until for state, until in site.redeemed.items() if until > now}
    until = datetime.fromisoformat(ticket.until)
    if until <= now or ticket.state in site.redeemed:
        raise Invalid("This log-in was begun too long ago, or has been used. Begin it again.")
    site.redeemed[ticket.state] = until


def _provider(site: Site) -> "Provider":
    if site.provider is None:
        raise NotFound("This house has no OpenID provider; auth.oidc in config.yml names one.")
    return site.provider


async def forget(answer: Answer) -> Answer:
    """The same answer, with which the browser gives its ticket away."""
    response = await make_response(answer)
    response.delete_cookie(TICKET, path=PATH, httponly=True, samesite="Lax")
    return response
