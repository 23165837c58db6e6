"""A throw-away PostgreSQL server for tests: its own folder, its own socket, no fsync, gone at the end whatever happens.

PostgreSQL refuses to run as root, so root hands it to nobody. It dies with the process that started it, however that ends.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.support.ports import free_port

USER, PASSWORD = "mydia", "not a secret: %/@"
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # which would hold a database that is being dropped or copied
    "shared_buffers": "16MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
}
# By its socket anybody comes in; by TCP only who has the password.
_WHO = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class Postgres:
    """A running server. `url(name)` is a database of it by its socket, `tcp(name)` by TCP and password."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = 5432
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://{USER}@/{name}?host={self.directory}&port={self.port}"

    def tcp(self, name: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}/{name}"

    def make(self) -> None:
        """Make its data folder."""
        if os.geteuid() == 0:
            shutil.chown(self.directory, "nobody")
        word = self.directory / "word"
        word.write_text(PASSWORD, encoding="utf-8")
        word.chmod(0o644)
        initdb = _program("initdb")
        made = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--username={USER}", f"--pwfile={word}"]
        # The order of a dictionary, which is not SQLite's: what forgets to ask for bytes is found out.
        if (
            subprocess.run([initdb, "--help"], check=True, capture_output=True, text=True).stdout.find("--icu-locale")
            >= 0
        ):
            made += ["--locale-provider=icu", "--icu-locale=en-US"]
        command = [*_as_nobody(), str(initdb), f"--pgdata={self.data}", "--no-sync", *made]
        subprocess.run(command, check=True, capture_output=True)
        (self.data / "pg_hba.conf").write_text(_WHO, encoding="utf-8")

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def start(self) -> None:
        """Start it, and wait until it answers. From the main thread: it dies with the thread that started it, not the process."""
        assert threading.current_thread() is threading.main_thread()
        settings = {**_SETTINGS, "port": self.port, "unix_socket_directories": self.directory}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_as_nobody(),
                    str(_program("postgres")),
                    "-D",
                    str(self.data),
                    "--listen_addresses=127.0.0.1",
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.until_it_answers()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def until_it_answers(self) -> None:
        until = time.monotonic() + 120
        while True:
            try:
                with psycopg.connect(self.url()):
                    return
            except psycopg.OperationalError:
                if self._process is None or self._process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise RuntimeError((self.directory / "log").read_text("utf-8", "replace")[-3000:]) from None
                time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT at once, as a crash does; SIGINT after it has told everybody and written all."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(120)
            self._process = None

    def run(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """A statement on one of its databases; the rows, if it has any."""
        with psycopg.connect(self.url(name), autocommit=True) as raw:
            cursor = raw.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str = "template1") -> str:
        """A new database, a copy of `template`; its name."""
        name = f"t{secrets.token_hex(8)}"
        self.run(f"create database {name} template {template}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"drop database if exists {name} with (force)")


@contextmanager
def running() -> Iterator[Postgres]:
    """A server from here to there."""
    directory = Path(tempfile.mkdtemp(prefix="mydia-pg-"))
    directory.chmod(0o755)
    server = Postgres(directory)
    try:
        server.make()
        for left in reversed(range(5)):  # somebody may take the port between our look and its start
            server.port = free_port()
            try:
                server.start()
                break
            except RuntimeError:
                if not left:
                    raise
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)


def _program(name: str) -> Path:
    """The newest there is. Debian keeps them out of the PATH, one folder per version."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(re.sub(r"\D", "", p.parts[4]) or 0)
    )
    found = shutil.which(name) if not versions else None
    if not versions and found is None:
        raise RuntimeError(f"PostgreSQL's {name} is not on this machine (Debian: postgresql); `make test` installs it")
    return versions[-1] if versions else Path(str(found))


def _as_nobody() -> list[str]:
    """How to start a program that dies with us, and that is not root's."""
    die = ["setpriv", "--pdeathsig", "QUIT"]
    return [*die, "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else die
