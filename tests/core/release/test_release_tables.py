"""The tables: every row can be read, is found in a name, and gives facts that some pass knows."""

from __future__ import annotations

import pytest

from mydia.core.release import parse
from mydia.core.release.lexicon import STRONG, Rows, build
from mydia.core.release.tables import audio, languages, video, words

TABLES: dict[str, Rows] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": rows
    for module in (audio, languages, video, words)
    for name in dir(module)
    if name.isupper() and isinstance(rows := getattr(module, name), tuple) and name not in ("CJK", "_CUTS", "_NOUNS")
}
KNOWN = frozenset(
    "audio atmos dtsx channels tech languages nordic multi dual tracks dubbed subs hardcoded source service standard uhd "
    "modifier disk resolution size_hint video_codec raw bit_depth hdr container three_d proper repack real edition pack "
    "season_extra special extra".split()
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


def test_words_of_a_spelling_are_found_with_any_separator_and_with_none() -> None:
    lexicon = build(((("source:x", "AA-BB CC"),),))
    assert {(first, rest) for first, rows in lexicon.items() for rest, _ in rows} == {
        ("aa", ("bb", "cc")),
        ("aabb", ("cc",)),
        ("aa", ("bbcc",)),
        ("aabbcc", ()),
    }
    assert all(term.rank == STRONG for rows in lexicon.values() for _, term in rows)


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
