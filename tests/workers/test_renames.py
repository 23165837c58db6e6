"""Renaming held files: side files come along, nothing is overwritten, a kill at any step loses nothing, and there is a way back."""

from pathlib import Path

import pytest

from mydia.events import FileGone, FileRenamed
from mydia.jobs.queries import get_job
from mydia.library import changes as library
from mydia.library import queries as files
from mydia.library import renames
from mydia.library.model import FileFacts, SeenFile
from mydia.settings.model import Config
from tests.support.crew import add, film, happened, minute, push, tree_of
from tests.support.delivery import CONFIG, Dock, Ended, Fate, dock

HD = "Charade.1963.1080p.BluRay.x264-GRP"
BEFORE = "Charade (1963)/Charade (1963) - Bluray-1080p.mkv"
AFTER = "C/Charade-GRP.mkv"


def name_anew(here: Dock, template: str = "C/{title}{-Release Group}") -> None:
    here.house.config = Config.model_validate(
        {**CONFIG, "data_dir": here.house.config.data_dir, "media": {"naming": {"movie": template}}}
    )


async def shelved(here: Dock) -> str:
    """A film that was imported with a subtitle beside it; its id. Its templates are others by now."""
    item = await add(here.house, film())
    await here.bring(item, HD, ("c.mkv", minute("1080p")), ("c.en.srt", b"1"))
    assert tree_of(here.films) == {BEFORE, BEFORE.replace(".mkv", ".en.srt")}
    name_anew(here)
    return item


async def rename_all(here: Dock) -> str:
    batch, job = await here.house.write(renames.request_renames, actor="ann")
    assert (await push(here.house, job)).state == "completed"
    return batch


async def test_files_get_their_new_names_with_their_side_files_and_their_old_ones_back(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await shelved(here)
        inode = (here.films / BEFORE).stat().st_ino
        batch = await rename_all(here)
        assert tree_of(here.films) == {AFTER, AFTER.replace(".mkv", ".en.srt")}
        assert (here.films / AFTER).stat().st_ino == inode
        assert not (here.films / "Charade (1963)").exists()
        held = await here.held(item)
        assert (held.relative_path, held.scene_name, held.state) == (AFTER, HD, "linked")
        (event,) = await here.house.read(happened, FileRenamed)
        assert (event["before"], event["path"]) == (BEFORE, AFTER)
        (told,) = (await here.house.read(renames.batches)).items
        assert (told.id, told.actor, told.done, told.failed, told.waiting) == (batch, "ann", 1, 0, 0)

        _, job = await here.house.write(renames.request_undo, batch, actor="ben")
        assert (await push(here.house, job)).state == "completed"
        assert tree_of(here.films) == {BEFORE, BEFORE.replace(".mkv", ".en.srt")}
        assert (await here.held(item)).relative_path == BEFORE


async def test_a_file_whose_new_name_is_another_s_keeps_its_own_and_says_why(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        await shelved(here)
        (here.films / "C").mkdir()
        (here.films / AFTER).write_bytes(b"somebody else's")
        batch = await rename_all(here)
        assert (here.films / AFTER).read_bytes() == b"somebody else's"
        assert (here.films / BEFORE).exists()
        (row,) = await here.house.read(renames.rows_of, batch)
        assert (row.state, "another file's name already" in (row.reason or "")) == ("failed", True)


async def test_what_is_on_its_way_to_another_name_is_neither_gone_nor_new(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await shelved(here)
        file = await here.held(item)
        wanted = [(file.id, BEFORE, AFTER)]
        assert await here.house.write(renames.intend_renames, "b", wanted, actor="ann") == 1
        assert await here.house.write(renames.intend_renames, "c", wanted, actor="ann") == 0
        await here.house.write(library.files_gone, {file.id: file.relative_path})
        assert await here.house.write(library.files_seen, file.root_id, [SeenFile(AFTER, 1, 1, 1)]) == 0
        assert await here.house.read(happened, FileGone) == []
        assert (await here.held(item)).id == file.id


@pytest.mark.parametrize("step", range(1, 13))
async def test_a_rename_that_is_cut_short_at_any_step_is_finished_by_the_next(tmp_path: Path, step: int) -> None:
    fate = Fate()
    async with dock(tmp_path, fate, idle=True) as here:
        item = await add(here.house, film())
        root = next(r for r in await here.house.read(files.roots) if r.type == "movie")
        (here.films / "old").mkdir()
        for name in ("film.mkv", "film.en.srt"):
            (here.films / "old" / name).write_bytes(b"x")
        seen = (here.films / "old/film.mkv").stat()
        known = SeenFile("old/film.mkv", seen.st_size, seen.st_mtime_ns, seen.st_ino)
        await here.house.write(library.files_seen, root.id, [known])
        (file,) = (await here.house.read(files.list_files)).items
        await here.house.write(library.link_file, file.id, item, (), FileFacts(quality="Bluray-1080p"))
        name_anew(here, "C/{title}")
        _, job_id = await here.house.write(renames.request_renames, actor="ann")
        job = await here.house.read(get_job, job_id)
        fate.at = len(fate.steps) + step
        try:
            await here.importer().shelf.rename_files(job)
        except Ended:
            fate.revive()
            await here.importer().shelf.rename_files(job)
        assert tree_of(here.films) == {"C/Charade.mkv", "C/Charade.en.srt"}
        assert (await here.held(item)).relative_path == "C/Charade.mkv"
