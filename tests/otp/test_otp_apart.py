"""One call in a process of its own: its value and its refusal come back, its bug and its death are told, and no process is left."""

import os
from pathlib import Path

import pytest
import trio

from mydia.errors import Invalid
from mydia.otp import PortDied, apart
from mydia.store.paging import decode_cursor


async def test_a_call_apart_returns_what_the_function_does_in_another_process() -> None:
    assert await apart(sorted, [3, 1, 2], reverse=True) == [3, 2, 1]
    assert await apart(os.getpid) != os.getpid()


async def test_more_than_a_pipe_holds_goes_both_ways() -> None:
    data = bytes(range(256)) * (1 << 14)
    assert await apart(bytes, data) == data


async def test_what_the_function_prints_is_not_its_answer() -> None:
    await apart(print, "words")


async def test_a_refusal_is_raised_as_it_was_there() -> None:
    with pytest.raises(Invalid):
        await apart(decode_cursor, "broken", str)


async def test_a_bug_is_told_with_its_stack() -> None:
    with pytest.raises(PortDied, match="invalid literal for int"):
        await apart(int, "x")


async def test_a_process_that_ends_without_an_answer_is_told_with_its_status() -> None:
    with pytest.raises(PortDied, match="ended with status 3"):
        await apart(os._exit, 3)


async def test_cancelled_it_is_killed_and_reaped(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(apart, Path.read_text, pipe)
        writer = await trio.to_thread.run_sync(os.open, pipe, os.O_WRONLY)  # until somebody reads
        nursery.cancel_scope.cancel()
    with pytest.raises(BrokenPipeError):  # nobody does any more
        os.write(writer, b"x")
    os.close(writer)
