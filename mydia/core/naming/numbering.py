"""Numbers in names: formats, and how the several episodes of one file are written (the multi-episode styles)."""

from __future__ import annotations

from mydia.core.naming.facts import MultiEpisode, NamingFacts
from mydia.core.naming.template import Numbers


def number(value: int, form: str) -> str:
    """The number in a format: "00" or "2" both mean at least two digits, "" none in particular."""
    digits = len(form) if not form.strip("0") else int(form)
    return str(value).zfill(min(digits, 9))


def written(pattern: Numbers, facts: NamingFacts, style: MultiEpisode) -> str:
    """The pattern for every episode of the file; "" where its numbers are not known."""
    if pattern.absolute:
        if facts.series_type != "anime" or not facts.absolute or len(facts.absolute) < len(facts.episodes):
            return ""
        return _absolute(pattern, facts.absolute, style)
    if not facts.episodes:
        return ""
    lead = pattern.lead + number(facts.season or 0, pattern.season)
    first, *others = [pattern.joint + number(e, pattern.number) for e in facts.episodes]
    bare = [number(e, pattern.number) for e in facts.episodes[1:]]
    match style:
        case "duplicate":
            rest = [pattern.separator + lead + each for each in others]
        case "repeat":
            rest = others
        case "scene":
            rest = ["-" + each for each in others]
        case "prefixed_range":
            rest = ["-" + each for each in others[-1:]]
        case "range":
            rest = ["-" + each for each in bare[-1:]]
        case "extend":
            rest = ["-" + each for each in bare]
    return lead + first + "".join(rest)


def _absolute(pattern: Numbers, numbers: tuple[int, ...], style: MultiEpisode) -> str:
    each = [number(n, pattern.number) for n in numbers]
    match style:
        case "duplicate":
            return pattern.separator.join(each)
        case "repeat":
            return (pattern.separator.strip() or " ").join(each)
        case "range" | "prefixed_range":
            return "-".join(each if len(each) == 1 else [each[0], each[-1]])
        case "scene" | "extend":
            return "-".join(each)
