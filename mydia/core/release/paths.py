"""Paths: the file's own name first, and what it does not say from the folders above it."""

from __future__ import annotations

import re
from dataclasses import replace

from mydia.core.release.facts import Hint, Release, Span
from mydia.core.release.parser import read

_ROOTED = re.compile(r"^(?:[A-Za-z]:[\\/]|/[^/]+/|\\\\)")
_SEPARATOR = re.compile(r"[\\/]+")


def looks_like_path(name: str) -> bool:
    """Whether a text given as a name begins at a root ("/data/...", "C:\\...")."""
    return _ROOTED.match(name) is not None


def read_path(path: str, hint: Hint | None = None) -> Release:
    """The facts of a file by its path. Spans are of the whole path."""
    return read(path, hint)
