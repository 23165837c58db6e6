"""What is trashed can come back, with what belonged to it, and never onto another file."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mydia.adapters.disk.paths import Spot
from mydia.adapters.disk.rename import rename
from mydia.adapters.disk.system import REAL
from mydia.adapters.disk.trash import delete_for_good, restore, to_trash, trash_path
from mydia.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable

FOLDER = "Film (2020)"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (
        "Film.mkv",
        "Film.en.srt",
        "Film.nfo",
        "Film-poster.jpg",
        "Film.2.mkv",
        "Film.2.srt",
        "movie.nfo",
        "Filmed.srt",
    ):
        (tmp_path / FOLDER).mkdir(exist_ok=True)
        (tmp_path / FOLDER / name).write_text(name)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_a_video_takes_its_side_files_along_and_nobody_elses(root: Path) -> None:
    moved = to_trash(Spot(str(root), f"{FOLDER}/Film.mkv"), token="t1")
    assert moved[0].original == f"{FOLDER}/Film.mkv"
    assert moved[0].trashed == trash_path(f"{FOLDER}/Film.mkv", token="t1")
    assert moved[0].size == len("Film.mkv")
    assert {m.original.rpartition("/")[2] for m in moved} == {"Film.mkv", "Film.en.srt", "Film.nfo", "Film-poster.jpg"}
    assert names(root / FOLDER) == {"Film.2.mkv", "Film.2.srt", "movie.nfo", "Filmed.srt"}


def test_everything_comes_back_as_it_was(root: Path) -> None:
    before = names(root)
    for moved in to_trash(Spot(str(root), f"{FOLDER}/Film.mkv"), token="t1"):
        assert restore(str(root), moved) == moved.original
    assert names(root) == before
    assert not (root / ".mydia-trash" / "t1").exists()


def test_side_files_that_came_with_the_new_file_stay(root: Path) -> None:
    for name in ("Other.avi", "Other.mkv", "Other.en.srt", "Other.nfo"):
        (root / FOLDER / name).write_bytes(b"x")
    keep = {f"{FOLDER}/Other.en.srt", f"{FOLDER}/Other.avi"}  # what is asked for goes, whatever is said of it
    moved = to_trash(Spot(str(root), f"{FOLDER}/Other.avi"), token="t1", keep=keep)
    assert [m.original for m in moved] == [f"{FOLDER}/Other.avi", f"{FOLDER}/Other.nfo"]
    assert (root / FOLDER / "Other.en.srt").exists()


def test_bringing_back_what_is_back_already_changes_nothing(root: Path) -> None:
    (moved,) = to_trash(Spot(str(root), f"{FOLDER}/Film.2.mkv"), token="t1", side_files=False)
    assert restore(str(root), moved) == restore(str(root), moved) == moved.original
    (root / moved.original).unlink()
    with pytest.raises(NotFound, match="is gone from the trash"):
        restore(str(root), moved)


def test_a_name_that_is_taken_meanwhile_is_left_and_the_file_comes_back_beside_it(root: Path) -> None:
    spot = Spot(str(root), f"{FOLDER}/Film.mkv")
    first = to_trash(spot, token="t1", side_files=False)[0]
    Path(spot.path).write_text("new")
    second = to_trash(spot, token="t2", side_files=False)[0]
    Path(spot.path).write_text("newer")
    assert restore(str(root), first) == f"{FOLDER}/Film (restored).mkv"
    assert restore(str(root), second) == f"{FOLDER}/Film (restored 2).mkv"
    assert Path(spot.path).read_text() == "newer"


def test_the_same_file_may_be_trashed_again_and_again_and_each_is_kept(root: Path) -> None:
    spot = Spot(str(root), f"{FOLDER}/Film.mkv")
    for token in ("t1", "t2", "t3"):
        Path(spot.path).write_text(token)
        to_trash(spot, token=token, side_files=False)
    assert [Path(root, trash_path(spot.relative, token=t)).read_text() for t in ("t1", "t2", "t3")] == [
        "t1",
        "t2",
        "t3",
    ]


def test_repeated_after_a_crash_it_ends_the_same(root: Path) -> None:
    spot = Spot(str(root), f"{FOLDER}/Film.mkv")
    once = to_trash(spot, token="t1", side_files=False)
    assert to_trash(spot, token="t1", side_files=False) == once
    with pytest.raises(NotFound):
        to_trash(spot, token="t2")


def test_file_systems_without_a_safe_rename_are_looked_at_first(root: Path) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    poor = replace(REAL, rename_noreplace=refuse)
    spot = Spot(str(root), f"{FOLDER}/Film.mkv")
    (moved,) = to_trash(spot, token="t1", side_files=False, sys=poor)
    Path(spot.path).write_text("new")
    assert restore(str(root), moved, sys=poor) == f"{FOLDER}/Film (restored).mkv"
    assert Path(spot.path).read_text() == "new"


@pytest.mark.parametrize("name", ["EACCES", "EROFS", "EPERM"])
def test_what_may_not_be_moved_stays_and_the_reason_is_told(root: Path, name: str) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    before = names(root)
    with pytest.raises(Forbidden, match=r"Film\.mkv"):
        to_trash(Spot(str(root), f"{FOLDER}/Film.mkv"), token="t1", sys=replace(REAL, rename_noreplace=refuse))
    assert names(root) == before


def test_deleting_for_good_reaches_nothing_but_the_trash(root: Path) -> None:
    (moved,) = to_trash(Spot(str(root), f"{FOLDER}/Film.mkv"), token="t1", side_files=False)
    for outside in (
        f"{FOLDER}/movie.nfo",
        ".mydia-trash",
        ".mydia-trash/../Film",
        "../x",
        "/etc/passwd",
        ".mydia-trash/t1",
    ):
        with pytest.raises(Invalid):
            delete_for_good(str(root), outside)
    delete_for_good(str(root), moved.trashed)
    delete_for_good(str(root), moved.trashed)
    assert not (root / ".mydia-trash" / "t1").exists()
    assert (root / FOLDER / "movie.nfo").exists()


def test_a_trash_that_is_a_link_out_of_the_root_is_refused(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (root / ".mydia-trash").symlink_to(elsewhere)
    with pytest.raises((Invalid, Conflict)):
        to_trash(Spot(str(root), f"{FOLDER}/Film.mkv"), token="t1")
    assert (root / FOLDER / "Film.mkv").exists()
    assert list(elsewhere.iterdir()) == []


def test_d8_nothing_moves_below_a_root_that_is_another_folder_by_now(root: Path) -> None:
    for do in (
        lambda spot: to_trash(spot, token="t1"),
        lambda spot: rename(spot, f"{FOLDER}/Other.mkv"),
    ):
        with pytest.raises(Unavailable, match="another folder than a moment ago"):
            do(Spot(str(root), f"{FOLDER}/Film.mkv", (0, 0)))
    assert (root / FOLDER / "Film.mkv").exists()


def test_d24_a_file_whose_own_name_is_taken_comes_back_under_one_that_is_not_too_long(root: Path) -> None:
    name = "\N{CJK UNIFIED IDEOGRAPH-96FB}" * 83 + ".mkv"  # 253 bytes
    (root / FOLDER / name).write_bytes(b"old")
    (moved,) = to_trash(Spot(str(root), f"{FOLDER}/{name}"), token="t1")
    (root / FOLDER / name).write_bytes(b"newer")
    back = restore(str(root), moved)
    assert back.endswith(" (restored).mkv")
    assert (root / back).read_bytes() == b"old"
    assert (root / FOLDER / name).read_bytes() == b"newer"


def test_a_file_that_came_back_beside_another_is_not_called_gone_when_that_is_done_again(root: Path) -> None:
    (moved,) = to_trash(Spot(str(root), f"{FOLDER}/movie.nfo"), token="t1")
    (root / FOLDER / "movie.nfo").write_bytes(b"another")
    back = restore(str(root), moved)
    assert restore(str(root), moved) == back == f"{FOLDER}/movie (restored).nfo"


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.EACCES, errno.EPERM])
def test_a_side_file_that_cannot_follow_does_not_undo_what_was_renamed(root: Path, number: int) -> None:
    def refuse_srt(source: str, target: str, **folders: Any) -> None:
        if source.endswith(".srt"):
            raise OSError(number, os.strerror(number), target)
        REAL.rename_noreplace(source, target, **folders)

    calls = replace(REAL, rename_noreplace=refuse_srt)
    done = rename(Spot(str(root), f"{FOLDER}/Film.mkv"), "Other/Other.mkv", sys=calls)
    assert {r.after for r in done} == {"Other/Other.mkv", "Other/Other.nfo", "Other/Other-poster.jpg"}
    assert (root / FOLDER / "Film.en.srt").exists()
