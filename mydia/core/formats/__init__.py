"""Custom formats: what a person likes or dislikes in a release, named, and given a score by each quality profile.

model       a format, its conditions, and the facts they are asked of
vocabulary  what the two apps' numbers mean (sources, flags, languages, release types)
reading     formats from Radarr's, Sonarr's and TRaSH's JSON
profiles    quality profiles from the same
matching    which formats a release is of, why, and what that is worth
"""

from mydia.core.formats.matching import FormatSet, FormatVerdict, explain, facts_of, matching, score
from mydia.core.formats.model import Condition, CustomFormat, FormatFacts
from mydia.core.formats.profiles import parse_profile
from mydia.core.formats.reading import condition_of, parse_formats, read_formats
from mydia.core.formats.vocabulary import words_of

__all__ = [
    "Condition",
    "CustomFormat",
    "FormatFacts",
    "FormatSet",
    "FormatVerdict",
    "condition_of",
    "explain",
    "facts_of",
    "matching",
    "parse_formats",
    "parse_profile",
    "read_formats",
    "score",
    "words_of",
]
