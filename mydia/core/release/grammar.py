"""The grammar of one name without folders: passes over its words, in this order, each deciding one thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from mydia.core.release.facts import NO_SPANS, Hint, Release, Span, Spans
from mydia.core.release.passes import (
    absolute,
    bare,
    beside,
    dates,
    frame,
    group,
    identity,
    leading,
    marking,
    named,
    numbering,
    quality,
    title,
    tongues,
    wording,
    zone,
)  # fmt: skip
from mydia.core.release.reading import Reading
from mydia.core.release.tables.video import EXTENSIONS
from mydia.core.release.terms import STRONG
from mydia.core.release.tokens import LONGEST, tokenize

Pass = Callable[[Reading], None]


def cut(reading: Reading) -> None:
    """Cut what is left of the name into words."""
    stop = min(reading.end, reading.start + LONGEST)
    reading.words, reading.boxes = tokenize(reading.name, reading.start, stop)


def number(reading: Reading) -> None:
    """Find season and episode, or the date, or the number that stands for an episode."""
    if identity.is_backup(reading):
        return
    if numbering.read_numbering(reading):
        if "episodes" in reading.facts:
            beside.read_beside(reading)
        numbering.prefer_cap(reading)
        numbering.read_late_episode(reading)
    elif bare.read_in_front(reading):
        return
    elif named.read_named(reading):
        numbering.read_anime_season(reading)
    if not reading.marks:
        bare.read_pair(reading)
    dates.read_date(reading)
    if reading.marks:
        return
    if absolute.read_absolute(reading):
        numbering.read_anime_season(reading)
    elif not reading.marks and "episodes" not in reading.facts:
        bare.read_inside(reading)


def decide_kind(reading: Reading) -> None:
    """Film or episode: numbering tells an episode, a year or a technical word a film, and the hint where both are silent."""
    facts = reading.facts
    if reading.marks or "episodes" in facts or "absolute_episodes" in facts:
        if facts.get("title") or "episodes" in facts or "air_date" in facts or "absolute_episodes" in facts:
            facts["kind"] = "episode"
        return
    if "special" in reading.found and facts.get("title") and ("year" not in facts or _is_special_show(reading)):
        facts["kind"] = "episode"
        return
    if any(value == "series" for value, _ in reading.found.get("pack", ())) and facts.get("title"):
        facts["kind"] = "episode"
        return
    if facts.get("title") and "year" not in facts and _is_complete_show(reading):
        facts["kind"] = "episode"
        return
    if "extra" in facts and facts.get("title") and _is_numbered_bonus(reading):
        facts["kind"] = "episode"
        return
    behind = reading.words[reading.title_from + 1 :]
    strong = any(w.term is not None and w.term.rank == STRONG for w in behind)
    if (facts.get("title") and ("year" in facts or strong or "edition" in facts)) or (
        reading.hint == "movie"
        and facts.get("title")
        and not identity.is_hidden(reading.name[reading.start : reading.end])
    ):
        facts["kind"] = "movie"


def _is_complete_show(reading: Reading) -> bool:
    """Whether COMPLETE is said of a show, "Title.COMPLETE.720p", and not of a disk that was copied whole."""
    if reading.hint == "movie" or reading.facts.get("source") in ("brdisk", "dvd-r"):
        return False
    return any(reading.name[s.start : s.end].lower() == "complete" for _, s in reading.found.get("disk", ()))


def _is_numbered_bonus(reading: Reading) -> bool:
    """Whether "-x02-" numbers the bonus of a show: a film's has its year, or the film's number in its series."""
    if "year" in reading.facts or "film_number" in reading.asides:
        return False
    return any(reading.name[s.start] in "xX" for s in reading.spans.get("extra", ()))


def _is_special_show(reading: Reading) -> bool:
    """Whether a show's special is told by its year: "Show 2013 Christmas Special"; a film's would be its edition."""
    if reading.hint == "movie" or "leading_group" in reading.found or "edition" in reading.facts:
        return False
    return any(reading.name[s.start : s.end].lower() == "special" for _, s in reading.found["special"])


PASSES: tuple[Pass, ...] = (
    frame.take_off_endings,
    frame.take_off_site,
    cut,
    marking.mark_words,
    marking.mark_star_sizes,
    marking.mark_specials,
    identity.read_identity,
    leading.read_leading,
    wording.claim_channels,
    wording.claim_anniversary,
    dates.skip_leading_date,
    number,
    dates.read_year,
    zone.find_zone,
    group.read_group,
    zone.harvest,
    wording.read_pack,
    wording.read_special,
    quality.read_quality,
    tongues.read_languages,
    wording.read_revision,
    wording.read_edition,
    wording.read_sound,
    wording.read_plain,
    wording.read_parts,
    title.read_titles,
    title.shorten_season,
    absolute.give_both_counts,
    decide_kind,
)

_HINTS_OF_BACKWARDS = re.compile(r"[eE]\d{2,3}[sSſ]|[pP]0(?:801|27|612|84)")
"""What both patterns below begin to be asked for: looked for in half the time that `_BACKWARDS` itself takes."""
_BACKWARDS = re.compile(r"(?<![^\W_])(?:\d{2,3}e\d{2,3}s|p(?:0801|027|0612|084))(?![^\W_])", re.IGNORECASE)
_FORWARDS = re.compile(r"(?<![^\W_])(?:s\d{2}e\d{2}|(?:480|720|1080|2160)[pi])(?![^\W_])", re.IGNORECASE)


def read(name: str, hint: Hint | None = None, watch: Callable[[Pass, Reading], None] | None = None) -> Release:
    """The facts of one name without folders. `watch` is called after each pass, for those who want to see it work."""
    return read_all((name,), hint, watch)[0]


def read_all(
    names: Sequence[str], hint: Hint | None = None, watch: Callable[[Pass, Reading], None] | None = None
) -> list[Release]:
    """The facts of several names. Each pass goes over all of them before the next does: a processor that stays with one
    pass for a while is a third faster than one that goes through the whole grammar for every name."""
    readings = [Reading(_forwards(name), hint) for name in names]
    for step in PASSES:
        for reading in readings:
            step(reading)
            if watch is not None:
                watch(step, reading)
    return [_release(reading, name) for reading, name in zip(readings, names, strict=True)]


def _forwards(name: str) -> str:
    """The name; one that was written backwards to hide it, forwards. The file name ending was left as it is."""
    if (
        _HINTS_OF_BACKWARDS.search(name) is None
        or _BACKWARDS.search(name) is None
        or _FORWARDS.search(name) is not None
    ):
        return name
    size = _size_of_stem(name)
    return name[:size][::-1] + name[size:]


def _size_of_stem(name: str) -> int:
    """Where the file name ending begins."""
    stem, dot, ending = name.rpartition(".")
    return len(stem) if dot and ending.lower() in EXTENSIONS else len(name)


def _release(reading: Reading, name: str) -> Release:
    """What was read, of the name as it was given."""
    said = {field: tuple(value) if type(value) is list else value for field, value in reading.facts.items()}
    spans = reading.spans if reading.name == name else _turned(reading.spans, _size_of_stem(name))
    said["name"] = name
    said["spans"] = Spans(spans) if spans else NO_SPANS
    return Release.saying(said)


def _turned(spans: Mapping[str, tuple[Span, ...]], size: int) -> dict[str, tuple[Span, ...]]:
    """The spans as they lie in a name of which the first `size` characters were turned around."""
    return {
        field: tuple(s if s.end > size else Span(size - s.end, size - s.start) for s in each)
        for field, each in spans.items()
    }
