"""`place` under every fault: the final name is absent or whole, what stood there is kept, the source is never touched."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.adapters.disk.paths import Spot
from mydia.adapters.disk.place import discard_part, place
from mydia.adapters.disk.system import REAL, Syscalls
from mydia.adapters.disk.trash import trash_path
from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, NotFound, Unavailable

CONTENT = os.urandom(300_000)
OLD = b"the old file" * 1000
ERRNOS = [
    "ENOSPC",
    "EDQUOT",
    "EIO",
    "EROFS",
    "EACCES",
    "EPERM",
    "ESTALE",
    "ENAMETOOLONG",
    "EMLINK",
    "EXDEV",
    "EMFILE",
    "EINTR",
]


@pytest.fixture
def spots(tmp_path: Path) -> tuple[Spot, Spot]:
    (tmp_path / "downloads" / "Film.2020").mkdir(parents=True)
    (tmp_path / "library").mkdir()
    (tmp_path / "downloads" / "Film.2020" / "film.mkv").write_bytes(CONTENT)
    return (
        Spot(str(tmp_path / "downloads"), "Film.2020/film.mkv"),
        Spot(str(tmp_path / "library"), "Film (2020)/Film (2020).mkv"),
    )


def refusing(number: int) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return call


OTHER_MOUNT = replace(REAL, link=refusing(errno.EXDEV), reflink=refusing(errno.EXDEV))


def failing_at(step: int, number: int, base: Syscalls) -> tuple[Syscalls, Callable[[], bool]]:
    """The same calls, of which the `step`-th fails; and whether it came to that."""
    count = 0

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise OSError(number, os.strerror(number))
            return real(*args, **kwargs)

        return call

    return Syscalls(**{f.name: wrap(getattr(base, f.name)) for f in fields(Syscalls)}), lambda: count >= step


def files(root: str) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in Path(root).rglob("*") if p.is_file()}


def test_a_file_is_hard_linked_so_that_the_download_seeds_on(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    placed = place(source, target, token="t1")
    assert (placed.method, placed.reason, placed.adopted) == ("hardlink", None, False)
    assert Path(source.path).samefile(target.path)
    assert files(target.root) == {target.relative: CONTENT}


def test_across_mounts_it_is_copied_and_the_reason_is_told(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    placed = place(source, target, token="t1", sys=OTHER_MOUNT)
    assert placed.method == "copy"
    assert placed.reason is not None
    assert "different file systems" in placed.reason
    assert files(target.root) == {target.relative: CONTENT}
    assert Path(target.path).stat().st_mtime_ns == Path(source.path).stat().st_mtime_ns


@pytest.mark.parametrize("without", [(), ("copy_file_range",), ("copy_file_range", "sendfile")])
@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSYS, errno.EINVAL])
def test_each_way_of_copying_gives_way_to_the_next(
    spots: tuple[Spot, Spot], without: tuple[str, ...], number: int
) -> None:
    source, target = spots
    refused = errno.EINVAL if "sendfile" in without else number
    calls = replace(OTHER_MOUNT, **{name: refusing(refused) for name in without})
    assert place(source, target, token="t1", sys=calls).method == "copy"
    assert files(target.root) == {target.relative: CONTENT}


def test_a_copy_that_the_kernel_ends_too_soon_goes_on_another_way(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    place(source, target, token="t1", sys=replace(OTHER_MOUNT, copy_file_range=lambda *a: 0, sendfile=lambda *a: 0))
    assert files(target.root) == {target.relative: CONTENT}


def test_a_link_refused_for_its_owner_says_what_to_do(spots: tuple[Spot, Spot], tmp_path: Path) -> None:
    source, target = spots
    os.chown(source.path, 12345, -1)
    placed = place(source, target, token="t1", sys=replace(REAL, link=refusing(errno.EPERM)))
    assert placed.reason is not None
    assert "protected_hardlinks" in placed.reason
    assert "same user" in placed.reason


def test_link_only_refuses_rather_than_copying_silently(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    with pytest.raises(Forbidden, match="different file systems"):
        place(source, target, token="t1", methods=("hardlink",), sys=OTHER_MOUNT)
    assert files(target.root) == {}


def test_the_same_file_placed_twice_is_adopted(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    place(source, target, token="t1")
    again = place(source, target, token="t2")
    assert (again.method, again.adopted) == ("hardlink", True)


def test_a_file_placed_onto_itself_stays(spots: tuple[Spot, Spot]) -> None:
    source, _ = spots
    assert place(source, source, token="t1").adopted
    assert files(source.root) == {source.relative: CONTENT}


def test_equal_content_is_adopted_and_other_content_is_a_conflict(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    Path(target.path).parent.mkdir()
    Path(target.path).write_bytes(CONTENT)
    assert place(source, target, token="t1").adopted
    Path(target.path).write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(Conflict, match="other content"):
        place(source, target, token="t1")
    assert Path(target.path).read_bytes() == CONTENT[:-1] + b"x"


def test_a_name_taken_while_copying_is_never_overwritten(spots: tuple[Spot, Spot]) -> None:
    source, target = spots

    def rival() -> None:
        Path(target.path).write_bytes(OLD)

    with pytest.raises(Conflict, match="made by another"):
        place(source, target, token="t1", sys=OTHER_MOUNT, check=rival)
    assert files(target.root) == {target.relative: OLD}


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_file_systems_without_rename_noreplace_or_links_still_never_overwrite(
    spots: tuple[Spot, Spot], number: int
) -> None:
    source, target = spots
    poor = replace(OTHER_MOUNT, link=refusing(errno.EPERM), rename_noreplace=refusing(number))
    place(source, target, token="t1", sys=poor)
    assert files(target.root) == {target.relative: CONTENT}
    Path(target.path).write_bytes(OLD)
    with pytest.raises(Conflict):
        place(source, target, token="t2", sys=poor)
    assert files(target.root) == {target.relative: OLD}


def test_a_source_that_changes_while_it_is_copied_is_not_placed(spots: tuple[Spot, Spot]) -> None:
    source, target = spots

    def still_writing() -> None:
        with Path(source.path).open("ab") as file:
            file.write(b"more")

    with pytest.raises(Unavailable):
        place(source, target, token="t1", sys=OTHER_MOUNT, check=still_writing)
    assert files(target.root) == {}


def test_stopped_in_the_middle_of_a_copy_it_leaves_nothing(spots: tuple[Spot, Spot]) -> None:
    source, target = spots

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place(source, target, token="t1", sys=OTHER_MOUNT, check=stop)
    assert files(target.root) == {}
    assert Path(source.path).read_bytes() == CONTENT


@pytest.mark.parametrize("base", [REAL, OTHER_MOUNT], ids=["link", "copy"])
@pytest.mark.parametrize("name", ERRNOS)
def test_every_errno_at_every_step_leaves_source_and_library_whole(
    spots: tuple[Spot, Spot], base: Syscalls, name: str
) -> None:
    source, target = spots
    number = getattr(errno, name)
    for step in range(1, 100):
        calls, fired = failing_at(step, number, base)
        try:
            place(source, target, token="t1", sys=calls)
        except MydiaError as error:
            assert target.root in str(error) or source.root in str(error)
            now = {k: v for k, v in files(target.root).items() if not k.endswith(".part")}
            assert now in ({}, {target.relative: CONTENT})
        else:
            assert files(target.root)[target.relative] == CONTENT
        assert Path(source.path).read_bytes() == CONTENT
        discard_part(target, token="t1")
        Path(target.path).unlink(missing_ok=True)
        if not fired():
            return
        for folder in sorted(Path(target.root).rglob("*"), reverse=True):
            folder.rmdir()
    pytest.fail("no run came to its end")


@pytest.mark.parametrize("base", [REAL, OTHER_MOUNT], ids=["link", "copy"])
@pytest.mark.parametrize("name", ERRNOS)
def test_a_replaced_file_is_always_whole_at_one_of_its_two_names(
    spots: tuple[Spot, Spot], base: Syscalls, name: str
) -> None:
    source, target = spots
    away = trash_path(target.relative, token="t1")
    trashed = Path(target.root, away)
    for step in range(1, 100):
        Path(target.path).parent.mkdir(exist_ok=True)
        Path(target.path).write_bytes(OLD)
        calls, fired = failing_at(step, getattr(errno, name), base)
        try:
            place(source, target, token="t1", displaced=away, sys=calls)
        except MydiaError:
            assert Path(target.path).read_bytes() in (OLD, CONTENT)
        else:
            assert Path(target.path).read_bytes() == CONTENT
        assert OLD in (Path(target.path).read_bytes(), trashed.read_bytes() if trashed.exists() else b"")
        assert Path(source.path).read_bytes() == CONTENT
        discard_part(target, token="t1")
        Path(target.path).unlink()
        trashed.unlink(missing_ok=True)
        if not fired():
            return
    pytest.fail("no run came to its end")


KILLER = """
import os, sys, errno
from dataclasses import fields, replace
from mydia.adapters.disk.paths import Spot
from mydia.adapters.disk.place import place
from mydia.adapters.disk.system import REAL, Syscalls
def refuse(*a, **k): raise OSError(errno.EXDEV, "another mount")
source, target, step, base, displaced = Spot(*sys.argv[1:3]), Spot(*sys.argv[3:5]), int(sys.argv[5]), REAL, sys.argv[7]
if sys.argv[6] == "copy": base = replace(REAL, link=refuse, reflink=refuse)
count = 0
def wrap(real):
    def call(*args, **kwargs):
        global count
        count += 1
        if count == step: os.kill(os.getpid(), 9)
        return real(*args, **kwargs)
    return call
place(source, target, token="t1", displaced=displaced or None,
      sys=Syscalls(**{f.name: wrap(getattr(base, f.name)) for f in fields(Syscalls)}))
"""


def killed_at_each_step(source: Spot, target: Spot, base: str, displaced: str = "") -> Iterator[bool]:
    for step in range(1, 100):
        args = [source.root, source.relative, target.root, target.relative, str(step), base, displaced]
        done = subprocess.run([sys.executable, "-c", KILLER, *args], check=False, capture_output=True)
        assert done.returncode in (0, -9), done.stderr
        yield done.returncode == -9
        if done.returncode == 0:
            return


@pytest.mark.parametrize("base", ["link", "copy"])
def test_killed_at_any_system_call_it_leaves_a_part_or_the_whole_and_a_repeat_finishes(
    spots: tuple[Spot, Spot], base: str
) -> None:
    source, target = spots
    for _ in killed_at_each_step(source, target, base):
        left = {k: v for k, v in files(target.root).items() if not k.endswith(".part")}
        assert left in ({}, {target.relative: CONTENT})
        place(source, target, token="t1", sys=REAL if base == "link" else OTHER_MOUNT)
        discard_part(target, token="t1")
        assert files(target.root) == {target.relative: CONTENT}
        assert Path(source.path).read_bytes() == CONTENT
        Path(target.path).unlink()


def test_a_run_that_was_frozen_never_names_what_another_is_still_writing(
    spots: tuple[Spot, Spot], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = spots
    monkeypatch.setattr("mydia.adapters.disk.place.CHUNK", 1000)
    about_to_name, half_written = threading.Event(), threading.Event()
    refused: list[MydiaError] = []

    def frozen_just_before(*args: Any, **kwargs: Any) -> None:
        about_to_name.set()
        assert half_written.wait(120)
        REAL.rename_noreplace(*args, **kwargs)

    def frozen() -> None:
        try:
            place(source, target, token="t1", sys=replace(OTHER_MOUNT, rename_noreplace=frozen_just_before))
        except MydiaError as no:
            refused.append(no)

    first = threading.Thread(target=frozen)
    first.start()
    assert about_to_name.wait(120)

    def in_the_middle() -> None:
        half_written.set()
        first.join(120)
        assert not Path(target.path).exists()

    placed = place(source, target, token="t1", check=in_the_middle, sys=OTHER_MOUNT)
    assert (placed.method, files(target.root)) == ("copy", {target.relative: CONTENT})
    assert [type(no) for no in refused] == [Unavailable]


@pytest.mark.parametrize("base", ["link", "copy"])
def test_killed_while_replacing_the_old_or_the_new_file_is_whole_and_a_repeat_finishes(
    spots: tuple[Spot, Spot], base: str
) -> None:
    source, target = spots
    away = trash_path(target.relative, token="t1")
    trashed = Path(target.root, away)
    Path(target.path).parent.mkdir()
    Path(target.path).write_bytes(OLD)
    for _ in killed_at_each_step(source, target, base, away):
        if base == "link":
            assert Path(target.path).read_bytes() in (OLD, CONTENT)
        else:  # a file system without hard links: for an instant the old file has its other name only
            assert (Path(target.path) if Path(target.path).exists() else trashed).read_bytes() in (OLD, CONTENT)
        place(source, target, token="t1", displaced=away, sys=REAL if base == "link" else OTHER_MOUNT)
        discard_part(target, token="t1")
        assert files(target.root) == {target.relative: CONTENT, away: OLD}
        trashed.unlink()
        Path(target.path).unlink()
        Path(target.path).write_bytes(OLD)


HOSTILE = ["../out.mkv", "/etc/out.mkv", "a/../../out.mkv", "a//b.mkv", "./a.mkv", "", "a\0b.mkv", "x" * 256 + ".mkv"]


@pytest.mark.parametrize("relative", HOSTILE)
def test_a_target_that_does_not_stay_below_its_root_is_refused(spots: tuple[Spot, Spot], relative: str) -> None:
    source, target = spots
    with pytest.raises(Invalid):
        place(source, Spot(target.root, relative), token="t1")
    assert files(target.root) == {}


def test_a_folder_of_the_target_that_is_a_link_out_of_the_root_is_refused(
    spots: tuple[Spot, Spot], tmp_path: Path
) -> None:
    source, target = spots
    (tmp_path / "elsewhere").mkdir()
    Path(target.root, "Film (2020)").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Invalid, match="leads out"):
        place(source, target, token="t1")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_to_a_folder_of_the_same_root_is_followed(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    Path(target.root, "real").mkdir()
    Path(target.root, "Film (2020)").symlink_to("real")
    place(source, target, token="t1")
    assert files(str(Path(target.root, "real"))) == {"Film (2020).mkv": CONTENT}


def test_a_source_that_is_a_symlink_or_a_pipe_is_refused(spots: tuple[Spot, Spot], tmp_path: Path) -> None:
    source, target = spots
    Path(source.path).unlink()
    Path(source.path).symlink_to("/etc/hostname")
    with pytest.raises(Invalid, match="symlink"):
        place(source, target, token="t1")
    Path(source.path).unlink()
    os.mkfifo(source.path)
    with pytest.raises(Invalid, match="regular"):
        place(source, target, token="t1")


def test_a_missing_source_is_not_found_and_names_of_any_bytes_are_placed(spots: tuple[Spot, Spot]) -> None:
    source, target = spots
    with pytest.raises(NotFound):
        place(Spot(source.root, "gone.mkv"), target, token="t1")
    odd = os.fsdecode(b"caf\xe9 \xf0\x9f\x8e\xac") + "é" * 100 + ".mkv"
    place(source, Spot(target.root, odd), token="t1")
    assert odd in [path.name for path in Path(target.root).iterdir()]


async def test_a_copy_that_is_cancelled_ends_between_two_chunks_and_leaves_only_the_source(tmp_path: Path) -> None:
    (tmp_path / "downloads").mkdir()
    (tmp_path / "library").mkdir()
    source = tmp_path / "downloads/film.mkv"
    source.write_bytes(b"x" * 100)
    with trio.CancelScope() as scope:

        def copy_a_little(of: int, to: int, count: int) -> int:
            trio.from_thread.run_sync(scope.cancel)
            return os.copy_file_range(of, to, 10)

        await trio.to_thread.run_sync(
            lambda: place(
                Spot(str(tmp_path / "downloads"), "film.mkv"),
                Spot(str(tmp_path / "library"), "film.mkv"),
                token="1",
                methods=("copy",),
                check=trio.from_thread.check_cancelled,
                sys=replace(REAL, copy_file_range=copy_a_little),
            )
        )
    assert scope.cancelled_caught
    assert source.read_bytes() == b"x" * 100
    assert list((tmp_path / "library").iterdir()) == []
