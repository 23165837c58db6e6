"""The grammar: one name in, one `Release` out."""

from __future__ import annotations

from mydia.core.release.facts import Hint, Input, Release


def parse(name: str, input: Input = "name", hint: Hint | None = None) -> Release:  # noqa: A002 - the protocol's word
    """The facts of a release name (or of a path). Total: any text has an answer, and nothing is raised."""
    return Release(name=name, title=name.strip() or None)
