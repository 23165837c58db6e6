"""The import: whole or not at all, nothing lost, nothing twice, whatever fails and whenever it is ended."""

import errno
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from mydia.downloads import changes as downloads
from mydia.downloads import queries as download_queries
from mydia.errors import Conflict
from mydia.events import DownloadFailed, FileTrashed, HealthChanged, Imported, ImportHeld
from mydia.jobs import changes as job_changes
from mydia.jobs import queries as jobs
from mydia.library import queries as library
from mydia.library.changes import ensure_roots, files_seen, link_file
from mydia.library.model import FileFacts, SeenFile
from mydia.library.trash import intend_trash, request_restore
from mydia.store.transaction import Transaction
from tests.support.crew import add, file_at, film, happened, kill, minute, over, put, show, tree_of
from tests.support.delivery import Dock, Fate, dock
from tests.support.house import FullDisk
from tests.support.lead import Lead
from tests.support.waiting import eventually

HD = "Charade.1963.1080p.BluRay.x264-GRP"
LOW = "Charade.1963.480p.DVDRip.XviD-GRP"
PLACED = "Charade (1963)/Charade (1963) - Bluray-1080p.mkv"


async def imported(dock: Dock) -> list[str]:
    return [e["path"] for e in await dock.house.read(happened, Imported)]


async def again(dock: Dock, download: str) -> None:
    """Bring the import's next try forward, as a person can."""

    async def waiting() -> str | None:
        found = [
            j
            for j in (await dock.house.read(jobs.list_jobs)).items
            if j.kind == "import_download" and j.args["download_id"] == download
        ]
        return found[0].id if found and found[0].state in ("scheduled", "retryable") else None

    with suppress(Conflict):  # it may have come due by itself meanwhile, and run
        await dock.house.write(job_changes.retry_job, await eventually(waiting))


# -- what an import is


async def test_d14_a_film_is_linked_to_its_name_and_the_download_stays_what_it_was(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        download = await here.bring(item, HD, ("x/Charade.mkv", minute("1080p")), ("x/Charade.en.srt", b"1"))
        source = here.landing / download.id / "x/Charade.mkv"
        placed = here.films / PLACED
        assert tree_of(here.films) == {PLACED, PLACED.replace(".mkv", ".en.srt")}
        assert source.stat().st_ino == placed.stat().st_ino
        file = await here.held(item)
        assert (file.quality, file.resolution, file.codec, file.release_group) == (
            "Bluray-1080p",
            "1080p",
            "h264",
            "GRP",
        )
        (event,) = await here.house.read(happened, Imported)
        assert (event["method"], event["reason"], event["is_upgrade"]) == ("hardlink", None, False)


async def test_d11_d12_d15_where_no_link_is_possible_it_is_copied_and_the_reason_is_kept(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        async with dock(tmp_path, landing=Path(other)) as here:
            assert here.landing.stat().st_dev != here.films.stat().st_dev
            item = await add(here.house, film())
            download = await here.bring(item, HD, ("Charade.mkv", minute("1080p")))
            (event,) = await here.house.read(happened, Imported)
            assert event["method"] == "copy"
            assert "different file systems" in event["reason"]
            assert (here.landing / download.id / "Charade.mkv").read_bytes() == (here.films / PLACED).read_bytes()
            films, shows = await here.house.read(library.roots)
            assert "different file systems" in (films.copies or "")
            assert shows.copies is None
            (told,) = await here.house.read(happened, HealthChanged)
            assert not told["ok"]
            assert "are copied" in told["message"]


async def test_d11_that_links_are_impossible_is_told_before_anything_is_imported(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "downloads").symlink_to(other, target_is_directory=True)
        async with dock(tmp_path) as here:

            async def seen() -> bool:
                return all(
                    "different file systems" in (root.copies or "") for root in await here.house.read(library.roots)
                )

            await eventually(seen)
            (tmp_path / "data" / "downloads").unlink()
            (tmp_path / "data" / "downloads").mkdir()
            assert here.crew is not None
            await kill(here.crew, "importer")

            async def well() -> bool:
                return all(root.copies is None for root in await here.house.read(library.roots))

            await eventually(well)


async def test_an_upgrade_replaces_what_is_held_and_the_old_goes_to_the_trash_with_its_side_files(
    tmp_path: Path,
) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(item, LOW, ("c.avi", minute("480p")), ("c.en.srt", b"old"))
        old = await here.held(item)
        await here.bring(item, HD, ("c.mkv", minute("1080p")))
        await here.trash_is_still()
        assert tree_of(here.films) == {PLACED}
        assert (await here.held(item)).relative_path == PLACED
        (row,) = (await here.house.read(library.trash)).items
        assert (row.relative_path, row.reason) == (old.relative_path, f"Replaced by {PLACED}")
        back = await here.house.write(request_restore, row.id, actor="ann")
        assert (await over(here.house, back)).state == "completed"
        assert tree_of(here.films) == {PLACED, old.relative_path, old.relative_path.replace(".avi", ".en.srt")}
        with pytest.raises(Conflict, match="it is restored"):
            await here.house.write(request_restore, row.id, actor="ann")


async def held_elsewhere(here: Dock, folder: Path, item: str, video: Path) -> None:
    """A further library folder whose only file is held as the film, by the name that the next import will choose."""
    await here.house.write(ensure_roots, [(str(folder), "movie")])
    root = next(r for r in await here.house.read(library.roots) if r.path == str(folder))
    put(folder, [(PLACED, video)])
    status = (folder / PLACED).stat()
    await here.house.write(files_seen, root.id, [SeenFile(PLACED, status.st_size, status.st_mtime_ns, status.st_ino)])
    file = await here.house.read(file_at, root.id, PLACED)
    assert file is not None
    await here.house.write(link_file, file.id, item, (), FileFacts(quality="DVD"))


async def test_d19_a_held_file_of_another_folder_is_no_leave_to_replace_what_has_its_name_here(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await held_elsewhere(here, tmp_path / "more", item, minute("480p"))
        put(here.films, [(PLACED, b"a film of our own")])
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])
        held = await here.until(download, "held", "imported")
        assert "stands at" in (held.error_message or "")
        assert (here.films / PLACED).read_bytes() == b"a film of our own"
        assert (tmp_path / "more" / PLACED).exists()


async def test_a_file_of_the_same_name_that_was_gone_before_it_was_replaced_is_not_said_to_be_in_the_trash(
    tmp_path: Path,
) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await held_elsewhere(here, tmp_path / "more", item, minute("480p"))
        root = next(r for r in await here.house.read(library.roots) if r.path.endswith("more"))
        await here.house.write(Transaction.update, "media_items", item, root_id=root.id)
        put(tmp_path / "more", [("Another (1950).mkv", b"so that it is not empty")])
        (tmp_path / "more" / PLACED).unlink()  # nobody has noticed yet
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])
        await here.until(download, "imported")
        assert [row.relative_path for row in (await here.house.read(library.trash)).items] == []


async def test_a_restore_that_was_ended_after_its_last_step_and_runs_again_is_done(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(item, LOW, ("c.avi", minute("480p")))
        old = await here.held(item)
        await here.bring(item, HD, ("c.mkv", minute("1080p")))
        await here.trash_is_still()
        (row,) = (await here.house.read(library.trash)).items
        back = await here.house.write(request_restore, row.id, actor="ann")
        assert (await over(here.house, back)).state == "completed"
        await here.house.write(job_changes.retry_job, back)
        assert (await over(here.house, back)).state == "completed"
        assert tree_of(here.films) == {PLACED, old.relative_path}


async def test_d3_a_pack_brings_file_by_file_what_it_has_and_no_more(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, show())
        episodes = await here.episodes(item)
        names = [f"One.Step.Beyond.S01E{n:02}.720p.WEB-DL.H.264-GRP.mkv" for n in (1, 2, 3)]
        files = [(name, minute(seed=n)) for n, name in enumerate(names, 1)]
        download = await here.grab(item, "One.Step.Beyond.S01.720p.WEB-DL.H.264-GRP", files, targets=episodes)
        here.client.change(download, files=here.client.downloads[download].files[:2])
        await here.until(download, "imported")
        assert [(await here.held(item, e)).episode_ids for e in episodes[:2]] == [(e,) for e in episodes[:2]]


async def test_d2_d3_what_has_no_room_waits_while_the_rest_is_there_and_comes_when_there_is(tmp_path: Path) -> None:
    fate = Fate()
    async with dock(tmp_path, fate) as here:
        item = await add(here.house, show())
        episodes = await here.episodes(item)
        names = [f"One.Step.Beyond.S01E{n:02}.720p.WEB-DL.H.264-GRP.mkv" for n in (1, 2, 3)]
        # The third file's link fails: three begin_import, of which two with their link, fsync and rename.
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real, links = fate.step, iter(range(100))

        def step(name: str) -> None:
            if name == "link" and next(links) == 2:
                raise full
            real(name)

        fate.step = step  # type: ignore[method-assign]  # the third link only
        files = [(name, minute(seed=n)) for n, name in enumerate(names, 1)]
        download = await here.grab(item, "One.Step.Beyond.S01.720p.WEB-DL.H.264-GRP", files, targets=episodes)
        waits = await here.until(download, "completed", "held")

        async def told() -> bool:
            return "disk is full" in (
                (await here.house.read(download_queries.get_download, download)).error_message or ""
            )

        await eventually(told)
        assert waits.status == "completed"
        assert len(await imported(here)) == 2
        assert here.client.removed == []
        await again(here, download)
        await here.until(download, "imported")
        assert len(await imported(here)) == len(set(await imported(here))) == 3


async def test_d5_fifty_triggers_at_once_are_one_import(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])

        async def trigger(n: int) -> None:
            await here.house.write(Transaction.enqueue, "import_download", {"download_id": download, "n": n})

        async with trio.open_nursery() as nursery:
            for n in range(50):
                nursery.start_soon(trigger, n)
        await here.until(download, "imported")

        async def idle() -> bool:
            return not any(
                j.state in ("available", "executing") for j in (await here.house.read(jobs.list_jobs, limit=100)).items
            )

        await eventually(idle)
        assert await imported(here) == [PLACED]


async def test_d7_a_file_that_is_still_being_written_waits_until_its_writer_closes_it(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        slot = here.landing / "c.mkv"
        with slot.open("wb") as writer:
            download = await here.grab(item, HD, [("c.mkv", minute("1080p"))], at=here.landing)

            async def told() -> bool:
                row = await here.house.read(download_queries.get_download, download)
                return row.status == "completed" and "is still being written" in (row.error_message or "")

            await eventually(told)
            assert tree_of(here.films) == set()
            writer.flush()
        await again(here, download)
        await here.until(download, "imported")


async def test_d8_a_library_folder_that_is_not_there_makes_the_import_wait(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(item, LOW, ("c.avi", minute("480p")))
        here.films.rename(tmp_path / "unplugged")
        here.films.mkdir()  # its mount point
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])

        async def told() -> bool:
            row = await here.house.read(download_queries.get_download, download)
            return row.status == "completed" and "is empty but held" in (row.error_message or "")

        await eventually(told)
        assert tree_of(here.films) == set()
        here.films.rmdir()
        (tmp_path / "unplugged").rename(here.films)
        await again(here, download)
        await here.until(download, "imported")


async def test_a_download_whose_import_was_called_off_is_a_person_s_to_decide_and_not_stuck(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        here.films.rmdir()
        item = await add(here.house, film())
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])

        async def waits() -> str | None:
            for job in (await here.house.read(jobs.list_jobs)).items:
                if job.kind == "import_download" and job.state == "scheduled":
                    return job.id
            return None

        await here.house.write(job_changes.cancel_job, await eventually(waits))
        assert "called off" in ((await here.until(download, "held")).error_message or "")
        here.films.mkdir()
        await here.house.write(downloads.retry_import, download, actor="ann")
        await here.until(download, "imported")


async def test_d14_a_client_that_saves_into_the_library_keeps_its_files_and_a_person_is_told(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        inside = here.films / "incoming"
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))], at=inside)
        held = await here.until(download, "held")
        assert "saves into the library folder" in (held.error_message or "")
        assert tree_of(here.films) == {"incoming/c.mkv"}


async def test_d16_a_sample_beside_the_film_is_left_where_it_is(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(
            item, HD, ("Charade.mkv", minute("1080p")), ("Sample/charade-sample.mkv", b"\x1a\x45\xdf\xa3" + b"x" * 99)
        )
        assert tree_of(here.films) == {PLACED}


@pytest.mark.parametrize(
    "bad",
    [("Charade.mkv.exe", b"MZ" + b"\0" * 600), ("Charade.mkv", b"MZ" + b"\0" * 600)],
    ids=["a program named so", "a program named as a video"],
)
async def test_d18_a_program_dressed_as_a_video_is_never_imported_and_another_release_is_sought(
    tmp_path: Path, bad: tuple[str, bytes]
) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        beside = [("other.mkv", minute("1080p"))] if bad[0].endswith("exe") else []
        download = await here.grab(item, HD, [bad, *beside], infohash="a" * 40)
        row = await here.until(download, "failed")
        assert "is a program dressed as a video" in (row.error_message or "")
        assert tree_of(here.films) == set()
        (blocked,) = await here.house.read(download_queries.blocked_for, item)
        assert (blocked.title, blocked.infohash) == (HD, "a" * 40)
        assert len(await here.house.read(happened, DownloadFailed)) == 1
        assert any(j.kind == "search_media" for j in (await here.house.read(jobs.list_jobs)).items)


async def test_d19_the_very_same_file_at_the_destination_is_adopted(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        placed = here.films / PLACED
        placed.parent.mkdir()
        shutil.copyfile(minute("1080p"), placed)
        inode = placed.stat().st_ino
        await here.bring(item, HD, ("c.mkv", minute("1080p")))
        assert placed.stat().st_ino == inode
        assert (await here.held(item)).relative_path == PLACED


async def test_d19_another_file_at_the_destination_is_left_alone_and_a_person_decides(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        placed = here.films / PLACED
        placed.parent.mkdir()
        placed.write_bytes(b"somebody else's")
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])
        row = await here.until(download, "held")
        assert "another file of 15 bytes stands at" in (row.error_message or "")
        assert placed.read_bytes() == b"somebody else's"
        assert len(await here.house.read(happened, ImportHeld)) == 1
        placed.unlink()
        await here.house.write(downloads.retry_import, download, actor="ann")
        await here.until(download, "imported")


@pytest.mark.parametrize(
    ("release", "video"), [(HD.replace("GRP", "NEW"), "1080p"), (LOW, "480p")], ids=["equal", "worse"]
)
async def test_d21_nothing_is_replaced_by_its_equal_or_by_worse(tmp_path: Path, release: str, video: str) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(item, HD, ("c.mkv", minute("1080p")))
        download = await here.grab(item, release, [("d.mkv", minute(video, seed=2))])
        await here.until(download, "held")
        assert tree_of(here.films) == {PLACED}
        assert await here.house.read(happened, FileTrashed) == []


async def test_what_a_person_wants_nevertheless_is_imported_and_what_it_replaces_can_be_restored(
    tmp_path: Path,
) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(item, HD, ("c.mkv", minute("1080p")))
        download = await here.grab(item, LOW, [("d.avi", minute("480p", seed=2))])
        await here.until(download, "held")
        await here.house.write(downloads.retry_import, download, actor="ann", force=True)
        await here.until(download, "imported")
        await here.trash_is_still()
        assert (await here.held(item)).quality == "DVD"
        assert [row.relative_path for row in (await here.house.read(library.trash)).items] == [PLACED]


async def test_d24_names_that_are_no_text_are_imported_or_told_in_words(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        good, bad = os.fsdecode(b"K\xf6nig \xff.mkv"), os.fsdecode(b"\xfe.srt")
        await here.bring(item, HD, (good, minute("1080p")), (bad, b"1"))
        assert PLACED in tree_of(here.films)
        other = await add(here.house, film("Sintel", 2010))
        download = await here.grab(other, "Sintel.2010.1080p.BluRay.x264-GRP", [(good, b"not a video at all")])
        row = await here.until(download, "held")
        (row.error_message or "").encode()


# -- ended or failing at any step


async def one_upgrade(here: Dock, n: int, same_name: bool) -> tuple[str, str, str]:
    """A film that is held, and a better download of it: the title, the download, the old file's path."""
    title = f"Film{chr(97 + n // 26)}{chr(97 + n % 26)}"
    item = await add(here.house, film(title, 1963))
    quiet, here.fate.at = here.fate.at, None
    low = f"{title}.1963.720p.BluRay.x264-GRP"
    await here.bring(item, low, ("old.mkv", minute("720p")), ("old.en.srt", b"old"))
    old = await here.held(item)
    here.fate.steps.clear()
    here.fate.at = quiet
    better = low.replace("x264", "PROPER.x264") if same_name else f"{title}.1963.1080p.BluRay.x264-GRP"
    video = minute("720p", seed=2) if same_name else minute("1080p")
    download = await here.grab(item, better, [("new.mkv", video), ("new.de.srt", b"new")])
    return item, download, old.relative_path


async def must_be_one_import(here: Dock, item: str, download: str, old: str, content: bytes) -> None:
    await here.until(download, "imported")
    await here.trash_is_still()
    held = await here.held(item)
    placed = here.films / held.relative_path
    assert placed.read_bytes() == content
    events = [e for e in await here.house.read(happened, Imported) if e["download_id"] == download]
    assert len(events) == 1
    trashed = [t for t in (await here.house.read(library.trash, limit=200)).items if t.relative_path == old]
    assert len(trashed) == 1
    assert (here.films / trashed[0].trash_path).read_bytes() == minute("720p").read_bytes()
    left = tree_of(placed.parent)
    assert not any(".mydia-" in name for name in left)
    assert len([name for name in left if name.endswith(".de.srt")]) == 1


def complete(here: Dock, old: str, *contents: bytes) -> None:
    """Whatever happened, one of these files lies whole in the library or its trash."""
    folder = here.films / Path(old).parent
    files = [p for p in (*folder.rglob("*"), *(here.films / ".mydia-trash").rglob("*")) if p.is_file()]
    assert any(p.read_bytes() in contents for p in files)


@pytest.mark.parametrize("same_name", [False, True], ids=["another name", "the same name"])
async def test_d29_ended_between_any_two_steps_there_is_exactly_one_import(tmp_path: Path, same_name: bool) -> None:
    fate = Fate()
    new = minute("720p", seed=2) if same_name else minute("1080p")
    async with dock(tmp_path, fate) as here:
        for n in range(1, 100):
            fate.at = n
            item, download, old = await one_upgrade(here, n, same_name)
            await must_be_one_import(here, item, download, old, new.read_bytes())
            if fate.at is not None:  # it was over before it came to that step
                break
        assert n > 12, fate.steps


@pytest.mark.parametrize(
    ("same_name", "number"),
    [(False, errno.ENOSPC), (True, errno.EIO)],
    ids=["another name, full", "the same name, broken"],
)
async def test_d1_whichever_step_of_a_replacement_fails_the_old_or_the_new_file_is_whole(
    tmp_path: Path, number: int, same_name: bool
) -> None:
    new = minute("720p", seed=2) if same_name else minute("1080p")
    fate = Fate()
    async with dock(tmp_path, fate) as here:
        for n in range(1, 100):
            fate.at, fate.error = n, OSError(number, os.strerror(number))
            item, download, old = await one_upgrade(here, n, same_name)
            await here.until(download, "completed", "imported", "importing")
            complete(here, old, minute("720p").read_bytes(), new.read_bytes())
            finished = len(fate.steps) < n

            async def through(download: str = download) -> bool:
                row = await here.house.read(download_queries.get_download, download)
                if row.status == "imported":
                    return True
                for job in (await here.house.read(jobs.list_jobs, limit=20)).items:
                    if job.kind == "import_download" and job.state in ("scheduled", "retryable"):
                        with suppress(Conflict):
                            await here.house.write(job_changes.retry_job, job.id)
                return False

            await eventually(through)
            fate.at = None
            assert (here.films / (await here.held(item)).relative_path).read_bytes() == new.read_bytes()
            if finished and len(fate.steps) < n:
                break
        assert n > 12


@pytest.mark.parametrize("at", [2, 5, 7, 10])
async def test_d6_d29_a_killed_process_leaves_no_half_file_and_the_next_finishes_its_import(
    tmp_path: Path, at: int
) -> None:
    async with dock(tmp_path, idle=True) as here:
        other = await add(here.house, film("Sintel", 2010))
        second = await here.grab(other, "Sintel.2010.1080p.BluRay.x264-GRP", [("s.mkv", minute("1080p", seed=3))])
    victim = [sys.executable, "-m", "tests.support.import_victim", str(tmp_path), second, str(at)]
    done = await trio.run_process(victim, check=False, capture_stderr=True)
    assert done.returncode == -9, done.stderr
    whole = minute("1080p", seed=3).read_bytes()
    for path in here.films.rglob("*Sintel*.mkv"):
        assert path.read_bytes() == whole
    async with dock(tmp_path, recall=second) as here:
        await here.until(second, "imported")
        assert (here.films / (await here.held(other)).relative_path).read_bytes() == whole
        assert len([e for e in await here.house.read(happened, Imported) if e["download_id"] == second]) == 1
        assert not list(here.films.rglob(".mydia-*.part"))


# -- crashes


async def test_an_importer_that_crashes_is_brought_back_and_finishes(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        assert here.crew is not None
        item = await add(here.house, film())
        download = await here.grab(item, HD, [("c.mkv", minute("1080p"))])
        for _ in range(3):
            assert here.crew is not None
            await kill(here.crew, "importer")
        await here.until(download, "imported")
        assert await imported(here) == [PLACED]


async def test_what_goes_to_the_trash_on_a_full_disk_is_written_down_when_there_is_room_again(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        put(here.films, [("Charade.mkv", b"film"), ("Arsenic.mkv", b"film")])
        (root, _) = await here.house.read(library.roots)
        await here.house.write(files_seen, root.id, [SeenFile("Charade.mkv", 4, 1, 1)])
        known = await here.house.read(library.known_at, root.id, ["Charade.mkv"])
        await here.house.write(intend_trash, known["Charade.mkv"].id, reason="of no use", actor="test")
        disk = FullDisk(here.house)
        await disk.refuses("importer")
        disk.freed()

        async def trashed() -> list[str]:
            return [row.relative_path for row in (await here.house.read(library.trash)).items]

        assert await eventually(trashed) == ["Charade.mkv"]
        assert tree_of(here.films) == {"Arsenic.mkv"}
        assert here.crew is not None
        assert {c.id: c.restarts for c in here.crew.children()}["importer"] == 0


# -- several daemons


async def test_no_file_is_moved_by_a_daemon_that_leads_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(item, LOW, ("x/Charade.avi", minute("480p")))
        (old,) = tree_of(here.films)
        lead = Lead(here.house, monkeypatch)
        better = await here.grab(item, HD, [("x/Charade.mkv", minute("1080p"))])
        await lead.asked()
        assert tree_of(here.films) == {old}
        lead.held = True
        await here.until(better, "imported")
        await here.trash_is_still()
        assert tree_of(here.films) == {PLACED}


async def test_nothing_goes_to_the_trash_by_a_daemon_that_leads_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dock(tmp_path) as here:
        item = await add(here.house, film())
        await here.bring(item, LOW, ("x/Charade.avi", minute("480p")))
        held, before = await here.held(item), tree_of(here.films)
        lead = Lead(here.house, monkeypatch)
        await here.house.write(intend_trash, held.id, reason="of no use", actor="test")
        here.house.mail["importer"].ring()
        await lead.asked()
        assert tree_of(here.films) == before
        lead.held = True
        here.house.mail["importer"].ring()
        await here.trash_is_still()
        assert tree_of(here.films) == set()
