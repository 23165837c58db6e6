"""The tables: every row can be read, is found in a name, and gives facts that some pass knows."""

from __future__ import annotations

import pytest

from mydia.core.release import parse
from mydia.core.release.lexicon import alone, build, look_up
from mydia.core.release.tables import audio, languages, video, words
from mydia.core.release.terms import Rows
from mydia.core.release.tokens import tokenize

TABLES: dict[str, Rows] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": rows
    for module in (audio, languages, video, words)
    for name in dir(module)
    if name.isupper()
    and isinstance(rows := getattr(module, name), tuple)
    and name not in ("CJK", "NORDIC", "_CUTS", "_NOUNS")
}
KNOWN = frozenset(
    "audio atmos dtsx channels tech languages nordic multi dual tracks dubbed subs named hardcoded source service standard uhd mux "
    "modifier disk resolution size_hint video_codec raw bit_depth hdr container three_d proper repack real edition pack "
    "season_extra special extra late_edition".split()
)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_gives_facts_that_are_known(table: str) -> None:
    for facts, spellings in TABLES[table]:
        assert {fact.partition(":")[0] for fact in facts.split()} <= KNOWN
        assert all(spelling.strip(" ~?") for spelling in spellings.split("|"))


@pytest.mark.parametrize("table", TABLES)
def test_a_spelling_is_written_once_in_a_row(table: str) -> None:
    for _, row in TABLES[table]:
        spellings = [spelling.strip().casefold() for spelling in row.split("|")]
        assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("written", ["AA BB CC", "aa.bb.cc", "Aa-Bb_Cc", "AABB CC", "aa-bbcc", "AABBCC"])
def test_words_of_a_spelling_are_found_with_any_separator_and_with_none(written: str) -> None:
    lexicon = build(((("source:x", "AA-BB CC"),), (("source:y", "AA"),)))
    cut, _ = tokenize(written, 0, len(written))
    found = look_up(lexicon, cut, 0)
    assert found is not None
    assert (found[0].facts, found[1]) == ((("source", "x"),), len(cut))


def test_of_a_shorter_and_a_longer_spelling_the_longer_is_found_where_it_stands() -> None:
    lexicon = build(((("source:x", "AA-BB CC"), ("source:y", "AA")),))
    cut, _ = tokenize("AA BB DD", 0, 8)
    assert look_up(lexicon, cut, 0) == (alone(lexicon, "aa"), 1)


@pytest.mark.parametrize("separator", [".", " ", "_"])
@pytest.mark.parametrize(
    "row", [row for row in languages.AUDIO if row[0].startswith("languages:")], ids=lambda row: row[1]
)
def test_every_language_is_read_between_year_and_resolution(row: tuple[str, str], separator: str) -> None:
    for spelling in row[1].split("|"):
        name = f"Film 2020 {spelling.strip(' ~?')} 1080p WEB-DL x264-GRP".replace(" ", separator)
        release = parse(name)
        assert release.title == "Film"
        assert row[0].partition(":")[2] in release.languages, name
