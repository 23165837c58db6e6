"""What text must go through before it may be part of a path: illegal characters, colons, articles, accents, length.

The rules are those the incumbents apply to the same tokens, so that a library carried over keeps its names, and beyond
them whatever could hide, reorder or cut a name (control and direction characters, lone surrogates, reserved devices).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

import regex

ColonStyle = Literal["delete", "dash", "space_dash", "space_dash_space", "smart", "custom"]

# Stands for "..." while a name is put together, so that collapsing repeated separators leaves a meant ellipsis alone.
# A NUL, because no value or template may hold one: `printable` takes it out of both.
ELLIPSIS: Final = "\0"

# Control characters, directional overrides and isolates, line separators, byte order mark, lone surrogates,
# non-characters. Zero-width joiners stay: emoji and some scripts need them.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\uffff]"
)
_ILLEGAL: Final = {"\\": "+", "/": "+", "<": "", ">": "", "?": "!", "*": "-", "|": "", '"': ""}
_REPLACE_ILLEGAL: Final = str.maketrans(_ILLEGAL)
_DELETE_ILLEGAL: Final = str.maketrans(dict.fromkeys(_ILLEGAL, ""))
_COLONS: Final = {"delete": "", "dash": "-", "space_dash": " -", "space_dash_space": " - "}

_REPEATED: Final = re.compile(r"([- ._])\1+")
_TRAILING: Final = re.compile(r"[- ._]+$")
_DEVICE_DOT: Final = re.compile(r"^(aux|com[0-9¹²³]|con|lpt[0-9¹²³]|nul|prn)\.", re.I)
_DEVICE: Final = re.compile(r"^(aux|com[0-9¹²³]|con|conin\$|conout\$|lpt[0-9¹²³]|nul|prn)$", re.I)

# "A (2017)" is a title of one letter, not an article: something must stand between it and the brackets.
_ARTICLE: Final = re.compile(r"^(The|An|A) (?!(?: *\([^)]+\))*$)(.*?)((?: *\([^)]+\))*)$", re.I | re.S)
_YEAR: Final = re.compile(r"\([0-9]{4}\)$")
_LONE_MARK: Final = re.compile(r"""(?<=\s)[,<>/\\;:'"|`’~!?@%*\-_=](?=\s)""")
_CLIPPED: Final = re.compile(r"['`’:?,](?=(?:s|m|t|ve|ll|d|re)\s|\s|$)")
_BRACKETS: Final = re.compile(r"[()\[\]{}]")

_GRAPHEME: Final = regex.compile(r"\X")
_TITLE_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ORDINAL: Final = re.compile(r"(?<=\d)(st|nd|rd|th)\b", re.I)
_SHOUTED: Final = re.compile(r"(?<![^\W_])(imax|3d|sdr|hdr|dv)(?![^\W_])", re.I)

_LIGATURES: Final = str.maketrans(
    {
        "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ð": "D", "ð": "d", "Đ": "D", "đ": "d",
        "Ł": "L", "ł": "l", "Þ": "Th", "þ": "th", "ß": "ss", "ẞ": "SS", "ı": "i", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t",
    }
)  # fmt: skip


def printable(text: str) -> str:
    """The text without characters that show nothing, reorder what is shown, or cannot be written as UTF-8."""
    return _UNPRINTABLE.sub("", text)


def legal(text: str, colon: ColonStyle, custom_colon: str, replace: bool) -> str:
    """The text without characters a file system somewhere refuses: replaced by a likeness, or deleted."""
    if not replace:
        return text.replace(":", "").translate(_DELETE_ILLEGAL)
    if colon == "smart":
        text = text.replace(": ", " - ").replace(":", "-")
    else:
        text = text.replace(":", printable(custom_colon).replace(":", "") if colon == "custom" else _COLONS[colon])
    return text.translate(_REPLACE_ILLEGAL)


def collapse(text: str) -> str:
    """Any run of one separator becomes one of it: what empty tokens leave behind."""
    return _REPEATED.sub(r"\1", text)


def trim_end(text: str) -> str:
    """The text without separators at its end."""
    return _TRAILING.sub("", text)


def undevice(name: str) -> str:
    """A name that is no reserved device of Windows ("con.x" becomes "con_x", "nul" becomes "nul_")."""
    return _DEVICE.sub(r"\1_", _DEVICE_DOT.sub(r"\1_", name))


def size(text: str) -> int:
    """Length in bytes, the ellipsis mark counting as the three dots it will be."""
    return len(text.encode("utf-8", "surrogatepass")) + 2 * text.count(ELLIPSIS)


def cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` bytes that ends between graphemes."""
    if size(text) <= limit:
        return text
    kept, used = [], 0
    for grapheme in _GRAPHEME.findall(text):
        used += size(grapheme)
        if used > limit:
            break
        kept.append(grapheme)
    return "".join(kept)


def _cut_start(text: str, limit: int) -> str:
    graphemes, used, start = _GRAPHEME.findall(text), 0, len(text)
    for grapheme in reversed(graphemes):
        used += size(grapheme)
        if used > limit:
            break
        start -= len(grapheme)
    return text[start:]


def shorten(text: str, limit: int) -> str:
    """The text in `limit` bytes with an ellipsis where it was cut: at its end, or for a negative limit its start."""
    if limit == 0 or size(text) <= abs(limit):
        return text
    if limit < 0:
        return ELLIPSIS + _cut_start(text, -limit - 3).lstrip(" .")
    return cut(text, limit - 3).rstrip(" .") + ELLIPSIS


def title_the(title: str) -> str:
    """ "The Mist (2007)" as "Mist, The (2007)"."""
    return _ARTICLE.sub(r"\2, \1\3", title)


def clean(title: str) -> str:
    """The title in plain letters for scene-like names: no lone marks, brackets, clipped apostrophes or accents."""
    text = title.replace("&", "and").replace("/", " ")
    text = _BRACKETS.sub("", _CLIPPED.sub("", _LONE_MARK.sub("", text)))
    return unaccented(text)


def clean_the(title: str) -> str:
    """`title_the` with each part cleaned."""
    match = _ARTICLE.match(title)
    if not match:
        return clean(title)
    article, name, rest = match.groups()
    return f"{clean(name).strip()}, {article}{clean(rest)}"


def with_year(title: str, year: int | None) -> str:
    """The title with its year, unless it ends with one already or none is known."""
    return title if not year or _YEAR.search(title) else f"{title} ({year})"


def without_year(title: str) -> str:
    """The title without a year at its end."""
    return _YEAR.sub("", title)


def first_character(title: str) -> str:
    """The letter or digit a title is filed under; "_" when neither of its first two characters is one."""
    for character in title_the(title)[:2]:
        if character.isalnum():
            return unaccented(character.upper())[:1]
    return "_" if title else ""


def unaccented(text: str) -> str:
    """Latin and Greek letters without their accents; other scripts untouched (their marks change the letter)."""
    kept: list[str] = []
    plain = False
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.category(character) == "Mn":
            if plain:
                continue
        else:
            plain = unicodedata.name(character, "").startswith(("LATIN", "GREEK"))
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_LIGATURES)


def edition_case(edition: str) -> str:
    """An edition's name in title case, ordinals low ("10th"), picture formats high ("IMAX", "3D")."""
    text = _TITLE_WORD.sub(lambda m: m[0][0].upper() + m[0][1:].lower(), edition)
    text = _ORDINAL.sub(lambda m: m[0].lower(), text)
    return _SHOUTED.sub(lambda m: m[0].upper(), text)
