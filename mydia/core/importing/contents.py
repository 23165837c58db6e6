"""What a file is: by its name, by its first bytes, by where it lies. Nothing here opens anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

Category = Literal["video", "extra", "archive", "dangerous", "clutter", "other"]

HEAD: Final = 512
"""How many of a file's first bytes `magic_of` looks at."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


VIDEOS: Final = _set(
    "3g2 3gp amv asf avi divx dvr-ms evo flv img iso m1v m2ts m2v m4v mk3d mkv mov mp4 mpe mpeg mpg mts mxf nsv ogm ogv"
    " qt rm rmvb strm tp ts vob webm wmv wtv xvid"
)
ARCHIVES: Final = _set("7z ace bz2 cab gz rar tar tb2 tbz2 tgz txz xz zip zst")
DANGEROUS: Final = _set(
    "apk app arj bat cmd com cpl dll dmg exe gadget hta inf jar js jse lnk lzh msi msp pif ps1 reg scr sh sys url vb vbe"
    " vbs wsf wsh zipx"
)
_SIDE_FILES: Final = _set("srt ass ssa sub idx sup vtt smi nfo jpg jpeg png webp txt")
_RAR_VOLUME: Final = re.compile(r"r\d{2,3}|s\d{2}|\d{3}")
_CLUTTER_NAMES: Final = _set(".ds_store thumbs.db desktop.ini .directory icon\r")
_CLUTTER_FOLDERS: Final = _set("@eadir .@__thumb __macosx .appledouble .trash-1000 .recycle #recycle lost+found")

_UNFINISHED_ENDS: Final = (
    ".part", ".!qb", ".!ut", ".!bt", ".bc!", ".partial", ".partial~", ".tmp", ".temp", ".crdownload", ".download",
    ".aria2", ".incomplete", ".unfinished", ".td", ".filepart", ".xltd", ".jc!", ".lftp-pget-status",
)  # fmt: skip
_UNFINISHED_STARTS: Final = ("_unpack_", "_failed_", "_unpackerred_", "__admin__", ".mydia-", ".syncthing.", ".~tmp~")

# (offset, bytes, what it is). MPEG-TS is told by its sync bytes, MP4 by its first box: see `magic_of`.
_MAGIC: Final = (
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"OggS", "ogg"),
    (0, b".RMF", "rm"),
    (0, b"\x00\x00\x01\xba", "mpeg-ps"),
    (0, b"\x00\x00\x01\xb3", "mpeg-ps"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "mxf"),
    (0, b"MZ", "program"),
    (0, b"\x7fELF", "program"),
    (0, b"\xcf\xfa\xed\xfe", "program"),
    (0, b"\xca\xfe\xba\xbe", "program"),
    (0, b"#!", "script"),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", "shortcut"),
    (0, b"Rar!\x1a\x07", "archive"),
    (0, b"PK\x03\x04", "archive"),
    (0, b"PK\x05\x06", "archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "archive"),
    (0, b"\x1f\x8b", "archive"),
    (0, b"BZh", "archive"),
    (0, b"\xfd7zXZ\x00", "archive"),
    (0, b"MSCF", "archive"),
    (257, b"ustar", "archive"),
    (0, b"%PDF", "document"),
    (0, b"<!DOCTYPE", "document"),
    (0, b"<html", "document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document"),
)
_MP4_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
VIDEO_MAGIC: Final = _set("matroska mp4 avi flv asf ogg rm mpeg-ps mpeg-ts mxf")


def magic_of(head: bytes) -> str:
    """What a file is by its first `HEAD` bytes: a word of VIDEO_MAGIC, "program", "archive" ..., "" when unknown."""
    for offset, mark, name in _MAGIC:
        if head[offset : offset + len(mark)] == mark:
            return name
    if head[4:8] in _MP4_BOXES:
        return "mp4"
    if head[:4] == b"RIFF":
        return "avi" if head[8:11] == b"AVI" else ""
    for first, packet in ((0, 188), (4, 192)):  # a plain transport stream; one with time stamps (m2ts)
        if len(head) > first + packet and head[first] == head[first + packet] == 0x47:
            return "mpeg-ts"
    return ""


def extension(path: str) -> str:
    """The file's extension, lower case and without its dot; "" when it has none."""
    name = base(path)
    return name.rpartition(".")[2].lower() if "." in name[1:] else ""


def base(path: str) -> str:
    """The last element of a path."""
    return path.replace("\\", "/").rpartition("/")[2]


def stem(path: str) -> str:
    """The last element of a path without its extension."""
    name = base(path)
    return name.rpartition(".")[0] if extension(path) else name


def folders(path: str) -> tuple[str, ...]:
    """The folders a path goes through."""
    return tuple(path.replace("\\", "/").split("/")[:-1])


def category(path: str) -> Category:
    """What kind of file a name says it is. `video.mkv.exe` is dangerous, not a video."""
    end, name = extension(path), base(path).lower()
    if name in _CLUTTER_NAMES or name.startswith("._") or any(f.lower() in _CLUTTER_FOLDERS for f in folders(path)):
        return "clutter"
    if end in DANGEROUS:
        return "dangerous"
    if end in VIDEOS:
        return "video"
    if end in ARCHIVES or _RAR_VOLUME.fullmatch(end):
        return "archive"
    return "extra" if end in _SIDE_FILES else "other"


def pretends(path: str) -> bool:
    """Whether a dangerous file is named to look like a video."""
    return category(path) == "dangerous" and extension(stem(path)) in VIDEOS


def unwanted(paths: Sequence[str]) -> str | None:
    """Why files of these names are not worth downloading; None when they may be, or nothing is known of them."""
    for path in paths:
        if pretends(path):
            return f"{path} is a program dressed as a video"
    if paths and not any(category(path) in ("video", "archive") for path in paths):
        return f"It holds no video, but {paths[0]}"
    return None


def unfinished(path: str) -> str | None:
    """Why the name says that a file is still being written or unpacked, None when it does not."""
    name = base(path).lower()
    for end in _UNFINISHED_ENDS:
        if name.endswith(end):
            return f"{base(path)} is still being written ({end})"
    for element in (*folders(path), base(path)):
        if element.lower().startswith(_UNFINISHED_STARTS):
            return f"{element} is still being unpacked or moved"
    return None
