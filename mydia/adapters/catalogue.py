"""Kind -> class, for every family of adapters. The only place that knows which there are.

A class takes the fields of its configuration entry as keyword arguments (`type`, `enabled` and the like left out,
secrets revealed), and is imported when an entry names it: an adapter that is not configured costs no memory.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pydantic import BaseModel, SecretStr

from mydia.otp import Mailbox
from mydia.ports import DownloadClient, Indexer, MetadataProvider, Notifier
from mydia.settings.model import Config

INDEXERS = {
    "torznab": "indexers.torznab:Torznab",
    "newznab": "indexers.newznab:Newznab",
    "prowlarr": "indexers.prowlarr:Prowlarr",
}
CLIENTS = {
    "embedded": "clients.embedded:EmbeddedClient",
    "qbittorrent": "clients.qbittorrent:Qbittorrent",
}
METADATA = {
    "tmdb": "metadata.tmdb:Tmdb",
}
NOTIFIERS = {
    "webhook": "notify.webhook:Webhook",
    "discord": "notify.discord:Discord",
}

_OURS = {"type", "enabled", "name", "searches_per_day"}  # of an entry, and nothing to its adapter


def indexers(config: Config) -> list[Indexer]:
    return [
        _make(INDEXERS, entry.type, name=entry.label, **_fields(entry))
        for entry in config.downloads.indexers
        if entry.enabled
    ]


def clients(config: Config, engine: Mailbox) -> list[DownloadClient]:
    """In the order they are used. `engine` is the torrent engine's mailbox; it is the client where none is configured."""
    entries = sorted((c for c in config.downloads.clients if c.enabled), key=lambda c: c.priority)
    if not config.downloads.clients and config.downloads.embedded.enabled:
        return [_make(CLIENTS, "embedded", name="embedded", mailbox=engine)]
    return [
        _make(CLIENTS, "embedded", name=entry.name, mailbox=engine)
        if entry.type == "embedded"
        else _make(CLIENTS, entry.type, name=entry.name, **_fields(entry, without={"priority"}))
        for entry in entries
    ]


def metadata(config: Config) -> MetadataProvider | None:
    """The provider that titles are looked up with; None when it has no key."""
    tmdb = config.metadata.tmdb
    if tmdb.api_key is None:
        return None
    made: MetadataProvider = _make(METADATA, "tmdb", **_fields(tmdb))
    return made


def notifiers(config: Config) -> list[tuple[Notifier, frozenset[str]]]:
    """Each with the events it wants ("*" for all)."""
    said = config.notifications
    entries = [("webhook", w, {"events"}) for w in said.webhooks] + [
        ("discord", d, {"events", "secret"}) for d in said.discord
    ]
    return [
        (_make(NOTIFIERS, kind, name=entry.label, **_fields(entry, without=without)), frozenset(entry.events))
        for kind, entry, without in entries
    ]


def _make(family: dict[str, str], kind: str, **options: Any) -> Any:
    module, _, name = family[kind].partition(":")
    return getattr(import_module(f"mydia.adapters.{module}"), name)(**options)


def _fields(entry: BaseModel, without: Sequence[str] | set[str] = ()) -> dict[str, Any]:
    left_out = _OURS | set(without)
    values = {name: getattr(entry, name) for name in type(entry).model_fields if name not in left_out}
    return {n: v.get_secret_value() if isinstance(v, SecretStr) else v for n, v in values.items()}
