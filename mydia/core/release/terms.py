"""What one spelling of the tables means, and how much it proves."""

from __future__ import annotations

from typing import Final, NamedTuple

STRONG: Final = 2
"""Technical wherever it stands."""
WEAK: Final = 1
"""A word that titles use as well."""
CODE: Final = 0
"""A code so short that it counts among technical words only."""

Rows = tuple[tuple[str, str], ...]
"""(facts, spellings), as `lexicon` reads them."""


class Term(NamedTuple):
    """What one spelling says: its (field, value) facts, and how much it proves."""

    facts: tuple[tuple[str, str], ...]
    rank: int

    @property
    def field(self) -> str:
        return self.facts[0][0]
