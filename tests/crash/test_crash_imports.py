"""The power goes during an import, its process is killed, or the server falls that its database is on: it is finished, and the old film or
the new one is whole at every moment."""

import random
from pathlib import Path

import pytest

from tests.crash.falls import FALLEN
from tests.crash.imports import cut, kill, let_fall, record
from tests.support.postgres import Postgres

STEPS = 22
"""What an import has, at least; `make bench` ends one at each."""


@pytest.mark.parametrize(
    ("same_name", "copied"), [(True, True), (False, False)], ids=["copied over its name", "linked"]
)
async def test_d29_a_power_cut_during_an_import_loses_neither_film_and_the_next_start_finishes_it(
    tmp_path: Path, seed: int, same_name: bool, copied: bool
) -> None:
    recorded = await record(tmp_path / "disk", same_name=same_name, copied=copied)
    outcome = await cut(tmp_path / "disk", *recorded, seed, times=3)
    assert outcome.wrong == []
    assert outcome.cuts == 3


@pytest.mark.xdist_group("falling")
async def test_d29_an_import_into_a_house_on_postgresql_that_is_killed_is_finished_by_the_next_start(
    tmp_path: Path, seed: int, falling: Postgres
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a moment, nothing secret
    _, wrong = await kill(tmp_path / "disk", chance.randint(1, STEPS), falling, same_name=chance.random() < 0.5)
    assert wrong == []


@pytest.mark.xdist_group("falling")
@pytest.mark.parametrize("patient", [True, False], ids=["for a moment", "longer than the house waits"])
async def test_d29_an_import_during_which_the_server_of_the_database_falls_comes_to_its_end_once(
    tmp_path: Path, seed: int, falling: Postgres, patient: bool
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a moment and a way to fall
    what, at, same_name = chance.choice(FALLEN), chance.randint(1, STEPS), chance.random() < 0.5
    over, wrong = await let_fall(tmp_path / "disk", falling, what, at, same_name=same_name, patient=patient)
    assert wrong == []
    assert not over
