"""A download's life, judged from what its client says. Pure.

    pending -> downloading -> completed -> importing -> imported (seeds on, then leaves its client)
                   |                           └-> held (a person must look)
                   └-> failed | cancelled (leave their client at once)

A client that answers but does not list a download may have just restarted: it is gone only after several looks over some minutes.
"""

from dataclasses import dataclass
from typing import Final, Literal

from mydia.ports import ClientDownload

GONE_LOOKS: Final = 3
GONE_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Absence:
    """How often, and since when, a client's full answer lacked the download."""

    looks: int
    since: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look at the client means. `percent` 0..100; `message` is the client's trouble in words."""

    kind: Literal["moving", "stuck", "completed", "absent", "gone"]
    percent: float = 0.0
    message: str | None = None
    absence: Absence | None = None


def advance(seen: ClientDownload | None, absence: Absence | None, now: float) -> Outcome:
    """Judge a download under way. `seen` is None when the client answered without it; `now` in seconds."""
    if seen is None:
        absence = Absence(absence.looks + 1, absence.since) if absence else Absence(1, now)
        if absence.looks >= GONE_LOOKS and now - absence.since >= GONE_SECONDS:
            return Outcome("gone", message="It was removed from the download client", absence=absence)
        return Outcome("absent", message="The download client does not list it", absence=absence)
    percent = max(0.0, min(100.0, seen.progress * 100))
    if seen.state == "completed":
        return Outcome("completed", 100.0)
    if seen.state in ("stalled", "error"):
        # Not a failure: peers come back, disks are freed. A person sees the words and may cancel.
        return Outcome(
            "stuck",
            percent,
            seen.message
            or ("Stalled: nobody sends data" if seen.state == "stalled" else "The client reports an error"),
        )
    return Outcome("moving", percent, seen.message)


def leaves_client(status: str, seen: ClientDownload | None) -> Literal["remove", "removed", "stay"]:
    """Whether an ended download is to leave its client: at once when it failed or was cancelled, after its seeding goals when imported."""
    if seen is None:
        return "removed"
    if status in ("failed", "cancelled"):
        return "remove"
    return "remove" if status == "imported" and seen.may_remove else "stay"
