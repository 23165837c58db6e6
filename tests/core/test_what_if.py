"""What a changed profile would change."""

from dataclasses import replace

from mydia.core.decide import Candidate, Context, Held, PastDecision, Target, what_if
from mydia.core.quality import QualityProfile
from tests.support.decide_world import NOW

OLD = QualityProfile("p", "p", ("HDTV-720p", "WEBDL-1080p", "Bluray-1080p"), "WEBDL-1080p", cutoff_score=0)
FILM = Target("movie", "The Harbour", 2019, runtime=100, availability="released")
WEB, DISC = (Candidate(f"The.Harbour.2019.1080p.{x}-GRP", size=4 << 30) for x in ("WEB-DL.H264", "BluRay.x264"))


def test_a_higher_cutoff_makes_held_files_wanted_again() -> None:
    files = [Held("HDTV-720p"), Held("WEBDL-1080p"), Held("Bluray-1080p")]
    found = what_if(files, [], OLD, replace(OLD, cutoff="Bluray-1080p"))
    assert found.to_upgrade == (files[1],) and found.at_rest == ()
    back = what_if(files, [], replace(OLD, cutoff="Bluray-1080p"), OLD)
    assert back.at_rest == (files[1],) and back.to_upgrade == ()


def test_switching_upgrades_off_lets_every_file_rest() -> None:
    files = [Held("HDTV-720p"), Held("Bluray-1080p")]
    assert what_if(files, [], OLD, replace(OLD, upgrades=False)).at_rest == (files[0],)


def test_past_decisions_turn_both_ways() -> None:
    past = PastDecision((WEB, DISC), FILM, Context(NOW, "search"))
    found = what_if(
        [],
        [past],
        replace(OLD, qualities=("WEBDL-1080p",)),
        replace(OLD, qualities=("Bluray-1080p",), cutoff="Bluray-1080p"),
    )
    assert [(t.before.candidate, t.before.accepted, t.after.accepted) for t in found.turned] == [
        (WEB, True, False),
        (DISC, False, True),
    ]


def test_held_files_whose_formats_are_known_are_scored_anew() -> None:
    known, unknown = Held("WEBDL-1080p", score=5, formats=("Ours",)), Held("WEBDL-1080p", score=5)
    old = replace(OLD, scores={"Ours": 5}, cutoff_score=5)
    found = what_if([known, unknown], [], old, replace(old, scores={"Ours": -1}))
    assert found.rescored == ((known, -1),)
    assert found.to_upgrade == (known,)


def test_the_same_profile_changes_nothing() -> None:
    past = PastDecision((WEB, DISC), replace(FILM, held=(Held("HDTV-720p"),)), Context(NOW, "search"))
    found = what_if([Held("HDTV-720p")], [past], OLD, OLD)
    assert not (found.to_upgrade or found.at_rest or found.turned or found.rescored)
