"""A house with its web actor on a free port of loopback, people of every role in it, and something on the shelves."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trio
from werkzeug.routing import Rule

from mydia.accounts import changes as accounts
from mydia.accounts import queries as people
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import Role, new_key, new_token
from mydia.choosing.changes import seed_defaults
from mydia.downloads import changes as downloads
from mydia.errors import NotFound
from mydia.house import Clock, House
from mydia.library import changes as library
from mydia.library.model import FileFacts, SeenFile
from mydia.library.queries import roots
from mydia.media import changes as media
from mydia.media.queries import slots_of
from mydia.otp import Actor, Supervisor, actor
from mydia.ports import EpisodeDetails, MediaDetails, MetadataMatch
from mydia.store.transaction import Transaction
from tests.support.house import open_house
from web.auth import COOKIE, csrf_token, sealed
from web.server import Web

PASSWORD = "a lamp in the window"
HOSTILE = "<img src=x onerror=alert(1)>\"'`{{7*7}}"
CANARIES = ("CANARY-TMDB-KEY", "CANARY-INDEXER-KEY", "CANARY-WEBHOOK-SECRET", "CANARY-COOKIE-KEY-0123456789abcdef")
SECRETS: Mapping[str, Any] = {
    "server": {"host": "127.0.0.1", "port": 0, "secret_key_base": CANARIES[3]},
    "metadata": {"tmdb": {"api_key": CANARIES[0]}},
    "downloads": {
        "indexers": [{"type": "torznab", "name": "one", "url": "http://127.0.0.1:1/api", "api_key": CANARIES[1]}]
    },
    "notifications": {"webhooks": [{"url": f"http://127.0.0.1:1/{CANARIES[2]}", "secret": CANARIES[2]}]},
}


class Librarian(Actor):
    """Knows one title, whatever it is asked."""

    async def handle(self, message: Any) -> Any:
        return [MetadataMatch("tmdb", "1", "movie", HOSTILE, 1963, overview=HOSTILE)]


class Importer(Actor):
    """Has nothing in its trash."""

    async def handle(self, message: Any) -> Any:
        raise NotFound("there is nothing of that id in the trash")


@dataclass
class Visitor:
    """A browser of somebody's: its cookie and its CSRF token."""

    http: httpx.AsyncClient
    token: str = ""

    async def post(self, path: str, data: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        return await self.http.post(path, data={"csrf": self.token, **(data or {})}, **more)


@dataclass
class World:
    house: House
    web: Web
    tree: Supervisor
    base: str
    _stack: AsyncExitStack

    async def visitor(self, role: Role | None = None) -> Visitor:
        """A new browser: logged in as a user of that role, or not at all."""
        browser = httpx.AsyncClient(base_url=self.base, timeout=60, verify=False)  # noqa: S501 - plain HTTP on loopback
        http = await self._stack.enter_async_context(browser)
        if role is None:
            return Visitor(http)
        token, hashed = new_token()
        user_id = await self.user(role)
        await self.house.write(accounts.open_session, user_id, hashed, "a test", 1)
        http.cookies.set(COOKIE, sealed(self.house.secret, token), domain="127.0.0.1", path="/")
        login = await self.house.read(people.login_of, hashed, self.house.clock.now())
        assert login is not None
        return Visitor(http, csrf_token(login))

    async def user(self, role: Role) -> str:
        """The id of the user of this role, made when there is none."""
        known = await self.house.read(people.credentials_of, f"the-{role}")
        if known is not None:
            return known.user.id
        return await self.house.write(accounts.create_user, f"the-{role}", None, role, actor="test")

    async def key(self, role: Role) -> str:
        """An API key of theirs."""
        text, prefix, secret = new_key()
        user_id = await self.user(role)
        await self.house.write(accounts.add_key, user_id, "test", prefix, await hash_secret(secret), actor="test")
        return text


@asynccontextmanager
async def open_web(
    tmp_path: Path, config: Mapping[str, Any] | None = None, *, claimed: bool = True, clock: Clock | None = None
) -> AsyncIterator[World]:
    """The web actor under a supervisor. `claimed`: there is an administrator, called "the-admin", with PASSWORD."""
    async with open_house(tmp_path, config or SECRETS, clock) as house, AsyncExitStack() as stack:
        if claimed:
            await house.write(seed_defaults)
            hashed = await hash_secret(PASSWORD)
            await house.write(accounts.create_first_admin, "the-admin", hashed)
        made: list[Web] = []

        def make() -> Web:
            made.append(Web(house, lambda: tree))
            made[-1].app.site.beat = 0.05
            return made[-1]

        tree = Supervisor(
            "mydia",
            children=[
                actor("librarian", Librarian, mailbox=house.mail["librarian"]),
                actor("importer", Importer, mailbox=house.mail["importer"]),
                actor("web", make, shutdown=15),
            ],
        )
        async with tree_running(tree):
            yield World(house, made[-1], tree, made[-1].addresses[0], stack)
            await stack.aclose()


@asynccontextmanager
async def tree_running(tree: Supervisor) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        yield
        nursery.cancel_scope.cancel()


def routes(world: World) -> list[tuple[Rule, str]]:
    """Every (rule, method) of the app, those beneath /api too."""
    return [
        (r, m)
        for r in world.web.app.url_map.iter_rules()
        for m in sorted(r.methods or ())
        if m not in ("HEAD", "OPTIONS")
    ]


def address(rule: Rule) -> str:
    """A path for the rule, of things that do not exist."""
    _, path = rule.build(dict.fromkeys(rule.arguments, 0 if "int" in rule.rule else "nothing")) or ("", "/")
    return path


@dataclass(frozen=True)
class Shelf:
    """What `furnish` put there."""

    film: str
    show: str
    download: str
    search: str


async def furnish(house: House, *, name: str = HOSTILE, films: int = 3) -> Shelf:
    """Films, a show, files good and bad, a download, a search with verdicts: every text that comes from outside is `name`."""
    await house.write(library.ensure_roots, [("/nowhere/films", "movie"), ("/nowhere/shows", "tv_show")])
    root = (await house.read(roots))[0]
    await house.write(library.set_root_state, root.id, "unavailable", name)
    ids = []
    for i in range(films):
        details = MediaDetails(
            "tmdb", "movie", f"{name} {i}", {"tmdb": str(i)}, 1950 + i, original_title=name, overview=name,
            status=name, genres=(name,), certification=name, runtime=90,
        )  # fmt: skip
        ids.append(await house.write(media.add_media, details, actor=name))
    episodes = tuple(EpisodeDetails(s, e, name, "2001-01-01", name, 25) for s in range(3) for e in range(1, 4))
    details = MediaDetails("tmdb", "tv_show", name, {"tvdb": "1"}, 1962, overview=name, episodes=episodes)
    show = await house.write(media.add_media, details, actor=name)
    await house.write(_files, root.id, ids[0], name)
    slot = (await house.read(slots_of, ids[1]))[0]
    release = {"title": name, "indexer": name, "size": 7, "quality": "WEBDL-1080p", "download_url": "http://127.0.0.1/"}
    download = await house.write(downloads.grab, ids[1], slot.id, ("",), release, actor=name)
    await house.write(downloads.handed_over, download, client=name, client_id="1")
    candidate = {
        "title": name, "indexer": name, "protocol": "torrent", "size": 7, "seeders": 3, "published": None,
        "quality": name, "score": 1, "accepted": False, "chosen": False,
        "rejections": [{"rule": "x", "permanent": True, "reason": name}], "rank": None, "release": release,
    }  # fmt: skip
    chosen = {**candidate, "accepted": True, "chosen": True, "rejections": [], "rank": [{"key": name, "value": name}]}
    search = await house.write(
        downloads.record_search, ids[1], mode="search", targets=[""], indexers=[{"name": name, "error": name}],
        candidates=[candidate, chosen], chosen=name, summary=name,
    )  # fmt: skip
    await house.write(downloads.provider_failed, "indexer", name, name, retry_after=600)
    return Shelf(ids[0], show, download, search)


def _files(tx: Transaction, root_id: str, film: str, name: str) -> None:
    seen = [SeenFile(f"{name.replace('/', '')} {i} \udcff.mkv", 9, 1, i) for i in range(3)]
    library.files_seen(tx, root_id, seen)
    ids = [r["id"] for r in tx.all("select id from media_files order by relative_path")]
    facts = FileFacts(quality="WEBDL-1080p", codec=name, audio_codec=name, release_group=name, scene_name=name)
    library.link_file(tx, ids[0], film, (), facts)
    library.file_unmatched(tx, ids[1], name)
    library.file_unmatched(tx, ids[2], name, invalid=True)
