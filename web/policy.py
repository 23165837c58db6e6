"""Who may do what: every route declares its policy where it is declared, and one place, `allows`, decides.

    @route(pages, "/films", Policy.READ)
    async def films(visit: Visit) -> Answer: ...

A route that was added any other way has no policy and is closed to everybody (web.app asks `policy_of` before each request;
tests walk the whole url map). A view gets a `Visit`: who asks, and the house.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar
from urllib.parse import urlencode

import trio
from flask.sansio.app import App
from quart import Blueprint, ResponseReturnValue, g, request
from quart.blueprints import BlueprintSetupState

from mydia.house import House
from web.throttle import Throttle

if TYPE_CHECKING:
    from mydia.adapters.oidc import Provider
    from mydia.otp import Supervisor
    from mydia.store.engine import Connection
    from mydia.store.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")
Role = Literal["admin", "user", "readonly"]
Answer = ResponseReturnValue
View = Callable[Concatenate["Visit", P], Awaitable[Answer]]


class Policy(Enum):
    """The least that a visitor must be."""

    PUBLIC = 0  # anybody, without an account
    READ = 1  # any account: sees, changes nothing
    ACT = 2  # user and admin: adds titles, searches, cancels
    ADMIN = 3  # admin: deletes, sees the machine and its configuration


_RANK: Mapping[str | None, int] = {None: 0, "readonly": 1, "user": 2, "admin": 3}


def allows(policy: Policy, role: str | None) -> bool:
    """Whether a visitor of this role (None: no account) passes. A role nobody has heard of passes nothing."""
    return _RANK.get(role, -1) >= policy.value


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `token` is the session's CSRF token; an API key has none and needs none."""

    id: str
    name: str
    role: Role
    via: Literal["session", "api_key"]
    token: str = ""
    session_id: str = ""


@dataclass(slots=True)
class Site:
    """What the app holds for all requests."""

    house: House
    tree: "Supervisor | None"
    throttle: Throttle
    provider: "Provider | None" = None  # of OpenID Connect, where one is configured
    redeemed: dict[str, datetime] = field(default_factory=dict)  # log-ins that came back from it, until they expire
    stopping: trio.Event = field(default_factory=trio.Event)
    beat: float = 15.0  # seconds between two signs of life in a stream
    claimed: bool = False  # there is an administrator; never becomes untrue again
    streams: Counter[str] = field(default_factory=Counter)  # live, by whose they are
    settling: trio.Lock = field(default_factory=trio.Lock)  # held by whoever changes the configuration
    waits: set[trio.CancelScope] = field(default_factory=set)

    def stop(self) -> None:
        """The house closes: streams say goodbye and end. Cancelling their waits wakes them without a task each."""
        self.stopping.set()
        for wait in tuple(self.waits):
            wait.cancel()


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as a view sees it."""

    site: Site
    person: Person | None
    client: str
    https: bool = False

    @property
    def house(self) -> House:
        return self.site.house

    @property
    def address(self) -> str:
        """Under which the browser has this house: as configured, else as it was asked."""
        return f"{'https' if self.https else 'http'}://{self.house.config.server.url_host or request.host}"

    @property
    def passwords(self) -> bool:
        """Whether anybody may log in by a password. Without a provider nobody could log in otherwise, whatever was set meanwhile."""
        return self.house.config.auth.local_auth_enabled or self.site.provider is None

    @property
    def name(self) -> str:
        """Whom an event names as its actor."""
        return self.person.name if self.person else "anonymous"

    def may(self, policy: str) -> bool:
        """For templates: whether a control is worth showing. The route behind it asks again."""
        return allows(Policy[policy], self.person.role if self.person else None)

    async def read(self, query: "Callable[Concatenate[Connection, P], T]", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.house.read(query, *args, **kwargs)

    async def write(
        self, change: "Callable[Concatenate[Transaction, P], T]", /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.house.write(change, *args, **kwargs)


def route(
    blueprint: Blueprint, rule: str, policy: Policy, *, methods: Sequence[str] = ("GET",), endpoint: str | None = None
) -> Callable[[View[P]], View[P]]:
    """Declare a view with its policy. The view keeps its name and can be called with a Visit of one's own."""

    def declare(view: View[P]) -> View[P]:
        name = endpoint or view.__name__

        @wraps(view)
        async def answer(*args: P.args, **kwargs: P.kwargs) -> Answer:
            return await view(g.visit, *args, **kwargs)

        def note(state: BlueprintSetupState) -> None:
            _policies(state.app)[f"{blueprint.name}.{name}"] = policy

        blueprint.record(note)
        blueprint.add_url_rule(rule, name, answer, methods=list(methods))
        return view

    return declare


def policy_of(app: App, endpoint: str | None) -> Policy | None:
    """The declared policy of an endpoint; None means closed."""
    return _policies(app).get(endpoint or "")


def _policies(app: App) -> dict[str, Policy]:
    table: dict[str, Policy] = app.extensions.setdefault("mydia.policies", {})
    return table


def here(**changes: Any) -> str:
    """This request's path with these query parameters changed; None takes one away."""
    query = {k: v for k, v in request.args.items(multi=False) if k != "region"} | changes
    kept = {k: v for k, v in query.items() if v not in (None, "")}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path
