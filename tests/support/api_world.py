"""The API on a free port of loopback, with a librarian that asks a TMDB of ours, keys of every role, and something in every list."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import trio

from mydia.accounts import changes as accounts
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import ROLES, NewKey, Role, new_key
from mydia.adapters import catalogue
from mydia.adapters.disk.trash import trash_path
from mydia.choosing.changes import seed_defaults
from mydia.demo.fakes import FakeEpisode, FakeTitle, FakeTmdb, serve
from mydia.downloads import changes as downloads
from mydia.house import House
from mydia.library.changes import ensure_roots
from mydia.otp import Supervisor, actor
from mydia.settings.load import load_config
from mydia.store.transaction import Transaction
from tests.support.house import open_house
from tests.support.web_world import Shelf, furnish, tree_running
from web.server import Web
from workers.importer import Importer
from workers.librarian import Librarian

NAME = "Nosferatu – Eine Symphonie des Grauens"
TRASHED = trash_path("Film/film.mkv", token="1")
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
async def open_api(
    tmp_path: Path, settings: Mapping[str, str] | None = None, name: str = NAME
) -> AsyncIterator[ApiWorld]:
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
            "MYDIA__METADATA__TMDB__IMAGE_URL": f"{address}/t/p",
            **(settings or {}),
        }
        loaded = load_config(None, environment)
        async with open_house(tmp_path, loaded.config) as house:
            house.loaded = loaded
            await house.write(seed_defaults)
            keys: dict[str, str] = {role: await _key(house, role) for role in ROLES}
            shelf = await furnish(house, name=name)
            library = tmp_path / "library"
            thrown = library / TRASHED
            thrown.parent.mkdir(parents=True)
            thrown.write_bytes(b"x")
            await house.write(_rest, name, str(library))
            web = Web(house)
            children = [
                actor(
                    "librarian",
                    lambda: Librarian(house, catalogue.metadata(house.config), "t"),
                    mailbox=house.mail["librarian"],
                ),
                actor("importer", lambda: Importer(house, (), "t"), mailbox=house.mail["importer"]),
                actor("web", lambda: web, shutdown=15),
            ]
            browser = httpx.AsyncClient(headers={"X-Api-Key": keys["admin"]}, timeout=60, verify=False)  # noqa: S501 - plain HTTP on loopback
            async with tree_running(Supervisor("api", children=children)), browser as http:
                http.base_url = web.addresses[0]
                yield ApiWorld(house, web, web.addresses[0], keys, shelf, tmdb, http)
            nursery.cancel_scope.cancel()


_HASHED: dict[str, tuple[NewKey, str]] = {}


async def _key(house: House, role: Role) -> str:
    if role not in _HASHED:  # slow on purpose, so once for all worlds
        made = new_key()
        _HASHED[role] = made, await hash_secret(made.secret)
    key, hashed = _HASHED[role]
    user = await house.write(accounts.create_user, f"the-{role}", None, role, actor="test")
    await house.write(accounts.add_key, user, "test", key.prefix, hashed, actor="test")
    return key.text


def _rest(tx: Transaction, name: str, folder: str) -> None:
    """What `furnish` leaves empty: the blocklist, the trash, a job that failed."""
    tx.insert("blocklist", {"id": tx.new_id(), "title": name, "reason": name, "created_at": tx.now})
    ensure_roots(tx, [(folder, "movie")])
    root = tx.value("select id from library_roots where path = :p", p=folder)
    lies = {"relative_path": "Film/film.mkv", "trash_path": TRASHED}
    row = {"id": tx.new_id(), "root_id": root, **lies, "size": 1, "reason": name}
    tx.insert("trash", {**row, "actor": name, "state": "trashed", "created_at": tx.now, "updated_at": tx.now})
    job = tx.enqueue("backup_store", {"why": name})
    wrong = '[{"attempt": 1, "at": "2026-01-31T12:00:00Z", "error": "it broke", "stack": "..."}]'
    tx.update("jobs", job, state="retryable", errors=wrong, attempt=1)
    downloads.provider_ok(tx, "metadata", "tmdb")
