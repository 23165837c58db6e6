"""An export, an import, a move and a restore that the power, a kill or the fall of the server cuts short: the old database or the new one,
whole, and the next try ends it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crash import carrying
from tests.crash.falls import FALLEN, KILLED
from tests.crash.power import KEYS
from tests.support.postgres import Postgres

Server = tuple[Postgres, str]


@pytest.mark.parametrize(("key", "times"), [(None, 12), (KEYS[0], 6)], ids=["SQLite", "SQLCipher"])
@pytest.mark.parametrize("carry", [carrying.import_over, carrying.restored])
def test_a_power_cut_leaves_the_old_database_or_the_new_one_and_the_next_try_ends_it(
    tmp_path: Path, seed: int, carry: Callable[[Path, str | None], Any], key: str | None, times: int
) -> None:
    deed, furnish = carry(tmp_path, key)
    recording = carrying.record(tmp_path, deed, furnish, key)
    outcome = carrying.cut(recording, tmp_path / "after", seed, times)
    assert outcome.wrong == []


def test_a_power_cut_during_a_move_from_postgresql_leaves_nothing_or_all_of_it(
    tmp_path: Path, seed: int, postgres: Server
) -> None:
    recording = carrying.record(tmp_path, *carrying.move_here(tmp_path, postgres[0]))
    outcome = carrying.cut(recording, tmp_path / "after", seed, times=8)
    assert outcome.wrong == []


@pytest.mark.parametrize("carry", [carrying.import_there, carrying.move_there])
def test_a_command_that_is_killed_leaves_the_old_database_or_the_new_one_and_the_next_try_ends_it(
    tmp_path: Path, seed: int, postgres: Server, carry: Callable[[Path, Postgres], Any]
) -> None:
    outcome = carrying.let_fall(carry(tmp_path, postgres[0]), postgres[0], [KILLED], seed, times=2, last=1)
    assert outcome.wrong == []
    assert outcome.cuts > 0


@pytest.mark.xdist_group("falling")
@pytest.mark.parametrize(
    "carry", [carrying.export_from, carrying.import_there, carrying.move_there, carrying.move_back]
)
def test_a_server_that_falls_meanwhile_leaves_the_old_or_the_new_and_is_said_in_one_line_and_the_next_try_ends_it(
    tmp_path: Path, seed: int, falling: Postgres, carry: Callable[[Path, Postgres], Any]
) -> None:
    outcome = carrying.let_fall(carry(tmp_path, falling), falling, FALLEN, seed, times=3, last=1)
    assert outcome.wrong == []
    assert outcome.cuts > 0
