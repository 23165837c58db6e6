"""Every rule of the configuration reaches deciding, and changes what is decided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mydia.core.decide import Candidate, Context, Episode, Held, Target, decide
from mydia.core.quality import DEFAULT_PROFILES
from mydia.core.rank import rank
from mydia.settings.rules import Delay, Rules, decide_settings

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
FILM = Target("movie", "The Film", year=2001, runtime=100, original_language="en", availability="released")
AIRED = NOW - timedelta(days=400)
SHOW = Target(
    "episode",
    "The Show",
    runtime=25,
    original_language="en",
    episodes=tuple(Episode(1, n, air_date="2024-12-27", airs_at=AIRED, runtime=25) for n in range(1, 5)),
    wanted=frozenset({(1, 1), (1, 2)}),
)
EPISODE, PACK = "The.Show.S01E01.1080p.WEB-DL.H264-GRP", "The.Show.S01.1080p.WEB-DL.H264-GRP"
BURNT = "The.Film.2001.1080p.WEB-DL.KORSUB.H264-GRP"
YOUNG = 5.0

OTHERWISE: Mapping[str, Any] = {
    "required": ["x"], "ignored": ["x"], "max_size_gb": 1.0, "protocols": ["usenet"], "preferred_protocol": "usenet",
    "min_seeders": 9, "min_free_gb": 9.0, "min_age_minutes": 9, "retention_days": 9, "delay": Delay(torrent_minutes=9),
    "pack_min_share": 0.5, "pack_required_after_days": 9, "availability_delay_days": 9, "air_date_grace_days": 9,
    "allow_hardcoded_subs": True, "hardcoded_subs_allowed": ["KORSUB"], "required_flags": ["freeleech"], "prefer_flags": True,
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in Rules.model_fields if n != "min_availability"])
def test_every_rule_reaches_deciding(name: str) -> None:
    # min_availability is a fact of the title's target: test_choosing_searches shows it.
    assert decide_settings(Rules.model_validate({name: OTHERWISE[name]})) != decide_settings(Rules())


@pytest.mark.parametrize("name", Delay.model_fields)
def test_every_part_of_a_delay_reaches_deciding(name: str) -> None:
    delay = Delay.model_validate({name: True if name == "bypass_if_highest" else 9})
    assert decide_settings(Rules(delay=delay)) != decide_settings(Rules())


def said(rules: Rules, candidate: Candidate, target: Target, **context: Any) -> set[str]:
    asked = Context(
        NOW, mode="search", settings=decide_settings(rules, **context), season_search=target.kind == "episode"
    )
    return {r.rule for r in decide([candidate], target, asked)[0].rejections}


HALF = replace(SHOW, held=tuple(Held("WEBDL-1080p", episodes=((1, n),)) for n in (3, 4)))
SEASON = Candidate(PACK, size=4 << 30, seeders=5)
TABLE: tuple[tuple[Mapping[str, Any], Candidate, Target, str, bool], ...] = (
    ({"pack_min_share": 1.0}, SEASON, HALF, "pack_not_worth_it", True),
    ({"pack_required_after_days": 30}, Candidate(EPISODE, size=1 << 30, seeders=5), SHOW, "pack_required", True),
    ({"air_date_grace_days": 0}, Candidate(EPISODE, age_minutes=500 * 1440.0), SHOW, "unaired", True),
    ({"allow_hardcoded_subs": True}, Candidate(BURNT), FILM, "hardcoded_subs", False),
    ({"hardcoded_subs_allowed": ["KORSUB"]}, Candidate(BURNT), FILM, "hardcoded_subs", False),
    (
        {"delay": {"usenet_minutes": 60}},
        Candidate("The.Film.2001.1080p.WEB-DL", "usenet", age_minutes=YOUNG),
        FILM,
        "delayed",
        True,
    ),
)


@pytest.mark.parametrize(("rules", "candidate", "target", "rule", "refuses"), TABLE, ids=[str(row[0]) for row in TABLE])
def test_a_rule_that_is_set_decides_otherwise(
    rules: Mapping[str, Any], candidate: Candidate, target: Target, rule: str, refuses: bool
) -> None:
    assert (rule in said(Rules(), candidate, target)) is not refuses
    assert (rule in said(Rules.model_validate(rules), candidate, target)) is refuses


@pytest.mark.parametrize("bypass", [{"bypass_if_highest": True}, {"bypass_above_score": 0}])
def test_the_best_need_not_wait(bypass: Mapping[str, Any]) -> None:
    best = Candidate("The.Film.2001.2160p.BluRay.REMUX-GRP", age_minutes=YOUNG)
    waiting = {"delay": {"torrent_minutes": 60}}
    assert "delayed" in said(Rules.model_validate(waiting), best, FILM)
    assert "delayed" not in said(Rules.model_validate({"delay": {"torrent_minutes": 60, **bypass}}), best, FILM)


@pytest.mark.parametrize(
    ("rules", "first"),
    [({}, "torrent"), ({"preferred_protocol": "usenet"}, "usenet"), ({"prefer_flags": True}, "free")],
)
def test_of_equals_the_preferred_is_first(rules: Mapping[str, Any], first: str) -> None:
    name = "The.Film.2001.1080p.WEB-DL.H264-GRP"
    candidates = [
        Candidate(name, seeders=50, indexer="torrent"),
        Candidate(name, "usenet", indexer="usenet"),
        Candidate(name, seeders=1, indexer="free", flags=("freeleech",)),
    ]
    context = Context(
        NOW, mode="search", profile=DEFAULT_PROFILES[0], settings=decide_settings(Rules.model_validate(rules))
    )
    assert rank(decide(candidates, FILM, context), FILM, context)[0].verdict.candidate.indexer == first
