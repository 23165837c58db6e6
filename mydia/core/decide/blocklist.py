"""Which line of the blocklist a candidate stands on: the infohash decides, else name and size, else the guid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mydia.core.decide.model import Blocked, Candidate

_SAME_SIZE: Final = 2 * 1024 * 1024
"""Indexers round differently: a post within 2 MB of the blocked one is the blocked one."""


class Blocklist:
    """The blocklist, indexed."""

    def __init__(self, lines: Iterable[Blocked]) -> None:
        self._hashes: dict[str, Blocked] = {}
        self._titles: dict[str, list[Blocked]] = {}
        self._guids: dict[str, Blocked] = {}
        for line in lines:
            if line.infohash:
                self._hashes.setdefault(line.infohash.lower(), line)
            if line.title:
                self._titles.setdefault(line.title.lower(), []).append(line)
            if line.guid:
                self._guids.setdefault(line.guid, line)

    def find(self, candidate: Candidate) -> Blocked | None:
        """The line that names this candidate, if one does."""
        known = candidate.infohash.lower() if candidate.infohash else None
        if known is not None and known in self._hashes:
            return self._hashes[known]
        for line in self._titles.get(candidate.title.lower(), ()):
            both_hashed = known is not None and line.infohash is not None
            if not both_hashed and _same_size(line.size, candidate.size):
                return line
        return self._guids.get(candidate.guid) if candidate.guid else None


def _same_size(one: int | None, other: int | None) -> bool:
    return one is None or other is None or abs(one - other) <= _SAME_SIZE
