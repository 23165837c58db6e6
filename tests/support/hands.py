"""Whoever takes jobs in a test without being an actor."""

from collections.abc import Mapping

from mydia.jobs.model import Hands
from mydia.messages import QUEUES


def hands(
    owner: str,
    *kinds: str,
    most: int | None = None,
    queues: Mapping[str, int] | None = None,
    others: frozenset[str] = frozenset(),
) -> Hands:
    """Hands for these kinds of jobs. Their queues have room for any number where `queues` does not say otherwise."""
    return Hands(kinds, owner, {**dict.fromkeys(QUEUES, 10_000), **(queues or {})}, others, most)
