"""Release names to facts: `parse` reads a name or a path, `match` weighs what it read against known titles."""

from mydia.core.release.facts import Candidate, MatchResult, Release, Span
from mydia.core.release.matching import match
from mydia.core.release.parser import parse

__all__ = ["Candidate", "MatchResult", "Release", "Span", "match", "parse"]
