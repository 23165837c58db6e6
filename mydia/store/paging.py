"""Pages by cursor: the cursor holds the sort values of the last row shown, so a page costs the same wherever it starts."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Generic, TypeVar

from mydia.errors import Invalid

T = TypeVar("T")
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, and the cursor of those that follow; None at the end."""

    items: tuple[T, ...]
    next: str | None = None


def encode_cursor(values: Sequence[Any]) -> str:
    """Sort values (text, numbers) as opaque text that needs no quoting in a URL."""
    text = json.dumps(list(values), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str, *kinds: type) -> list[Any]:
    """The sort values; Invalid when it is no cursor of ours, or holds other than values of these types."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or [type(v) for v in values] != list(kinds) or not all(map(_fits, values)):
        raise Invalid("this page cursor is broken; start again from the first page", field="cursor")
    return values


def _fits(value: object) -> bool:
    """Whether a database can take it: what a cursor holds went round by strangers' hands."""
    match value:
        case int():
            return -(2**63) <= value < 2**63
        case float():
            return isfinite(value)
        case str():
            return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    return False


def clamp(limit: int) -> int:
    """A page size that is at least 1 and at most MAX_LIMIT."""
    return max(1, min(limit, MAX_LIMIT))


def page(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[Any]]) -> Page[T]:
    """A page of `limit` out of rows that were asked for one more, so that the end is known without counting."""
    shown = rows[:limit]
    return Page(tuple(shown), encode_cursor(key(shown[-1])) if len(rows) > limit and shown else None)
