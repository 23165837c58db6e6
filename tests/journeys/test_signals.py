"""SIGTERM of the running daemon: pages are told goodbye, children stop from the last to the first, nobody is left, exit code 0."""

import json
import signal
from pathlib import Path

import trio

from supervisors.demo import World, open_fakes, write_config
from tests.journeys.process import children_of, daemon_of, lives

ORDER = (
    *("web", "upkeep/janitor", "upkeep/scheduler", "outreach/notifier"),
    *("acquisition/searcher", "acquisition/importer", "acquisition/download_monitor", "acquisition/torrent_engine"),
    *("library/librarian", "library/scanner", "library/watcher", "analyzer", "db_writer", "watchdog"),
)


async def test_sigterm_stops_from_the_last_to_the_first_and_says_goodbye_to_open_pages(
    tmp_path: Path, free_port: int
) -> None:
    async with trio.open_nursery() as nursery:
        around = World(tmp_path)
        await open_fakes(nursery, around)
        async with daemon_of(write_config(around, None, free_port), free_port, []) as daemon:
            await daemon.serve()
            assert daemon.process is not None
            children = children_of(daemon.process.pid)
            assert len(children) >= 3  # two analyzers and the torrent engine
            codes: list[int] = []
            async with daemon.client() as client, client.stream("GET", "/live") as stream:
                assert stream.status_code == 200
                lines = stream.aiter_lines()
                await anext(lines)

                async def end() -> None:
                    codes.append(await daemon.end(signal.SIGTERM))

                nursery.start_soon(end)
                last = [line async for line in lines if line.startswith("event:")]
            assert last[-1] == "event: bye"
            with trio.fail_after(120):
                while not codes:  # noqa: ASYNC110 - set by the task above
                    await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    around.seeder.close()
    assert codes == [0], daemon.said()
    assert stopped(daemon.log) == [f"mydia/{name}" for name in ORDER]
    assert not any(lives(child) for child in children)


def stopped(log: Path) -> list[str]:
    """The children in the order in which the log says that they stopped: those that have none inside, and the pool as one."""
    said = [json.loads(line)["message"] for line in log.read_text("utf-8").splitlines() if line.startswith("{")]
    paths = [m.removesuffix(" stopped") for m in said if m.startswith("mydia/") and m.endswith(" stopped")]
    parts = {"mydia/library", "mydia/acquisition", "mydia/outreach", "mydia/upkeep"}
    return [path for path in paths if path not in parts and not path.startswith("mydia/analyzer/")]
