"""The front door: a release name or a path in, one `Release` out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Final

from mydia.core.release.facts import Hint, Input, Release
from mydia.core.release.grammar import read, read_all
from mydia.core.release.paths import looks_like_path, read_path

_HANDFUL: Final = 32
"""Names read together: enough for `read_all` to gain by, few enough for their words to stay close at hand."""


def parse(name: str, input: Input = "name", hint: Hint | None = None) -> Release:  # noqa: A002 - the protocol's word
    """The facts of a release name, or of a path by its file and the folders above it.

    Total: any text has an answer, and nothing is raised. A fact that was filled in rather than read (the source of
    a name that states only "1080p") has no span. `hint` says what the name is likely to be of, where it is known.
    """
    if input == "path" or looks_like_path(name):
        return read_path(name, hint)
    return read(name, hint)


def parse_all(names: Sequence[str], hint: Hint | None = None) -> list[Release]:
    """`parse` of many names, each read as it would be alone, but a third faster."""
    found: list[Release] = []
    for start in range(0, len(names), _HANDFUL):
        handful = names[start : start + _HANDFUL]
        paths = [looks_like_path(name) for name in handful]
        plain = iter(read_all([*compress(handful, (not path for path in paths))], hint))
        found += [read_path(name, hint) if path else next(plain) for name, path in zip(handful, paths, strict=True)]
    return found
