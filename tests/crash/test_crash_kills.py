"""kill -9 of the whole daemon while many clients use it, or of its server: what was acknowledged is there, nothing is half there, no file
astray."""

from pathlib import Path

import pytest

from tests.crash.kills import live
from tests.crash.power import KEYS
from tests.support.postgres import Postgres

KILLS = 15
"""`make bench` does five hundred, a hundred of an encrypted database, and a hundred on PostgreSQL, and has its server fall many times."""


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(600)
async def test_whenever_it_is_killed_the_house_keeps_every_promise_it_made(tmp_path: Path, seed: int) -> None:
    outcome = await live(tmp_path, seed, KILLS, films=66, within=20)
    assert outcome.wrong == []
    assert outcome.kills > 0


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(600)
async def test_whenever_it_is_killed_a_house_with_an_encrypted_database_keeps_every_promise_it_made(
    tmp_path: Path, seed: int
) -> None:
    outcome = await live(tmp_path, seed, 4, films=33, within=8, key=KEYS[0])
    assert outcome.wrong == []
    assert outcome.kills > 0
    assert not (tmp_path / "world/data/mydia.db").read_bytes().startswith(b"SQLite format")


@pytest.mark.xdist_group("falling")
@pytest.mark.timeout(600)
async def test_whenever_it_is_killed_or_its_server_falls_a_house_on_postgresql_keeps_every_promise_it_made(
    tmp_path: Path, seed: int, falling: Postgres
) -> None:
    url = falling.url(falling.create())
    outcome = await live(tmp_path, seed, 4, films=33, within=8, url=url, falling=falling)
    assert outcome.wrong == []
    assert outcome.kills > 0
    assert outcome.falls > 1
