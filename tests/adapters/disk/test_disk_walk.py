"""The walk finds what a library is made of and nothing else, and never mistakes what it could not read for what is
gone.
"""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.adapters.disk.walk import Walk, is_skipped, kind_of, signed
from mydia.errors import Forbidden, NotFound


def lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode("utf-8", "surrogateescape"))


def found(root: Path, batch: int = 500) -> dict[str, str]:
    return {f.relative: f.kind for files in Walk(str(root), batch) for f in files}


def test_it_finds_videos_and_their_side_files_with_size_and_time(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "Film (2020)/Film.mkv",
        "Film (2020)/Film.en.srt",
        "Film (2020)/movie.nfo",
        "Film (2020)/poster.jpg",
        "a.txt",
    )
    walk = Walk(str(tmp_path))
    files = {f.relative: f for batch in walk for f in batch}
    assert {name: f.kind for name, f in files.items()} == {
        "Film (2020)/Film.mkv": "video",
        "Film (2020)/Film.en.srt": "subtitle",
        "Film (2020)/movie.nfo": "nfo",
        "Film (2020)/poster.jpg": "image",
    }
    status = (tmp_path / "Film (2020)/Film.mkv").stat()
    film = files["Film (2020)/Film.mkv"]
    assert (film.size, film.mtime_ns, film.inode) == (status.st_size, status.st_mtime_ns, status.st_ino)
    assert (walk.folders, walk.files, walk.problems) == (2, 4, [])


def test_litter_of_systems_and_work_in_progress_are_left_out(tmp_path: Path) -> None:
    lay(
        tmp_path,
        ".hidden.mkv", "._film.mkv", ".DS_Store", "Film/._film.mkv", "@eaDir/film.mkv", "Film/@eaDir/film.mkv/x.mkv",
        ".mydia-trash/1/film.mkv", "_UNPACK_Film/film.mkv", "_FAILED_Film/film.mkv", "#recycle/film.mkv", "lost+found/a.mkv",
        "$RECYCLE.BIN/a.mkv", "Plex Versions/film.mkv", "Film/film.mkv.part", "Film/film.mkv.!qB", "Film/.mydia-1.part",
    )  # fmt: skip
    assert found(tmp_path) == {}
    assert is_skipped("Film/@eaDir/film.mkv/x.mkv")
    assert is_skipped("Film/.mydia-1.part")
    assert not is_skipped("Film/film.mkv")


def test_it_yields_in_batches_and_every_file_once(tmp_path: Path) -> None:
    lay(tmp_path, *(f"Show/Season {s}/S{s}E{e}.mkv" for s in range(5) for e in range(7)))
    sizes = [len(files) for files in Walk(str(tmp_path), batch=10)]
    assert sizes == [10, 10, 10, 5]
    assert len(found(tmp_path, 10)) == 35


def test_links_are_not_followed_and_those_that_lead_outside_are_told(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay(root, "Film/film.mkv")
    lay(tmp_path, "elsewhere/secret.mkv")
    (root / "loop").symlink_to(root)
    (root / "Film" / "up").symlink_to("..")
    (root / "again.mkv").symlink_to("Film/film.mkv")
    (root / "out").symlink_to(tmp_path / "elsewhere")
    (root / "out.mkv").symlink_to(tmp_path / "elsewhere" / "secret.mkv")
    (root / "self.mkv").symlink_to("self.mkv")
    walk = Walk(str(root))
    assert [f.relative for files in walk for f in files] == ["Film/film.mkv"]
    assert sorted(p.relative for p in walk.problems) == ["out", "out.mkv"]
    assert all("outside this library folder" in p.message for p in walk.problems)


def test_a_folder_that_cannot_be_read_is_unknown_and_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "ok/a.mkv", "locked/b.mkv")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    # The tests run as root, for whom no folder is closed.
    monkeypatch.setattr(os, "scandir", scandir)
    walk = Walk(str(tmp_path))
    assert [f.relative for files in walk for f in files] == ["ok/a.mkv"]
    assert walk.unread == {"locked"}
    assert walk.is_unread("locked/b.mkv")
    assert not walk.is_unread("ok/a.mkv")
    assert not walk.is_unread("locked-not/b.mkv")
    assert "give it read and write access" in walk.problems[0].message


def test_a_root_that_is_missing_or_closed_is_refused_before_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound, match="no such"):
        list(Walk(str(tmp_path / "gone")))

    def closed(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(Forbidden):
        list(Walk(str(tmp_path)))


def test_names_of_any_bytes_are_found_as_they_are(tmp_path: Path) -> None:
    names = [
        os.fsdecode(b"caf\xe9.mkv"),
        "e\u0301.mkv",
        "é.mkv",
        "茶.mkv",
        "a\u202eb.mkv",
        "x" * 251 + ".mkv",
        " .mkv",
        "-rf.mkv",
        "🎬" * 62 + ".mkv",
    ]
    lay(tmp_path, *names)
    assert set(found(tmp_path)) == set(names)


@given(st.text(alphabet=st.characters(exclude_characters="/\0"), min_size=1, max_size=60))
def test_no_name_at_all_is_trouble(name: str) -> None:
    assert kind_of(name) in ("video", "subtitle", "nfo", "image", None)
    is_skipped(f"a/{name}/b.mkv")


def test_inodes_fit_the_integers_of_a_database() -> None:
    assert signed(5) == 5
    assert signed(2**64 - 1) == -1
    assert all(-(2**63) <= signed(i) < 2**63 for i in (0, 2**63 - 1, 2**63, 2**64 - 1))


def test_a_pipe_named_like_a_video_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    (tmp_path / "folder.mkv").mkdir()
    assert found(tmp_path) == {}
