"""What one spelling of the tables means, and how much it proves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

STRONG: Final = 2
"""Technical wherever it stands."""
WEAK: Final = 1
"""A word that titles use as well."""
CODE: Final = 0
"""A code so short that it counts among technical words only."""

Rows = tuple[tuple[str, str], ...]
"""(facts, spellings), as `lexicon` reads them."""


@dataclass(frozen=True, slots=True)
class Term:
    """What one spelling says: its (field, value) facts, and how much it proves."""

    facts: tuple[tuple[str, str], ...]
    rank: int
    field: str = field(init=False)
    """The field of its first fact. Passes ask for it more often than for anything else: it is kept, not worked out."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", self.facts[0][0])
