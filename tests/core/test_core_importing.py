"""Import plans: the table of downloads, and what no plan may ever do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mydia.core.decide.upgrade import Worth
from mydia.core.importing import (
    HEAD,
    Existing,
    FoundFile,
    HeldFile,
    ImportFacts,
    ImportPlan,
    ImportTarget,
    Outcome,
    Step,
    category,
    magic_of,
    plan,
    shortest,
    unfinished,
)
from mydia.core.importing.contents import VIDEO_MAGIC, unwanted
from mydia.core.quality import DEFAULT_PROFILES, QualityGroup, QualityProfile, Revision, wizard

TABLE: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "corpus/importing/plans.yml").read_text("utf-8")
)
MB = 1 << 20
PROFILE: QualityProfile = wizard("best for HD TV")
SIDE = {
    "mb",
    "min",
    "claims",
    "problem",
    "sample",
    "extra",
    "part",
    "magic",
    "readable",
    "quality",
    "version",
    "refusals",
}


def _file(path: str, said: dict[str, Any]) -> FoundFile:
    assert said.keys() <= SIDE, said
    return FoundFile(
        path=path,
        size=said["mb"] * MB,
        claims=tuple(said["claims"]) if "claims" in said else None,
        claim_problem=said.get("problem", ""),
        worth=_worth(said),
        says_sample=said.get("sample", False),
        says_extra=said.get("extra", False),
        part=said.get("part"),
        duration=said["min"] * 60 if "min" in said else None,
        readable=said.get("readable"),
        magic=said.get("magic"),
        refusals=tuple(said.get("refusals", ())),
    )


def _worth(said: dict[str, Any]) -> Worth:
    return Worth(said.get("quality", "WEBDL-1080p"), Revision(said.get("version", 1)), 0)


def _target(id_: str, said: dict[str, Any]) -> ImportTarget:
    held = said.get("held")
    return ImportTarget(
        id=id_,
        runtime=said.get("runtime"),
        special=said.get("special", False),
        held=HeldFile(held["path"], _worth(held), tuple(held["covers"])) if held else None,
    )


def _facts(row: dict[str, Any]) -> ImportFacts:
    return ImportFacts(
        kind=row["kind"],
        profile=PROFILE,
        files=tuple(_file(p, s) for p, s in row["files"].items()),
        targets=tuple(_target(i, s) for i, s in row["targets"].items()),
        release_claims=tuple(row.get("release_claims", ())),
        existing={p: Existing(s["mb"] * MB, s.get("same")) for p, s in row.get("existing", {}).items()},
        can_link=not row.get("copy", False),
        link_only=row.get("link_only", False),
        free_space=row["free_mb"] * MB if "free_mb" in row else None,
        forced=row.get("forced", False),
    )


def _destination(file: FoundFile, targets: tuple[ImportTarget, ...]) -> str:
    name = "".join(t.id for t in targets) or "Film"
    return f"{name}/{name}.mkv"


@pytest.mark.parametrize("row", TABLE, ids=[r["name"] for r in TABLE])
def test_each_file_has_the_outcome_its_row_says(row: dict[str, Any]) -> None:
    made = plan(_facts(row), (lambda file, targets: str(row["to"])) if "to" in row else _destination)
    steps = {s.source: s for s in made.steps}
    assert steps.keys() == row["expect"].keys() == row["files"].keys()
    for path, expected in row["expect"].items():
        wanted = {"step": expected} if isinstance(expected, str) else expected
        _check(steps[path], wanted)
    assert (made.bad_release is not None) is ("bad" in row)
    assert row.get("bad", "") in (made.bad_release or "")
    if "finished" in row:
        assert (made.outcome().becomes == "imported") is row["finished"]


def _check(step: Step, wanted: dict[str, Any]) -> None:
    assert f"{step.action} {step.rule}".strip() == wanted["step"], step
    assert step.destination == wanted.get("to", step.destination)
    assert step.method == wanted.get("method", step.method)
    assert list(step.trash) == wanted.get("trash", list(step.trash))
    assert wanted.get("reason", "") in step.reason


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        ([], None),
        (["Film/Film.mkv", "Film/Film.nfo"], None),
        (["Film/film.r00", "Film/film.rar"], None),
        (["Film/Film.mkv", "Film/Film.mkv.exe"], "Film/Film.mkv.exe is a program dressed as a video"),
        (["Film/readme.txt"], "It holds no video, but Film/readme.txt"),
    ],
)
def test_what_is_not_worth_downloading_is_told_by_its_names(paths: list[str], why: str | None) -> None:
    assert unwanted(paths) == why


IMPORT, ASIDE = Step("a.mkv", "import"), Step("b.mkv", "set_aside", reason="2 files are for the same")
WAIT, SKIP = Step("c.mkv", "wait", reason="no room"), Step("d.txt", "skip")


@pytest.mark.parametrize(
    ("steps", "refused", "outcome"),
    [
        ([IMPORT, SKIP], [], Outcome("imported")),
        ([IMPORT, WAIT], [], Outcome("waits", "no room")),
        ([IMPORT, ASIDE, WAIT], [], Outcome("held", "b.mkv: 2 files are for the same")),
        ([IMPORT, ASIDE], ["a.mkv: no"], Outcome("held", "a.mkv: no; b.mkv: 2 files are for the same")),
        ([SKIP], [], Outcome("held", "Nothing in it can be imported: it holds no video for what was wanted")),
    ],
)
def test_a_download_becomes_what_its_steps_leave_to_do(steps: list[Step], refused: list[str], outcome: Outcome) -> None:
    assert ImportPlan(tuple(steps)).outcome(refused) == outcome


def test_a_bad_release_fails_whatever_else_is_in_it() -> None:
    assert ImportPlan((IMPORT, ASIDE), "a program dressed as a video").outcome() == Outcome(
        "failed", "a program dressed as a video"
    )


def test_every_rule_has_a_row_that_it_refuses() -> None:
    told = {
        e.split()[1]
        for r in TABLE
        for e in (x if isinstance(x, str) else x["step"] for x in r["expect"].values())
        if " " in e
    }
    assert told == {
        "unfinished", "clutter", "dangerous_file", "not_wanted", "archive", "archive_only", "not_a_video", "bonus",
        "unparsable", "unexpected", "sample", "unreadable", "duration", "refused", "not_an_upgrade", "several_files",
        "several_parts", "holds_more", "no_name", "same_name", "already_there", "destination_exists", "cannot_link", "no_space",
        "extra_of_nothing",
    }  # fmt: skip


IDS = ("e1", "e2", "e3")
_names = st.sampled_from(
    [
        "a.mkv",
        "b.mkv",
        "c.mkv",
        "s/a-sample.mkv",
        "a.en.srt",
        "a.nfo",
        "b.rar",
        "a.exe",
        "a.mkv.lnk",
        "c.mkv.part",
        ".DS_Store",
    ]
)
_claims = st.none() | st.lists(st.sampled_from([*IDS, "other"]), max_size=3, unique=True).map(tuple)
_qualities = st.sampled_from(["HDTV-720p", "WEBDL-1080p", "Bluray-1080p"])


@st.composite
def _downloads(draw: st.DrawFn) -> ImportFacts:
    files = tuple(
        FoundFile(
            path=path,
            size=draw(st.integers(0, 50)) * 100 * MB,
            claims=draw(_claims),
            worth=Worth(draw(_qualities), Revision(), 0),
            says_sample="sample" in path,
            says_extra=draw(st.booleans()),
            part=draw(st.none() | st.integers(1, 2)),
            duration=draw(st.none() | st.floats(0, 9000)),
            readable=draw(st.none() | st.booleans()),
            magic=draw(st.sampled_from([None, "", "matroska", "program"])),
        )
        for path in draw(st.lists(_names, unique=True))
    )
    targets = []
    whole = draw(st.booleans())
    for id_ in IDS:
        covers = draw(st.sampled_from([(id_,), IDS])) if not whole else (id_,)
        path = "held all.mkv" if len(covers) > 1 else f"held {id_}.mkv"
        held = HeldFile(path, Worth(draw(_qualities), Revision(), 0), covers) if draw(st.booleans()) else None
        targets.append(ImportTarget(id_, draw(st.none() | st.integers(1, 120)), draw(st.booleans()), held))
    standing = st.dictionaries(
        st.sampled_from(["e1/e1.mkv", "e2/e2.mkv"]), st.builds(Existing, st.just(100 * MB), st.none() | st.booleans())
    )
    return ImportFacts(
        kind="episode",
        profile=PROFILE,
        files=files,
        targets=tuple(targets),
        release_claims=draw(st.sampled_from([(), ("e1",), IDS])),
        existing=draw(standing),
        can_link=draw(st.booleans()),
        link_only=draw(st.booleans()),
        free_space=draw(st.none() | st.integers(0, 100).map(lambda n: n * 100 * MB)),
        forced=draw(st.booleans()),
    )


@given(_downloads())
def test_every_file_has_exactly_one_outcome(facts: ImportFacts) -> None:
    steps = plan(facts, _destination).steps
    assert sorted(s.source for s in steps) == sorted(f.path for f in facts.files)


@given(_downloads())
def test_no_two_files_go_to_one_place_and_none_over_a_stranger(facts: ImportFacts) -> None:
    made = plan(facts, _destination)
    going = [s.destination.casefold() for s in made.of("import", "adopt", "extra") if s.destination]
    assert len(going) == len(set(going))
    held = {t.held.path for t in facts.targets if t.held}
    for step in made.of("import", "extra"):
        assert step.destination not in facts.existing or step.destination in held


@given(_downloads())
def test_what_goes_to_the_trash_is_held_and_all_of_it_has_come(facts: ImportFacts) -> None:
    made = plan(facts, _destination)
    come: set[str] = set()
    covers = {t.held.path: set(t.held.covers) for t in facts.targets if t.held}
    trashed: list[str] = []
    for step in made.steps:
        come |= set(step.targets) if step.action in ("import", "adopt") else set()
        for path in step.trash:
            assert covers[path] <= come
            trashed.append(path)
    assert len(trashed) == len(set(trashed))


@given(_downloads())
def test_copies_never_need_more_room_than_there_is(facts: ImportFacts) -> None:
    sizes = {f.path: f.size for f in facts.files}
    copied = sum(sizes[s.source] for s in plan(facts, _destination).of("import") if s.method == "copy")
    assert facts.free_space is None or copied <= facts.free_space


@given(_downloads())
def test_nothing_dangerous_unfinished_or_unreadable_is_ever_imported(facts: ImportFacts) -> None:
    files = {f.path: f for f in facts.files}
    for step in plan(facts, _destination).of("import", "adopt"):
        file = files[step.source]
        assert category(file.path) == "video"
        assert unfinished(file.path) is None
        assert file.magic in (None, "") or file.magic in VIDEO_MAGIC
        assert facts.forced or file.readable is not False


@given(_downloads(), st.randoms(use_true_random=False))
def test_the_order_of_the_files_never_matters(facts: ImportFacts, chance: Any) -> None:
    shuffled = list(facts.files)
    chance.shuffle(shuffled)
    again = ImportFacts(**{f: getattr(facts, f) for f in ImportFacts.__slots__} | {"files": tuple(shuffled)})
    assert plan(again, _destination) == plan(facts, _destination)


@pytest.mark.parametrize(
    ("runtime", "seconds"),
    [(None, 90), (0, 90), (2, 15), (3, 15), (4, 90), (10, 90), (11, 300), (30, 300), (31, 600), (150, 600)],
)
def test_the_shortest_a_whole_video_may_be_follows_its_run_time(runtime: float | None, seconds: float) -> None:
    assert shortest(runtime) == seconds


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"\x00\x00\x00\x20ftypisom", "mp4"),
        (b"\x00\x00\x00\x08moov", "mp4"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "avi"),
        (b"RIFF\x00\x00\x00\x00WAVE", ""),
        ((b"G" + b"\x00" * 187) * 2, "mpeg-ts"),
        (b"\x00" * 4 + (b"G" + b"\x00" * 191) * 2, "mpeg-ts"),
        (b"\x00\x00\x01\xba", "mpeg-ps"),
        (b"0&\xb2u\x8ef\xcf\x11", "asf"),
        (b"OggS", "ogg"),
        (b"FLV\x01", "flv"),
        (b".RMF", "rm"),
        (b"MZ\x90", "program"),
        (b"\x7fELF", "program"),
        (b"#!/bin/sh", "script"),
        (b"L\x00\x00\x00\x01\x14\x02\x00", "shortcut"),
        (b"Rar!\x1a\x07\x01\x00", "archive"),
        (b"PK\x03\x04", "archive"),
        (b"\x00" * 257 + b"ustar", "archive"),
        (b"<html>", "document"),
        (b"", ""),
        (b"\x00" * HEAD, ""),
    ],
)
def test_a_file_is_told_by_its_first_bytes(head: bytes, kind: str) -> None:
    assert magic_of(head) == kind


@given(st.binary(max_size=HEAD))
def test_any_first_bytes_have_an_answer(head: bytes) -> None:
    assert isinstance(magic_of(head), str)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Film.MKV", "video"), ("a/b.m2ts", "video"), ("film.iso", "video"), ("film.mkv.exe", "dangerous"),
        ("x.scr", "dangerous"), ("x.zipx", "dangerous"), ("x.lzh", "dangerous"), ("film.r07", "archive"),
        ("film.part01.rar", "archive"), ("film.001", "archive"), ("film.srt", "extra"), ("film.nfo", "extra"),
        ("film", "other"), (".mkv", "other"), ("film.sfv", "other"), ("__MACOSX/film.mkv", "clutter"),
        ("._film.mkv", "clutter"), ("desktop.ini", "clutter"),
    ],
)  # fmt: skip
def test_a_file_is_sorted_by_its_name(path: str, kind: str) -> None:
    assert category(path) == kind


@pytest.mark.parametrize(
    "path",
    ["a.mkv.part", "a.!qB", "a.!ut", "a.mkv.partial~", "a.crdownload", "a.aria2", "_UNPACK_x/a.mkv", "_FAILED_x/a.mkv",
     "x/.syncthing.a.mkv", ".mydia-17.part"],
)  # fmt: skip
def test_a_name_of_unfinished_work_is_waited_for(path: str) -> None:
    assert unfinished(path)


@pytest.mark.parametrize("path", ["a.mkv", "Part/a.mkv", "the.part.mkv", "unpack/a.mkv", "Failed.mkv"])
def test_a_finished_name_is_not(path: str) -> None:
    assert unfinished(path) is None


def test_any_profile_serves() -> None:
    for profile in DEFAULT_PROFILES:
        assert all(isinstance(q, str | QualityGroup) for q in profile.qualities)
        facts = ImportFacts("movie", profile, (FoundFile("a.mkv", 5, ("",)),), (ImportTarget(""),))
        assert [s.action for s in plan(facts, _destination).steps] == ["import"]
