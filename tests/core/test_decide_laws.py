"""What holds for deciding and ranking whatever the releases, the profile and the settings are."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mydia.core.decide import Candidate, Context, Held, Settings, Target, decide
from mydia.core.decide.bench import Reader
from mydia.core.decide.upgrade import Worth, objections
from mydia.core.quality import QUALITIES, QualityGroup, QualityProfile, Revision
from mydia.core.rank import compare, rank
from mydia.core.release import parse
from tests.support.decide_world import candidate, place, rows_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NAMES = sorted(QUALITIES)
PICTURES = (
    "720p.HDTV.x264",
    "1080p.WEB-DL.H264",
    "PROPER.1080p.WEB-DL.H264",
    "1080p.BluRay.x264",
    "REAL.PROPER.720p.HDTV.x264",
)


@st.composite
def profiles(draw: st.DrawFn) -> QualityProfile:
    """Any profile: any qualities in any order, some of them grouped, any cutoff and policy."""
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True))
    cuts = draw(st.sets(st.integers(1, len(chosen)), max_size=3))
    edges = sorted({0, len(chosen), *(c for c in cuts if c < len(chosen))})
    parts = [tuple(chosen[a:b]) for a, b in pairwise(edges)]
    grouped = draw(st.booleans())
    items: list[QualityGroup | str] = []
    for part in parts:
        items.extend([QualityGroup(" | ".join(part), part)] if grouped and len(part) > 1 else part)
    return QualityProfile(
        id="any",
        name="any",
        qualities=tuple(items),
        cutoff=draw(st.sampled_from(chosen)),
        upgrades=draw(st.booleans()),
        cutoff_score=draw(st.integers(-20, 20)),
        min_score=draw(st.integers(-20, 20)),
        min_gain=draw(st.integers(-5, 10)),
        propers=draw(st.sampled_from(["prefer", "do_not_upgrade", "do_not_prefer"])),
    )


worths = st.builds(
    Worth,
    st.sampled_from(NAMES),
    st.builds(Revision, st.integers(1, 3), st.integers(0, 1)),
    st.integers(-20, 20),
)


@given(profiles(), st.lists(worths, min_size=2, max_size=7, unique=True))
@settings(max_examples=500, deadline=None)
def test_upgrades_never_go_in_circles(profile: QualityProfile, things: list[Worth]) -> None:
    listed = [w for w in things if profile.allows(w.quality)]
    better = {have: [new for new in listed if not objections(profile, have, new)] for have in things}
    # A thing that leads back to itself would be fetched for ever.
    for start in things:
        seen: set[Worth] = set()
        todo = list(better[start])
        while todo:
            thing = todo.pop()
            assert thing != start
            if thing not in seen:
                seen.add(thing)
                todo.extend(better[thing])


candidates = st.builds(
    Candidate,
    title=st.sampled_from(PICTURES).map(lambda picture: f"The.Harbour.2019.{picture}-GRP"),
    protocol=st.sampled_from(["torrent", "usenet"]),
    size=st.none() | st.integers(0, 1 << 36),
    seeders=st.none() | st.integers(0, 9999),
    peers=st.none() | st.integers(0, 9999),
    age_minutes=st.none() | st.floats(0, 10**6),
    indexer=st.sampled_from(["lighthouse", "beacon"]),
    priority=st.integers(1, 50),
    guid=st.integers(0, 9).map(str),
)
contexts = st.builds(
    Context,
    now=st.just(NOW),
    mode=st.sampled_from(["rss", "search", "user"]),
    profile=st.builds(
        lambda preferred, propers: QualityProfile(
            "p", "p", ("HDTV-720p", "WEBDL-1080p", "Bluray-1080p"), "Bluray-1080p", propers=propers
        ),
        st.none(),
        st.sampled_from(["prefer", "do_not_upgrade", "do_not_prefer"]),
    ),
    settings=st.builds(
        Settings,
        min_seeders=st.integers(0, 10),
        retention=st.sampled_from([0, 100]),
        max_size=st.sampled_from([0, 1 << 35]),
        preferred_protocol=st.sampled_from(["torrent", "usenet"]),
        protocols=st.sampled_from([frozenset(["torrent"]), frozenset(["torrent", "usenet"])]),
    ),
)
films = st.builds(
    lambda held, runtime: Target("movie", "The Harbour", 2019, runtime=runtime, availability="released", held=held),
    st.sampled_from([(), (Held("HDTV-720p"),), (Held("WEBDL-1080p", Revision(2)),)]),
    st.sampled_from([None, 100]),
)


@given(st.lists(candidates, max_size=8), films, contexts, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_verdict_does_not_depend_on_the_other_candidates(
    offered: list[Candidate], target: Target, context: Context, chance: Any
) -> None:
    alone = [decide([c], target, context)[0] for c in offered]
    assert decide(offered, target, context) == alone
    order = list(range(len(offered)))
    chance.shuffle(order)
    assert decide([offered[i] for i in order], target, context) == [alone[i] for i in order]


@given(st.lists(candidates, max_size=8), films, contexts, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_ranking_is_a_total_order(offered: list[Candidate], target: Target, context: Context, chance: Any) -> None:
    verdicts = decide(offered, target, context)
    ranked = rank(verdicts, target, context)
    shuffled = list(verdicts)
    chance.shuffle(shuffled)
    assert [r.values for r in rank(shuffled, target, context)] == [r.values for r in ranked]
    for place_, first in enumerate(ranked):
        for second in ranked[place_ + 1 :]:
            decisive = [c.better for c in compare(first, second) if c.decisive]
            assert decisive == (["left"] if first.values != second.values else [])


ALLOWING = {"hardcoded_subs_allowed"}  # settings that make a rule milder
REFUSED_BY_A_SETTING = [
    row
    for row in rows_of("decide")
    if row["refuses"] and len(row.get("settings", {})) == 1 and not ALLOWING & row["settings"].keys()
]


@given(st.sampled_from(REFUSED_BY_A_SETTING))
@settings(max_examples=len(REFUSED_BY_A_SETTING) * 2, deadline=None)
def test_a_rejection_goes_with_its_setting_and_comes_back_with_it(row: dict[str, Any]) -> None:
    target, context = place(row)
    rules = [
        {r.rule for r in decide([candidate(row)], target, replace(context, settings=chosen))[0].rejections}
        for chosen in (context.settings, Settings(), context.settings)
    ]
    assert row["rule"] in rules[0] and row["rule"] not in rules[1] and rules[2] == rules[0]


@given(st.text(max_size=60), st.sampled_from(["movie", "episode"]))
@settings(max_examples=200, deadline=None)
def test_any_name_gets_a_verdict(name: str, kind: Any) -> None:
    target, context = place({"show": kind == "episode"})
    (verdict,) = decide([Candidate(name)], target, context)
    assert verdict.accepted or all(r.reason for r in verdict.rejections)


def test_what_a_name_said_is_remembered_and_in_the_end_forgotten() -> None:
    reader = Reader(remembered=4)
    names = [f"The.Harbour.2019.{picture}-GRP" for picture in PICTURES]
    first = reader(names[0], "movie")
    assert reader(names[0], "movie") is first
    assert reader.all([*names, names[0]], "movie") == [parse(name, "name", "movie") for name in [*names, names[0]]]
    assert reader(names[0], "movie") is not first
