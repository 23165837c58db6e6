"""The facts an import is planned from, and the plan. Sizes in bytes, durations in seconds, run times in minutes.

A target is what a download was fetched for, by its id: an episode's, or "" for a film. Paths are relative: a file's to
its download's folder, a destination's and a held file's to the library's root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from mydia.core.decide.upgrade import Worth
from mydia.core.quality import UNKNOWN, Kind, QualityProfile, Revision

Action = Literal["import", "adopt", "extra", "skip", "set_aside", "wait"]
Method = Literal["link", "copy"]

UNJUDGED: Final = Worth(UNKNOWN.name, Revision(), 0)
DEFAULT_EXTRAS: Final = frozenset({"srt", "ass", "ssa", "sub", "idx", "sup", "vtt", "smi"})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file of the download.

    `claims` are the targets its name means; None when its name means nothing (then the release's own name may speak for
    it), and () when it means something that is no target, with `claim_problem` saying what. `duration` and `readable`
    come from probing, `magic` from its first bytes (`contents.magic_of`); None is "not looked". `part` is the disc or
    piece of a film cut into several. `refusals` are what deciding again, after probing, has against it.
    """

    path: str
    size: int
    claims: tuple[str, ...] | None = None
    claim_problem: str = ""
    worth: Worth = UNJUDGED
    says_sample: bool = False
    says_extra: bool = False
    part: int | None = None
    duration: float | None = None
    readable: bool | None = None
    magic: str | None = None
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that the slot holds now; `covers` are all the targets in it, of this download or not."""

    path: str
    worth: Worth
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """What the download was fetched for."""

    id: str
    runtime: float | None = None
    special: bool = False
    held: HeldFile | None = None


@dataclass(frozen=True, slots=True)
class Existing:
    """A file that stands at a destination. `same`: its content equals the one to come; None is "not compared"."""

    size: int
    same: bool | None = None


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """Everything the plan of one download is made from.

    `release_claims` are the targets that the release's own name means, which speak for a single video with a name of no
    use. `can_link` is whether the library can hold a second name of the same file; `link_only` refuses copies.
    `free_space` None is unknown, which refuses nothing. `forced`: a person decided, so that only what would lose or
    endanger something still refuses.
    """

    kind: Kind
    profile: QualityProfile
    files: tuple[FoundFile, ...]
    targets: tuple[ImportTarget, ...]
    release_claims: tuple[str, ...] = ()
    existing: Mapping[str, Existing] = field(default_factory=dict)
    can_link: bool = True
    link_only: bool = False
    free_space: int | None = None
    min_free_space: int = 0
    extras: frozenset[str] = DEFAULT_EXTRAS
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one file.

    import     give it the destination by link or copy; then, once it stands there, put `trash` into the trash
    adopt      the same content stands at the destination already: record it
    extra      as import, for a side file of a video that is imported
    skip       leave it: nobody needs it
    set_aside  leave it for a person to decide, who is told why
    wait       leave it until time has cured the reason

    `rule` names why, "" where there is nothing to explain; `reason` says it with the numbers.
    """

    source: str
    action: Action
    rule: str = ""
    reason: str = ""
    method: Method | None = None
    destination: str | None = None
    targets: tuple[str, ...] = ()
    trash: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A step for every file, in the order to take them: videos before the extras that follow them.

    `bad_release` says why the release itself is to be blocked and another searched; None when it is not.
    """

    steps: tuple[Step, ...]
    bad_release: str | None = None

    def of(self, *actions: Action) -> tuple[Step, ...]:
        """The steps of these actions."""
        return tuple(s for s in self.steps if s.action in actions)

    def outcome(self, refused: Sequence[str] = ()) -> Outcome:
        """What becomes of the download, these steps taken; `refused` are the reasons of those that could not be."""
        aside = [f"{s.source}: {s.reason}" for s in self.of("set_aside")]
        if self.bad_release is not None:
            return Outcome("failed", self.bad_release)
        if refused or aside:
            return Outcome("held", "; ".join([*refused, *aside]))
        if waiting := self.of("wait"):
            return Outcome("waits", "; ".join(s.reason for s in waiting))
        if self.of("import", "adopt"):
            return Outcome("imported")
        return Outcome("held", "Nothing in it can be imported: it holds no video for what was wanted")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a download by its import.

    imported  nothing is left in it that anybody waits for: only then may it go
    held      a person must look
    waits     time will cure what hindered it
    failed    the release itself is to blame: it is blocked, and another is searched
    """

    becomes: Literal["imported", "held", "waits", "failed"]
    reason: str = ""
