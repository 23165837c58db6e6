"""The demo's videos are made by the system's ffmpeg or by the one that a Python package brings, and are what they say."""

from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from pymediainfo import MediaInfo

from mydia.adapters.disk.media_facts import probe
from mydia.demo.fakes import picture
from mydia.demo.videos import Audio, Video, find_ffmpeg, make_video
from mydia.errors import Unavailable
from mydia.ports import Probe, probe_from

FILM = Video(1280, 720, 5, audio=(Audio("aac", 2, "eng"), Audio("ac3", 6, "deu")), subtitles=("fra",))


def facts(path: Path) -> Probe:
    found = probe([t.to_data() for t in MediaInfo.parse(str(path)).tracks], path.stat().st_size)
    assert found is not None
    return probe_from(found)


@pytest.mark.parametrize("ffmpeg", [find_ffmpeg, get_ffmpeg_exe], ids=["system", "package"])
def test_either_ffmpeg_makes_what_was_asked_for(tmp_path: Path, ffmpeg: object) -> None:
    assert callable(ffmpeg)
    made = facts(make_video(FILM, tmp_path / "film.mkv", ffmpeg=ffmpeg()))
    assert (made.resolution, made.video_codec, made.subtitles) == ("720p", "h264", ("fr",))
    assert [(t.codec, t.channels, t.language) for t in made.audio] == [("AAC", 2.0, "en"), ("AC3", 5.1, "de")]
    uhd = facts(make_video(Video(3840, 2160, 1, codec="h265", hdr10=True), tmp_path / "uhd.mkv", ffmpeg=ffmpeg()))
    assert (uhd.resolution, uhd.video_codec, uhd.hdr) == ("2160p", "h265", ("HDR10",))


def test_two_seeds_make_two_files(tmp_path: Path) -> None:
    one = make_video(Video(320, 240, 2, seed=1), tmp_path / "one.mkv").read_bytes()
    two = make_video(Video(320, 240, 2, seed=2), tmp_path / "two.mkv").read_bytes()
    assert one != two


def test_what_cannot_be_made_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"film\.nonsense"):
        make_video(FILM, tmp_path / "film.nonsense")
    assert list(tmp_path.iterdir()) == []


def test_without_any_ffmpeg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "")
    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", _none)
    with pytest.raises(Unavailable, match="install the package ffmpeg"):
        find_ffmpeg()


def _none() -> str:
    raise RuntimeError("No ffmpeg exe could be found")


def test_pictures_are_real_ones_and_differ_by_their_seed() -> None:
    one, two = picture(100, 150, seed=1), picture(100, 150, seed=2)
    assert one.startswith(b"\x89PNG\r\n\x1a\n")
    assert one != two
    assert one.endswith(b"IEND\xaeB`\x82")
