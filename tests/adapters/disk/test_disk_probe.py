"""The analyzer's process, as the actor runs it: real videos give their facts, everything else a reason, and nothing
kills it twice.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.adapters.disk.media_facts import audio_track, hdr, language, probe, resolution, video_codec
from mydia.adapters.disk.probe_process import no_video
from mydia.errors import Invalid
from mydia.messages import ParseNames, ProbeFile
from mydia.otp import ActorDied, Mailbox, Supervisor, actor
from mydia.ports import Probe, probe_from
from tests.support.media import video
from tests.support.waiting import eventually
from workers.analyzer import Analyzer


class Asking:
    def __init__(self, supervisor: Supervisor, mailbox: Mailbox) -> None:
        self.supervisor = supervisor
        self.mailbox = mailbox

    @property
    def pid(self) -> int:
        (child,) = self.supervisor.children()
        return child.os_pid or 0

    async def probe(self, path: object) -> Probe:
        return probe_from(await self.mailbox.ask(ProbeFile(str(path)), timeout=60))


@pytest.fixture
async def analyzer() -> AsyncIterator[Asking]:
    mailbox = Mailbox("analyzer")
    supervisor = Supervisor("test", children=[actor("analyzer", Analyzer, mailbox=mailbox)])
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        yield Asking(supervisor, mailbox)
        nursery.cancel_scope.cancel()


async def test_a_film_in_matroska_gives_every_fact(analyzer: Asking) -> None:
    path = video("film-1080p.mkv")
    found = await analyzer.probe(path)
    assert (found.container, found.resolution, found.width, found.height) == ("mkv", "1080p", 1920, 1080)
    assert (found.video_codec, found.bit_depth, found.hdr) == ("h264", 8, ())
    assert found.size == path.stat().st_size
    assert found.duration == pytest.approx(30, abs=1)
    assert [(t.codec, t.channels, t.language, t.atmos) for t in found.audio] == [("AC3", 5.1, "en", False)]
    assert found.subtitles == ("en", "de")
    assert found.bitrate


async def test_hdr10_and_several_languages_are_read(analyzer: Asking) -> None:
    found = await analyzer.probe(video("film-hdr10.mkv"))
    assert (found.resolution, found.video_codec, found.bit_depth, found.hdr) == ("2160p", "h265", 10, ("HDR10",))
    assert [(t.codec, t.channels) for t in found.audio] == [("EAC3", 5.1)]
    two = await analyzer.probe(video("film-720p.mp4"))
    assert (two.container, two.resolution, two.video_codec) == ("mp4", "720p", "h265")
    assert [(t.codec, t.channels, t.language) for t in two.audio] == [("AAC", 2.0, "fr"), ("AAC", 1.0, "ja")]


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("film-sd.avi", ("avi", "480p", "mpeg4", "MP3")),
        ("film-dvd.ts", ("ts", "576p", "mpeg2", "MP2")),
        ("film-av1.webm", ("webm", "480p", "av1", "Opus")),
    ],
)
async def test_other_containers_and_codecs_are_read(analyzer: Asking, name: str, facts: tuple[str, ...]) -> None:
    found = await analyzer.probe(video(name))
    assert (found.container, found.resolution, found.video_codec, found.audio[0].codec) == facts


IMPOSTORS = {
    "empty.mkv": (b"", "empty"),
    "program.mkv": (b"MZ\x90\0" + b"\0" * 3000, "a Windows program"),
    "linux.mkv": (b"\x7fELF" + b"\0" * 3000, "a Linux program"),
    "script.mp4": (b"#!/bin/sh\nrm -rf /\n", "a script"),
    "shortcut.mkv": (b"L\0\0\0\x01\x14\x02\0\0\0\0\0" + b"\0" * 60, "a Windows shortcut"),
    "archive.avi": (b"Rar!\x1a\x07\0" + b"\0" * 300, "a RAR archive"),
    "page.mkv": (b"\n<!doctype html><html>buy</html>", "a web page"),
    "text.mkv": (b"just some text", "not in any video format"),
    "zeros.mkv": (b"\0" * 5000, "not in any video format"),
    "cut.mkv": (b"\x1aE\xdf\xa3\x93B\x82\x88matroska", "no video track, or is damaged"),
}


async def test_what_is_no_video_is_refused_with_what_it_is(analyzer: Asking, tmp_path: Path) -> None:
    for name, (content, reason) in IMPOSTORS.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(Invalid, match=reason) as refused:
            await analyzer.probe(path)
        assert str(path) in str(refused.value)


async def test_sound_alone_a_folder_a_link_a_pipe_and_nothing_are_refused(analyzer: Asking, tmp_path: Path) -> None:
    (tmp_path / "folder.mkv").mkdir()
    (tmp_path / "link.mkv").symlink_to(video("film-sd.avi"))
    os.mkfifo(tmp_path / "pipe.mkv")
    for name in ("folder.mkv", "link.mkv", "pipe.mkv", "gone.mkv"):
        with pytest.raises(Invalid, match=name):
            await analyzer.probe(tmp_path / name)


async def test_names_that_look_like_options_or_are_no_text_are_only_names(analyzer: Asking, tmp_path: Path) -> None:
    for name in (
        "-i.mkv",
        "--help.mkv",
        "http:.mkv",
        "a;touch x.mkv",
        "$(touch y).mkv",
        os.fsdecode(b"caf\xe9.mkv"),
        "Çay 茶 🎬.mkv",
    ):
        shutil.copy(video("film-sd.avi"), tmp_path / name)
        assert (await analyzer.probe(tmp_path / name)).container == "avi"
    assert not (tmp_path / "x.mkv").exists()


async def test_names_are_parsed_many_at_once(analyzer: Asking) -> None:
    names = ("Film.2020.1080p.BluRay.x264-GRP", os.fsdecode(b"caf\xe9.S01E02.mkv"), "")
    film, odd, empty = await analyzer.mailbox.ask(ParseNames(names, "name"), timeout=30)
    assert (film["title"], film["year"], film["resolution"]) == ("Film", 2020, 1080)
    assert odd["episodes"] == [2]
    assert empty["title"] is None


async def test_killed_in_the_middle_the_asker_is_told_and_the_next_is_served(analyzer: Asking) -> None:
    old = analyzer.pid
    os.kill(old, signal.SIGSTOP)
    async with trio.open_nursery() as nursery:

        async def ask() -> None:
            with pytest.raises(ActorDied):
                await analyzer.probe(video("film-sd.avi"))

        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        os.kill(old, signal.SIGKILL)

    async def is_back() -> bool:
        return analyzer.pid not in (0, old)

    await eventually(is_back)
    assert (await analyzer.probe(video("film-sd.avi"))).container == "avi"


async def test_the_process_has_no_network_no_new_privileges_and_a_memory_limit(analyzer: Asking) -> None:
    await analyzer.probe(video("film-sd.avi"))
    assert "NoNewPrivs:\t1" in of_process(analyzer.pid, "status")
    # Some containers let nobody have a network of their own; where it is allowed, the process has none of ours.
    assert (network_of(analyzer.pid) != network_of("self")) == may_have_its_own_network()
    assert str(2 << 30) in of_process(analyzer.pid, "limits")


def may_have_its_own_network() -> bool:
    user = [] if os.geteuid() == 0 else ["--user"]
    return subprocess.run(["unshare", "--net", *user, "true"], check=False, capture_output=True).returncode == 0


def network_of(pid: object) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())


def of_process(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


# -- reading what MediaInfo says
# ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (3840, 2160, "2160p"), (3840, 1600, "2160p"), (4096, 2160, "2160p"), (1920, 1080, "1080p"), (1920, 800, "1080p"),
        (1440, 1080, "1080p"), (1280, 720, "720p"), (1280, 534, "720p"), (960, 720, "720p"), (720, 576, "576p"),
        (720, 480, "480p"), (640, 360, "480p"), (None, 100, None), (0, 0, None),
    ],
)  # fmt: skip
def test_the_resolution_is_that_of_the_uncropped_picture(
    width: int | None, height: int | None, expected: str | None
) -> None:
    assert resolution(width, height) == expected


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        (
            {"hdr_format": "SMPTE ST 2086", "hdr_format_compatibility": "HDR10", "transfer_characteristics": "PQ"},
            ("HDR10",),
        ),
        ({"hdr_format": "SMPTE ST 2094 App 4", "hdr_format_compatibility": "HDR10+ Profile B"}, ("HDR10+",)),
        (
            {
                "hdr_format": "SMPTE ST 2094 App 4 / SMPTE ST 2086",
                "hdr_format_compatibility": "HDR10+ Profile B / HDR10",
            },
            ("HDR10+", "HDR10"),
        ),
        ({"hdr_format": "Dolby Vision", "hdr_format_compatibility": None}, ("DV",)),
        ({"hdr_format": "Dolby Vision / SMPTE ST 2086", "hdr_format_compatibility": "HDR10 / HDR10"}, ("DV", "HDR10")),
        ({"transfer_characteristics": "HLG"}, ("HLG",)),
        ({"transfer_characteristics": "PQ"}, ("PQ",)),
        ({"transfer_characteristics": "BT.709"}, ()),
        ({}, ()),
    ],
)
def test_hdr_is_spelt_as_release_names_do(track: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert hdr(track) == expected


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        (
            {
                "format": "E-AC-3",
                "format_additionalfeatures": "JOC",
                "channel_s": 6,
                "channel_layout": "L R C LFE Ls Rs",
            },
            ("EAC3", 5.1, True),
        ),
        (
            {
                "format": "MLP FBA",
                "commercial_name": "Dolby TrueHD with Dolby Atmos",
                "channel_s": 8,
                "channel_layout": "L LFE",
            },
            ("TrueHD", 7.1, True),
        ),
        (
            {"format": "DTS", "format_additionalfeatures": "XLL", "channel_s": 6, "channel_layout": "C LFE"},
            ("DTS-HD_MA", 5.1, False),
        ),
        ({"format": "DTS", "channel_s": 2}, ("DTS", 2.0, False)),
        ({"format": "AAC LC", "channel_s": 2}, ("AAC", 2.0, False)),
        ({"format": "MPEG Audio", "format_profile": "Layer 3"}, ("MP3", None, False)),
        ({"format": "PCM", "channel_s": 1}, ("PCM", 1.0, False)),
        ({}, ("unknown", None, False)),
    ],
)
def test_sound_is_spelt_as_release_names_do(track: dict[str, Any], expected: tuple[object, ...]) -> None:
    read = audio_track(track)
    assert (read.codec, read.channels, read.atmos) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("eng", "en"), ("en", "en"), ("en-US", "en"), ("ger", "de"), ("deu", "de"), ("fre", "fr"), ("jpn", "ja"), ("zho", "zh"),
        ("pt-BR", "pt-BR"), ("por", "pt"), ("und", None), ("mis", None), ("zxx", None), ("", None), (None, None), ("???", None),
        ("English", "en"), ("nob", "nb"), ("mul", None),
    ],
)  # fmt: skip
def test_languages_are_two_letters_whatever_the_container_writes(code: str | None, expected: str | None) -> None:
    assert language(code) == expected


def test_divx_is_xvid_and_mpeg_has_its_version() -> None:
    assert video_codec({"format": "MPEG-4 Visual", "codec_id": "XVID"}) == "xvid"
    assert video_codec({"format": "MPEG-4 Visual", "codec_id": "FMP4"}) == "mpeg4"
    assert video_codec({"format": "MPEG Video", "format_version": "Version 1"}) == "mpeg1"
    assert video_codec({}) is None


def test_numbers_that_are_none_are_left_out() -> None:
    tracks: list[dict[str, Any]] = [
        {"track_type": "General", "format": "AVI"},
        {"track_type": "Video", "width": "?", "height": None},
    ]
    found = probe(tracks, 5)
    assert found is not None
    assert (found["width"], found["height"], found["resolution"], found["duration"]) == (None, None, None, None)


def test_the_beginnings_of_videos_are_known() -> None:
    for head in (b"\x1aE\xdf\xa3", b"\0\0\0\x20ftypisom", b"RIFF\0\0\0\0AVI LIST", b"OggS", b"FLV\x01", b"\0\0\1\xba"):
        assert no_video(head + b"\0" * 600) is None
    assert no_video((b"\x47" + b"\0" * 187) * 4) is None
    assert no_video((b"\0\0\0\0\x47" + b"\0" * 187) * 4) is None


def test_starting_it_loads_neither_the_loop_nor_mediainfo() -> None:
    heavy = ("trio", "pymediainfo", "langcodes", "httpx")
    code = f"import sys, mydia.adapters.disk.probe_process; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
