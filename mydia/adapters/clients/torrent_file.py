"""What a .torrent or a magnet link says: info-hashes, name, files. Hostile or broken ones are refused (Invalid).

Written without a BitTorrent library, since it runs where none is loaded. BEP 3 (v1), BEP 52 (v2), BEP 9 (magnets).
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mydia.errors import Invalid

MAX_BYTES = 32 * 1024 * 1024
MAX_FILES = 100_000
_MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Torrent:
    """Hashes in lower-case hex; `v1` 40 digits, `v2` 64. `files`: (path relative to the save path, bytes)."""

    name: str
    v1: str | None
    v2: str | None
    files: tuple[tuple[str, int], ...] = ()

    @property
    def id(self) -> str:
        """The 40 digits clients know it by: the v2 hash cut short where there is one, as libtorrent 2 does."""
        return self.v2[:40] if self.v2 else self.v1 or ""

    @property
    def ids(self) -> frozenset[str]:
        """Every id that some client might give it."""
        return frozenset(h[:40] for h in (self.v1, self.v2) if h)


def read_torrent(content: bytes) -> Torrent:
    """Raises Invalid when it is no torrent, or a file in it would leave the torrent's own folder."""
    if len(content) > MAX_BYTES:
        raise Invalid(f"The torrent file is {len(content)} bytes; more than {MAX_BYTES} are not read")
    if not content.startswith(b"d"):
        raise Invalid("That is no torrent file" + (": it is a web page" if b"<html" in content[:2000].lower() else ""))
    try:
        root, spans = _decode(content)
    except (ValueError, IndexError) as error:
        raise Invalid(f"The torrent file is damaged: {error}") from error
    info = root.get(b"info") if isinstance(root, dict) else None
    if not isinstance(info, dict) or "info" not in spans:
        raise Invalid("The torrent file has no info dictionary")
    start, end = spans["info"]
    return read_info(content[start:end], info)


def read_info(raw: bytes, info: dict[bytes, Any] | None = None) -> Torrent:
    """The same for the info dictionary alone, as peers send it for a magnet link."""
    if info is None:
        try:
            info = _decode(raw)[0]
        except (ValueError, IndexError) as error:
            raise Invalid(f"The torrent's info dictionary is damaged: {error}") from error
    if not isinstance(info, dict):
        raise Invalid("The torrent's info dictionary is damaged")
    name = _name(info)
    files = _files(info, name)
    v1 = hashlib.sha1(raw).hexdigest() if b"pieces" in info else None  # noqa: S324  # what the protocol says
    v2 = hashlib.sha256(raw).hexdigest() if info.get(b"meta version") == 2 else None
    if v1 is None and v2 is None:
        raise Invalid("The torrent file has no piece hashes")
    return Torrent(name, v1, v2, files)


def read_magnet(magnet: str) -> Torrent:
    """Hashes and name of a magnet link (BEP 9). Invalid when it names no torrent."""
    parts = urlsplit(magnet)
    if parts.scheme.lower() != "magnet":
        raise Invalid("That is no magnet link")
    query = parse_qs(parts.query)
    v1 = v2 = None
    for topic in query.get("xt", ()):
        kind, _, value = topic.partition("urn:")[2].partition(":")
        if kind == "btih":
            v1 = _btih(value)
        elif kind == "btmh" and re.fullmatch(r"1220[0-9a-fA-F]{64}", value):
            v2 = value[4:].lower()
    if v1 is None and v2 is None:
        raise Invalid("The magnet link has no info-hash")
    return Torrent(query.get("dn", [""])[0], v1, v2)


def _btih(value: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{40}", value):
        return value.lower()
    try:
        if len(value) == 32:
            return base64.b32decode(value.upper()).hex()
    except binascii.Error:
        pass
    raise Invalid("The magnet link's info-hash is neither 40 hex digits nor 32 of base 32")


# -- files ----------------------------------------------------------------------------------------------------------


def _name(info: dict[bytes, Any]) -> str:
    name = info.get(b"name.utf-8", info.get(b"name"))
    if not isinstance(name, bytes):
        raise Invalid("The torrent has no name")
    _check_component(name)
    # Both spellings exist on old torrents; a client may use either, so both have to be harmless.
    if isinstance(info.get(b"name"), bytes):
        _check_component(info[b"name"])
    return name.decode("utf-8", "surrogateescape")


def _files(info: dict[bytes, Any], name: str) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    if b"file tree" in info:
        _walk_tree(info[b"file tree"], (), found)
        single = len(found) == 1 and found[0][0] == name
        found = found if single else [(f"{name}/{path}", size) for path, size in found]
    if b"files" in info:
        listed = [_listed(entry, name) for entry in _list(info[b"files"], "file list")]
        found = found or [file for file in listed if file is not None]
    elif b"length" in info:
        _refuse_symlink(info, name)
        found = found or [(name, _size(info[b"length"]))]
    if not found:
        raise Invalid("The torrent holds no files")
    if len(found) > MAX_FILES:
        raise Invalid(f"The torrent holds {len(found)} files; more than {MAX_FILES} are not taken")
    return tuple(found)


def _listed(entry: Any, name: str) -> tuple[str, int] | None:
    if not isinstance(entry, dict):
        raise Invalid("The torrent's file list is damaged")
    for key in (b"path", b"path.utf-8"):
        if key in entry:
            for component in _list(entry[key], "file path"):
                _check_component(component)
    path = _list(entry.get(b"path.utf-8", entry.get(b"path")), "file path")
    if not path:
        raise Invalid("The torrent names a file without a name")
    text = "/".join([name, *(component.decode("utf-8", "surrogateescape") for component in path)])
    _refuse_symlink(entry, text)
    if b"p" in _attributes(entry):
        return None  # padding between files
    return text, _size(entry.get(b"length"))


def _walk_tree(tree: Any, above: tuple[str, ...], found: list[tuple[str, int]]) -> None:
    if not isinstance(tree, dict):
        raise Invalid("The torrent's file tree is damaged")
    for component, below in tree.items():
        if component == b"":
            if not above or not isinstance(below, dict):
                raise Invalid("The torrent names a file without a name")
            _refuse_symlink(below, "/".join(above))
            if b"p" not in _attributes(below):
                found.append(("/".join(above), _size(below.get(b"length"))))
        else:
            _check_component(component)
            _walk_tree(below, (*above, component.decode("utf-8", "surrogateescape")), found)


def _check_component(component: Any) -> None:
    """One name of a path: it must be a name, on this and any other system, and nothing but a name."""
    if not isinstance(component, bytes):
        raise Invalid("The torrent's file list is damaged")
    bad = component in (b"", b".", b"..") or any(c in component for c in (b"/", b"\\", b"\0"))
    if bad or re.fullmatch(rb"[A-Za-z]:.*", component):
        shown = component.decode("utf-8", "backslashreplace")
        raise Invalid(f'The torrent was refused: its file name "{shown}" would lead outside its own folder')


def _refuse_symlink(entry: dict[bytes, Any], path: str) -> None:
    if b"l" in _attributes(entry) or b"symlink path" in entry:
        raise Invalid(f'The torrent was refused: "{path}" is a symlink, which may lead outside its own folder')


def _attributes(entry: dict[bytes, Any]) -> bytes:
    value = entry.get(b"attr", b"")
    return value if isinstance(value, bytes) else b""


def _size(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise Invalid("The torrent names a file without a size")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f"The torrent's {what} is damaged")
    return value


# -- bencoding ------------------------------------------------------------------------------------------------------


def _decode(data: bytes) -> tuple[Any, dict[str, tuple[int, int]]]:
    """The value, and for a dictionary at the top where each key's value lies in `data`."""
    spans: dict[str, tuple[int, int]] = {}
    value, end = _value(data, 0, 0, spans)
    if data[end:].strip():
        raise ValueError("there is more after its end")
    return value, spans


def _value(data: bytes, at: int, depth: int, spans: dict[str, tuple[int, int]] | None = None) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    lead = data[at : at + 1]
    if lead == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if lead.isdigit():
        return _string(data, at)
    if lead == b"l":
        items, at = [], at + 1
        while data[at] != ord("e"):
            item, at = _value(data, at, depth + 1)
            items.append(item)
        return items, at + 1
    if lead == b"d":
        entries: dict[bytes, Any] = {}
        at += 1
        while data[at] != ord("e"):
            key, start = _string(data, at)
            entries[key], at = _value(data, start, depth + 1)
            if spans is not None:
                spans[key.decode("latin-1")] = (start, at)
        return entries, at + 1
    raise ValueError(f"there is nothing readable at byte {at}")


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    colon = data.index(b":", at, at + 12)
    digits = data[at:colon]
    if not digits.isdigit():
        raise ValueError(f"there is nothing readable at byte {at}")
    end = colon + 1 + int(digits)
    if end > len(data):
        raise ValueError("it ends too soon")
    return data[colon + 1 : end], end
