"""Every kind the configuration takes has its class, with the options of its entry; what is switched off is not made."""

from importlib import import_module
from typing import Any, get_args

import pytest

from mydia.adapters import catalogue
from mydia.otp import Mailbox
from mydia.settings.model import AnyClient, AnyIndexer, Config


def config(**downloads: Any) -> Config:
    return Config.model_validate({"downloads": downloads})


@pytest.mark.parametrize("family", [catalogue.INDEXERS, catalogue.CLIENTS, catalogue.METADATA, catalogue.NOTIFIERS])
def test_every_row_names_a_class(family: dict[str, str]) -> None:
    for row in family.values():
        module, _, name = row.partition(":")
        assert isinstance(getattr(import_module(f"mydia.adapters.{module}"), name), type)


def test_the_configuration_and_the_catalogue_know_the_same_kinds() -> None:
    def kinds(union: Any) -> set[str]:
        members = get_args(get_args(union)[0])
        return {kind for member in members for kind in get_args(member.model_fields["type"].annotation)}

    assert kinds(AnyIndexer) == set(catalogue.INDEXERS)
    assert kinds(AnyClient) == set(catalogue.CLIENTS)


def test_entries_become_adapters_with_their_names() -> None:
    made = config(
        indexers=[
            {"type": "torznab", "url": "http://a/1", "name": "A", "api_key": "k", "categories": [2040], "priority": 3},
            {"type": "newznab", "url": "http://b"},
            {"type": "prowlarr", "url": "http://c", "api_key": "k"},
            {"type": "torznab", "url": "http://d", "enabled": False},
        ],
        clients=[
            {
                "type": "qbittorrent",
                "name": "second",
                "url": "http://q:8080",
                "priority": 9,
                "path_map": {"/downloads": "/mnt"},
            },
            {"type": "embedded", "name": "first"},
            {"type": "qbittorrent", "name": "off", "url": "http://q:8081", "enabled": False},
        ],
    )
    assert [i.name for i in catalogue.indexers(made)] == ["A", "b", "c"]
    assert [c.name for c in catalogue.clients(made, Mailbox("engine"))] == ["first", "second"]


def test_without_clients_the_embedded_engine_is_the_client_unless_it_is_off() -> None:
    assert [c.name for c in catalogue.clients(config(), Mailbox("engine"))] == ["embedded"]
    assert catalogue.clients(config(embedded={"enabled": False}), Mailbox("engine")) == []


def test_metadata_needs_a_key() -> None:
    assert catalogue.metadata(config()) is None
    made = catalogue.metadata(Config.model_validate({"metadata": {"tmdb": {"api_key": "k"}}}))
    assert made is not None
    assert made.name == "tmdb"


def test_notifiers_come_with_the_events_they_want() -> None:
    said = {
        "webhooks": [{"url": "http://a/x", "events": ["imported"], "secret": "s"}],
        "discord": [{"url": "http://b/y"}],
    }
    made = catalogue.notifiers(Config.model_validate({"notifications": said}))
    assert [(n.name, wants) for n, wants in made] == [("a", frozenset({"Imported"})), ("b", frozenset({"*"}))]
