"""The port, with real processes: replies, refusals, deaths of every kind, and nobody left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from mydia.otp import BRUTAL_KILL, ActorDied, Mailbox, Port, PortRefusal, StartFailed, Supervisor, actor, pool
from mydia.otp.port_child import MAX_FRAME, Unframer, frame
from tests.otp.otp_stage import Run, running

CHILD = str(Path(__file__).with_name("otp_port_child.py"))
LONG = 60.0


def command(mode: str = "serve") -> list[str]:
    return [sys.executable, CHILD, mode]


class Listening(Port):
    """Keeps what it hears."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.events, self.heard = trio.open_memory_channel[Any](1000)
        self.lines: list[str] = []
        lives.append(self)

    async def on_event(self, payload: Any) -> None:
        await self.events.send(payload)

    def on_stderr(self, line: str) -> None:
        self.lines.append(line)


lives: list[Listening] = []


@asynccontextmanager
async def port(mode: str = "serve", shutdown: Any = 5.0, **options: Any) -> AsyncIterator[tuple[Mailbox, Run]]:
    """A supervised port; `lives` lists its lives."""
    lives.clear()
    box = Mailbox("port")
    options = {"timeout": LONG, **options}
    spec = actor("port", lambda: Listening(command(mode), **options), mailbox=box, shutdown=shutdown)
    async with running(Supervisor("root", children=[spec])) as run:
        yield box, run


def gone(pid: int) -> bool:
    """Whether a process has ended. One that nobody has reaped yet (state Z) has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def open_file_count() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def becomes(holds: Callable[[], bool]) -> None:
    with trio.fail_after(LONG):
        while not holds():  # noqa: ASYNC110 - the kernel tells nobody
            await trio.sleep(0.005)


async def test_a_port_answers_and_its_start_value_is_what_on_start_returned() -> None:
    async with port() as (box, run):
        assert await box.ask({"a": [1, None, "ü"]}, LONG) == {"a": [1, None, "ü"]}
        pid = run.info("port").os_pid
        assert (run.info("port").kind, pid) == ("port", lives[0].os_pid)
        await run.supervisor.stop_child("port")
        assert pid is not None
        assert gone(pid)
        assert await run.supervisor.restart_child("port") == {"pid": run.info("port").os_pid}


async def test_a_file_name_that_is_not_utf8_survives_both_ways() -> None:
    name = os.fsdecode(b"caf\xe9 \xff.mkv")
    async with port() as (box, _):
        assert os.fsencode(await box.ask(name, LONG)) == b"caf\xe9 \xff.mkv"


async def test_frames_of_many_megabytes_pass_both_ways() -> None:
    async with port() as (box, _):
        big = "x" * (8 << 20)
        assert await box.ask(big, LONG) == big


async def test_a_childs_no_is_a_refusal_and_the_port_lives() -> None:
    async with port() as (box, run):
        with pytest.raises(PortRefusal, match="not a film") as caught:
            await box.ask({"refuse": "not a film"}, LONG)
        assert caught.value.kind == "unreadable"
        assert await box.ask("next", LONG) == "next"
        assert run.info("port").restarts == 0


async def test_stray_prints_do_not_break_the_frames() -> None:
    async with port() as (box, _):
        assert await box.ask({"print": "hello"}, LONG) == "printed"
        await becomes(lambda: {"hello", "raw bytes on fd 1"} <= set(lives[0].lines))


async def test_a_bug_in_the_child_is_a_crash_with_its_stack_in_the_log() -> None:
    async with port() as (box, run):
        with pytest.raises(ActorDied):
            await box.ask({"raise": "a bug"}, LONG)
        assert await box.ask("next", LONG) == "next"
        assert "ended with status 1" in (run.info("port").last_error or "")
        assert "ValueError: a bug" in (run.info("port").last_error or "")
        assert any("otp_port_child.py" in line for line in lives[0].lines)


async def test_a_killed_process_is_an_ordinary_crash_and_the_next_one_serves() -> None:
    async with port() as (box, run):
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                with pytest.raises(ActorDied):
                    await box.ask({"sleep": 60}, LONG)

            nursery.start_soon(ask)
            await becomes(lambda: bool(lives[0]._requests))
            os.kill(lives[0].os_pid or 0, signal.SIGKILL)
        assert await box.ask("next", LONG) == "next"
        assert "was killed by SIGKILL" in (run.info("port").last_error or "")
        await run.supervisor.kill_child("root/port")
        assert await box.ask("next", LONG) == "next"
        assert run.info("port").restarts == 2


async def test_a_request_that_overruns_its_time_is_answered_and_its_process_killed() -> None:
    """A poison request: answered once, asked never again; who waited behind it is served by the next process."""
    async with port(timeout=3.0) as (box, _), trio.open_nursery() as nursery:

        async def poison() -> None:
            with pytest.raises(PortRefusal, match=r"it took longer than 3 s; its process was killed") as caught:
                await box.ask({"sleep": 60}, LONG)
            assert caught.value.kind == "timeout"

        nursery.start_soon(poison)
        await becomes(lambda: bool(lives[0]._requests))
        assert await box.ask("next", LONG) == "next"
        assert len(lives) == 2
        assert gone(lives[0].os_pid or 0)


async def test_the_time_of_a_request_runs_only_while_it_is_the_oldest() -> None:
    """So that one sent ahead is not blamed for the one before it."""
    async with port(timeout=4.0, concurrency=3) as (box, run), trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(box.ask, {"sleep": 1.5}, LONG)
    assert run.error is None
    assert len(lives) == 1


@pytest.mark.parametrize("garbage", ["no frame at all", "\x00\x00\x00\x02{]", "\x00\x00\x00\x02[]"])
async def test_garbage_in_the_place_of_a_frame_is_a_crash(garbage: str) -> None:
    async with port() as (box, run):
        with pytest.raises(ActorDied):
            await box.ask({"write": garbage}, LONG)
        assert await box.ask("next", LONG) == "next"
        assert "wrote what is not a frame" in (run.info("port").last_error or "")
        assert gone(lives[0].os_pid or 0)


async def test_a_child_that_closes_its_stdout_is_as_good_as_dead() -> None:
    async with port() as (box, _):
        with pytest.raises(ActorDied):
            await box.ask({"close stdout": 1}, LONG)
        assert await box.ask("next", LONG) == "next"
        assert gone(lives[0].os_pid or 0)


async def test_a_child_that_does_not_listen_any_more_is_as_good_as_dead() -> None:
    """Any program can be a port: this one is a shell's."""
    script = r"""exec <&-; printf '\000\000\000\016{"ready":null}'; exec sleep 60"""
    box = Mailbox("port")
    spec = actor("port", lambda: Listening(["sh", "-c", script], timeout=LONG), mailbox=box)
    lives.clear()
    async with running(Supervisor("root", children=[spec])):
        with pytest.raises(ActorDied):
            await box.ask("hello", LONG)
        assert gone(lives[0].os_pid or 0)


async def test_a_child_that_fails_before_it_is_ready_is_a_failed_start_with_its_last_words() -> None:
    with pytest.raises(StartFailed, match=r"root/port could not be started: PortDied: process .* JSONDecodeError"):
        await Supervisor("root", children=[actor("port", lambda: Port(command("fails"), timeout=LONG))]).run()


async def test_a_command_that_does_not_exist_is_a_failed_start() -> None:
    with pytest.raises(StartFailed, match="No such file or directory: '/no/such/program'"):
        await Supervisor("root", children=[actor("port", lambda: Port(["/no/such/program"], timeout=LONG))]).run()


async def test_a_child_that_never_becomes_ready_is_killed_at_the_startup_deadline() -> None:
    spec = actor("port", lambda: Listening(["sleep", "60"], timeout=LONG), startup=0.1)
    lives.clear()
    with pytest.raises(StartFailed, match=r"not ready within 0.1 s"):
        await Supervisor("root", children=[spec]).run()
    assert gone(lives[0].os_pid or 0)


async def test_events_reach_on_event_from_any_thread() -> None:
    async with port() as (box, _):
        assert await box.ask({"event": {"progress": 0.5}}, LONG) == "sent"
        assert await lives[0].heard.receive() == {"progress": 0.5}
        assert await lives[0].heard.receive() == "from a thread"


async def test_a_child_with_work_of_its_own_is_polled_between_requests() -> None:
    async with port("poll") as (box, _):
        polled = [await lives[0].heard.receive() for _ in range(3)]
        assert polled == [{"poll": 0}, {"poll": 1}, {"poll": 2}]
        assert await box.ask("hello", LONG) == "hello"


async def test_a_stopped_child_finishes_by_itself_when_its_stdin_ends() -> None:
    async with port(shutdown=LONG, grace=LONG):
        pass
    assert lives[0].lines == ["goodbye"]
    assert gone(lives[0].os_pid or 0)


async def test_a_child_that_ignores_the_end_and_sigterm_is_killed_at_the_shutdown_deadline() -> None:
    async with port("deaf", shutdown=0.3, grace=0.1) as (box, run):
        assert await box.ask("hello", LONG) == "hello"
    assert run.error is None
    assert gone(lives[0].os_pid or 0)


async def test_brutal_kill_is_sigkill_at_once() -> None:
    """OTP row 13."""
    async with port(shutdown=BRUTAL_KILL) as (box, _):
        assert await box.ask("hello", LONG) == "hello"
    assert gone(lives[0].os_pid or 0)
    assert lives[0].lines == []


async def test_what_a_process_started_goes_with_it() -> None:
    async with port() as (box, _):
        grandchild = await box.ask({"grandchild": 60}, LONG)
        assert not gone(grandchild)
        with pytest.raises(ActorDied):
            await box.ask({"exit": 3}, LONG)
        await becomes(lambda: gone(grandchild))


async def test_rlimits_hold_in_the_child() -> None:
    async with port(rlimits={"RLIMIT_AS": 256 << 20}) as (box, run):
        assert await box.ask({"allocate": 1 << 20}, LONG) == 1 << 20
        with pytest.raises(ActorDied):
            await box.ask({"allocate": 512 << 20}, LONG)
        assert await box.ask("next", LONG) == "next"
        assert "MemoryError" in (run.info("port").last_error or "")


async def test_a_pool_of_ports_serves_on_while_one_of_them_is_killed_again_and_again() -> None:
    lives.clear()
    open_files = open_file_count()
    box = Mailbox("pool")
    spec = pool("pool", lambda: Listening(command(), timeout=LONG), size=2, mailbox=box, max_restarts=100)
    async with running(Supervisor("root", children=[spec])) as run:
        for n in range(10):
            await run.supervisor.kill_child(f"root/pool/{1 + n % 2}")
            assert await box.ask(n, LONG) == n
        pids = [child.os_pid for child in run.info("pool").children]
        assert len(set(pids)) == 2
    assert all(gone(life.os_pid or 0) for life in lives)
    assert open_file_count() <= open_files


async def test_the_childs_side_does_not_load_trio() -> None:
    """So that it starts in tens of milliseconds."""
    async with port() as (box, _):
        assert await box.ask({"modules": ["trio", "loguru", "mydia.otp.port", "mydia.otp.port_child"]}, LONG) == [
            "mydia.otp.port_child"
        ]


def test_no_child_survives_a_parent_that_is_killed() -> None:
    """Even a busy one, which does not read the end of its stdin; and after the thread that Trio would have forked in
    is long gone it still lives as long as its parent does."""
    program = textwrap.dedent(
        f"""
        import sys, trio, trio.testing
        from mydia.otp import *

        box = Mailbox("box")
        ports = actor("port", lambda: Port([sys.executable, {CHILD!r}, "serve"], timeout=60), mailbox=box)
        supervisor = Supervisor("root", children=[ports])

        async def main():
            async with trio.open_nursery() as nursery:
                await nursery.start(supervisor.run)
                nursery.start_soon(box.ask, {{"sleep": 60}}, 60)
                await trio.testing.wait_all_tasks_blocked()
                print(supervisor.children()[0].os_pid, flush=True)

        trio.run(main)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.kill()
    deadline = time.monotonic() + LONG
    while not gone(child):
        assert time.monotonic() < deadline
        time.sleep(0.005)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON, max_size=5), st.integers(1, 7))
def test_frames_come_out_as_they_went_in_however_the_bytes_are_cut(messages: list[Any], cut: int) -> None:
    data = b"".join(frame({"event": message}) for message in messages)
    unframer, out = Unframer(), list[Any]()
    for at in range(0, len(data), cut):
        out += [message["event"] for message in unframer.feed(data[at : at + cut])]
    assert out == messages


def test_a_length_beyond_the_limit_is_no_frame() -> None:
    with pytest.raises(ValueError, match="is no frame"):
        list(Unframer().feed((MAX_FRAME + 1).to_bytes(4, "big")))
