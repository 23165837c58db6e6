"""Small real videos, made with ffmpeg once a session: each on first use, in a folder that is removed at the end."""

import tempfile
from functools import cache
from pathlib import Path

from mydia.demo.videos import Audio, Video, make_video

KINDS: dict[str, Video] = {
    "film-1080p.mkv": Video(1920, 1080, 30, audio=(Audio("ac3", 6, "eng"),), subtitles=("eng", "deu")),
    "film-720p.mp4": Video(1280, 720, 20, codec="h265", audio=(Audio("aac", 2, "fra"), Audio("aac", 1, "jpn"))),
    "film-hdr10.mkv": Video(3840, 2160, 2, codec="h265", hdr10=True, audio=(Audio("eac3", 6, "eng"),)),
    "film-sd.avi": Video(640, 480, 10, codec="mpeg4", fps=10, audio=(Audio("libmp3lame", 2, "und"),)),
    "film-dvd.ts": Video(720, 576, 10, codec="mpeg2", fps=25, audio=(Audio("mp2", 2, "deu"),)),
    "film-av1.webm": Video(640, 360, 2, codec="av1", audio=(Audio("libopus", 2, "eng"),)),
}


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mydia-test-media-")


@cache
def video(name: str) -> Path:
    """One of KINDS. It is shared: copy it before changing it."""
    return make_video(KINDS[name], Path(_folder().name, name))
