"""The app: one place through which every request comes in and every answer goes out.

In: a correlation id, the Host header, who is this, may they (web.policy), did they mean it (web.auth). Out: what went wrong in the
form the asker understands (a page, or problem+json under /api), security headers, the request's measure.
"""

import json
import secrets
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlencode

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from loguru import logger
from quart import Request, Response, g, redirect, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as WerkzeugResponse

from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, NotFound, Unavailable
from mydia.house import House
from mydia.otp import NoAnswer, Supervisor, correlation
from mydia.otp.errors import NobodyThere
from web import api, auth, confirm, edge, health, live, metrics, oidc, pages
from web.metrics import Meter
from web.page import whole
from web.policy import Answer, Policy, Site, Visit, allows, policy_of
from web.throttle import Throttle, TooOften

Observe = Callable[[str, str, int, float], None]
"""Told of every answer: route pattern, method, status, seconds."""

MAX_BODY = 1024 * 1024
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
        " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STANDING_HEADERS = (("Cache-Control", "no-store"), *SECURITY_HEADERS.items())
"""What every answer carries that does not say otherwise."""
BLAME: tuple[tuple[type[MydiaError], int], ...] = (
    (Invalid, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Forbidden, 403),
    (Unavailable, 503),
)


def create_app(
    house: House,
    tree: Supervisor | None,
    *,
    meter: Meter | None = None,
) -> "App":
    """The whole web face of a house. `tree` is shown on the system page."""
    site = Site(house, tree, Throttle(), oidc.provider_of(house.config))
    meter = meter or Meter()
    app = App(site, meter.observe)
    app.extensions["mydia.meter"] = meter
    app.register_blueprint(live.live)
    app.register_blueprint(health.pages)
    app.register_blueprint(metrics.pages)
    api.install(app)
    for blueprint in pages.blueprints():
        app.register_blueprint(blueprint)
    return app


class App(QuartTrio):
    """Quart with Mydia's way in and out."""

    def __init__(self, site: Site, observe: Observe) -> None:
        super().__init__("web", static_folder=None, template_folder=None)
        self.site = site
        self.observe = observe
        self.answering = 0  # requests
        self.trusted = edge.networks([str(n) for n in site.house.config.server.trusted_proxies])
        self.config.update(MAX_CONTENT_LENGTH=MAX_BODY, BODY_TIMEOUT=30, RESPONSE_TIMEOUT=120)
        self.before_request(partial(enter, self))
        self.register_error_handler(Exception, went_wrong)

    async def asgi_app(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        length = -1
        over = False

        async def send_whole(message: ASGISendEvent) -> None:
            nonlocal length, over
            if message["type"] == "http.response.start":
                length = next(
                    (int(value) for name, value in message["headers"] if name.lower() == b"content-length"), -1
                )
            elif message["type"] == "http.response.body" and not over:
                # A body that is all there ends with itself: Quart's empty part after it would cost another way through the server.
                over = not message.get("more_body", False) or len(message["body"]) == length
                if over:
                    message["more_body"] = False
                    # While it ends a response, Hypercorn tells Quart that the exchange is over, and Quart-Trio cancels the task that
                    # is still in this very call: the connection would never be idle, never time out, and hold up the house's closing.
                    with trio.CancelScope(shield=True):
                        await send(message)
                    return
            elif over:
                return
            await send(message)

        await super().asgi_app(scope, receive, send_whole)

    async def handle_request(self, request: Request) -> Response | WerkzeugResponse:
        started = trio.current_time()
        correlation.set(secrets.token_hex(8))
        self.answering += 1
        try:
            response = await super().handle_request(request)
        finally:
            self.answering -= 1
        # Werkzeug raises an exception inside for each header that is asked for and not there, so they are looked at once.
        present = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in STANDING_HEADERS if name.lower() not in present])
        response.headers.add("X-Request-Id", correlation.get() or "")
        seconds = trio.current_time() - started
        rule = request.url_rule.rule if request.url_rule else "unmatched"
        self.observe(rule, request.method, response.status_code, seconds)
        logger.debug("{} {} {} in {:.1f} ms", request.method, request.path, response.status_code, seconds * 1000)
        return response


# -- in ------------------------------------------------------------------------------------------------------------------


async def enter(app: App) -> Answer | None:
    """Let a request in, or answer it right here."""
    site, peer = app.site, request.remote_addr
    proxied = edge.is_trusted(peer, app.trusted)
    client = edge.client_of(peer, request.headers.getlist("X-Forwarded-For"), app.trusted)
    https = (
        request.scheme == "https"
        or site.house.config.server.url_scheme == "https"
        or (proxied and request.headers.get("X-Forwarded-Proto", "") == "https")
    )
    g.visit = Visit(site, None, client, https)
    if not edge.host_allowed(request.headers.get("Host"), _names(site)):
        _refuse_host(request.headers.get("Host"))
    g.visit = visit = Visit(site, await auth.person_of(site), client, https)
    if request.routing_exception is not None:
        return None  # there is no such route: the answer is that, whoever asks
    policy = policy_of(app, request.endpoint)
    if policy is None:
        raise Forbidden("This address has no policy, so nobody may use it.")
    if not allows(policy, visit.person.role if visit.person else None):
        if visit.person is None:
            return await _to_the_door(visit)
        raise Forbidden(
            f"Only {'an administrator' if policy is Policy.ADMIN else 'a user or an administrator'} may do this;"
            f" your role is {visit.person.role}."
        )
    if request.method not in auth.SAFE:
        await auth.check_meant(visit)
        return await confirm.question_of(visit)
    return None


def _names(site: Site) -> list[str]:
    server = site.house.config.server
    own = edge.host_name(server.url_host)  # without a port that may stand in it
    return [*server.allowed_hosts, *([own] if own else [])]


def _refuse_host(host: str | None) -> NoReturn:
    raise Misdirected(
        f"This house does not answer to the name {host!r}. If it should, add the name to server.allowed_hosts in config.yml."
    )


class Misdirected(MydiaError):
    """A Host header that is not ours (HTTP 421)."""


async def _to_the_door(visit: Visit) -> Answer:
    """Where somebody without an account goes: the set-up of a new house, or the login."""
    door = "/login" if await auth.is_claimed(visit.site) else "/setup"
    if _speaks_json():
        raise Unknown("This needs an account: send an API key, or log in.")
    if request.headers.get("HX-Request"):
        return Response("", 401, headers={"HX-Redirect": door})
    if request.method not in auth.SAFE or door == "/setup" or request.full_path in ("/", "/?"):
        return redirect(door, 303)
    return redirect(f"/login?{urlencode({'next': request.full_path.rstrip('?')})}", 303)


class Unknown(MydiaError):
    """Nobody in particular asks for what needs an account (HTTP 401)."""


# -- out -----------------------------------------------------------------------------------------------------------------


async def went_wrong(error: Exception) -> Answer:
    """The answer to whatever a request raised: a refusal is told in its own words, a bug by its request id."""
    status, message, headers = _told(error)
    if status >= 500 and not isinstance(error, MydiaError | NoAnswer):
        logger.opt(exception=error).error("{} {} failed", request.method, request.path)
    headline = _HEADLINES.get(status) or HTTPStatus(status).phrase
    if _speaks_json():
        response = problem(status, headline, message, field=getattr(error, "field", None))
    else:
        shown = {"status": status, "headline": headline, "message": message, "request_id": correlation.get()}
        response = await whole("error.html", g.visit, status, **shown)
    if status == 413 and request.http_version.startswith("1"):
        headers = {**headers, "Connection": "close"}  # the rest of what is being sent is not read
    for name, value in headers.items():
        response.headers[name] = value
    return response


def problem(status: int, title: str, detail: str, *, field: str | None = None) -> Response:
    """An error as RFC 9457 has it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
    }
    body["request_id"] = correlation.get()
    if field is not None:
        body["errors"] = [{"field": field, "detail": detail}]
    return Response(json.dumps(body), status, content_type="application/problem+json")


def _told(error: Exception) -> tuple[int, str, dict[str, str]]:
    if isinstance(error, Misdirected):
        return 421, str(error), {}
    if isinstance(error, Unknown):
        return 401, str(error), {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooOften):
        return 429, str(error), {"Retry-After": str(error.seconds)}
    for kind, status in BLAME:
        if isinstance(error, kind):
            retry = getattr(error, "retry_after", None)
            return status, str(error), {"Retry-After": str(int(retry) + 1)} if retry else {}
    if isinstance(error, NobodyThere):
        return 503, "That part of the house is being restarted. Please try again.", {"Retry-After": "2"}
    if isinstance(error, NoAnswer):
        return (
            503,
            "No answer came, so it may have been done or not. Please look before you try again.",
            {"Retry-After": "2"},
        )
    if isinstance(error, HTTPException) and not isinstance(error, InternalServerError):
        allow = error.get_response().headers.get("Allow")
        return error.code or 500, _HTTP.get(error.code or 0, error.description or ""), {"Allow": allow} if allow else {}
    return 500, "Something in Mydia broke while it answered this. It is in the log under this request's number.", {}


def _speaks_json() -> bool:
    return request.path.startswith("/api/")


_HEADLINES = {
    400: "That request makes no sense",
    401: "Who are you?",
    403: "Not for you",
    404: "Nothing here",
    405: "Not like this",
    409: "That can't be done now",
    413: "Too much at once",
    421: "Wrong address",
    422: "That can't be right",
    429: "Too many attempts",
    500: "That went wrong",
    503: "Not available right now",
}
_HTTP = {
    404: "There is no page at this address.",
    405: "This address exists, but can't be used this way.",
    413: "What was sent is larger than 1 MB.",
}
