"""The daemon as people run it: `mydia` in a process of its own, on a data folder, with an API key and a session made beforehand."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import trio

from mydia.accounts import changes as accounts
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import new_key, new_token
from mydia.databases import engine_of
from mydia.messages import Change
from mydia.settings.load import load_config
from mydia.settings.secret import secret_key
from mydia.store.transaction import Transaction, to_text
from supervisors.boot import make_folders
from tests.support.ports import free_port as free_port
from tests.support.processes import children_of as children_of
from tests.support.processes import lives as lives
from tests.support.stores import commit_all
from tests.support.waiting import eventually
from web.auth import COOKIE, sealed

MYDIA = str(Path(sys.executable).with_name("mydia"))


@dataclass(slots=True)
class Daemon:
    """Starts, kills, and asks the daemon of one configuration file. `log` gathers what all its lives wrote."""

    config: Path
    port: int
    key: str
    session: str
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    lives: int = 0
    seconds_to_serve: list[float] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"x-api-key": self.key},
            cookies={COOKIE: self.session},
            trust_env=False,
            timeout=60,
        )

    def command(self) -> list[str]:
        return [MYDIA, "--config", str(self.config), "serve"]

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.lives += 1

    async def serve(self) -> None:
        """Start, and wait until it answers that it is ready; the seconds that took are kept."""
        began = trio.current_time()
        self.start()
        async with self.client() as client:
            await eventually(lambda: self._ready(client), every=0.01)
        self.seconds_to_serve.append(round(trio.current_time() - began, 3))

    async def _ready(self, client: httpx.AsyncClient) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        try:
            return (await client.get("/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def end(self, number: signal.Signals) -> int:
        """Send the signal, and wait for the end: the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        with trio.fail_after(120):
            while self.process.poll() is None:  # noqa: ASYNC110 - a process gives no event
                await trio.sleep(0.01)
        return self.process.wait()

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")[-6000:]


@asynccontextmanager
async def daemon_of(
    config: Path, port: int, seeds: Sequence[Callable[[Transaction], Any]], kind: type[Daemon] = Daemon
) -> AsyncIterator[Daemon]:
    """A daemon that has not started yet; its database holds what the seeds put there, a key and a session. It is dead when this is left."""
    key = new_key()
    secret, session = await hash_secret(key.secret), new_token()
    loaded = load_config(config, {})

    def known(tx: Transaction) -> None:
        user = accounts.create_first_admin(tx, "admin", "not a hash: nobody logs in by it")
        accounts.open_session(tx, user, session.hash, None, days=1)
        accounts.add_key(tx, user, "tests", key.prefix, secret, actor="tests")

    await trio.to_thread.run_sync(make_folders, loaded.config)
    cookie = sealed(secret_key(loaded.config), session.token)
    engine, now = engine_of(loaded.config), to_text(datetime.now(UTC))  # noqa: TID251 - the real clock, as the daemon's
    await engine.open(now)
    await commit_all(engine, [Change(change) for change in (*seeds, known)], now)
    await engine.close()
    daemon = kind(config, port, key.text, cookie, config.parent / "daemon.log")
    try:
        yield daemon
    finally:
        if daemon.process is not None:
            daemon.process.kill()
            daemon.process.wait()
