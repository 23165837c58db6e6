"""The plan of an import: every file of a download is judged by itself and has exactly one outcome.

A video passes the rules in order; the first that refuses names its outcome. What passes is then looked at together: two
files for one episode, a held file that holds more than the new one, two names that are one, and the room there is.
Nothing is ever replaced before the new file is in place, and nothing is skipped that anybody could be waiting for: where
it is not sure, a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from mydia.core.decide.upgrade import objections
from mydia.core.importing.contents import VIDEO_MAGIC, base, category, extension, pretends, unfinished
from mydia.core.importing.extras import named, owner, tail
from mydia.core.importing.model import FoundFile, ImportFacts, ImportPlan, ImportTarget, Method, Step
from mydia.core.importing.sample import TIMES_LARGER, believable, judge

Destination = Callable[[FoundFile, tuple[ImportTarget, ...]], str]
_TOO_SHORT: Final = 0.5  # of the run time: broadcasts with adverts cut are about 0.7


@dataclass(frozen=True, slots=True)
class _Video:
    """A video that passed its own rules, with the targets it is for."""

    file: FoundFile
    targets: tuple[ImportTarget, ...]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(t.id for t in self.targets)


def plan(facts: ImportFacts, destination: Destination) -> ImportPlan:
    """The steps for all of the download's files. `destination` names a video's place, extension and all, in the library."""
    outcomes: dict[str, Step] = {}
    passed: list[_Video] = []
    for file in facts.files:
        judged = _judged(file, facts)
        if isinstance(judged, Step):
            outcomes[file.path] = judged
        else:
            passed.append(judged)
    for reduce in (_one_for_each, _loses_nothing):
        passed, refused = reduce(passed)
        outcomes |= {s.source: s for s in refused}
    steps = _placed(passed, facts, destination)
    outcomes |= {s.source: s for s in steps}
    outcomes |= {s.source: s for s in _extras(facts, [s for s in steps if s.action in ("import", "adopt")], outcomes)}
    ordered = sorted(facts.files, key=lambda f: (outcomes[f.path].action == "extra", f.path))
    return ImportPlan(tuple(outcomes[f.path] for f in ordered), _bad(facts, outcomes))


def _judged(file: FoundFile, facts: ImportFacts) -> Step | _Video:
    """A file's own outcome, or the video it is with its targets; side files get theirs later."""
    kind = category(file.path)
    still = unfinished(file.path)
    if still:
        return Step(file.path, "wait", "unfinished", still)
    if kind == "clutter":
        return Step(file.path, "skip", "clutter", "the system's own file")
    if kind == "dangerous":
        harmless = _videos(facts) and not pretends(file.path)  # the usual advertisement beside a video
        reason = f"a .{extension(file.path)} is a program or a link, never opened"
        return Step(file.path, "skip" if harmless else "set_aside", "dangerous_file", reason)
    if kind == "archive":
        return _archive(file, facts)
    if kind != "video":
        return Step(file.path, "skip", "not_wanted", "no video and no side file that is kept")
    return _video(file, facts)


def _archive(file: FoundFile, facts: ImportFacts) -> Step:
    if any(category(f.path) == "video" and not f.says_sample for f in facts.files):
        return Step(file.path, "skip", "archive", "an archive beside the video")
    return Step(file.path, "set_aside", "archive_only", "there are only archives: they must be unpacked first")


def _video(file: FoundFile, facts: ImportFacts) -> Step | _Video:
    if file.magic and file.magic not in VIDEO_MAGIC:
        return Step(file.path, "set_aside", "not_a_video", f"its name says video, its content is {_a(file.magic)}")
    if file.says_extra:
        return Step(file.path, "skip", "bonus", "a trailer or other bonus material")
    targets = _targets(file, facts)
    if isinstance(targets, str):
        return _unmatched(file, facts, targets)
    for rule in (_sample, _unreadable, _too_short, _refused_again, _not_an_upgrade):
        refusal = rule(file, targets, facts)
        if refusal is not None:
            return refusal
    return _Video(file, targets)


def _targets(file: FoundFile, facts: ImportFacts) -> tuple[ImportTarget, ...] | str:
    """The targets a video is for, or why it is for none. A film has but one; a nameless only video is the release's."""
    by_id = {t.id: t for t in facts.targets}
    claims = file.claims
    if claims is None and _is_only_video(file, facts):
        claims = facts.release_claims or (tuple(by_id) if facts.kind == "movie" else None)
    if claims is None:
        return "unparsable"
    if not claims or any(c not in by_id for c in claims):
        return "unexpected"
    return tuple(by_id[c] for c in dict.fromkeys(claims))


def _unmatched(file: FoundFile, facts: ImportFacts, rule: str) -> Step:
    beside = max((f.size for f in _videos(facts) if f is not file), default=0)
    if beside >= TIMES_LARGER * file.size:
        if file.says_sample:
            return Step(file.path, "skip", "sample", "its name says sample, beside a video five times its size")
        if facts.kind == "movie":
            return Step(file.path, "skip", "bonus", "small beside the film, and by its name another thing")
    reason = file.claim_problem or (
        "its name does not say what it is" if rule == "unparsable" else "this download was not fetched for it"
    )
    return Step(file.path, "set_aside", rule, reason)


def _sample(file: FoundFile, targets: tuple[ImportTarget, ...], facts: ImportFacts) -> Step | None:
    answer = judge(
        size=file.size,
        duration=file.duration,
        runtime=_runtime(targets),
        says_sample=file.says_sample,
        largest_beside=max((f.size for f in _videos(facts) if _rivals(file, f, facts)), default=0),
        special=any(t.special for t in targets),
    )
    if answer == "no" or (facts.forced and answer == "unsure"):
        return None
    runs = f"it runs {_time(file.duration)}" if file.duration else "it is small beside the others"
    if answer == "sample":
        return Step(file.path, "skip", "sample", f"a sample: {runs}")
    return Step(file.path, "set_aside", "sample", f"perhaps a sample: {runs}, and nothing larger is beside it")


def _unreadable(file: FoundFile, targets: tuple[ImportTarget, ...], facts: ImportFacts) -> Step | None:
    if file.readable is False and not facts.forced:
        return Step(file.path, "set_aside", "unreadable", "no picture can be read from it: it may be broken")
    return None


def _too_short(file: FoundFile, targets: tuple[ImportTarget, ...], facts: ImportFacts) -> Step | None:
    runtime, runs = _runtime(targets), believable(file.duration, file.size)
    if facts.forced or not runtime or runs is None or any(t.special for t in targets) or file.part:
        return None
    if runs >= _TOO_SHORT * runtime * 60:
        return None
    return Step(file.path, "set_aside", "duration", f"it runs {_time(runs)} where {_time(runtime * 60)} are expected")


def _refused_again(file: FoundFile, targets: tuple[ImportTarget, ...], facts: ImportFacts) -> Step | None:
    if facts.forced or not file.refusals:
        return None
    return Step(file.path, "set_aside", "refused", "; ".join(file.refusals))


def _not_an_upgrade(file: FoundFile, targets: tuple[ImportTarget, ...], facts: ImportFacts) -> Step | None:
    if facts.forced:
        return None
    for target in targets:
        against = objections(facts.profile, target.held.worth, file.worth) if target.held else ()
        if against:
            return Step(file.path, "set_aside", "not_an_upgrade", against[0].reason)
    return None


def _one_for_each(videos: list[_Video]) -> tuple[list[_Video], list[Step]]:
    """Of several files for one target none is taken: which is meant, a person knows. Parts of a film are such too."""
    refused = []
    for video in videos:
        others = [v.file.path for v in videos if v is not video and v.ids & video.ids]
        if others:
            reason = f"{len(others) + 1} files are for the same: {', '.join(sorted([video.file.path, *others]))}"
            rule = "several_parts" if video.file.part else "several_files"
            refused.append(Step(video.file.path, "set_aside", rule, reason, targets=_ids(video)))
    gone = {s.source for s in refused}
    return [v for v in videos if v.file.path not in gone], refused


def _loses_nothing(videos: list[_Video]) -> tuple[list[_Video], list[Step]]:
    """A held file may hold more episodes than the one that replaces it: all of them must come, or it stays."""
    refused: list[Step] = []
    while True:
        coming = frozenset[str]().union(*(v.ids for v in videos)) if videos else frozenset[str]()
        losing = [(v, t) for v in videos for t in v.targets if t.held and not coming.issuperset(t.held.covers)]
        if not losing:
            return videos, refused
        gone = {v.file.path for v, _ in losing}
        for video, target in {v.file.path: (v, t) for v, t in losing}.values():
            held = target.held.path if target.held else ""
            reason = f"{held} also holds episodes that this download has not"
            refused.append(Step(video.file.path, "set_aside", "holds_more", reason, targets=_ids(video)))
        videos = [v for v in videos if v.file.path not in gone]


def _placed(videos: list[_Video], facts: ImportFacts, destination: Destination) -> list[Step]:
    """Where each video goes and what it replaces; what has no room, or no free name, stays where it is."""
    steps: list[Step] = []
    taken: set[str] = set()
    left = None if facts.free_space is None else facts.free_space - facts.min_free_space
    awaited = _awaited(videos)
    for video in sorted(videos, key=lambda v: v.file.path):
        to = destination(video.file, video.targets)
        replaces = to in awaited and awaited[to] <= video.ids
        step = _place(video, facts, to, taken, left, replaces=replaces)
        if step.action in ("import", "adopt") and step.destination:
            taken.add(step.destination.casefold())
            for held in {t.held.path: t.held for t in video.targets if t.held}.values():
                awaited[held.path] -= video.ids
                if not awaited[held.path] and held.path != step.destination:
                    step = replace(step, trash=(*step.trash, held.path))
        if step.method == "copy" and left is not None:
            left -= video.file.size
        steps.append(step)
    return steps


def _awaited(videos: list[_Video]) -> dict[str, frozenset[str]]:
    """For each held file what must be in place before it may go."""
    return {t.held.path: frozenset(t.held.covers) for v in videos for t in v.targets if t.held}


def _place(video: _Video, facts: ImportFacts, to: str, taken: set[str], left: int | None, *, replaces: bool) -> Step:
    """`replaces`: what stands at the destination is a held file of which all is in this video."""
    source, ids = video.file.path, _ids(video)
    if base(to).startswith("."):
        return Step(source, "set_aside", "no_name", "the naming template gives it no name", targets=ids)
    if to.casefold() in taken:
        return Step(
            source, "set_aside", "same_name", f"another file of this download is to be called {to}", targets=ids
        )
    standing = facts.existing.get(to)
    if standing and standing.same and standing.size == video.file.size:
        return Step(source, "adopt", "already_there", f"the same file stands at {to}", destination=to, targets=ids)
    if standing and not replaces:
        reason = f"another file of {standing.size} bytes stands at {to}"
        return Step(source, "set_aside", "destination_exists", reason, targets=ids)
    if facts.can_link:
        return Step(source, "import", method="link", destination=to, targets=ids, trash=(to,) if replaces else ())
    if facts.link_only:
        reason = "the library is on another file system, and copies are not allowed"
        return Step(source, "set_aside", "cannot_link", reason, targets=ids)
    if left is not None and video.file.size > left:
        reason = f"{_size(video.file.size)} are needed and {_size(max(left, 0))} are free"
        return Step(source, "wait", "no_space", reason, targets=ids)
    return Step(source, "import", method="copy", destination=to, targets=ids, trash=(to,) if replaces else ())


def _extras(facts: ImportFacts, videos: list[Step], outcomes: dict[str, Step]) -> Iterable[Step]:
    """Side files go where their video goes; those of no video stay."""
    taken = {s.destination.casefold() for s in videos if s.destination} | {p.casefold() for p in facts.existing}
    by_source = {s.source: s for s in videos}
    for file in sorted(facts.files, key=lambda f: f.path):
        outcome = outcomes[file.path]
        if outcome.rule != "not_wanted" or extension(file.path) not in facts.extras:
            continue
        video = by_source.get(owner(file.path, [s.source for s in videos]) or "")
        if video is None or video.destination is None:
            yield Step(file.path, "skip", "extra_of_nothing", "it belongs to no video that is imported")
            continue
        to = named(video.destination, tail(file.path, video.source), taken)
        taken.add(to.casefold())
        method: Method = "link" if facts.can_link else "copy"
        yield Step(file.path, "extra", method=method, destination=to, targets=video.targets)


def _bad(facts: ImportFacts, outcomes: dict[str, Step]) -> str | None:
    """Why the release is to be blocked: it holds a program instead of, or dressed as, a video."""
    for file in sorted(facts.files, key=lambda f: f.path):
        outcome = outcomes[file.path]
        if pretends(file.path) or (outcome.rule == "not_a_video" and file.magic in ("program", "script", "shortcut")):
            return f"{file.path} is a program dressed as a video"
    dangerous = [s.source for s in outcomes.values() if s.rule == "dangerous_file"]
    if dangerous and not _videos(facts):
        return f"it holds {min(dangerous)} and no video"
    return None


def _videos(facts: ImportFacts) -> list[FoundFile]:
    return [f for f in facts.files if category(f.path) == "video" and not f.says_extra]


def _is_only_video(file: FoundFile, facts: ImportFacts) -> bool:
    """Whether every other video is a sample of it or tiny beside it."""
    others = (f for f in _videos(facts) if f is not file)
    return all(TIMES_LARGER * f.size <= file.size or (f.says_sample and f.size < file.size) for f in others)


def _rivals(file: FoundFile, other: FoundFile, facts: ImportFacts) -> bool:
    """Whether another video could be what this one is only a sample of."""
    if other is file or other.says_sample:
        return False
    return facts.kind == "movie" or other.claims is None or bool(set(other.claims) & set(file.claims or ()))


def _runtime(targets: tuple[ImportTarget, ...]) -> float | None:
    """Minutes of all the targets together, None when one's is not known."""
    runtimes = [t.runtime for t in targets]
    return sum(r for r in runtimes if r) if runtimes and all(runtimes) else None


def _ids(video: _Video) -> tuple[str, ...]:
    return tuple(t.id for t in video.targets)


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _time(seconds: float | None) -> str:
    return f"{(seconds or 0) / 60:.0f} min" if (seconds or 0) >= 120 else f"{seconds or 0:.0f} s"


def _size(size: float) -> str:
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MB"
