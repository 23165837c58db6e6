"""Daemons on one PostgreSQL: one leads, all take jobs and tell what happens; a leader that is killed or frozen costs a moment, no more."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

import httpx
import trio
import yaml

from mydia.demo.fakes import Catcher, serve
from mydia.events import MediaAdded
from mydia.jobs import queries as jobs
from mydia.messages import Change
from mydia.store.postgres import PostgresEngine
from mydia.store.transaction import Transaction, to_text
from tests.journeys.process import Daemon, daemon_of, free_port
from tests.support.postgres import Postgres
from tests.support.stores import commit_all
from tests.support.waiting import eventually

NEWS = 150


def now() -> str:
    return to_text(datetime.now(UTC))  # noqa: TID251 - the real clock, as the daemons'


@dataclass
class Cluster:
    """The daemons, what they delivered, and a connection of the test's own to what they share."""

    nodes: list[Daemon]
    caught: Catcher
    engine: PostgresEngine

    async def leader(self) -> Daemon:
        """Whoever leads, once exactly one does."""

        async def look() -> Daemon | None:
            leading = [node for node in self.nodes if node.process is not None and await self.leads(node)]
            return leading[0] if len(leading) == 1 else None

        return await eventually(look)

    async def leads(self, node: Daemon) -> bool:
        async with node.client() as client:
            return bool((await client.get("/health")).json()["daemons"]["leads"])

    async def write(self, *changes: Any) -> None:
        await commit_all(self.engine, [Change(change) for change in changes], now())

    async def jobs(self, kind: str) -> list[str]:
        rows = await self.engine.read(lambda conn: conn.all("select state from jobs where kind = :k", k=kind))
        return sorted(row["state"] for row in rows)


@asynccontextmanager
async def running(count: int, tmp_path: Path, server: Postgres, url: str) -> AsyncIterator[Cluster]:
    """So many daemons that are ready; each has a data folder and a port of its own, all the same library folder and key."""
    caught, base = Catcher(), server.url(server.create())
    (tmp_path / "films").mkdir()
    async with AsyncExitStack() as stack:
        nodes: list[Daemon] = []
        for n in range(count):
            folder, port = tmp_path / f"node{n}", free_port()
            folder.mkdir()
            config = {
                "data_dir": str(folder / "data"),
                "server": {
                    "host": "127.0.0.1",
                    "port": port,
                    "secret_key_base": "the same in all the daemons of one house",
                },
                "database": {"url": base},
                "media": {"library_paths": [{"path": str(tmp_path / "films"), "type": "movie"}]},
                "notifications": {"webhooks": [{"url": url, "events": ["media_added"]}]},
                "schedules": {"automated_search": "off", "prune": "0 3 29 2 *"},
            }
            file = folder / "config.yml"
            file.write_text(yaml.safe_dump(config), encoding="utf-8")
            if not nodes:
                nodes.append(await stack.enter_async_context(daemon_of(file, port, [])))
            else:  # the first has made the key and the session that all of them know
                nodes.append(replace(nodes[0], config=file, port=port, log=folder / "daemon.log"))
                stack.callback(_end, nodes[-1])
            await nodes[-1].serve()
        engine = PostgresEngine(base)
        await engine.open(now())
        stack.push_async_callback(engine.close)
        yield Cluster(nodes, caught, engine)


def _end(node: Daemon) -> None:
    if node.process is not None:
        node.process.kill()
        node.process.wait()


async def test_the_leader_is_killed_under_load_and_nothing_is_lost_or_done_twice(
    tmp_path: Path, postgres: tuple[Postgres, str]
) -> None:
    async with trio.open_nursery() as nursery:
        caught = Catcher()
        url = await nursery.start(serve, caught)
        async with running(3, tmp_path, postgres[0], url) as here:
            first = await here.leader()
            for n in range(NEWS):
                await here.write(lambda tx, n=n: tx.emit(MediaAdded(title=f"Film {n}", kind="movie")))
                if n == NEWS // 3:
                    await first.end(SIGKILL)
                    first.process = None
                    # Due while nobody leads: whoever leads next runs it, and once.
                    await here.write(_make_due)
            second = await here.leader()
            assert second is not first

            async def all_done() -> bool:
                return await here.jobs("notify") == ["completed"] * NEWS

            await eventually(all_done, within=240)
            await eventually(lambda: _ran(here))
        bodies = [message["body"] for message in caught.messages()]
        assert len(set(bodies)) == NEWS
        # What the killed daemon was delivering at that moment may come twice, and nothing else.
        assert len(bodies) <= NEWS + 1
        nursery.cancel_scope.cancel()


async def test_a_leader_that_is_frozen_under_load_leads_no_longer_and_does_nothing_twice(
    tmp_path: Path, postgres: tuple[Postgres, str]
) -> None:
    async with trio.open_nursery() as nursery:
        caught = Catcher()
        url = await nursery.start(serve, caught)
        async with running(2, tmp_path, postgres[0], url) as here:
            first = await here.leader()
            assert first.process is not None
            others = replace(here, nodes=[node for node in here.nodes if node is not first])
            for n in range(NEWS):
                await here.write(lambda tx, n=n: tx.emit(MediaAdded(title=f"Film {n}", kind="movie")))
                if n == NEWS // 3:
                    first.process.send_signal(SIGSTOP)
                    await here.write(_make_due)
            await others.leader()
            await eventually(lambda: _ran(here))
            first.process.send_signal(SIGCONT)

            async def knows() -> bool:
                # Frozen for so long that its watchdog takes it for hung, it has ended itself.
                assert first.process is not None
                with suppress(httpx.TransportError):
                    return first.process.poll() is not None or not await here.leads(first)
                return False

            await eventually(knows)

            async def all_done() -> bool:
                return await here.jobs("notify") == ["completed"] * NEWS

            await eventually(all_done, within=240)
            assert await here.jobs("prune") == ["completed"]
        bodies = [message["body"] for message in caught.messages()]
        assert len(set(bodies)) == NEWS
        # What the frozen daemon was delivering at that moment may come twice, and nothing else.
        assert len(bodies) <= NEWS + 1
        nursery.cancel_scope.cancel()


async def test_what_is_done_in_one_daemon_is_heard_and_in_force_in_the_others(
    tmp_path: Path, postgres: tuple[Postgres, str]
) -> None:
    async with trio.open_nursery() as nursery:
        url = await nursery.start(serve, Catcher())
        async with running(3, tmp_path, postgres[0], url) as here:
            await here.leader()
            here_first, there = here.nodes[0], here.nodes[2]
            async with here_first.client() as client, there.client() as other, other.stream("GET", "/live") as stream:
                lines = stream.aiter_lines()
                await anext(lines)  # it listens
                answer = await client.put("/api/v1/config", json={"values": {"media.recycle_days": 11}})
                assert answer.status_code == 200, answer.text
                with trio.fail_after(120):
                    async for line in lines:
                        if line.startswith("data:") and "health" in json.loads(line[5:])["topics"]:
                            break

                async def in_force() -> bool:
                    items = (await other.get("/api/v1/config")).json()["settings"]
                    return any(i["key"] == "media.recycle_days" and i["value"] == 11 for i in items)

                await eventually(in_force)
        nursery.cancel_scope.cancel()


def _make_due(tx: Transaction) -> None:
    tx.execute("update cron_entries set next_run_at = :now where name = 'prune'", now=tx.now)


async def _ran(here: Cluster) -> bool:
    entries = await here.engine.read(jobs.cron_entries)
    ran = any(e.name == "prune" and e.last_job_id is not None for e in entries)
    return ran and await here.jobs("prune") == ["completed"]
