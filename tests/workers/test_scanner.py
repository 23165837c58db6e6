"""The walk that tells the truth: what is there, what is new, what is gone; and what is only unknown."""

import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mydia.events import FileGone, ScanFinished
from mydia.house import House
from mydia.jobs import queries as jobs
from mydia.library import changes, queries
from mydia.library.model import Root
from mydia.messages import SettleFile
from mydia.otp import Actor
from mydia.store.transaction import Transaction
from tests.support.crew import BOOT, crew, file_at, happened, kill, member, over, run, settle_in
from tests.support.house import WallClock, open_house
from tests.support.waiting import eventually
from web.api.models import file_out
from workers.scanner import Scanner

OLD = 1_600_000_000


@asynccontextmanager
async def scanning(tmp_path: Path, **library: float) -> AsyncIterator[tuple[House, Root, Path]]:
    """A house with one film folder and a scanner at work."""
    films = tmp_path / "films"
    films.mkdir()
    async with open_house(tmp_path / "data", {"library": library}, WallClock()) as house:
        (root,) = await settle_in(house, (films, "movie"))
        async with crew(member(house, "scanner", lambda: Scanner(house, BOOT))):
            yield house, root, films


def lay(folder: Path, *names: str | bytes) -> None:
    """Files that were written long ago."""
    for name in names:
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")
        os.utime(path, (OLD, OLD))


async def scan(house: House, root: Root, **args: str) -> Root:
    job = await run(house, "scan_root", root_id=root.id, **args)
    assert job.state == "completed", job.errors
    return await house.read(queries.get_root, root.id)


async def states(house: House) -> dict[str, str]:
    return {f.relative_path: f.state for f in (await house.read(queries.list_files, limit=200)).items}


async def test_a_scan_finds_each_video_once_and_asks_what_it_is(tmp_path: Path) -> None:
    async with scanning(tmp_path) as (house, root, films):
        lay(films, "a.mkv", "Some Folder/b.mp4", "note.txt", ".hidden.mkv")
        first = await scan(house, root)
        second = await scan(house, root)
        assert await states(house) == {"a.mkv": "new", "Some Folder/b.mp4": "new"}
        assert [(s.last_scan or {})["added"] for s in (first, second)] == [2, 0]
        assert [e["path"] for e in await house.read(happened, ScanFinished)] == [str(films)] * 2
        assert len((await house.read(jobs.list_jobs, state="available")).items) == 2


async def test_d8_a_folder_that_is_missing_is_unknown_and_nothing_in_it_is_gone(tmp_path: Path) -> None:
    async with scanning(tmp_path) as (house, root, films):
        lay(films, "a.mkv")
        await scan(house, root)
        films.rename(tmp_path / "elsewhere")
        found = await scan(house, root)
        assert (found.state, await states(house)) == ("unavailable", {"a.mkv": "new"})
        assert "does not exist" in (found.reason or "")
        (tmp_path / "elsewhere").rename(films)
        assert (await scan(house, root)).state == "ok"
        assert await house.read(happened, FileGone) == []


async def test_d8_a_folder_that_is_empty_where_it_was_full_is_suspicious(tmp_path: Path) -> None:
    async with scanning(tmp_path) as (house, root, films):
        lay(films, "a.mkv")
        await scan(house, root)
        (films / "a.mkv").unlink()
        found = await scan(house, root)
        assert (found.state, await states(house)) == ("suspicious", {"a.mkv": "new"})
        assert "is empty but held 1 files" in (found.reason or "")


async def test_d8_a_folder_on_another_device_stays_suspicious_until_it_is_the_old_one_again(tmp_path: Path) -> None:
    async with scanning(tmp_path) as (house, root, films):
        lay(films, "a.mkv", "b.mkv")
        await scan(house, root)
        await house.write(Transaction.update, "library_roots", root.id, device=films.stat().st_dev + 1)
        (films / "a.mkv").unlink()
        for _ in range(2):  # the wrong disk is no more right for having been looked at once
            found = await scan(house, root)
            assert found.state == "suspicious"
            assert set((await states(house)).values()) == {"new"}


async def test_a_folder_that_can_only_be_read_is_told_and_its_files_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: str, flags: int, *rest: int, **more: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return real(path, flags, *rest, **more)

    async with scanning(tmp_path) as (house, root, films):
        lay(films, "a.mkv")
        monkeypatch.setattr(os, "open", refuse)  # the tests run as root, who may write everywhere
        found = await scan(house, root)
        assert (found.state, await states(house)) == ("readonly", {"a.mkv": "new"})
        assert "can't write to" in (found.reason or "")


async def test_a_file_that_is_gone_from_a_healthy_folder_is_missing_and_comes_back(tmp_path: Path) -> None:
    async with scanning(tmp_path) as (house, root, films):
        lay(films, "a.mkv", "b.mkv")
        await scan(house, root)
        (films / "a.mkv").unlink()
        await scan(house, root)
        assert await states(house) == {"a.mkv": "missing", "b.mkv": "new"}
        lay(films, "a.mkv")
        await scan(house, root)
        assert (await states(house))["a.mkv"] == "new"


async def test_many_files_gone_at_once_open_the_circuit_breaker_until_a_person_confirms(tmp_path: Path) -> None:
    async with scanning(tmp_path, gone_at_least=2, gone_share=0.2) as (house, root, films):
        lay(films, *(f"{n}.mkv" for n in range(10)))
        await scan(house, root)
        for n in range(3):
            (films / f"{n}.mkv").unlink()
        found = await scan(house, root)
        assert found.state == "suspicious"
        assert "3 of 10 files vanished at once" in (found.reason or "")
        assert set((await states(house)).values()) == {"new"}
        await over(house, await house.write(changes.confirm_root, root.id, actor="ann"))
        assert sorted((await states(house)).values()) == ["missing"] * 3 + ["new"] * 7
        assert (await house.read(queries.get_root, root.id)).state == "ok"


async def test_a_folder_that_may_not_be_read_makes_nothing_in_it_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def shut(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("/shut"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path)

    async with scanning(tmp_path) as (house, root, films):
        lay(films, "open/a.mkv", "shut/b.mkv")
        await scan(house, root)
        (films / "shut/b.mkv").unlink()
        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", shut)
            found = await scan(house, root)
        assert await states(house) == {"open/a.mkv": "new", "shut/b.mkv": "new"}
        assert "give it read and write access" in (found.last_scan or {})["problems"][0]
        await scan(house, root)
        assert (await states(house))["shut/b.mkv"] == "missing"


async def test_links_are_not_followed_and_one_that_leads_out_is_told(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    lay(outside, "secret.mkv")
    async with scanning(tmp_path) as (house, root, films):
        lay(films, "real/a.mkv")
        (films / "out").symlink_to(outside)
        (films / "out.mkv").symlink_to(outside / "secret.mkv")
        (films / "loop").symlink_to(films)
        (films / "self").symlink_to("self")
        found = await scan(house, root)
        assert await states(house) == {"real/a.mkv": "new"}
        problems = (found.last_scan or {})["problems"]
        assert len(problems) == 2
        assert all("outside this library folder; it is not followed" in p for p in problems)


LONG = {
    "latin": "x" * 251,
    "greek": "λ" * 125,
    "chinese": "電" * 83 + "ab",
    "emoji": "🎬" * 62 + "abc",
    "arabic": "ف" * 125,
}


async def test_d24_names_of_255_bytes_in_any_script_reach_the_api(tmp_path: Path) -> None:
    async with scanning(tmp_path) as (house, root, films):
        names = {f"{stem}.mkv" for stem in LONG.values()}
        lay(films, *names)
        await scan(house, root)
        files = (await house.read(queries.list_files)).items
        assert {f.relative_path for f in files} == names
        assert {Path(file_out(f).path).name for f in files} == names


async def test_d24_a_name_that_is_no_text_goes_through_the_database_and_back_and_can_be_shown(tmp_path: Path) -> None:
    name = b"K\xf6nig \xff\xfe.mkv"
    async with scanning(tmp_path) as (house, root, films):
        lay(films, name)
        await scan(house, root)
        (file,) = (await house.read(queries.list_files)).items
        assert os.fsencode(file.relative_path) == name
        file_out(file).path.encode()
        found = await scan(house, root)
        assert ((found.last_scan or {})["added"], file.state) == (0, "new")
        assert await house.read(file_at, root.id, os.fsdecode(name)) == replace(file)


class Patient(Actor):
    """Keeps what the scanner leaves to the watcher."""

    told: list[str] = []  # noqa: RUF012 - shared by every life

    async def handle(self, message: object) -> None:
        assert isinstance(message, SettleFile)
        self.told.append(message.relative_path)


async def test_a_file_that_may_still_be_growing_is_left_to_the_watcher(tmp_path: Path) -> None:
    async with scanning(tmp_path, settle_seconds=300) as (house, root, films):
        lay(films, "whole.mkv")
        (films / "young.mkv").write_bytes(b"film")
        Patient.told.clear()
        async with crew(member(house, "watcher", Patient)):
            await scan(house, root)

            async def told() -> list[str]:
                return Patient.told

            assert await eventually(told) == ["young.mkv"]
        assert await states(house) == {"whole.mkv": "new"}


async def test_a_scanner_that_crashes_is_brought_back_and_finishes_what_was_asked(tmp_path: Path) -> None:
    films = tmp_path / "films"
    lay(films, *(f"{n}/{n}.mkv" for n in range(50)))
    async with open_house(tmp_path / "data", clock=WallClock()) as house:
        (root,) = await settle_in(house, (films, "movie"))
        async with crew(member(house, "scanner", lambda: Scanner(house, BOOT))) as supervisor:
            (job,) = await house.write(changes.request_scan, root.id)
            for _ in range(3):
                await kill(supervisor, "scanner")
            assert (await over(house, job)).state == "completed"
            assert len(await states(house)) == 50
