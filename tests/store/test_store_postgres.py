"""PostgreSQL's own ways to be opened, refused, shared and lost: each ends in one line, and nothing that was acknowledged is."""

import re
import secrets
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from signal import SIGINT, SIGQUIT, Signals
from typing import Any

import psycopg
import pytest
import trio
from loguru import logger

from migrations import MIGRATIONS
from mydia.errors import Conflict, Invalid, MydiaError, Unavailable
from mydia.messages import Change
from mydia.otp import NoAnswer
from mydia.store import postgres_server
from mydia.store.engine import Connection, Done
from mydia.store.migrate import Migration
from mydia.store.postgres import PostgresEngine
from mydia.store.transaction import Transaction
from tests.support.ports import free_port
from tests.support.postgres import PASSWORD, USER, Postgres
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

NOW = "2026-01-31T12:00:00.000000Z"
SECOND = ("9002_more", ("create table more (id text primary key)", "insert into more (id) values ('a')"))
Server = tuple[Postgres, str]


@asynccontextmanager
async def opened(url: str, *more: Migration, **options: Any) -> AsyncIterator[PostgresEngine]:
    engine = PostgresEngine(url, migrations=(*MIGRATIONS, *more), **options)
    await engine.open(NOW)
    try:
        yield engine
    finally:
        await engine.close()


def put(tx: Transaction, key: str, value: str = "1") -> str:
    tx.insert("settings", {"key": key, "value": value, "updated_at": tx.now})
    return key


def keys(conn: Connection) -> list[str]:
    return [row["key"] for row in conn.all("select key from settings where key like 'k%' order by key")]


async def do(engine: PostgresEngine, change: Callable[..., Any], *args: Any) -> Any:
    done = (await engine.commit([Change(change, args)], NOW)).done[0]
    if done.error is not None:
        raise done.error
    return done.value


async def do_all(engine: PostgresEngine, *changes: Change) -> list[Done]:
    """What became of each; in more than one batch where the machine is so slow that one is cut."""
    done: list[Done] = []
    while len(done) < len(changes):
        done += (await engine.commit(changes[len(done) :], NOW)).done
    return done


async def refused(url: str) -> MydiaError:
    with pytest.raises((Invalid, Unavailable)) as told:
        async with opened(url):
            pass
    assert "\n" not in str(told.value)
    return told.value


def hang_up(server: Postgres, name: str) -> None:
    """End every connection to a database, as an operator may."""
    server.run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")  # noqa: S608 - ours


# -- opening


def test_a_daemon_on_sqlite_never_loads_the_drivers_of_the_others() -> None:
    look = "import sys, mydia.cli, supervisors.boot; print([m for m in sys.modules if m.startswith(('psycopg', 'sqlcipher3'))])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"


async def test_what_cannot_be_opened_is_one_line_without_the_password(postgres: Server) -> None:
    server, _ = postgres
    wrong = await refused(server.tcp(password="word of nobody"))
    assert "password authentication failed" in str(wrong)
    for url, line in {
        server.tcp("nowhere"): f'{USER}@127.0.0.1:{server.port}/nowhere cannot be opened: .*"nowhere" does not exist',
        f"postgresql://me:sesame@127.0.0.1:{free_port()}/x": "me@127.0.0.1:.*Connection refused",
        "postgresql//me:sesame@127.0.0.1/x": "database.url is no PostgreSQL address; it looks like postgresql://",
    }.items():
        told = str(await refused(url))
        assert re.search(line, told)
        assert PASSWORD not in told
        assert "sesame" not in told


async def test_a_server_that_is_too_old_is_refused(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_server, "OLDEST", 99)
    assert "Mydia needs 99 or newer" in str(await refused(postgres[0].url(postgres[1])))


async def test_a_database_that_does_not_hold_every_letter_is_refused(postgres: Server) -> None:
    server, _ = postgres
    server.run("create database ascii template template0 encoding 'SQL_ASCII' locale_provider libc locale 'C'")
    assert "has the encoding SQL_ASCII; create one with UTF8" in str(await refused(server.url("ascii")))
    server.drop("ascii")


async def test_a_user_who_may_make_no_tables_is_told_so(postgres: Server) -> None:
    server, _ = postgres
    name = server.create()
    server.run("create role guest login")
    server.run("revoke create on schema public from public", name)
    told = await refused(server.url(name).replace(f"{USER}@", "guest@"))
    assert "may not make tables in the database guest@" in str(told)
    server.drop(name)
    server.run("drop role guest")


async def test_what_is_not_open_says_so(postgres: Server) -> None:
    engine = PostgresEngine(postgres[0].url())
    with pytest.raises(Unavailable, match="not open"):
        await engine.read(keys)
    with pytest.raises(Unavailable, match="not open"):
        await engine.commit([Change(put, ("k1",))], NOW)


# -- migrations


@pytest.fixture
def fresh(postgres: Server) -> Iterator[str]:
    """The address of an empty database."""
    server, _ = postgres
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def migrated(postgres: Server) -> Iterator[str]:
    """The address of a database that has every migration."""
    server, template = postgres
    name = server.create(template)
    yield server.url(name)
    server.drop(name)


def name_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


async def test_an_upgrade_keeps_the_data_and_is_done_once(migrated: str) -> None:
    async with opened(migrated) as engine:
        await do(engine, put, "k1")
    for _ in range(2):
        async with opened(migrated, SECOND) as engine:
            assert await engine.read(lambda c: c.value("select count(*) from more")) == 1
            assert await engine.read(keys) == ["k1"]


async def test_a_database_of_a_newer_program_is_refused(migrated: str) -> None:
    async with opened(migrated, SECOND):
        pass
    assert "made by a newer Mydia (" in (told := str(await refused(migrated)))
    assert "it has migration 9002_more" in told


async def test_a_migration_that_fails_half_way_leaves_the_old_state(migrated: str) -> None:
    broken = ("9002_half", ("create table half (id text)", "create table half (id text)"))
    with pytest.raises(Unavailable, match="already exists"):
        async with opened(migrated, broken):
            pass
    async with opened(migrated, ("9002_half", ("create table half (id text)",))) as engine:
        assert await engine.read(lambda c: c.value("select count(*) from half")) == 0


async def test_daemons_that_start_at_once_migrate_once(fresh: str) -> None:
    found: list[int] = []

    async def start() -> None:
        async with opened(fresh, SECOND, patience=60) as engine:
            found.append(await engine.read(lambda c: c.value("select count(*) from more")))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(start)
    assert found == [1, 1, 1, 1]


# -- refusals of single changes


async def test_a_change_that_hides_an_error_of_the_database_fails_alone(migrated: str) -> None:
    def hide(tx: Transaction) -> None:
        put(tx, "k1")
        try:
            put(tx, "k1")
        except psycopg.Error:
            put(tx, "k2")

    async with opened(migrated) as engine:
        done = await do_all(engine, Change(put, ("k0",)), Change(hide), Change(put, ("k3",)))
        assert [d.error is None for d in done] == [True, False, True]
        assert await engine.read(keys) == ["k0", "k3"]


async def test_what_passes_is_unavailable_for_the_change_it_meets(migrated: str) -> None:
    async with opened(migrated) as engine:
        # The server's own words for a full disk, as it would say them when a row is written.
        await do(engine, lambda tx: tx.execute(FULL))
        full = "create trigger full_disk before insert on settings for each row when (new.key = 'kfull') execute function full_disk()"
        await do(engine, lambda tx: tx.execute(full))
        done = await do_all(engine, *(Change(put, (k,)) for k in ("k1", "kfull", "k2")))
        assert [type(d.error) for d in done] == [type(None), Unavailable, type(None)]
        assert "cannot be written now: could not extend file" in str(done[1].error)
        assert await engine.read(keys) == ["k1", "k2"]


FULL = """create function full_disk() returns trigger language plpgsql as $body$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $body$"""


async def test_a_text_that_the_server_cannot_hold_is_refused(migrated: str) -> None:
    async with opened(migrated) as engine:
        with pytest.raises(Invalid, match="NUL"):
            await do(engine, put, "k\0")
        with pytest.raises(Invalid, match="NUL"):
            await engine.read(lambda c: c.value("select 1 where 'a' = :a", a="\0"))
        await do(engine, put, "k1")


async def test_a_key_that_is_too_long_for_an_index_is_refused(migrated: str) -> None:
    async with opened(migrated) as engine:
        with pytest.raises(Invalid, match="too long to be kept"):
            await do(engine, put, "k" + secrets.token_hex(4000))  # of chance, since what repeats itself is packed
        await do(engine, put, "k" * 8000)


async def test_a_server_that_is_read_only_for_a_while_is_written_to_again(postgres: Server, migrated: str) -> None:
    server, name = postgres[0], name_of(migrated)
    async with opened(migrated) as engine:
        server.run(f"alter database {name} set default_transaction_read_only = on")
        hang_up(server, name)
        with pytest.raises(Unavailable, match=r"cannot be written now: .*read-only"):
            await do(engine, put, "k1")
        server.run(f"alter database {name} reset default_transaction_read_only")
        assert await do(engine, put, "k2") == "k2"
        assert await engine.read(keys) == ["k2"]


# -- many rows, types


async def test_rows_come_one_at_a_time_and_a_query_may_leave_before_the_end(migrated: str) -> None:
    def first(conn: Connection) -> list[Any]:
        rows = conn.each("select n from generate_series(1, 100000) n where n % :d = 0 order by n", d=2)
        found = [next(rows)["n"], next(rows)["n"]]
        rows.close()  # type: ignore[attr-defined]  # it is a generator
        return [*found, conn.value("select 'on'")]

    async with opened(migrated) as engine:
        assert await engine.read(first) == [2, 4, "on"]
        assert (
            sum(await engine.read(lambda c: [row["n"] for row in c.each("select generate_series(1, 5000) as n")]))
            == 12502500
        )


async def test_care_is_the_servers_and_says_so(migrated: str) -> None:
    async with opened(migrated) as engine:
        assert await engine.check() == []
        await engine.checkpoint()
        status = await engine.status()
        assert (status.engine, status.wal_size, status.free) == ("PostgreSQL", 0, None)
        assert status.size > 0
        with pytest.raises(Invalid, match="pg_dump"):
            await engine.backup(7, NOW)
        await do(engine, lambda tx: tx.execute("alter table slots add constraint odd check (name <> 'odd') not valid"))
        assert await engine.check() == ["the constraint odd is not checked"]


# -- sharing


async def test_batches_of_several_daemons_run_one_after_another(migrated: str) -> None:
    """What a change has looked at stays true until it is committed, and events are numbered in the order of commits."""

    def count_up(tx: Transaction) -> None:
        known = int(tx.value("select value from settings where key = 'kcount'") or 0)
        tx.execute("delete from settings where key = 'kcount'")
        put(tx, "kcount", str(known + 1))

    async def work(engine: PostgresEngine) -> None:
        for _ in range(30):
            await do(engine, count_up)

    async with opened(migrated) as one, opened(migrated) as two, opened(migrated) as three:
        async with trio.open_nursery() as nursery:
            for engine in (one, two, three):
                nursery.start_soon(work, engine)
        assert await one.read(lambda c: c.value("select value from settings where key = 'kcount'")) == "90"


async def test_a_daemon_that_is_frozen_with_the_lock_in_hand_loses_it(migrated: str) -> None:
    began, went_on = threading.Event(), threading.Event()
    answers: list[Done] = []

    def freeze(tx: Transaction) -> None:
        put(tx, "k1")
        began.set()
        assert went_on.wait(120)

    async with opened(migrated, patience=4) as frozen, opened(migrated, patience=60) as other:
        async with trio.open_nursery() as nursery:

            async def stand_still() -> None:
                try:
                    answers.append((await frozen.commit([Change(freeze)], NOW)).done[0])
                except Unavailable as no:
                    answers.append(Done(error=no))

            nursery.start_soon(stand_still)
            await trio.to_thread.run_sync(began.wait)
            assert await do(other, put, "k2") == "k2"
            went_on.set()
        # The server undid its batch; once it lives again it finds that out, and does it anew as far as its patience goes.
        assert await other.read(keys) == (["k1", "k2"] if answers[0].error is None else ["k2"])


async def in_the_end(engine: PostgresEngine, key: str) -> None:
    """Written and read, as soon as the engine has the patience for it."""
    tries = 0

    async def written() -> bool:
        nonlocal tries
        tries += 1
        with suppress(Unavailable):
            await do(engine, put, f"{key}.{tries}")
            return f"{key}.{tries}" in await engine.read(keys)
        return False

    await eventually(written)


async def test_a_lock_that_does_not_come_free_is_unavailable_and_nothing_was_kept(migrated: str) -> None:
    async with opened(migrated, patience=3) as engine:
        with psycopg.connect(migrated, autocommit=True) as other:
            other.execute(f"select pg_advisory_lock({postgres_server.WRITING})".encode())
            with pytest.raises(Unavailable, match=r"cannot be written now: .*lock timeout"):
                await do(engine, put, "k1")
            with pytest.raises(Unavailable, match="is being migrated or filled by another Mydia"):
                async with opened(migrated, patience=3):
                    pass
        await in_the_end(engine, "k2")
    async with opened(migrated) as engine:
        assert "k1" not in await engine.read(keys)


# -- losing the server


async def test_a_connection_that_is_ended_between_two_batches_is_not_noticed(postgres: Server, migrated: str) -> None:
    async with opened(migrated) as engine:
        for n in range(3):
            assert await do(engine, put, f"k{n}") == f"k{n}"
            assert await engine.read(keys) == [f"k{i}" for i in range(n + 1)]
            hang_up(postgres[0], name_of(migrated))


async def test_a_connection_that_is_ended_in_a_batch_has_it_run_again(postgres: Server, migrated: str) -> None:
    tries = []

    def cut(tx: Transaction) -> int:
        put(tx, "k2")
        tries.append(tx.value("select pg_backend_pid()"))
        if len(tries) < 3:
            hang_up(postgres[0], name_of(migrated))
        return len(tries)

    async with opened(migrated) as engine:
        done = await do_all(engine, Change(put, ("k1",)), Change(cut), Change(put, ("k3",)))
        assert done == [Done("k1"), Done(3), Done("k3")]
        assert len(set(tries)) == 3
        assert await engine.read(keys) == ["k1", "k2", "k3"]


async def test_a_server_that_can_be_read_and_not_written_is_told_of_once(postgres: Server, migrated: str) -> None:
    server, name = postgres[0], name_of(migrated)
    told: list[str] = []
    sink = logger.add(lambda line: told.append(line.record["message"]), level="INFO")
    try:
        async with opened(migrated, readers=1, patience=2) as engine:
            await engine.read(keys)
            writer = await do(engine, lambda tx: tx.value("select pg_backend_pid()"))
            server.run(f"alter database {name} allow_connections false")  # as where no connection is left
            server.run(f"select pg_terminate_backend({writer})")
            async with trio.open_nursery() as nursery:

                async def read_on() -> None:
                    while True:
                        await engine.read(keys)

                nursery.start_soon(read_on)
                with pytest.raises(Unavailable):
                    await do(engine, put, "k1")
                nursery.cancel_scope.cancel()
            assert len([line for line in told if "can't be written" in line]) == 1
            server.run(f"alter database {name} allow_connections true")
            await in_the_end(engine, "k2")
        assert len([line for line in told if "is written again" in line]) == 1
    finally:
        logger.remove(sink)


def test_a_connection_that_is_lost_in_a_transaction_is_told_by_what_is_raised_alone(
    postgres: Server, migrated: str, caplog: pytest.LogCaptureFixture
) -> None:
    with postgres_server.Server.at(migrated).connect() as raw, pytest.raises(Conflict), raw.transaction():
        hang_up(postgres[0], name_of(migrated))
        raise Conflict("found meanwhile")  # the loss shows when this is undone
    assert caplog.text == ""


def test_what_the_server_said_is_told_without_what_rows_hold(migrated: str) -> None:
    server = postgres_server.Server.at(migrated)
    with server.connect() as raw, raw.cursor() as cursor:
        with pytest.raises(psycopg.errors.UniqueViolation) as told, cursor.copy("copy settings from stdin") as copy:
            for _ in range(2):
                copy.write_row(("sesame", "1", NOW))
        assert "sesame" in str(told.value)
        assert server.said(told.value) == 'duplicate key value violates unique constraint "settings_pkey"'


@pytest.mark.parametrize("kept", [True, False])
async def test_a_connection_lost_while_it_commits_is_asked_what_became_of_it(
    postgres: Server, migrated: str, kept: bool
) -> None:
    """Once the server has committed and its word is lost, once the wish to commit is lost: done once, either way."""
    server, name = postgres[0], name_of(migrated)
    server.run(f"alter role {USER} in database {name} reset all")
    async with Proxy.to(server.port) as proxy:
        url = server.tcp(name).replace(f":{server.port}/", f":{proxy.port}/") + "?sslmode=disable"
        async with opened(url) as engine:
            proxy.cut_at(b"commit\0", answered=kept)
            batch = [Change(put, ("k1",)), Change(put, ("k2",))]
            assert await do_all(engine, *batch) == [Done("k1"), Done("k2")]
            assert proxy.cuts == 1
            assert await engine.read(keys) == ["k1", "k2"]


async def test_a_connection_lost_for_good_while_it_commits_leaves_open_what_became_of_it(
    postgres: Server, migrated: str
) -> None:
    server, name = postgres[0], name_of(migrated)
    server.run(f"alter role {USER} in database {name} reset all")
    async with Proxy.to(server.port) as proxy:
        url = server.tcp(name).replace(f":{server.port}/", f":{proxy.port}/") + "?sslmode=disable&connect_timeout=2"
        async with opened(url) as engine:
            engine._patience = 0.1  # not while it opens, which takes a busy machine longer
            proxy.cut_at(b"commit\0", answered=True, last=True)
            with pytest.raises(NoAnswer, match="is not known"):
                await engine.commit([Change(put, ("k1",))], NOW)
            proxy.let_through()
            engine._patience = 60
            assert await engine.read(keys) == ["k1"]


async def test_without_a_server_a_caller_is_told_after_a_while_and_the_engine_lives(
    postgres: Server, migrated: str
) -> None:
    server = postgres[0]
    async with opened(migrated) as engine:
        engine._patience = 0.5  # not while it opens, which takes a busy machine longer
        server.stop(SIGINT)
        try:
            with pytest.raises(Unavailable, match="does not answer"):
                await engine.read(keys)
            with pytest.raises(Unavailable, match="does not answer"):
                await do(engine, put, "k1")
            with pytest.raises(Unavailable, match="does not answer"):
                await engine.status()
        finally:
            server.start()  # from the main thread, see there

        await in_the_end(engine, "k2")


async def test_a_restart_of_the_server_under_load_loses_nothing_acknowledged(postgres: Server, migrated: str) -> None:
    server = postgres[0]
    acknowledged: list[str] = []
    enough = False

    async def send(who: int) -> None:
        n = 0
        while not enough:
            acknowledged.append(await do(engine, put, f"k{who}.{n}"))
            n += 1

    async def read() -> None:
        while not enough:
            told = list(acknowledged)
            assert set(told) <= set(await engine.read(keys))

    async def more(count: int) -> None:
        goal = len(acknowledged) + count

        async def reached() -> bool:
            return len(acknowledged) >= goal

        await eventually(reached, every=0.01)

    async with opened(migrated, patience=60) as engine, trio.open_nursery() as nursery:
        for who in range(8):
            nursery.start_soon(send, who)
        nursery.start_soon(read)
        how: Signals
        for how in (SIGINT, SIGQUIT, SIGINT):
            await more(40)
            await trio.to_thread.run_sync(server.stop, how)
            server.start()  # from the main thread, see there
        await more(40)
        enough = True
    async with opened(migrated) as engine:
        # Nobody was told of a Conflict: what was run again had not been kept the first time.
        assert set(acknowledged) <= set(await engine.read(keys))
        assert len(acknowledged) == len(set(acknowledged))
        with pytest.raises(Conflict):
            await do(engine, put, acknowledged[0])
