"""What becomes of a job, by what its handler raised."""

from collections.abc import Callable
from typing import Any

import pytest

from mydia.errors import Forbidden, Invalid, NotFound, Unavailable
from mydia.jobs import changes
from mydia.jobs.model import Discard, Job
from mydia.jobs.outcome import came_to
from mydia.otp import ActorDied, AskTimeout

BUG = RuntimeError("a bug")


def attempt(number: int = 1, snoozed: int = 0) -> Job:
    given: dict[str, Any] = dict.fromkeys(Job.__dataclass_fields__)
    return Job(**given | {"id": "j", "attempt": number, "max_attempts": 5, "snoozed": snoozed})


@pytest.mark.parametrize(
    ("raised", "change"),
    [
        (None, changes.complete),
        (Unavailable("down"), changes.snooze),
        (Discard("of no use"), changes.discard),
        (Invalid("wrong"), changes.discard),
        (NotFound("gone"), changes.discard),
        (ActorDied("died"), changes.retry_later),
        (AskTimeout("late"), changes.retry_later),
        (Forbidden("no"), changes.retry_later),
        (BUG, changes.retry_later),
        (ExceptionGroup("", [Unavailable("a"), ExceptionGroup("", [Unavailable("b")])]), changes.snooze),
        (ExceptionGroup("", [Invalid("a"), NotFound("b")]), changes.discard),
        (ExceptionGroup("", [Unavailable("a"), BUG]), changes.retry_later),
    ],
)
def test_what_a_handler_raised_says_what_becomes_of_its_job(
    raised: Exception | None, change: Callable[..., object]
) -> None:
    ended = came_to(attempt(), raised, 0.5)
    assert (ended.job_id, ended.change) == ("j", change)


def test_the_outside_says_how_long_to_wait_and_of_several_the_longest_counts() -> None:
    told = ExceptionGroup("", [Unavailable("one", retry_after=5), Unavailable("two", retry_after=9), Unavailable("x")])
    assert came_to(attempt(), told, 0.5).args == (9, "one; two; x")
    assert came_to(attempt(snoozed=2), Unavailable("down"), 0.5).args == (15 + 2**3, "down")


def test_a_bug_keeps_its_stack_and_waits_longer_each_time() -> None:
    waits = []
    for number in (1, 2, 3):
        reason, stack, wait = came_to(attempt(number), BUG, 0.5).args
        assert (reason, "RuntimeError: a bug" in stack) == ("a bug", True)
        waits.append(wait)
    assert waits == [17, 19, 23]


def test_a_part_of_the_house_that_was_being_restarted_is_asked_again_soon() -> None:
    assert [came_to(attempt(n), ActorDied("died"), 0.5).args[2] for n in (1, 2, 3)] == [0.5, 2.0, 8.0]
    mixed = ExceptionGroup("", [ActorDied("died"), BUG])
    assert came_to(attempt(), mixed, 0.5).args[2] == 17
