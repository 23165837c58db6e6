"""Rows of renames: intended once, done once, counted by batch, and found again for the way back."""

from pathlib import Path

import pytest

from mydia.choosing.changes import seed_defaults
from mydia.errors import NotFound
from mydia.library import renames
from mydia.library.queries import files_of, get_file
from tests.support.choosing_world import Lying, add_film, hold
from tests.support.house import open_house


async def test_a_batch_is_counted_by_what_became_of_its_files_and_can_be_taken_back(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(seed_defaults)
        film = await add_film(house)
        for name in ("a.mkv", "b.mkv", "c.mkv"):
            await hold(house, film, Lying(name, "The.Film.2001.1080p.WEB-DL-GRP"))
        files = await house.read(files_of, film)
        wanted = [(f.id, f.relative_path, f"new/{f.relative_path}") for f in files]
        assert await house.write(renames.intend_renames, "b1", [*wanted, ("nothing", "x", "y")], actor="ann") == 3
        assert await house.write(renames.intend_renames, "b1", wanted, actor="ann") == 0
        first, second, _ = await house.read(renames.rows_of, "b1", "intent")
        for _ in range(2):
            await house.write(renames.renamed, first.id, [("a.srt", "new/a.srt")])
        await house.write(renames.rename_failed, second.id, "its name is taken")
        (told,) = (await house.read(renames.batches)).items
        assert (told.done, told.failed, told.waiting) == (1, 1, 1)
        assert (await house.read(get_file, first.file_id or "")).relative_path == "new/a.mkv"
        back = await house.read(renames.reversals, "b1", "", 10)
        assert [w for _, w in back] == [(first.file_id, "new/a.mkv", "a.mkv")]
        _, job = await house.write(renames.request_undo, "b1", actor="ben")
        assert job
        with pytest.raises(NotFound, match="nothing to undo"):
            await house.write(renames.request_undo, "b2", actor="ben")


async def test_batches_are_paged_the_latest_first(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.write(seed_defaults)
        film = await add_film(house)
        await hold(house, film, Lying("a.mkv", "The.Film.2001.1080p.WEB-DL-GRP"))
        (file,) = await house.read(files_of, film)
        for n in range(3):
            await house.write(renames.intend_renames, f"b{n}", [(file.id, "a.mkv", "b.mkv")], actor="ann")
            (row,) = await house.read(renames.rows_of, f"b{n}")
            await house.write(renames.rename_failed, row.id, "no")
        first = await house.read(renames.batches, limit=2)
        rest = await house.read(renames.batches, cursor=first.next, limit=2)
        assert ([b.id for b in (*first.items, *rest.items)], rest.next) == (["b2", "b1", "b0"], None)
