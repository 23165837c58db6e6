"""Whole daemons for the browser tests, each on a Trio loop in a thread of its own, and a real headless Chromium to look at them with.

    living(demo_life)    the demo's small world: its files at home are there, nobody has wished for anything yet
    living(fresh_life)   a house that nobody has claimed: no titles, no indexer, no metadata key
    visiting(...)        a browser of somebody's; what its pages complain of (console, policy, bugs) fails the test that caused it

A test is an ordinary function on the main thread, as Playwright's synchronous API wants it; `place.do(...)` reaches into the loop.
"""

import io
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import trio
import yaml
from loguru import logger
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from mydia import logs
from mydia.accounts import changes as accounts
from mydia.accounts.hashing import hash_secret
from mydia.demo import world
from mydia.house import House
from mydia.jobs.model import State
from mydia.jobs.queries import list_jobs
from mydia.library.queries import list_files
from mydia.media import queries as media
from mydia.otp import Supervisor
from mydia.settings.load import load_config
from supervisors import boot, demo
from supervisors.lives import lives
from tests.support.ports import free_port
from tests.support.waiting import eventually

T = TypeVar("T")
Theme = Literal["light", "dark"]
NAME = "demo"
"""Whoever lives in the demo's house."""
PATIENCE = 60_000.0
"""Milliseconds that Playwright looks for what must come true; a busy machine needs them, a test that passes does not."""
ARGS = ("--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--font-render-hinting=none")

expect.set_options(timeout=PATIENCE)


# -- a loop in a thread ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A running house, as a test on another thread sees it."""

    house: House
    tree: Supervisor
    base: str
    folder: Path
    password: str
    log: io.StringIO
    around: demo.World | None
    token: trio.lowlevel.TrioToken

    def do(self, what: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run an async function on the house's loop: its value, or what it raised."""
        return trio.from_thread.run(what, *args, trio_token=self.token)

    def read(self, query: Callable[..., T], *args: Any) -> T:
        return self.do(lambda: self.house.read(query, *args))

    def write(self, change: Callable[..., T], *args: Any, **more: Any) -> T:
        return self.do(lambda: self.house.write(change, *args, **more))

    def kill(self, path: str) -> None:
        self.do(self.tree.kill_child, path)

    def title(self, name: str) -> str:
        """The id of a title that is in the library."""
        return next(card.id for card in self.read(media.search_titles, name) if card.title == name)

    def copy_in(self, name: str) -> None:
        """Copy one of the demo's arrivals into its library folder, as a person does."""
        demo.copy_in(self.folder / "outside" / name, self.folder / "library" / name)


Life = Callable[[Path, str, io.StringIO, "trio.TaskStatus[Place]"], Awaitable[None]]


@contextmanager
def living(life: Life) -> Iterator[Place]:
    """`life` runs in a thread, in a throw-away folder, until the block ends. What it raises is raised here."""
    ready: SimpleQueue[tuple[Place, trio.CancelScope] | None] = SimpleQueue()
    failures: list[BaseException] = []
    log = io.StringIO()
    password = secrets.token_urlsafe(9)

    async def main(folder: Path) -> None:
        async with trio.open_nursery() as nursery:

            async def task(*, task_status: "trio.TaskStatus[Place]" = trio.TASK_STATUS_IGNORED) -> None:
                await life(folder, password, log, task_status)

            ready.put((await nursery.start(task), nursery.cancel_scope))

    def run(folder: Path) -> None:
        try:
            trio.run(main, folder)
        except BaseException as error:  # noqa: BLE001 - it is raised again, on the other thread
            failures.append(error)
        finally:
            ready.put(None)

    with TemporaryDirectory(prefix="mydia-browser-") as folder:
        logs.configure("INFO", True, log)
        thread = threading.Thread(target=run, args=(Path(folder),), name="house")
        thread.start()
        opened = ready.get()
        try:
            if opened is not None:
                yield opened[0]
        finally:
            if opened is not None:
                opened[0].token.run_sync_soon(opened[1].cancel)
            thread.join()
            logger.remove()
        if failures:
            raise failures[0]


async def demo_life(folder: Path, password: str, log: io.StringIO, task_status: "trio.TaskStatus[Place]") -> None:
    """The demo without its script: the files at home are there, the rest is for the tests to do."""
    async with trio.open_nursery() as nursery:
        around = await demo.open_world(nursery, folder)
        port = free_port()
        config = demo.write_config(around, None, port)
        await _open(config, around, nursery, folder, password, log, task_status)
        await trio.sleep_forever()


async def fresh_life(
    folder: Path,
    password: str,
    log: io.StringIO,
    task_status: "trio.TaskStatus[Place]",
    more: Mapping[str, Any] | None = None,
) -> None:
    """A house as it is on the first evening: two empty folders. `more` is further configuration."""
    config = {
        "data_dir": str(folder / "data"),
        "server": {"host": "127.0.0.1", "port": free_port()},
        "media": {"library_paths": [{"path": str(folder / "films"), "type": "movie"}]},
        "downloads": {"embedded": {"listen_host": "127.0.0.1", "listen_port": 0, "dht": False}},
        **(more or {}),
    }
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    async with trio.open_nursery() as nursery:
        await _open(path, None, nursery, folder, password, log, task_status)
        await trio.sleep_forever()


async def _open(
    config: Path,
    around: demo.World | None,
    nursery: trio.Nursery,
    folder: Path,
    password: str,
    log: io.StringIO,
    task_status: "trio.TaskStatus[Place]",
) -> None:
    loaded = load_config(config, {})
    house, tree = await boot.build(loaded, [demo.seed_profile] if around else [])
    await nursery.start(lives, house, tree)
    if around is not None:
        await house.write(accounts.create_first_admin, NAME, await hash_secret(password))
        await eventually(lambda: _is_settled(house))
    base = f"http://127.0.0.1:{loaded.config.server.port}"
    task_status.started(Place(house, tree, base, folder, password, log, around, trio.lowlevel.current_trio_token()))


async def _is_settled(house: House) -> bool:
    """Whether every file that lay at home is known, and nothing is being done any more."""
    files = (await house.read(list_files, state="linked")).items
    states: tuple[State, ...] = ("available", "executing")
    busy = [job for state in states for job in (await house.read(list_jobs, state=state)).items]
    return len(files) == len(world.AT_HOME) and not busy


# -- a browser -------------------------------------------------------------------------------------------------------------


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; it asks nobody but this machine for anything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield browser
        browser.close()


@contextmanager
def visiting(
    browser: Browser,
    place: Place,
    *,
    size: tuple[int, int] = (1280, 800),
    theme: Theme = "dark",
    still: bool = True,
    inside: bool = True,
    bears: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A person at a screen, logged in when `inside`, who wants no motion when `still`.

    At the end no page of theirs may have complained, but for what contains one of `bears`.
    """
    context = browser.new_context(
        base_url=place.base,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        reduced_motion="reduce" if still else "no-preference",
    )
    context.set_default_timeout(PATIENCE)
    complaints = listen_to(context)
    try:
        page = context.new_page()
        if inside:
            answer = context.request.post(
                "/login", form={"username": NAME, "password": place.password}, max_redirects=0
            )
            assert answer.status == 303, answer.text()
        yield page
    finally:
        context.close()
    unborne = [c for c in complaints if not any(words in c for words in bears)]
    assert not unborne, "\n".join(unborne)


def listen_to(context: BrowserContext) -> list[str]:
    """What the pages of a context complain of, from now on: errors and warnings of the console (a policy's violations
    among them), errors that nobody caught."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    context.on("console", hear)
    context.on("weberror", lambda error: complaints.append(f"uncaught: {error.error}"))
    return complaints
