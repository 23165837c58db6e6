"""The pages of choosing: plain forms that work without script, wrong input said at its field, everything tried out before it counts."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

import httpx
import pytest

from mydia.choosing import changes, queries
from mydia.core.formats import Condition, CustomFormat
from mydia.core.quality import QualityProfile
from mydia.settings.load import load_config
from mydia.store.engine import to_json
from tests.choosing.test_choosing_formats import EVERYTHING, TRASH
from tests.support.choosing_world import Lying, add_film, format_of, hold, offer, search
from tests.support.web_world import HOSTILE, Visitor, World, furnish, open_web
from web.pages import profiles

PAGES = (
    "/settings", "/settings/profiles", "/settings/profiles/new", "/settings/profiles/any", "/settings/profiles/new?like=any",
    "/settings/formats", "/settings/formats/new", "/settings/formats?name=The.Film.2001.HDR.1080p", "/settings/rules",
    "/settings/naming", "/settings/naming?preset=Plex", "/settings/renames", "/explain", "/explain?release=x&title=y",
)  # fmt: skip


@asynccontextmanager
async def pages(tmp_path: Path) -> AsyncIterator[tuple[World, Visitor]]:
    async with open_web(tmp_path) as world:
        world.house.adopt(load_config(None, {"MYDIA__DOWNLOADS__RULES__MIN_SEEDERS": "3"}))
        yield world, await world.visitor("admin")


async def read(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = await visitor.http.get(path)
    assert answer.status_code == status, (path, answer.text)
    return answer.text


def filled(page: str) -> dict[str, str]:
    """The last form of a page as a browser would send it back untouched."""
    form = page[page.rindex('class="form-stack"') :] if 'class="form-stack"' in page else page
    return values(form)


def values(form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if "name" not in attributes or " disabled" in tag:
            continue
        if attributes.get("type") == "checkbox":
            if re.search(r"\schecked", tag):
                found[attributes["name"]] = "on"
        else:
            found[attributes["name"]] = unescape(attributes.get("value", ""))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        if chosen:
            found[name] = unescape(chosen.group(1) if chosen.group(1) is not None else chosen.group(2))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(text)
    return found


async def profile(world: World, name: str) -> QualityProfile:
    return await world.house.read(queries.default_profile, name)


async def test_every_page_of_choosing_renders_empty_and_full_and_shows_strangers_words_as_words(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        for full in (False, True):
            if full:
                await furnish(world.house)
                hostile = format_of(HOSTILE, "x", in_names=True)
                await world.house.write(changes.put_format, hostile, actor="test")
                ours = QualityProfile.from_json({"name": HOSTILE, "qualities": ["SDTV"], "scores": {HOSTILE: 5}})
                await world.house.write(changes.put_profile, ours, actor="test")
            for path in PAGES:
                page = await read(admin, path)
                assert page.count("<main") == 1
                assert page.count("<h1") == 1, path
                assert "<img src=x" not in page, path
                assert re.findall(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)", page) == [], path


async def test_a_profile_saved_untouched_stays_as_it_is(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        await world.house.write(changes.put_format, EVERYTHING, actor="test")
        for wish in ("best for 4K TV", "small files"):
            await admin.post("/settings/profiles/wish", {"wish": wish})
        for before in await world.house.read(queries.list_profiles):
            page = await read(admin, f"/settings/profiles/{before.id}")
            answer = await admin.post(f"/settings/profiles/{before.id}", filled(page))
            assert answer.status_code == 303, answer.text
            after = await world.house.read(queries.get_profile, before.id)
            assert after.rank(after.cutoff) == before.rank(before.cutoff)
            assert after.to_json() | {"cutoff": ""} == before.to_json() | {"cutoff": ""}


async def test_a_profile_is_made_changed_copied_and_deleted(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        format_id = await world.house.write(changes.put_format, format_of("HDR", "HDR"), actor="test")
        form = {
            **filled(await read(admin, "/settings/profiles/new")),
            **{key: "" for key in filled(await read(admin, "/settings/profiles/new")) if key.startswith("place-")},
            "name": "Mine", "place-SDTV": "1", "place-WEBDL-1080p": "5", "place-Bluray-1080p": "5", "cutoff": "Bluray-1080p",
            "upgrades": "on", "min-SDTV": "1.5", "max-SDTV": "20", f"score-{format_id}": "-7", "languages": "dual, de",
            "min_score": "-10", "cutoff_score": "100", "min_gain": "3", "propers": "do_not_prefer",
        }  # fmt: skip
        assert (await admin.post("/settings/profiles/new", form)).status_code == 303
        made = (await profile(world, "Mine")).to_json()
        assert {k: v for k, v in made.items() if k != "id"} == {
            "name": "Mine",
            "qualities": [
                "SDTV",
                {"group": "WEBDL-1080p | Bluray-1080p", "qualities": ["WEBDL-1080p", "Bluray-1080p"]},
            ],
            "cutoff": "Bluray-1080p",
            "upgrades": True,
            "sizes": {"SDTV": {"min": 1.5, "preferred": None, "max": 20.0}},
            "scores": {"HDR": -7},
            "min_score": -10,
            "cutoff_score": 100,
            "min_gain": 3,
            "propers": "do_not_prefer",
            "languages": ["dual", "de"],
        }
        copy = filled(await read(admin, f"/settings/profiles/new?like={made['id']}"))
        assert copy["name"] == "Mine (copy)"
        await admin.post("/settings/profiles/new", copy)
        assert (await profile(world, "Mine (copy)")).scores == {"HDR": -7}
        assert (await admin.post(f"/settings/profiles/{made['id']}/delete")).status_code == 303
        film = await add_film(world.house, profile=(await profile(world, "Mine (copy)")).id)
        used = (await profile(world, "Mine (copy)")).id
        assert film
        assert (await admin.post(f"/settings/profiles/{used}/delete")).status_code == 409


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "name", "needs a name"),
        ({"name": "SD"}, "name", "SD&#39; already"),
        ({"cutoff": "CAM"}, "cutoff", "is not among the profile"),
        ({"min_gain": "0"}, "min_gain", "at least 1"),
        ({"min_score": "much"}, "min_score", "no whole number"),
        ({"languages": "klingon"}, "languages", "klingon"),
        ({"min-SDTV": "few"}, "sizes", "no number of MB"),
        ({"min-SDTV": "9", "max-SDTV": "1"}, "sizes", "below its minimum"),
        ({"place-SDTV": "first"}, "qualities", "no whole number"),
        ({"propers": "perhaps"}, "propers", "perhaps"),
    ],
)
async def test_what_is_wrong_with_a_profile_stands_at_its_field_and_nothing_typed_is_lost(
    tmp_path: Path, change: dict[str, str], field: str, words: str
) -> None:
    async with pages(tmp_path) as (world, admin):
        before = await world.house.read(queries.get_profile, "any")
        form = filled(await read(admin, "/settings/profiles/any")) | {"cutoff_score": "4711"} | change
        answer = await admin.post("/settings/profiles/any", form)
        assert answer.status_code == 422
        error = re.search(rf'id="{field}-error" role="alert">([^<]*)', answer.text)
        assert error is not None, answer.text
        assert words in error.group(1)
        assert 'value="4711"' in answer.text
        assert await world.house.read(queries.get_profile, "any") == before


async def test_a_profile_shows_what_it_would_change_before_it_is_saved(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        await admin.post("/settings/profiles/wish", {"wish": "best for HD TV"})
        ours = await profile(world, "Best for HD TV")
        held = await add_film(world.house, profile=ours.id)
        await hold(world.house, held, Lying("f.mkv", "The.Film.2001.1080p.BluRay-GRP", quality="Bluray-1080p"))
        other = await add_film(world.house, "Other", profile=ours.id)
        await search(world.house, other, offer("Other.2001.2160p.WEB-DL-GRP", size=1 << 30))
        form = filled(await read(admin, f"/settings/profiles/{ours.id}"))
        wider = form | {"place-WEBDL-2160p": "90", "cutoff": "WEBDL-2160p", "cutoff_score": "0", "try": ""}
        page = (await admin.post(f"/settings/profiles/{ours.id}", wider)).text
        assert "Nothing is saved yet" in page
        assert "Would be accepted" in page
        assert "Other.2001.2160p.WEB-DL-GRP" in page
        assert 'value="90"' in page
        assert await world.house.read(queries.get_profile, ours.id) == ours


async def test_what_a_profile_would_change_is_told_page_by_page_with_counts_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "PORTION", 2)
    monkeypatch.setattr(profiles, "SHOWN", 3)
    async with pages(tmp_path) as (world, admin):
        await admin.post("/settings/profiles/wish", {"wish": "best for HD TV"})
        ours = await profile(world, "Best for HD TV")
        for n in range(5):
            film = await add_film(world.house, f"Film {n}", profile=ours.id)
            await hold(world.house, film, Lying(f"{n}.mkv", f"Film.{n}.2001.1080p.BluRay-GRP", quality="Bluray-1080p"))
        form = filled(await read(admin, f"/settings/profiles/{ours.id}")) | {"cutoff_score": "0"}
        assert (await admin.post(f"/settings/profiles/{ours.id}", form)).status_code == 303
        form |= {"place-WEBDL-2160p": "90", "cutoff": "WEBDL-2160p"}
        text = (await admin.post(f"/settings/profiles/{ours.id}", form | {"try": ""})).text
        listed, counted = text.count("Better would be sought"), []
        while True:
            counted.append(re.findall(r"(\d+) of 5 titles looked at", text)[-1])
            further = re.search(r"hx-vals='([^']*)'", text)
            if further is None:
                break
            text = (
                await admin.post(f"/settings/profiles/{ours.id}/trial", form | json.loads(unescape(further[1])))
            ).text
            listed += text.count("Better would be sought")
        assert counted == ["2", "4", "5"]
        assert listed == 3
        assert "5 files for which better would be sought" in text


async def test_formats_come_in_by_file_and_by_paste_and_problems_are_named_one_by_one(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        files = [
            ("files", ("hdr.json", to_json(TRASH).encode(), "application/json")),
            ("files", ("bad.json", b"{", "application/json")),
        ]
        pasted = to_json({**TRASH, "name": "Broken", "specifications": [{"implementation": "MoodSpecification"}]})
        answer = await admin.post("/settings/formats/import", {"pasted": pasted, "profile_id": "any"}, files=files)
        assert answer.status_code == 422
        assert "bad.json: this is no JSON" in answer.text
        assert "the pasted text: format &#39;Broken&#39;" in answer.text
        assert (await profile(world, "Any")).scores == {"HDR": 500}
        assert (await admin.post("/settings/formats/import", {})).status_code == 422
        page = await read(admin, "/settings/formats?name=The.Film.2001.HDR10.1080p.WEB-DL")
        assert "It is</span>" in page
        assert "Any: 500" in page


async def test_a_format_is_written_changed_and_forgotten(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        form = {"name": "Mine", "in_names": "on", "type-0": "title", "value-0": "HDR", "negate-0": "on", "save": "1"}
        assert (await admin.post("/settings/formats/new", form)).status_code == 303
        (kept,) = await world.house.read(queries.list_formats)
        assert (kept.format.in_names, kept.format.conditions) == (True, (Condition("title", "HDR", negate=True),))
        assert (await admin.post(f"/settings/formats/{kept.id}/delete")).status_code == 303
        assert await world.house.read(queries.list_formats) == ()


async def test_a_format_of_every_type_of_condition_saved_untouched_stays_as_it_is(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        every = CustomFormat(
            "Every",
            (
                *EVERYTHING.conditions,
                Condition("year", (1990.0, 1e9)),
                Condition("size", (1.5, 20.0), required=True),
                Condition("source", "bluray/remux"),
                Condition("language", "original", others=True, name="Not original"),
            ),
            trash_id="kept",
            trash_scores={"default": 5},
        )
        format_id = await world.house.write(changes.put_format, every, actor="test")
        form = values(await read(admin, f"/settings/formats/{format_id}"))
        assert (await admin.post(f"/settings/formats/{format_id}", form)).status_code == 303
        assert (await world.house.read(queries.get_format, format_id)).format == every


async def test_conditions_are_added_removed_and_given_another_type_without_saving(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        form = {
            "name": "Mine",
            "type-0": "title",
            "value-0": "one",
            "type-1": "year",
            "value-1": "1990",
            "to-1": "1999",
        }
        page = (await admin.post("/settings/formats/new", form | {"add": "1"})).text
        assert page.count("<fieldset") == 3
        page = (await admin.post("/settings/formats/new", values(page) | {"remove": "0"})).text
        again = values(page)
        assert (again["type-0"], again["value-0"], again["to-0"], again["type-1"]) == ("year", "1990", "1999", "title")
        assert "type-2" not in again
        page = (await admin.post("/settings/formats/new", again | {"type-1": "language", "redraw": "1"})).text
        assert '<option value="de">' in page
        assert await world.house.read(queries.list_formats) == ()


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"name": ""}, "name", "no name"),
        ({"value-1": "("}, "value-1", "condition 2"),
        ({"value-1": "(.*a){12}x"}, "value-1", "condition 2"),
        ({"value-1": ""}, "value-1", "expected a regular expression"),
        ({"type-1": "language", "value-1": "klingon"}, "value-1", "no language that is known here"),
        ({"type-1": "source", "value-1": "moon"}, "value-1", "no source"),
        ({"type-1": "year", "value-1": "nineteen"}, "value-1", "expected numbers"),
        ({"type-1": "year", "value-1": "2000", "to-1": "1990"}, "value-1", "before it begins"),
        ({"type-1": "resolution", "value-1": "sharp"}, "value-1", "expected lines"),
        ({"name": "Taken"}, "name", "already"),
    ],
)
async def test_what_is_wrong_with_a_condition_stands_at_its_field_and_nothing_typed_is_lost(
    tmp_path: Path, wrong: dict[str, str], field: str, words: str
) -> None:
    async with pages(tmp_path) as (world, admin):
        await world.house.write(changes.put_format, format_of("Taken", "x"), actor="test")
        form = {"name": "Mine", "type-0": "title", "value-0": "kept words", "type-1": "title", "value-1": "y", **wrong}
        answer = await admin.post("/settings/formats/new", form)
        assert answer.status_code == 422
        error = re.search(rf'id="{field}-error" role="alert">([^<]*)', answer.text)
        assert error is not None, answer.text
        assert words in unescape(error.group(1))
        assert 'value="kept words"' in answer.text
        assert [k.format.name for k in await world.house.read(queries.list_formats)] == ["Taken"]
        assert (await admin.post("/settings/formats/new", {"name": "Mine"})).status_code == 422


async def test_rules_are_set_by_their_form_and_only_what_differs(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        form = values(await read(admin, "/settings/rules"))
        assert "downloads.rules.min_seeders" not in form  # the environment sets it
        assert (await admin.post("/settings/rules", form)).status_code == 303
        loaded = world.house.loaded
        assert loaded is not None
        assert {s.kind for k, s in loaded.sources.items() if k.startswith("downloads.rules")} == {"default", "env"}
        form |= {"downloads.rules.ignored": "cam\r\n/x26[45]$/", "downloads.rules.delay.torrent_minutes": "30",
                 "downloads.rules.preferred_protocol": "usenet", "downloads.rules.prefer_flags": "on"}  # fmt: skip
        assert (await admin.post("/settings/rules", form)).status_code == 303
        rules = world.house.config.downloads.rules
        assert (rules.ignored, rules.delay.torrent_minutes) == (["cam", "/x26[45]$/"], 30)
        assert (rules.preferred_protocol, rules.prefer_flags, rules.min_seeders) == ("usenet", True, 3)
        del form["downloads.rules.prefer_flags"]
        await admin.post("/settings/rules", form)
        assert world.house.config.downloads.rules.prefer_flags is False
        wrong = form | {
            "downloads.rules.retention_days": "-1",
            "downloads.rules.ignored": "/(/",
            "downloads.rules.max_size_gb": "big",
        }
        answer = await admin.post("/settings/rules", wrong)
        assert answer.status_code == 422
        for key in ("retention_days", "ignored", "max_size_gb"):
            assert f'id="downloads.rules.{key}-error"' in answer.text, answer.text
        assert ">/(/</textarea>" in answer.text
        assert world.house.config.downloads.rules.retention_days == 0


async def test_naming_is_tried_out_and_then_set(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        film = await add_film(world.house)
        await hold(world.house, film, Lying("f.mkv", "The.Film.2001.1080p.WEB-DL-GRP"))
        form = values((await read(admin, "/settings/naming")).partition('method="post" action="/settings/naming"')[2])
        tried = form | {"media.naming.movie": "{title}{-Release Group}", "try": "1"}
        page = (await admin.post("/settings/naming", tried)).text
        assert "<ins>The Film-GRP</ins>" in page or "The Film-GRP" in re.sub("<[^>]+>", "", page)
        assert world.house.config.media.naming.movie != "{title}{-Release Group}"
        del tried["try"]
        assert (await admin.post("/settings/naming", tried)).status_code == 303
        assert world.house.config.media.naming.movie == "{title}{-Release Group}"
        for extra in ({}, {"try": "1"}):
            answer = await admin.post("/settings/naming", form | {"media.naming.episode": "{show}"} | extra)
            assert answer.status_code == 422
            assert 'id="media.naming.episode-error"' in answer.text, answer.text
        plex = values(
            (await read(admin, "/settings/naming?preset=Plex")).partition('method="post" action="/settings/naming"')[2]
        )
        assert (await admin.post("/settings/naming", plex)).status_code == 303
        assert "{imdb-{ImdbId}}" in world.house.config.media.naming.movie
        await read(admin, "/settings/naming?preset=Betamax", 404)


async def test_all_that_was_chosen_goes_out_and_comes_in_as_a_file(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, admin):
        out = await admin.http.get("/settings/choosing.yml")
        assert out.headers["Content-Disposition"].startswith("attachment")
        changed = out.text.replace("max_size_gb: 0.0", "max_size_gb: 9.5").replace(
            "max_size_gb: 0\n", "max_size_gb: 9.5\n"
        )
        answer = await post_file(admin, "choosing.yml", changed.encode())
        assert answer.status_code == 303, answer.text
        assert world.house.config.downloads.rules.max_size_gb == 9.5
        for content, words in (
            (b"\xff", "no UTF-8"),
            (b"rules: {retention_days: -1}", "retention_days"),
            (b"[", "no YAML"),
        ):
            answer = await post_file(admin, "x.yml", content)
            assert answer.status_code == 422
            assert words in answer.text
        assert (await admin.post("/settings/choosing", {})).status_code == 422


async def post_file(visitor: Visitor, name: str, content: bytes) -> httpx.Response:
    return await visitor.post("/settings/choosing", files={"file": (name, content, "application/yaml")})


async def test_a_release_is_explained_piece_by_piece(tmp_path: Path) -> None:
    async with pages(tmp_path) as (world, _):
        await add_film(world.house)
        await add_film(world.house, "The Film Again")
        looker = await world.visitor("readonly")
        asked = "/explain?release=The.Film.2001.1080p.WEB-DL-GRP&size_gb=4"
        assert "The Film Again" in await read(looker, f"{asked}&title=The Film")
        film = re.search(r'<option value="([^"]+)">The Film \(2001\)', await read(looker, f"{asked}&title=The Film"))
        assert film is not None
        page = await read(looker, f"{asked}&media_id={film.group(1)}")
        assert "It would be taken" in page
        assert 'title="resolution">1080p</mark>' in page
        assert "Format score" in page
        refused = await read(looker, f"/explain?release=The.Film.2001.CAM&media_id={film.group(1)}")
        assert "It would not be taken" in refused
        assert "CAM is not in the profile HD-1080p" in refused
        await read(looker, f"{asked}x&media_id={film.group(1)}", 422)
        await read(looker, f"{asked}&media_id=nothing", 404)


async def test_a_setting_is_found_by_its_key_its_purpose_or_its_value_and_named_with_its_unit(tmp_path: Path) -> None:
    async with pages(tmp_path) as (_, admin):
        assert "<code>server.port</code>" in await read(admin, "/settings")
        found = await read(admin, "/settings?q=min_seeders")
        assert "<code>downloads.rules.min_seeders</code>" in found
        assert "<code>server.port</code>" not in found
        assert "No setting is called so" in await read(admin, "/settings?q=a unicorn")
        rules = await read(admin, "/settings/rules")
        assert "Minimum seeders" in rules
        assert "Maximum size (GB)" in rules
