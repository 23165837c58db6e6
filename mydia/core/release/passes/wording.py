"""The facts that words state outright: revision, edition, sound, codec, range, service, packs, specials, parts."""

from __future__ import annotations

import re

from mydia.core.release.facts import Span
from mydia.core.release.reading import Fact, Reading
from mydia.core.release.tables.words import PART
from mydia.core.release.terms import WEAK, Term

_LOW_CHANNELS = frozenset(["0", "1", "2"])
_PARTED = re.compile(r"^(?:part|pt|p|vol)(\d{1,2})$")
_TRAILING_VERSION = re.compile(r"^\d{1,4}v(\d)$")
_AMOUNT = re.compile(r"(?<![\d.,])\d{1,4}(?:[.,]\d{1,3})? ?$")
_DECIMALS = re.compile(r"(?<![\d.,])\d{1,4}[.,]$")


def read_revision(reading: Reading) -> None:
    """PROPER and REPACK are version 2, with a digit one more; v2 says it itself."""
    found = reading.found
    said = [*found.get("proper", ()), *found.get("repack", ())]
    if said:
        version, spans = max(int(value) for value, _ in said), tuple(span for _, span in said)
    else:
        version, spans = _numbered_version(reading)
    if "repack" in found:
        reading.set("repack", True, *(span for _, span in found["repack"]))
    if version > 1:
        reading.set("version", version, *spans)
    meant = [fact for fact in found["real"] if _is_no_name(reading, fact[1])] if "real" in found else ()
    if meant:
        reading.set("real", sum(int(value) for value, _ in meant), *(span for _, span in meant))


def _is_no_name(reading: Reading, span: Span) -> bool:
    """Whether the word is no end of an episode's name ("Super.Real.Proper"): technical words or the title stand before it."""
    for word in reading.words:
        if word.start == span.start:
            before = reading.words[word.index - 1]
            return word.index <= reading.title_to or before.term is not None or before.used is not None
    return False


def _numbered_version(reading: Reading) -> tuple[int, tuple[Span, ...]]:
    told: tuple[int, tuple[Span, ...]] | None = reading.asides.get("anime_version")
    if told is not None:
        return told
    if "revision" in reading.found:
        value, span = reading.found["revision"][0]
        return int(value), (span,)
    for word in reading.numbers:
        found = _TRAILING_VERSION.match(word.low) if word.used in ("year", "absolute_episodes") else None
        if found is not None and int(found.group(1)) > 0:
            return int(found.group(1)), (Span(word.start, word.end),)
    return 1, ()


def read_edition(reading: Reading) -> None:
    """The editions, joined as they are spelled (an abbreviation as it is meant); an anniversary takes its ordinal with it.

    A late edition is a word that ends titles as well ("The Darjeeling Limited (2007)"), so never before the year.
    """
    late = reading.found.get("late_edition")
    found = reading.found.get("edition")
    if late is not None:
        found = sorted([*(found or ()), *late], key=lambda fact: fact[1])
    if not found or "edition" in reading.facts:
        return
    spans: list[Span] = []
    texts: list[str] = []
    for meant, span in found:
        start = _anniversary(reading, span)
        joined = bool(spans) and reading.name[spans[-1].end : start].strip(" ._-") == ""
        if joined and not meant:
            spans[-1] = Span(spans[-1].start, span.end)
            texts[-1] = _spelled(reading, spans[-1])
        else:
            spans.append(Span(start, span.end))
            texts.append(meant or _spelled(reading, spans[-1]))
    reading.set("edition", " ".join(texts), *spans)


def _spelled(reading: Reading, span: Span) -> str:
    return re.sub(r"[\s._]+", " ", reading.name[span.start : span.end]).strip()


def _anniversary(reading: Reading, span: Span) -> int:
    for word in reading.words:
        if (
            word.start == span.start
            and word.index
            and word.low == "anniversary"
            and reading.words[word.index - 1].low[-2:] in ("th", "st", "nd", "rd")
        ):
            return reading.words[word.index - 1].start
    return span.start


def claim_anniversary(reading: Reading) -> None:
    """Let "50th" belong to the edition before the title's end is sought."""
    for word in reading.words[1:]:
        if word.low == "anniversary":
            before = reading.words[word.index - 1]
            if re.match(r"^\d{1,3}(th|st|nd|rd)$", before.low) and not _is_of_special(reading, word.index + 1):
                word.term = word.term or Term((("edition", ""),), WEAK)
                before.term = word.term
                for index in range(word.index, len(reading.words)):
                    if reading.words[index].head != word.index:
                        break
                    reading.words[index].head = before.index
                before.head = before.index
                return


def _is_of_special(reading: Reading, index: int) -> bool:
    """Whether the anniversary is what a show's special is about: "50th Anniversary Special"."""
    return index < len(reading.words) and reading.words[index].low == "special"


def read_sound(reading: Reading) -> None:
    """Audio codecs, and the channels that stand behind them or alone."""
    for codec, span in reading.found.get("audio", ()):
        reading.add("audio", codec, span)
    for field in ("atmos", "dtsx"):
        if field in reading.found:
            reading.set(field, True, *(span for _, span in reading.found[field]))
    best: tuple[float, Span] | None = None
    for value, span in reading.found.get("channels", ()):
        best = max(best or (0.0, span), (float(value), span))
    if best is None:
        best = _claimed_channels(reading)
    if best is not None:
        reading.set("audio_channels", best[0], best[1])


def _claimed_channels(reading: Reading) -> tuple[float, Span] | None:
    """The channels that `claim_channels` found in two words."""
    for word in reading.numbers:
        if word.used == "channels" and word.index + 1 < len(reading.words):
            after = reading.words[word.index + 1]
            if after.used == "channels" and after.low in _LOW_CHANNELS and word.low[-1].isdecimal():
                return float(f"{word.low[-1]}.{after.low}"), Span(word.start, after.end)
    return None


def claim_channels(reading: Reading) -> None:
    """Let "5.1", "DD5.1" and "7 1" be channels before numbers are taken for episodes."""
    words = reading.words
    for word in reading.numbers:
        if word.index + 1 >= len(words):
            continue
        after = words[word.index + 1]
        if after.low not in _LOW_CHANNELS or after.gap not in (".", " ", "_") or not word.low[-1:].isdecimal():
            continue
        audible = word.term is not None and word.term.field == "audio"
        bare = word.number is not None and word.number in (1, 2, 5, 6, 7) and len(word.low) == 1
        before = words[word.index - 1].term if word.index else None
        sounded = before is not None and before.field in ("audio", "channels", "atmos", "languages")
        spelled = (
            after.gap == "."
            and bare
            and word.number in (5, 7)
            and word.index > reading.title_from
            and (word.index + 2 >= len(words) or words[word.index + 2].gap != ".")
        )
        if (audible and len(word.low) > 1) or (bare and (sounded or spelled)):
            word.used = "channels" if bare else word.used
            after.used = "channels"
            if not bare:
                _set_glued(reading, word.index, after.index)


def _set_glued(reading: Reading, first: int, last: int) -> None:
    word, after = reading.words[first], reading.words[last]
    reading.found.setdefault("channels", []).append((f"{word.low[-1]}.{after.low}", Span(word.end - 1, after.end)))


_PLAIN = (
    ("video_codec", "video_codec"), ("service", "streaming_service"), ("three_d", "three_d"), ("size", "size_hint"),
)  # fmt: skip


def read_plain(reading: Reading) -> None:
    """The facts that need no thought: the first that is named."""
    for field, fact in _PLAIN:
        found = reading.found.get(field)
        if found and fact not in reading.facts:
            value, span = found[0]
            if field == "size":
                value, span = _whole_size(reading, span)
            reading.set(fact, value, span)
    depths = reading.found.get("bit_depth")
    if depths:
        reading.set("bit_depth", int(depths[0][0]), depths[0][1])
    for value, span in reading.found.get("hdr", ()):
        reading.add("hdr", value, span)
    containers = reading.found.get("container")
    if containers and "container" not in reading.facts:
        reading.set("container", *containers[0])
    extras = reading.found.get("extra")
    if extras and "extra" not in reading.facts:
        reading.set("extra", *extras[0])


def _whole_size(reading: Reading, span: Span) -> tuple[str, Span]:
    """The number before "GB" with it."""
    amount = _DECIMALS if reading.name[span.start].isdecimal() else _AMOUNT
    found = amount.search(reading.name, max(reading.start, span.start - 12), span.start)
    start = found.start() if found is not None else span.start
    return reading.name[start : span.end], Span(start, span.end)


def read_special(reading: Reading) -> None:
    """Specials: season 0, a word that says so, an episode between two."""
    found = reading.found.get("special", [])
    if (
        0 in reading.facts.get("seasons", ())
        or reading.facts.get("episodes") == [0]
        or "special_absolute_episodes" in reading.facts
    ):
        reading.set("special", True, *reading.spans.get("seasons", ()))
    behind = reading.words[reading.mark_end + 1] if 0 <= reading.mark_end < len(reading.words) - 1 else None
    if behind is not None and behind.term is not None and behind.term.field == "special":
        found = [("1", Span(behind.start, behind.end)), *found]
    if not found and not reading.marks and reading.year_at is not None:
        found = _behind_year(reading, reading.year_at)
        if found:
            reading.found["special"] = found
    if found:
        reading.set("special", True, *(span for _, span in found))


def _behind_year(reading: Reading, year: int) -> list[Fact]:
    """The special of a show told by its year: "Show 2013 Christmas Special Name"."""
    for word in reading.words[year + 2 : year + 5]:
        if word.term is not None and word.term.field == "special" and word.used is None:
            return [("1", Span(word.start, word.end))]
    return []


def read_pack(reading: Reading) -> None:
    """A season without an episode is a season pack: whole, in part, or several seasons."""
    facts = reading.facts
    seasons = facts.get("seasons", ())
    if not seasons or "episodes" in facts or "absolute_episodes" in facts or "air_date" in facts:
        return
    spans = reading.spans.get("seasons", ())
    if "season_extra" in reading.found and not _comes_with(reading, reading.found["season_extra"][0][1]):
        reading.set("season_extra", True, *(span for _, span in reading.found["season_extra"]))
    part = _season_part(reading)
    if part is not None:
        reading.set("season_part", part[0], part[1])
        reading.set("season_pack", "partial", part[1])
        return
    facts["full_season"] = True
    reading.spans["full_season"] = spans
    facts["season_pack"] = "multi" if len(seasons) > 1 else "full"


def _comes_with(reading: Reading, span: Span) -> bool:
    """Whether a word is added to what stands before it: "Season 1 + Extras"."""
    return reading.name[: span.start].rstrip(" ._").lower().endswith(("+", "&", " and", " with"))


def _season_part(reading: Reading) -> tuple[int, Span] | None:
    """Read "S02 Part 1", "S02.P1" directly behind the season."""
    index = reading.mark_end + 1
    glued = _PARTED.match(reading.words[index].low) if index < len(reading.words) else None
    if glued is not None:
        return int(glued.group(1)), reading.use("season_part", index, index)
    if index + 1 < len(reading.words):
        word, number = reading.words[index], reading.words[index + 1]
        if word.low in PART | {"vol", "volume"} and number.number is not None and len(number.low) < 3:
            return number.number, reading.use("season_part", index, index + 1)
    return None


def read_parts(reading: Reading) -> None:
    """CD1, Disc 2: the pieces of one film."""
    for value, span in reading.found.get("part", ()):
        reading.add("parts", int(value), span)
