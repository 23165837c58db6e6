"""Release names to facts: `parse` reads a name or a path (`parse_all` many names), `match` weighs what it read against known titles.

facts     what a name may say, and where it says it      tokens    a name cut into words with spans and brackets
tables/   the vocabulary, as rows                        lexicon   the tables made searchable
passes/   small steps that each decide one thing         reading   the state they share
grammar   the passes in their order                      terms     what one spelling means
parser    the front door                                 paths     files by their names and folders
matching  known titles weighed                           comparing  titles made comparable

To teach it a language, a service, a source or a group's spelling, first add the name that is misread to a file of
tests/corpus/release, one JSON object a line with what it must give, and see it fail:

    {"name": "Film.2020.Quechua.1080p.WEB-DL.x264-GRP", "title": "Film", "languages": ["qu"]}

Then add the row, here to tables/languages.py. `lexicon` says what the signs before a spelling mean:

    ("languages:qu", "~Quechua | ~Runasimi | ?QUE"),

`mydia parse --explain NAME` shows what each pass made of a name.
"""

from mydia.core.release.facts import Candidate, MatchResult, Release, Span
from mydia.core.release.matching import match
from mydia.core.release.parser import parse, parse_all

__all__ = ["Candidate", "MatchResult", "Release", "Span", "match", "parse", "parse_all"]
