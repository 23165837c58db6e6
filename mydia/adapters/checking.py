"""Is something outside as it is configured? Each is asked once for what proves it, by an adapter made for that, and answers in words."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import trio

from mydia.adapters import catalogue
from mydia.errors import NotFound, Unavailable
from mydia.otp import Mailbox
from mydia.ports import Indexer, MetadataProvider, Notice, Notifier
from mydia.settings.model import Config

Family = Literal["indexer", "client", "metadata", "notifier"]
FAMILIES: tuple[Family, ...] = get_args(Family)
PATIENCE = 30.0
"""Seconds that it may take to answer."""


@dataclass(frozen=True, slots=True)
class Service:
    """Something outside that the configuration names. No two of a family have one name."""

    family: Family
    name: str


def services(config: Config, engine: Mailbox) -> tuple[Service, ...]:
    """What is configured and switched on, in the order it is used."""
    return tuple(Service(family, name) for family in FAMILIES for name in _made(config, engine, family, ""))


async def check(config: Config, engine: Mailbox, service: Service, now: str) -> str:
    """What it says for itself. Raises NotFound when it isn't configured, and as its adapter does when it is not as it should be."""
    made = _made(config, engine, service.family, now)
    if service.name not in made:
        raise NotFound(f"There is no {service.family} called {service.name!r} that is switched on.")
    try:
        with trio.fail_after(PATIENCE):
            return await made[service.name]()
    except trio.TooSlowError:
        raise Unavailable(f"{service.name} did not answer within {PATIENCE:.0f} s") from None


def _made(config: Config, engine: Mailbox, family: Family, now: str) -> dict[str, Callable[[], Awaitable[str]]]:
    """Name -> what asks it."""
    match family:
        case "indexer":
            return {i.name: partial(_indexer, i) for i in catalogue.indexers(config)}
        case "client":
            return {c.name: c.check for c in catalogue.clients(config, engine)}
        case "notifier":
            return {n.name: partial(_notifier, n, now) for n, _ in catalogue.notifiers(config)}
        case "metadata":
            provider = catalogue.metadata(config)
            return {} if provider is None else {provider.name: partial(_metadata, provider)}


async def _indexer(indexer: Indexer) -> str:
    able = await indexer.capabilities()
    if able.get("server"):
        return f"{able['server']} answers"
    return "It answers" if "indexers" not in able else f"It answers, for {len(able['indexers'])} indexers"


async def _metadata(provider: MetadataProvider) -> str:
    found = await provider.search("movie", "Metropolis", 1927)
    return f"It answers, and knows {len(found)} films called Metropolis"


async def _notifier(notifier: Notifier, now: str) -> str:
    await notifier.send(Notice("test", "Mydia", "This is a test: news of Mydia arrives here", now))
    return "A test message was sent"
