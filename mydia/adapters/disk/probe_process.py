"""The analyzer's OS process: reads media files and release names, where a hostile one can hurt nobody.

    {"op": "probe", "path": ...}                  -> the fields of `ports.Probe`; refused "invalid" when it is no video
    {"op": "parse", "names": [...], "input": ...}  -> a list of `Release.to_json()`

It reads what strangers made, so it has no network, gains no privileges, and its memory is limited (by the port). A file
is opened here and handed to MediaInfo as an open descriptor: its name, whatever it begins with, is never interpreted.
"""

import ctypes
import os
from typing import Any

from mydia.adapters.disk.media_facts import probe as facts
from mydia.adapters.disk.system import printable
from mydia.otp.errors import PortRefusal
from mydia.otp.port_child import port_main

HEAD = 4096
_PARSE_SPEED = 0.3  # what tells HDR10+ and Atmos lies within it; the rest of a long file is not read

_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

# What begins like this is told by its name, because "no video" alone would send people searching.
_IMPOSTORS = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"#!", "a script"),
    (b"L\0\0\0\x01\x14\x02\0", "a Windows shortcut"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"%PDF", "a PDF document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)


def handle(request: dict[str, Any]) -> Any:
    if request["op"] == "probe":
        return probe(request["path"])
    return parse(request["names"], request["input"])


def parse(names: list[str], input_: str) -> list[dict[str, Any]]:
    from mydia.core.release import parse as parse_name  # its word tables take a while; a probe needs none of them

    return [parse_name(name, input="name" if input_ == "name" else "path").to_json() for name in names]


def probe(path: str) -> dict[str, Any]:
    shown = printable(path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise PortRefusal("invalid", f"{shown} is no longer there") from error
    except OSError as error:
        raise PortRefusal("invalid", f"{shown} can't be opened: {error.strerror}") from error
    try:
        status = os.fstat(fd)
        if status.st_mode & 0o170000 != 0o100000:
            raise PortRefusal("invalid", f"{shown} is not a regular file")
        why_not = no_video(os.pread(fd, HEAD, 0))
        if why_not:
            raise PortRefusal("invalid", f"{shown} is no video: it is {why_not}")
        found = facts(_tracks(fd), status.st_size)
        if found is None:
            raise PortRefusal("invalid", f"{shown} is no video: it holds no video track, or is damaged")
        return found
    except OSError as error:
        raise PortRefusal("unavailable", f"{shown} can't be read: {error.strerror}") from error
    finally:
        os.close(fd)


def no_video(head: bytes) -> str | None:
    """What a file is that begins like this, when it is no video; None when its beginning is one of a video."""
    if not head:
        return "empty"
    if _is_video(head):
        return None
    for begin, name in _IMPOSTORS:
        if head.lstrip()[:16].lower().startswith(begin.lower()):
            return name
    return "not in any video format known here (a disc image, or something else under a video's name)"


def _is_video(head: bytes) -> bool:
    return (
        head.startswith(_VIDEO_STARTS)
        or head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or any(head[at::step][:3] == b"GGG" for at, step in _TS)
    )


# Matroska and WebM, Ogg, Windows Media, Flash, RealMedia, MPEG program and elementary streams, MXF.
_VIDEO_STARTS = (
    b"\x1aE\xdf\xa3", b"OggS", b"0&\xb2u\x8ef\xcf\x11", b"FLV", b".RMF", b"\0\0\1\xba", b"\0\0\1\xb3", b"\x06\x0e\x2b\x34",
)  # fmt: skip
_TS = ((0, 188), (4, 192), (0, 204))  # MPEG transport streams: a sync byte at the start of every packet


def _tracks(fd: int) -> list[dict[str, Any]]:
    from pymediainfo import MediaInfo

    info = MediaInfo.parse(f"/proc/self/fd/{fd}", parse_speed=_PARSE_SPEED)
    return [track.to_data() for track in info.tracks]


def shut_in() -> None:
    """No network and no new privileges, as far as the system lets us: in some containers the first is not allowed."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() == 0:
        libc.unshare(_CLONE_NEWNET)
    else:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    port_main(handle, on_start=shut_in)
