"""Weigh a parsed release against known titles, and say why."""

from __future__ import annotations

from collections.abc import Sequence

from mydia.core.release.facts import Candidate, MatchResult, Release


def match(release: Release, candidates: Sequence[Candidate]) -> list[MatchResult]:
    """Every candidate that fits at all, best first."""
    title = (release.title or "").casefold()
    return [MatchResult(1.0, c, ("title",)) for c in candidates if c.title.casefold() == title]
