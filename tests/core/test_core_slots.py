"""Which slot a file goes to that nobody grabbed for one."""

from dataclasses import replace

from mydia.core.quality import DEFAULT_PROFILES, QualityProfile
from mydia.core.slots import Place, by_fit

PROFILES = {p.name: p for p in DEFAULT_PROFILES}


def fit(*places: Place, stem: str = "Charade (1963)", quality: str = "WEBDL-1080p", said: str = "en") -> list[str]:
    return list(by_fit(places, stem, quality, (said,) if said else (), "en"))


def place(id_: str, profile: str | QualityProfile, suffix: str = "", score: int = 0) -> Place:
    return Place(id_, suffix, PROFILES[profile] if isinstance(profile, str) else profile, score)


def test_a_file_goes_where_its_quality_is_taken_and_to_the_narrower_of_two() -> None:
    wide, sharp = place("wide", "Any"), place("sharp", "Ultra-HD", " - 4K")
    assert fit(wide, sharp) == ["wide"]
    assert fit(wide, sharp, quality="Bluray-2160p") == ["sharp", "wide"]
    assert fit(place("hd", "HD-1080p"), quality="DVD") == []


def test_a_name_that_ends_in_a_slot_s_suffix_says_whose_it_is() -> None:
    wide, sharp = place("wide", "Any"), place("sharp", "Ultra-HD", " - 4K")
    assert fit(wide, sharp, stem="Charade (1963) - 4k") == ["sharp", "wide"]
    both = [place("a", "Any", " - 4K"), place("b", "Any", " - Cut - 4K")]
    assert fit(*both, stem="Charade - Cut - 4K")[0] == "b"


def test_a_slot_that_asks_for_a_language_gets_what_speaks_it_and_nothing_else() -> None:
    dub = place("dub", replace(PROFILES["Any"], languages=("de",)), " - dub")
    any_ = place("any", "Any")
    assert fit(any_, dub, said="de") == ["dub", "any"]
    assert fit(any_, dub, said="en") == ["any"]


def test_a_slot_that_asks_for_a_score_gets_what_has_it() -> None:
    cut = replace(PROFILES["Any"], min_score=100)
    assert fit(place("any", "Any"), place("cut", cut, score=100)) == ["cut", "any"]
    assert fit(place("any", "Any"), place("cut", cut, score=99)) == ["any"]
