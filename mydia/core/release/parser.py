"""The front door: a release name or a path in, one `Release` out."""

from __future__ import annotations

from mydia.core.release.facts import Hint, Input, Release
from mydia.core.release.grammar import read
from mydia.core.release.paths import looks_like_path, read_path


def parse(name: str, input: Input = "name", hint: Hint | None = None) -> Release:  # noqa: A002 - the protocol's word
    """The facts of a release name, or of a path by its file and the folders above it.

    Total: any text has an answer, and nothing is raised. A fact that was filled in rather than read (the source of
    a name that states only "1080p") has no span. `hint` says what the name is likely to be of, where it is known.
    """
    if input == "path" or looks_like_path(name):
        return read_path(name, hint)
    return read(name, hint)
