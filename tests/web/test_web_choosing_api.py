"""The API of choosing: formats, profiles, explanations, what-ifs, names, and all of it as one document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from mydia.settings.load import load_config
from tests.choosing.test_choosing_formats import PROFILE as GUIDE
from tests.choosing.test_choosing_formats import TRASH
from tests.support.choosing_world import Lying, add_film, hold, offer, search
from tests.support.web_world import World, open_web

KLINGON = {"type": "language", "value": "klingon"}
HDR: dict[str, Any] = {"name": "HDR", "conditions": [{"type": "title", "value": r"\bHDR\b"}], "in_names": True}
MINE = {
    "name": "Mine",
    "qualities": ["SDTV", {"group": "WEB", "qualities": ["WEBDL-1080p", "WEBRip-1080p"]}],
    "cutoff": "WEB",
}


@dataclass
class Api:
    world: World
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.http.request(method, f"/api/v1{path}", json=body)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None


@asynccontextmanager
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with open_web(tmp_path) as world:
        world.house.adopt(load_config(None, {}))
        async with httpx.AsyncClient(
            base_url=world.base, headers={"X-Api-Key": await world.key("admin")}, timeout=60
        ) as http:
            yield Api(world, http)


async def test_a_format_is_added_changed_and_forgotten_with_its_scores(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        made = await a.ask("POST", "/custom-formats", HDR, 201)
        assert made["conditions"][0]["value"] == r"\bHDR\b"
        await a.ask("POST", "/custom-formats", HDR, 409)
        mine = await a.ask("POST", "/quality-profiles", {**MINE, "scores": {"HDR": 5}}, 201)
        await a.ask("PUT", f"/custom-formats/{made['id']}", {**HDR, "name": "Shiny"})
        assert (await a.ask("GET", f"/quality-profiles/{mine['id']}"))["scores"] == {"Shiny": 5}
        assert [f["name"] for f in (await a.ask("GET", "/custom-formats"))["items"]] == ["Shiny"]
        await a.ask("DELETE", f"/custom-formats/{made['id']}", status=204)
        assert (await a.ask("GET", f"/quality-profiles/{mine['id']}"))["scores"] == {}
        await a.ask("GET", f"/custom-formats/{made['id']}", status=404)


async def test_what_is_wrong_is_named_at_its_field(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        for path, body, field in (
            ("/custom-formats", {**HDR, "conditions": [{"type": "title", "value": "("}]}, "conditions.0.value"),
            (
                "/custom-formats",
                {**HDR, "conditions": [{"type": "title", "value": "(.*a){12}x"}]},
                "conditions.0.value",
            ),
            ("/custom-formats", {**HDR, "conditions": [*HDR["conditions"], KLINGON]}, "conditions.1.value"),
            ("/custom-formats", {**HDR, "conditions": []}, "conditions"),
            ("/quality-profiles", {**MINE, "cutoff": "Bluray-1080p"}, "cutoff"),
            ("/quality-profiles", {**MINE, "scores": {"Ghost": 1}}, "scores"),
            ("/quality-profiles", {**MINE, "languages": ["klingon"]}, "languages"),
            ("/quality-profiles", {**MINE, "sizes": {"SDTV": {"min": 5.0, "max": 1.0}}}, "sizes"),
            ("/profile-wishes", {"wish": "world peace"}, "wish"),
            ("/naming/preview", {"naming": {"movie": "{titel}"}}, "naming.movie"),
            ("/naming/preview", {"naming": {"film": "x"}}, "naming.film"),
        ):
            problem = await a.ask("POST", path, body, 422)
            assert problem["errors"][0]["field"] == field, problem


async def test_the_guides_documents_come_in_and_their_problems_are_named(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        done = await a.ask("POST", "/format-imports", {"documents": [GUIDE, TRASH, {"name": "No"}]})
        assert (done["added"], done["profiles"]) == (["HDR"], ["Guide"])
        assert done["problems"] == ["document 3: format 'No': it has no specifications: is this a custom format?"]
        (guide,) = [p for p in (await a.ask("GET", "/quality-profiles"))["items"] if p["name"] == "Guide"]
        assert guide["scores"] == {"HDR": 500}


async def test_a_wish_becomes_a_profile_and_one_in_use_stays(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        for wish in (await a.ask("GET", "/profile-wishes"))["items"]:
            made = await a.ask("POST", "/profile-wishes", {"wish": wish, "name": f"My {wish}"}, 201)
            assert made["name"] == f"My {wish}"
        await add_film(a.world.house, profile=made["id"])
        problem = await a.ask("DELETE", f"/quality-profiles/{made['id']}", status=409)
        assert "used by 1 titles" in problem["detail"]


async def test_a_release_is_explained_for_a_title(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        await a.ask("POST", "/custom-formats", HDR, 201)
        mine = await a.ask("POST", "/quality-profiles", {**MINE, "scores": {"HDR": 5}}, 201)
        film = await add_film(a.world.house, profile=mine["id"])
        name = "The.Film.2001.HDR.1080p.WEB-DL-GRP"
        told = await a.ask("POST", "/explain", {"release": name, "media_id": film, "size": 4 << 30})
        assert (told["accepted"], told["quality"], told["score"], told["formats"]) == (True, "WEBDL-1080p", 5, ["HDR"])
        spans = {s["fact"]: name[s["start"] : s["end"]] for s in told["spans"]}
        assert (spans["resolution"], spans["release_group"], spans["year"]) == ("1080p", "GRP", "2001")
        assert all(r["passes"] for r in told["rules"])
        assert {"key": "format score", "value": "5 (HDR)"} in told["rank"]
        refused = await a.ask("POST", "/explain", {"release": "The.Film.2001.CAM", "media_id": film})
        assert [r["rule"] for r in refused["rules"] if not r["passes"]] == ["quality_not_wanted"]
        any_ = next(p["id"] for p in (await a.ask("GET", "/quality-profiles"))["items"] if p["name"] == "Any")
        other = await a.ask("POST", "/explain", {"release": name, "media_id": film, "profile_id": any_})
        assert (other["accepted"], other["score"]) == (True, 0)
        await a.ask("POST", "/explain", {"release": name, "media_id": "nothing"}, 404)


async def test_what_a_changed_profile_would_turn_is_told_before_it_is_saved(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        mine = await a.ask("POST", "/quality-profiles", {**MINE, "cutoff_score": 0}, 201)
        held = await add_film(a.world.house, profile=mine["id"])
        await hold(a.world.house, held, Lying("f.mkv", "The.Film.2001.1080p.WEB-DL-GRP"))
        other = await add_film(a.world.house, "Other", profile=mine["id"])
        await search(a.world.house, other, offer("Other.2001.720p.WEB-DL-GRP"))
        wider = {
            **MINE,
            "cutoff_score": 0,
            "qualities": [*MINE["qualities"], "WEBDL-720p", "Bluray-1080p"],
            "cutoff": "Bluray-1080p",
        }
        told = await a.ask("POST", f"/quality-profiles/{mine['id']}/what-if", wider)
        assert [(h["title"], h["becomes"]) for h in told["held"]] == [("The Film", "wanting")]
        assert [(t["release"], t["accepted"]) for t in told["turned"]] == [("Other.2001.720p.WEB-DL-GRP", True)]
        assert (await a.ask("GET", f"/quality-profiles/{mine['id']}"))["cutoff"] == "WEB"
        await a.ask("POST", "/quality-profiles/nothing/what-if", wider, 404)


async def test_names_are_previewed_by_template_or_preset(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        film = await add_film(a.world.house)
        await hold(a.world.house, film, Lying("f.mkv", "The.Film.2001.1080p.WEB-DL-GRP"))
        told = await a.ask("POST", "/naming/preview", {"naming": {"movie": "{title}{-Release Group}"}})
        assert [(r["before"], r["after"]) for r in told["items"]] == [("f.mkv", "The Film-GRP.mkv")]
        plain = await a.ask("POST", "/naming/preview", {"preset": "Kodi"})
        assert plain["items"][0]["after"].startswith("The Film (2001)/The Film (2001) [WEBDL-1080p]")
        await a.ask("POST", "/naming/preview", {"preset": "Betamax"}, 404)


async def test_all_that_was_chosen_goes_out_and_comes_in_as_one_document(tmp_path: Path) -> None:
    async with api(tmp_path) as a:
        await a.ask("POST", "/custom-formats", HDR, 201)
        await a.ask("POST", "/quality-profiles", {**MINE, "scores": {"HDR": 5}}, 201)
        out = await a.ask("GET", "/choosing")
        out["rules"]["ignored"] = ["cam"]
        out["naming"]["colon"] = "delete"
        assert await a.ask("PUT", "/choosing", out) == out
        assert a.world.house.config.downloads.rules.ignored == ["cam"]
        problem = await a.ask(
            "PUT", "/choosing", {"rules": {"min_seeders": -1}, "formats": [HDR | {"name": "New"}]}, 422
        )
        assert "min_seeders" in problem["detail"]
        assert [f["name"] for f in (await a.ask("GET", "/custom-formats"))["items"]] == ["HDR"]
