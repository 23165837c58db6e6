"""An import is measured by what was chosen: by the score of what is held and of what comes, by the languages that a file really speaks."""

from collections.abc import Sequence
from dataclasses import replace

from mydia.core.formats import Condition, CustomFormat
from mydia.core.importing import ImportFacts, ImportPlan, plan
from mydia.core.quality import QualityProfile
from mydia.core.release import Candidate
from mydia.incoming import Incoming, Wants, destination, facts_for, found_file, import_target
from mydia.library.model import FileView
from mydia.media.model import MediaItem, Slot
from mydia.ports import AudioTrack, Probe
from mydia.settings.naming import Naming
from tests.support.choosing_world import PROFILE, format_of

MKV = b"\x1a\x45\xdf\xa3" + b"\0" * 60
FILM = MediaItem(
    "m",
    "movie",
    "The Film",
    "film",
    None,
    "en",
    2001,
    None,
    100,
    "Released",
    None,
    {},
    True,
    None,
    None,
    "",
    "",
    None,
    None,
)
KNOWN = Candidate(id="m", kind="movie", title="The Film", year=2001)
PLAIN, HDR = "The.Film.2001.1080p.WEB-DL.H264-GRP", "The.Film.2001.1080p.WEB-DL.HDR.H265-GRP"
SCORED = replace(PROFILE, scores={"HDR": 50, "German": 20, "Free": 5})
FORMATS = (
    format_of("HDR", r"\bHDR\b", in_names=True),
    CustomFormat("German", (Condition("language", "de"),)),
    CustomFormat("Free", (Condition("indexer_flag", "freeleech"),)),
)


def incoming(*languages: str) -> Incoming:
    audio = tuple(AudioTrack(codec="aac", channels=2, language=language) for language in languages)
    probe = Probe("mkv", 4 << 30, 6000.0, 1920, 1080, "1080p", "h264", 8, (), 5000, audio, ())
    return Incoming("film.mkv", 4 << 30, 1, 1, MKV, True, probe)


def held(release: str, *languages: str) -> FileView:
    blank = dict.fromkeys(FileView.__slots__)
    given = {
        "id": "f", "relative_path": "old.mkv", "state": "linked", "size": 4 << 30, "quality": "WEBDL-1080p", "revision": 1,
        "languages": languages, "scene_name": release, "metadata": {}, "held": True, "episode_ids": (),
    }  # fmt: skip
    return FileView(**{**blank, **given})  # type: ignore[arg-type]


def planned(release: str, wants: Wants, have: FileView | None, languages: Sequence[str] = ("en",)) -> ImportPlan:
    file = incoming(*languages)
    facts = ImportFacts(
        kind="movie",
        profile=wants.profile,
        files=(found_file(file, FILM, KNOWN, (), release, wants),),
        targets=(import_target("", None, FILM, have, wants),),
    )
    naming = Naming(movie="{title} {[Custom Formats]}")
    return plan(facts, destination(FILM, {}, naming, {file.path: file}, release, wants))


def outcome(made: ImportPlan) -> tuple[str, str]:
    (step,) = made.steps
    return step.action, step.rule


def test_what_scores_more_replaces_what_is_held_and_what_scores_no_more_does_not() -> None:
    wants = Wants(SCORED, FORMATS)
    assert outcome(planned(HDR, wants, held(PLAIN, "en")))[0] == "import"
    assert outcome(planned(PLAIN, wants, held(HDR, "en")))[1] == "not_an_upgrade"
    assert outcome(planned(HDR, wants, held(HDR, "en")))[1] == "not_an_upgrade"
    assert outcome(planned(HDR, Wants(PROFILE), held(PLAIN, "en")))[1] == "not_an_upgrade"  # nothing is scored


def test_the_languages_that_were_heard_count_not_those_that_were_promised() -> None:
    wants = Wants(SCORED, FORMATS)
    german = PLAIN.replace("1080p", "German.1080p")
    assert outcome(planned(german, wants, held(PLAIN, "en"), ["de"]))[0] == "import"
    assert outcome(planned(german, wants, held(PLAIN, "en"), ["en"]))[1] == "not_an_upgrade"
    wishing = Wants(QualityProfile.from_json({**PROFILE.to_json(), "languages": ["de"]}))
    refused = planned(german, wishing, None, ["en"])
    assert outcome(refused)[0] != "import"
    assert "it speaks en; wanted is de" in refused.steps[0].reason
    assert outcome(planned(german, wishing, None, ["de"]))[0] == "import"
    assert outcome(planned(german, wishing, None, []))[0] == "import"  # nobody knows what it speaks


def test_an_indexers_flag_is_kept_with_the_file_so_that_it_is_not_lost_as_a_score() -> None:
    wants = Wants.of_slot(Slot("s", "m", "default", "p", "P"), SCORED, FORMATS, {"flags": ["freeleech"]})
    facts = facts_for(incoming("en"), FILM, PLAIN, wants)
    assert facts.metadata["flags"] == ["freeleech"]
    kept = replace(held(PLAIN, "en"), metadata=facts.metadata)
    assert outcome(planned(PLAIN, wants, kept))[1] == "not_an_upgrade"
    assert outcome(planned(PLAIN, wants, held(PLAIN, "en")))[0] == "import"


def test_formats_stand_in_names_where_they_may_and_versions_stand_apart() -> None:
    wants = Wants(SCORED, FORMATS)
    (step,) = planned(HDR, wants, None, ["de"]).steps
    assert step.destination == "The Film [HDR].mkv"
    other = Wants.of_slot(Slot("s", "m", "Sharp", "p", "P", "4K"), SCORED, FORMATS, {})
    (step,) = planned(HDR, other, None).steps
    assert step.destination == "The Film [HDR] - 4K.mkv"
