"""A root that is missing, empty, replaced or read-only is told as such; two folders are tried for a hard link, not
guessed at.
"""

import errno
import os
from pathlib import Path

import pytest

from mydia.adapters.disk.paths import Spot, open_file, resolve_inside
from mydia.adapters.disk.roots import can_hardlink, check_root, file_system_of
from mydia.adapters.disk.space import space
from mydia.adapters.disk.system import printable, refusal
from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, NotFound, Unavailable

MOUNTS = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:50 / /mnt/nas rw - nfs4 nas:/films rw
31 30 0:51 / /mnt/nas/with\040space rw - cifs //nas/x rw
32 22 0:52 / /mnt/pool rw - fuse.mergerfs pool rw
a line that is damaged
"""


def test_a_folder_in_order_is_ok_and_identified(tmp_path: Path) -> None:
    (tmp_path / "film.mkv").touch()
    check = check_root(str(tmp_path), known_device=tmp_path.stat().st_dev, known_files=5)
    assert (check.state, check.reason, check.empty) == ("ok", None, False)
    assert (check.device, check.inode) == (tmp_path.stat().st_dev, tmp_path.stat().st_ino)
    assert check.file_system


def test_a_missing_folder_and_a_file_in_its_place_are_unavailable(tmp_path: Path) -> None:
    missing = check_root(str(tmp_path / "gone"), known_files=3)
    assert (missing.state, missing.device) == ("unavailable", None)
    assert "does not exist" in (missing.reason or "")
    (tmp_path / "file").touch()
    assert check_root(str(tmp_path / "file")).state == "unavailable"


def test_a_root_that_is_suddenly_empty_or_elsewhere_is_suspicious(tmp_path: Path) -> None:
    (tmp_path / ".mydia-trash").mkdir()
    (tmp_path / "lost+found").mkdir()
    empty = check_root(str(tmp_path), known_files=3)
    assert (empty.state, empty.empty) == ("suspicious", True)
    assert "held 3 files" in (empty.reason or "")
    (tmp_path / "film.mkv").touch()
    moved = check_root(str(tmp_path), known_device=tmp_path.stat().st_dev + 1, known_files=3)
    assert moved.state == "suspicious"
    assert "another file system" in (moved.reason or "")


def test_a_share_is_the_same_one_at_whatever_mount_and_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.mkv").touch()
    monkeypatch.setattr("mydia.adapters.disk.roots.file_system_of", lambda path: "nfs4")
    assert check_root(str(tmp_path), known_device=tmp_path.stat().st_dev + 1, known_files=3).state == "ok"
    (tmp_path / "film.mkv").unlink()
    assert check_root(str(tmp_path), known_device=tmp_path.stat().st_dev + 1, known_files=3).state == "suspicious"


def test_a_new_root_may_be_empty(tmp_path: Path) -> None:
    check = check_root(str(tmp_path), known_device=None, known_files=0)
    assert (check.state, check.empty) == ("ok", True)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_root_that_cannot_be_written_is_read_only(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: str, flags: int, *rest: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(number, os.strerror(number))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)  # the tests run as root, who may write everywhere
    check = check_root(str(tmp_path))
    assert check.state == "readonly"
    assert "can't write" in (check.reason or "")


def test_the_mount_a_path_lies_on_is_the_deepest_one() -> None:
    assert file_system_of("/home/x", MOUNTS) == "ext4"
    assert file_system_of("/mnt/nas/films", MOUNTS) == "nfs4"
    assert file_system_of("/mnt/nas/with space/x", MOUNTS) == "cifs"
    assert file_system_of("/mnt/nasty", MOUNTS) == "ext4"
    assert file_system_of("/mnt/pool", MOUNTS) == "fuse.mergerfs"


def test_hard_links_are_tried_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert can_hardlink(str(tmp_path / "a"), str(tmp_path / "b"), token="t") is None
    (tmp_path / "a" / ".mydia-link-t").touch()
    (tmp_path / "b" / ".mydia-link-t.linked").touch()
    assert (
        can_hardlink(str(tmp_path / "a"), str(tmp_path / "b"), token="t") is None
    )  # what a kill left is in nobody's way
    assert not [*(tmp_path / "a").iterdir(), *(tmp_path / "b").iterdir()]
    assert "different file systems" in (can_hardlink(str(tmp_path / "a"), "/dev/shm", token="t") or "")
    assert "can't write" in (can_hardlink(str(tmp_path / "gone"), str(tmp_path / "b"), token="t") or "")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_space_is_told_and_of_a_missing_folder_refused(tmp_path: Path) -> None:
    room = space(str(tmp_path))
    assert 0 < room.free <= room.total
    with pytest.raises(NotFound):
        space(str(tmp_path / "gone"))


# -- paths
# ----------------------------------------------------------------------------------------------------------------


HOSTILE = ["..", "../x", "a/../../x", "/etc/passwd", "a/./b", "a//b", "", ".", "a\0b", "x" * 256, "a/" + "é" * 128]


@pytest.mark.parametrize("relative", HOSTILE)
def test_a_path_that_is_not_plainly_below_its_root_is_refused(tmp_path: Path, relative: str) -> None:
    with pytest.raises(Invalid):
        resolve_inside(str(tmp_path), relative)
    with pytest.raises(Invalid):
        open_file(Spot(str(tmp_path), relative))


def test_links_are_resolved_and_may_not_lead_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "root-not"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("x")
    (root / "in").mkdir()
    (root / "file").write_text("x")
    (root / "link").symlink_to(outside)
    (root / "inner").symlink_to("in")
    assert resolve_inside(str(root), "inner/new") == str(root / "in" / "new")
    for relative in ("link/secret", "link", "inner/../link/x"):
        with pytest.raises(Invalid):
            resolve_inside(str(root), relative)
    with pytest.raises(Invalid):
        open_file(Spot(str(root), "link/secret"))
    os.close(open_file(Spot(str(root), "file")))


def test_a_root_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "film.mkv").write_text("x")
    (tmp_path / "root").symlink_to("real")
    assert resolve_inside(str(tmp_path / "root"), "film.mkv") == str(tmp_path / "real" / "film.mkv")
    os.close(open_file(Spot(str(tmp_path / "root"), "film.mkv")))


# -- what errors mean
# -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ENOSPC", Unavailable), ("EDQUOT", Unavailable), ("EIO", Unavailable), ("EROFS", Forbidden), ("EACCES", Forbidden),
        ("EPERM", Forbidden), ("ESTALE", Unavailable), ("ENAMETOOLONG", Invalid), ("EXDEV", Invalid), ("EMFILE", Unavailable),
        ("EINTR", Unavailable), ("ENOENT", NotFound), ("EEXIST", Conflict), ("ELOOP", Invalid), ("EFBIG", Invalid),
    ],
)  # fmt: skip
def test_every_errno_says_whose_fault_it_is(name: str, kind: type[MydiaError]) -> None:
    number = getattr(errno, name)
    error = refusal(OSError(number, os.strerror(number)), "copy", "/films/a.mkv")
    assert type(error) is kind
    assert str(error).startswith("Could not copy /films/a.mkv: ")


def test_names_are_shown_without_what_a_terminal_or_page_could_stumble_over() -> None:
    assert printable(os.fsdecode(b"caf\xe9")) == "caf\\xe9"
    assert printable("a\x1b[31mb\nc") == "a\\x1b[31mb\\x0ac"
    assert printable("Çay – 茶") == "Çay – 茶"
