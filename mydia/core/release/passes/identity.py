"""Names that are not words: provider ids, the checksum, an edition given in Plex's way."""

from __future__ import annotations

import re

from mydia.core.release.facts import Span
from mydia.core.release.reading import Reading

_IMDB = re.compile(r"^tt\d{7,9}$")
_CHECKSUM = re.compile(r"^[0-9a-f]{8}$")
_PROVIDERS = {
    **dict.fromkeys(("tmdb", "tmdbid", "themoviedb"), "tmdb_id"),
    **dict.fromkeys(("tvdb", "tvdbid", "thetvdb"), "tvdb_id"),
}
_HIDDEN = re.compile(r"^(?:[0-9a-f]{24,64}|(?=[a-z]*\d)(?=[\da-z]*[a-z])[0-9a-z]{20,})$")
_BACKUP = re.compile(r"backup_\d{5,}s\d{2}-\d{2}", re.IGNORECASE)


def read_identity(reading: Reading) -> None:
    """Find {tmdb-1}, [tvdbid-1], [imdbid-tt1234567], a bare tt1234567, [ABCD1234] and {edition-Name}."""
    for word in reading.numbers:
        if word.low.startswith("tt") and _IMDB.match(word.low):
            first = (
                word.index - 1 if word.index and reading.words[word.index - 1].low in ("imdb", "imdbid") else word.index
            )
            reading.set("imdb_id", word.low, reading.use("imdb_id", first, word.index))
        elif word.number is not None and word.index:
            field = _PROVIDERS.get(reading.words[word.index - 1].low)
            if field and word.gap in ("-", "=", ":", " "):
                reading.set(field, word.number, reading.use(field, word.index - 1, word.index))
    _checksum(reading)
    _plex_edition(reading)


def _checksum(reading: Reading) -> None:
    """Eight hexadecimal digits alone in a bracket, the last such."""
    for box in reversed(reading.boxes):
        if box.first >= 0 and box.first == box.last and box.first > 0:
            word = reading.words[box.first]
            if word.used is None and word.term is None and _CHECKSUM.match(word.low) and not word.low.isalpha():
                reading.set("hash", word.text.upper(), reading.use("hash", box.first, box.first))
                return


def _plex_edition(reading: Reading) -> None:
    for box in reading.boxes:
        if box.sign == "{" and 0 <= box.first < box.last and reading.words[box.first].low == "edition":
            span = Span(reading.words[box.first + 1].start, box.close)
            reading.use("edition", box.first, box.last)
            reading.set("edition", reading.name[span.start : span.end].strip(), span)


def is_backup(reading: Reading) -> bool:
    """Whether a name is the kind that one uploader's program makes up, in which "S02-12" means nothing."""
    return _BACKUP.fullmatch(reading.name, reading.start, reading.end) is not None


def is_hidden(text: str) -> bool:
    """Whether a text is a made-up string of letters and digits, as obfuscated posts are named."""
    return any(_HIDDEN.match(piece) is not None for piece in text.lower().split())
