"""Deciding: which of the releases that indexers offer may be taken for a target, and why the others may not.

    model     candidate, target, context -> verdict: the values

Nothing here reads a disk, a database or a clock: what bears on the answer is in the arguments.
"""

from mydia.core.decide.model import (
    Blocked,
    Candidate,
    ContentFile,
    Context,
    Delay,
    Episode,
    Held,
    Past,
    Queued,
    Rejection,
    Settings,
    Target,
    Verdict,
)

__all__ = [
    "Blocked",
    "Candidate",
    "ContentFile",
    "Context",
    "Delay",
    "Episode",
    "Held",
    "Past",
    "Queued",
    "Rejection",
    "Settings",
    "Target",
    "Verdict",
]
