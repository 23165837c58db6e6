"""The power goes during an import: the next start finishes it, and the old film or the new one is whole at every moment."""

from pathlib import Path

import pytest

from tests.crash.imports import cut, record


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
