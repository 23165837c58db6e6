"""The API on a free port of loopback, with a librarian that asks a TMDB of ours, keys of every role, and something in every list."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trio

from mydia.accounts import changes as accounts
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import ROLES, new_key
from mydia.adapters import catalogue
from mydia.choosing.changes import seed_defaults
from mydia.demo.fakes import FakeEpisode, FakeTitle, FakeTmdb, serve
from mydia.downloads import changes as downloads
from mydia.house import House
from mydia.otp import Supervisor, actor
from mydia.settings.load import load_config
from mydia.store.transaction import Transaction
from tests.support.house import open_house
from tests.support.web_world import Shelf, furnish
from web.server import Web
from workers.importer import Importer
from workers.librarian import Librarian

NAME = "Nosferatu – Eine Symphonie des Grauens"
TITLES = (
    FakeTitle(653, "movie", "Nosferatu", 1922, imdb_id="tt0013442"),
    FakeTitle(1, "tv_show", "A Show", 2001, episodes=(FakeEpisode(1, 1, "First", "2001-01-01"),)),
)


@dataclass
class ApiWorld:
    """`keys`: an API key of each role. `http` sends the administrator's."""

    house: House
    web: Web
    url: str
    keys: Mapping[str, str]
    shelf: Shelf
    tmdb: FakeTmdb
    http: httpx.AsyncClient

    def of(self, role: str | None) -> dict[str, str]:
        """The headers by which somebody of that role asks."""
        return {} if role is None else {"X-Api-Key": self.keys[role]}


@asynccontextmanager
async def open_api(tmp_path: Path, settings: Mapping[str, str] | None = None, name: str = NAME) -> AsyncIterator[ApiWorld]:
    """`settings` are further environment variables, as the daemon takes them; `name` is whatever text came from outside."""
    tmdb = FakeTmdb(TITLES)
    async with trio.open_nursery() as nursery:
        address = await nursery.start(serve, tmdb)
        environment = {
            "MYDIA__DATA_DIR": str(tmp_path),
            "MYDIA__SERVER__HOST": "127.0.0.1",
            "PORT": "0",
            "MYDIA__METADATA__TMDB__API_KEY": "a-key-of-tmdb",
            "MYDIA__METADATA__TMDB__BASE_URL": f"{address}/3",
            **(settings or {}),
        }
        loaded = load_config(None, environment)
        async with open_house(tmp_path, loaded.config) as house:
            house.loaded = loaded
            await house.write(seed_defaults)
            keys = {role: await _key(house, role) for role in ROLES}
            shelf = await furnish(house, name=name)
            await house.write(_rest, name)
            web = Web(house)
            children = [
                actor("librarian", lambda: Librarian(house, catalogue.metadata(house.config), "t"), mailbox=house.mail["librarian"]),
                actor("importer", lambda: Importer(house, (), "t"), mailbox=house.mail["importer"]),
                actor("web", lambda: web, shutdown=15),
            ]
            await nursery.start(Supervisor("api", children=children).run)
            async with httpx.AsyncClient(
                base_url=web.addresses[0], headers={"X-Api-Key": keys["admin"]}, timeout=30, verify=False  # noqa: S501 - plain HTTP on loopback
            ) as http:
                yield ApiWorld(house, web, web.addresses[0], keys, shelf, tmdb, http)
            nursery.cancel_scope.cancel()


async def _key(house: House, role: Any) -> str:
    text, prefix, secret = new_key()
    hashed = await hash_secret("a long password") if role == "admin" else None
    user = await house.write(accounts.create_user, f"the-{role}", hashed, role, actor="test")
    await house.write(accounts.add_key, user, "test", prefix, await hash_secret(secret), actor="test")
    return text


def _rest(tx: Transaction, name: str) -> None:
    """What `furnish` leaves empty: the blocklist, the trash, a job that failed."""
    tx.insert("blocklist", {"id": tx.new_id(), "title": name, "reason": name, "created_at": tx.now})
    root = tx.value("select id from library_roots order by id limit 1")
    row = {"id": tx.new_id(), "root_id": root, "relative_path": name, "trash_path": name, "size": 1, "reason": name}
    tx.insert("trash", {**row, "actor": name, "state": "trashed", "created_at": tx.now, "updated_at": tx.now})
    job = tx.enqueue("backup_store", {"why": name}, queue="default")
    wrong = '[{"attempt": 1, "at": "2026-01-31T12:00:00Z", "error": "it broke", "stack": "..."}]'
    tx.update("jobs", job, state="retryable", errors=wrong, attempt=1)
    downloads.provider_ok(tx, "metadata", "tmdb")
