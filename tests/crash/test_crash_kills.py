"""kill -9 of the whole daemon while many clients use it: what was acknowledged is there, nothing is half there, no file astray."""

from pathlib import Path

import pytest

from tests.crash.kills import live

KILLS = 15
"""`make bench` does five hundred."""


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(600)
async def test_whenever_it_is_killed_the_house_keeps_every_promise_it_made(tmp_path: Path, seed: int) -> None:
    outcome = await live(tmp_path, seed, KILLS, films=66, within=20)
    assert outcome.wrong == []
    assert outcome.kills > 0
