"""`mydia demo`: the same daemon in a throw-away folder, with a small world around it on loopback, doing the main job by itself.

What comes from the world and is faked says so (mydia/demo): the metadata provider, the indexer, the webhook. The videos, the torrents, the
peer that seeds them, the engine that downloads them and everything the daemon does are real.
"""

import json
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import trio
import yaml
from loguru import logger

from mydia import logs
from mydia.accounts import changes as accounts
from mydia.accounts.hashing import hash_secret
from mydia.choosing import changes as choosing
from mydia.choosing.queries import list_profiles
from mydia.core.quality import DEFAULT_PROFILES, QualityProfile, SizeLimit
from mydia.databases import whole_at
from mydia.demo import world
from mydia.demo.fakes import Catcher, FakeIndexer, FakeTmdb, serve
from mydia.demo.qbittorrent import PASSWORD, USER, QbittorrentProcess, real_qbittorrent
from mydia.demo.torrents import FakeTracker, Seeder
from mydia.house import House
from mydia.media import changes as media
from mydia.messages import AddTitle
from mydia.otp import Supervisor
from mydia.settings.load import load_config
from mydia.settings.model import Config
from mydia.store.moving import refuse_if_lived_in
from mydia.store.transaction import Transaction
from supervisors import boot
from supervisors.demo_report import SOON, Report, watch

PATIENCE = 110.0
"""Seconds after its start that --check waits where nobody gives it more; with the end of it all it stays under two minutes."""
SEED_RATE = 700_000
"""Bytes a second, so that progress can be watched."""
PROFILE = "Demo"


@dataclass(slots=True)
class World:
    """What runs around the daemon."""

    folder: Path
    tmdb: FakeTmdb = field(default_factory=lambda: FakeTmdb(world.TITLES))
    webhook: Catcher = field(default_factory=Catcher)
    tracker: FakeTracker = field(default_factory=FakeTracker)
    indexer: FakeIndexer = field(default_factory=lambda: FakeIndexer([]))
    seeder: Seeder = field(default_factory=lambda: Seeder(SEED_RATE))
    urls: dict[str, str] = field(default_factory=dict)


def demo(
    *,
    check: bool,
    client: str,
    port: int,
    keep: Path | None,
    patience: float | None = None,
    database_url: str | None = None,
    encrypted: bool = False,
) -> int:
    """Run the demo: until Ctrl-C, or with `check` until everything has happened or `patience` (seconds) ends; the exit code.

    It stores in its folder; Conflict where it shall store in a PostgreSQL database that somebody lives in.
    """
    env = {"DATABASE_KEY": secrets.token_urlsafe()} if encrypted else {}
    if database_url is not None:
        env = {"DATABASE_URL": database_url}
        refuse_if_lived_in(whole_at(database_url, Config()), "Give the demo a database of its own.")
    with ExitStack() as stack:
        folder = (
            keep.absolute() if keep else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mydia-demo-")))
        )
        folder.mkdir(parents=True, exist_ok=True)
        logs.configure("WARNING" if check else "INFO", stream=sys.stderr)
        report = trio.run(_demo, folder, check, patience or PATIENCE, client, port, env)
        if check:
            print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))  # noqa: T201 - the answer of the command
            for missing in report.missing():
                print(f"mydia demo: {missing}", file=sys.stderr)  # noqa: T201
        return 1 if check and report.missing() else report.exit_code or 0


async def _demo(folder: Path, check: bool, patience: float, client: str, port: int, env: Mapping[str, str]) -> Report:
    # Whoever gives a slow machine more time gives it for each step.
    report, began = Report(soon=SOON * patience / PATIENCE), trio.current_time()
    async with trio.open_nursery() as nursery:
        await nursery.start(_end_early, nursery.cancel_scope)
        around = await open_world(nursery, folder)
        async with AsyncExitStack() as stack:
            stack.callback(around.seeder.close)
            other = (
                await stack.enter_async_context(real_qbittorrent(folder / "qbittorrent"))
                if client == "qbittorrent"
                else None
            )
            loaded = load_config(write_config(around, other, 0 if check else port), env)
            handed: list[tuple[House, Supervisor]] = []
            ready = trio.Event()

            async def daemon() -> None:
                report.exit_code = await boot.run(loaded, ready=ready, hand_out=handed, more_seeds=[seed_profile])
                nursery.cancel_scope.cancel()

            nursery.start_soon(daemon)
            await ready.wait()
            house, tree = handed[0]
            nursery.start_soon(watch, house, around.webhook, report)
            await prepare(house, quiet=check, port=port)
            nursery.start_soon(happen, house, around, report)
            if not check:
                await trio.sleep_forever()
            with trio.move_on_at(began + patience):
                await report.complete.wait()
            await report.look(house, tree)
            house.close()
            await tree.stop()
            await trio.sleep_forever()  # the daemon's end cancels this
    return report


async def _end_early(scope: trio.CancelScope, *, task_status: trio.TaskStatus[None]) -> None:
    """End the run where a signal comes before the daemon is there to hear it; later it is the daemon that hears it."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            scope.cancel()


async def open_world(nursery: trio.Nursery, folder: Path, *, rate: int = SEED_RATE) -> World:
    """Make the videos and torrents, and open the fakes; `rate` in bytes a second of each torrent."""
    around = World(folder, seeder=Seeder(rate))
    await open_fakes(nursery, around)
    logger.info("making a dozen small videos and their torrents")
    await trio.to_thread.run_sync(world.make_files, folder / "library", world.AT_HOME)
    await trio.to_thread.run_sync(world.make_files, folder / "outside", world.ARRIVALS)
    releases, torrents = await trio.to_thread.run_sync(
        world.make_listings, folder / "seeder", f"{around.urls['tracker']}/announce"
    )
    around.indexer.releases[:] = releases
    around.seeder.add(torrents)
    return around


async def open_fakes(nursery: trio.Nursery, around: World) -> None:
    """Serve what stands around the daemon, each at an address of its own."""
    for name, fake in (
        ("tmdb", around.tmdb),
        ("webhook", around.webhook),
        ("tracker", around.tracker),
        ("indexer", around.indexer),
    ):
        around.urls[name] = await nursery.start(serve, fake)
    around.tracker.seeder_port = around.seeder.port


def write_config(around: World, qbittorrent: QbittorrentProcess | None, port: int) -> Path:
    """The demo's config.yml, as a person would write it."""
    folder, urls = around.folder, around.urls
    for part in ("library/movies", "library/tv"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    config: dict[str, Any] = {
        "data_dir": str(folder / "data"),
        "server": {"host": "127.0.0.1", "port": port},
        "media": {
            "quality_profile": PROFILE,
            "library_paths": [
                {"path": str(folder / "library/movies"), "type": "movie"},
                {"path": str(folder / "library/tv"), "type": "tv_show"},
            ],
        },
        "metadata": {
            "tmdb": {"api_key": "any-key-will-do", "base_url": f"{urls['tmdb']}/3", "image_url": f"{urls['tmdb']}/t/p"}
        },
        "downloads": {
            "indexers": [{"type": "torznab", "name": "demo indexer", "url": urls["indexer"]}],
            "embedded": {
                "listen_host": "127.0.0.1",
                "listen_port": 0,
                "dht": False,
                # Over loopback uTP only costs time: its first packets are lost while the seeder speaks TCP alone.
                "utp": False,
                "download_dir": str(folder / "downloads"),
                "seed_ratio": 100,
            },
            "rules": {"min_free_gb": 0},
        },
        "notifications": {"webhooks": [{"name": "demo webhook", "url": f"{urls['webhook']}/hook"}]},
    }
    if qbittorrent is not None:
        config["downloads"]["clients"] = [
            {
                "type": "qbittorrent",
                "name": "qBittorrent",
                "url": qbittorrent.url,
                "username": USER,
                "password": PASSWORD,
            }
        ]
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


async def prepare(house: House, *, quiet: bool, port: int) -> None:
    """An administrator with a password of this run, and a profile that knows that these films are a minute long."""
    password = secrets.token_urlsafe(9)
    hashed = await hash_secret(password)
    await house.write(accounts.create_first_admin, "demo", hashed)
    if not quiet:
        logger.info("Open http://localhost:{} and log in as demo with the password {}", port, password)


def seed_profile(tx: Transaction) -> None:
    """As every seed: nothing the second time, since it runs again whenever the writer was restarted."""
    if all(known.name != PROFILE for known in list_profiles(tx)):
        choosing.put_profile(tx, demo_profile(), actor="demo")


def demo_profile() -> QualityProfile:
    """HD-720p/1080p with every size allowed: the demo's videos are real, but a minute long."""
    base = next(p for p in DEFAULT_PROFILES if p.name == "HD-720p/1080p")
    return replace(base, id="", name=PROFILE, sizes={name: SizeLimit(0.0, None, None) for name in base.flat()})


async def happen(house: House, around: World, report: Report) -> None:
    """What people would do: wish for titles, copy files in."""
    for title in (world.METROPOLIS, world.BUNNY, world.FRIDAY):
        wish = AddTitle(kind="movie", provider="tmdb", id=str(title.id), actor="demo")
        await house.mail["librarian"].ask(wish, timeout=30)
    for name, _ in world.ARRIVALS:
        source, target = around.folder / "outside" / name, around.folder / "library" / name
        await trio.to_thread.run_sync(copy_in, source, target)
        report.copied[target.name] = trio.current_time()
        await trio.sleep(1)
    show = await report.known(house, world.STEP.title)
    await house.write(media.request_search, show)


def copy_in(source: Path, target: Path) -> None:
    """As a person copies: the final name from the first byte on."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
