"""What becomes of a download: what its client shows, and what an import came to (`importing.Outcome`), move it from status to status.

    pending -> downloading -> completed -> importing -> imported
       |           |              ^            |-> held       a person must look; importing again from here
       |           |              '------------'              time must pass: no room yet, still being unpacked
       '-----------+-> failed                  '-> failed     the release is bad
                   '-> cancelled                              somebody took it away

A client that does not answer, or lists nothing at all, says nothing: no status follows from silence. A download may go
from its client only when everything in it that somebody waits for is in the library and it owes its peers nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

Status = Literal["pending", "downloading", "completed", "importing", "imported", "held", "failed", "cancelled"]
ClientState = Literal["queued", "downloading", "stalled", "completed", "error", "paused", "checking"]
Do = Literal["import", "fail", "cancel", "remove", "forget", "warn", "clear_warning"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The client shows it. `progress` in 0..1; `may_remove`: its seeding goals are met (always so for usenet)."""

    state: ClientState
    progress: float = 0.0
    message: str = ""
    may_remove: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The client answered and does not show it; `others` of ours it does show."""

    others: int


@dataclass(frozen=True, slots=True)
class Silent:
    """The client did not answer, or not in words that can be understood."""

    message: str = ""


Observation = Seen | Absent | Silent


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient to be, and what to tidy. None is never.

    `gone_looks` absences in a row, over at least `gone_after`, are believed; where the client shows none of ours, as it
    does while it starts, only after `gone_after_empty`.
    """

    stalled_after: timedelta = timedelta(hours=6)
    stalled_fails_after: timedelta | None = None
    error_fails_after: timedelta = timedelta(hours=6)
    gone_looks: int = 3
    gone_after: timedelta = timedelta(minutes=10)
    gone_after_empty: timedelta = timedelta(hours=24)
    remove_imported: bool = True
    remove_failed: bool = True


@dataclass(frozen=True, slots=True)
class Tracked:
    """A download as it stands.

    `moved_at` is when its status or progress last changed, `absent_looks` and `absent_since` count the looks in a row
    that did not find it. `complete`: an import found nothing left in it that anybody waits for. `gone`: it was
    cancelled because its client no longer showed it; should it turn up again, it is not ours to delete.
    """

    status: Status
    protocol: Literal["torrent", "usenet"]
    moved_at: datetime
    progress: float = 0.0
    warning: str = ""
    absent_looks: int = 0
    absent_since: datetime | None = None
    complete: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done, and why. `blocklist` with "fail": the release is to blame; either way another is searched.

    `delete_files` with "remove" takes the client's files too: the library has its own names of them.
    """

    do: Do
    reason: str = ""
    blocklist: bool = False
    delete_files: bool = False


@dataclass(frozen=True, slots=True)
class Advance:
    """How it stands now, and what follows."""

    state: Tracked
    actions: tuple[Action, ...] = ()


_UNDER_WAY: Final = ("pending", "downloading")
DEFAULT_POLICY: Final = Policy()


def advance(state: Tracked, seen: Observation, now: datetime, policy: Policy = DEFAULT_POLICY) -> Advance:
    """One look at the client. Looking twice at the same thing changes nothing the second time but what time changes."""
    match seen:
        case Silent():
            return Advance(state)
        case Absent():
            return _absent(state, seen, now, policy)
        case Seen():
            state = replace(state, absent_looks=0, absent_since=None)
            return _present(state, seen, now, policy)


def caught_up(state: Tracked, status: Status, now: datetime) -> Tracked:
    """The download as it stands, where somebody else may have moved it on: an import, or a person."""
    return state if state.status == status else replace(_to(state, status, now), complete=status == "imported")


def _present(state: Tracked, seen: Seen, now: datetime, policy: Policy) -> Advance:
    if state.status in _UNDER_WAY:
        return _under_way(state, seen, now, policy)
    if state.status == "imported" and state.complete and seen.may_remove and policy.remove_imported:
        return Advance(state, (Action("remove", "all of it is in the library", delete_files=True),))
    if state.status == "failed" and policy.remove_failed:
        return Advance(state, (Action("remove", "it failed", delete_files=True),))
    if state.status == "cancelled" and not state.gone:
        return Advance(state, (Action("remove", "it was cancelled", delete_files=True),))
    return Advance(state)


def _under_way(state: Tracked, seen: Seen, now: datetime, policy: Policy) -> Advance:
    if seen.state == "completed":
        done = replace(_to(state, "completed", now), progress=1.0, warning="")
        return Advance(done, (*_cleared(state), Action("import")))
    if state.status == "pending":
        state = _to(state, "downloading", now)
    if seen.progress != state.progress:
        state = replace(state, progress=seen.progress, moved_at=now)
    still = now - state.moved_at
    if seen.state == "error":
        reason = seen.message or "the client reports an error"
        if state.protocol == "usenet":
            return _failed(state, now, reason, blocklist=True)
        # A torrent client's error is its disk's trouble more often than the release's.
        if still >= policy.error_fails_after:
            return _failed(state, now, reason, blocklist=False)
        return _warned(state, reason)
    if seen.state in ("stalled", "downloading") and still >= policy.stalled_after:
        reason = f"no progress for {_hours(still)}"
        if policy.stalled_fails_after is not None and still >= policy.stalled_fails_after:
            return _failed(state, now, reason, blocklist=True)
        return _warned(state, reason, since=f"no progress for {_hours(policy.stalled_after)} or more")
    return Advance(replace(state, warning=""), _cleared(state))


def _absent(state: Tracked, seen: Absent, now: datetime, policy: Policy) -> Advance:
    since = state.absent_since or now
    looks = state.absent_looks + 1
    state = replace(state, absent_looks=looks, absent_since=since)
    needed = policy.gone_after if seen.others else policy.gone_after_empty
    if looks < policy.gone_looks or now - since < needed:
        return Advance(state)
    if state.status in _UNDER_WAY or state.status in ("completed", "held"):
        reason = "it is no longer in the download client"
        return Advance(replace(_to(state, "cancelled", now), gone=True), (Action("cancel", reason),))
    if state.status in ("imported", "failed", "cancelled"):
        return Advance(state, (Action("forget", "its client has let go of it"),))
    return Advance(state)


def _to(state: Tracked, status: Status, now: datetime) -> Tracked:
    return replace(state, status=status, moved_at=now)


def _failed(state: Tracked, now: datetime, reason: str, *, blocklist: bool) -> Advance:
    return Advance(_to(state, "failed", now), (Action("fail", reason, blocklist=blocklist),))


def _warned(state: Tracked, reason: str, since: str | None = None) -> Advance:
    """A warning is given once, not at each look: `since` is its text without what changes from look to look."""
    text = since or reason
    if state.warning == text:
        return Advance(state)
    return Advance(replace(state, warning=text), (Action("warn", reason),))


def _cleared(state: Tracked) -> tuple[Action, ...]:
    return (Action("clear_warning"),) if state.warning else ()


def _hours(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} h" if hours >= 1 else f"{hours * 60:.0f} min"
