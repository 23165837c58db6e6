"""How a crash is told to people: one line, masked, short, root cause first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.otp import Supervisor
from mydia.otp.life import one_line
from tests.otp.otp_stage import Player, running

SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        "GET https://host/api?apikey=hunter2&t=search failed",
        "url 'https://user:hunter2@host/path'",
        "{'password': 'hunter2', 'user': 'x'}",
        "Authorization: Bearer hunter2",
        "token=hunter2",
        'api_key="hunter2"',
        "X-Api-Key: hunter2",
        "client_secret = hunter2",
        "Cookie: session=hunter2",
    ],
)
def test_secrets_are_masked_in_the_last_error(text: str) -> None:
    """OTP row 44."""
    line = one_line(ValueError(text))
    assert SECRET not in line
    assert "***" in line


@pytest.mark.parametrize("text", ["no such file: /films/Secret Agent (1936)/x.mkv", "the pass is over", "tokens: 3"])
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert one_line(ValueError(text)) == f"ValueError: {text}"


@given(st.text(), st.integers(20, 300))
def test_an_error_is_one_line_of_bounded_length_whatever_it_says(text: str, limit: int) -> None:
    """OTP row 44."""
    line = one_line(ExceptionGroup("g", [ValueError(text), OSError("other")]), limit)
    assert len(line) <= limit
    assert len(line.splitlines()) == 1
    assert line.startswith("ValueError")


async def test_a_crash_report_in_the_tree_is_masked_and_short() -> None:
    """OTP row 44."""
    a = Player("a")
    async with running(Supervisor("root", children=[a.spec])) as run:
        await a.crash(ValueError("password=hunter2 " + "x" * 10_000))
        error = run.info("a").last_error
    assert error is not None
    assert error.startswith("ValueError: password=*** xxx")
    assert len(error) == 200
