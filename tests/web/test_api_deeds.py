"""What a program can do by the API, from adding a title to telling what a file is."""

from pathlib import Path
from typing import Any

from mydia.jobs import changes as jobs
from tests.support.api_world import ApiWorld, open_api
from tests.support.hands import hands
from tests.support.waiting import eventually
from web.api.kit import ROOT


async def get(world: ApiWorld, path: str, **params: Any) -> Any:
    answer = await world.http.get(f"{ROOT}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_title_is_found_added_once_changed_and_forgotten(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        found = (await get(world, "/search", q="nosferatu"))["titles"][0]
        assert (found["id"], found["media_id"]) == ("653", None)
        wish = {"type": "movie", "tmdb_id": 653, "search": False}
        added = await world.http.post(f"{ROOT}/media", json=wish)
        film = added.json()
        assert (added.status_code, film["title"], film["year"], film["ids"]["tmdb"]) == (201, "Nosferatu", 1922, "653")
        assert (await world.http.post(f"{ROOT}/media", json=wish)).json()["id"] == film["id"]
        assert (await get(world, "/search", q="nosferatu"))["titles"][0]["media_id"] == film["id"]
        path = f"{ROOT}/media/{film['id']}"
        changed = (await world.http.put(path, json={"monitored": False, "title": "Orlok"})).json()
        assert (changed["title"], changed["monitored"], changed["year"]) == ("Orlok", False, 1922)
        assert (await world.http.post(f"{path}/search")).status_code == 202
        assert (await world.http.delete(path)).status_code == 204
        assert (await world.http.get(path)).status_code == 404


async def test_every_title_is_on_exactly_one_page_however_small_the_pages(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        whole = (await get(world, "/media", limit=200))["items"]
        for sort in ("title", "added"):
            seen, cursor = [], None
            while True:
                page = await get(world, "/media", limit=1, sort=sort, **({"cursor": cursor} if cursor else {}))
                seen += [item["id"] for item in page["items"]]
                cursor = page["next"]
                if cursor is None:
                    break
            assert sorted(seen) == sorted(item["id"] for item in whole)
        assert [i["type"] for i in (await get(world, "/media", type="tv_show"))["items"]] == ["tv_show"]


async def test_an_episode_is_wanted_no_more(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        episode = (await get(world, f"/media/{world.shelf.show}"))["episodes"][-1]
        assert episode["monitored"]
        put = await world.http.put(f"{ROOT}/episodes/{episode['id']}", json={"monitored": False})
        assert put.status_code == 204
        assert not (await get(world, f"/media/{world.shelf.show}"))["episodes"][-1]["monitored"]


async def test_a_season_is_wanted_whole_or_no_more_and_searched_by_itself(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        show = (await get(world, "/media", type="tv_show"))["items"][0]["id"]
        path = f"{ROOT}/media/{show}"
        season = (await get(world, f"/media/{show}"))["episodes"][0]["season"]
        assert (await world.http.put(f"{path}/seasons/{season}", json={"monitored": False})).status_code == 204
        own = [e for e in (await get(world, f"/media/{show}"))["episodes"] if e["season"] == season]
        assert {e["monitored"] for e in own} == {False}
        for nothing in ("99", "first"):
            assert (await world.http.put(f"{path}/seasons/{nothing}", json={"monitored": True})).status_code == 404
        asked = await world.http.post(f"{path}/search", json={"season": season, "grab": False})
        assert asked.status_code == 202
        job = (await get(world, f"/jobs/{asked.json()['job_id']}"))["args"]
        assert (job["season"], job["look"]) == (season, True)
        assert (await world.http.post(f"{path}/search", json={"season": 99})).status_code == 404


async def test_a_title_is_deleted_with_its_files(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        files = [f for f in (await get(world, "/files"))["items"] if f["media_id"]]
        title = files[0]["media_id"]
        own = [f["id"] for f in files if f["media_id"] == title]
        assert (await world.http.delete(f"{ROOT}/media/{title}", params={"files": "burn"})).status_code == 422
        assert (await world.http.delete(f"{ROOT}/media/{title}", params={"files": "trash"})).status_code == 204
        for file in own:  # each is on its way there already
            assert (await world.http.delete(f"{ROOT}/files/{file}")).status_code == 409


async def test_a_file_that_nobody_recognised_is_told_what_it_is(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        (file,) = (await get(world, "/files", state="unmatched"))["items"]
        path = f"{ROOT}/files/{file['id']}"
        show = await get(world, f"/media/{world.shelf.show}")
        episode, other = show["episodes"][-1]["id"], show["episodes"][-2]["id"]
        for wrong in (
            {"media_id": "nothing"},
            {"media_id": world.shelf.show},
            {"media_id": world.shelf.film, "episode_ids": [episode]},
            {"media_id": world.shelf.show, "episode_ids": [episode, episode]},
            {"media_id": world.shelf.show, "episode_ids": ["nothing"]},
        ):
            assert (await world.http.put(path, json=wrong)).status_code == 422, wrong
        told = (await world.http.put(path, json={"media_id": show["id"], "episode_ids": [episode, other]})).json()
        assert (told["state"], told["media_id"], sorted(told["episode_ids"])) == (
            "linked",
            show["id"],
            sorted([episode, other]),
        )
        assert told["held"]
        history = await get(world, f"/media/{show['id']}/history")
        assert (history["items"][0]["type"], history["items"][0]["actor"]) == ("FileLinked", "the-admin")
        (invalid,) = (await get(world, "/files", state="invalid"))["items"]
        put = await world.http.put(f"{ROOT}/files/{invalid['id']}", json={"media_id": world.shelf.film})
        assert put.status_code == 409


async def test_a_file_goes_to_the_trash_and_comes_back(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        (thrown,) = (await get(world, "/trash"))["items"]
        answer = await world.http.post(f"{ROOT}/trash/{thrown['id']}/restore")
        assert answer.status_code == 202
        job = answer.json()["job_id"]

        async def back() -> bool:
            return bool((await get(world, f"/jobs/{job}"))["state"] == "completed")

        await eventually(back)
        assert (tmp_path / "library" / thrown["path"]).read_bytes() == b"x"
        assert (await get(world, "/trash"))["items"] == []
        file = (await get(world, "/files"))["items"][0]
        assert (await world.http.delete(f"{ROOT}/files/{file['id']}")).status_code == 202
        assert (await world.http.delete(f"{ROOT}/files/{file['id']}")).status_code == 409


async def test_a_scan_is_asked_for_of_all_folders_or_of_one(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        roots = (await get(world, "/library/scan-status"))["roots"]
        assert len(roots) == 3
        for body in (b"", b"{}"):
            headers = {"Content-Type": "application/json"} if body else {}
            scan = await world.http.post(f"{ROOT}/library/scan", content=body, headers=headers)
            assert (scan.status_code, len(scan.json()["job_ids"])) == (202, 3)
        one = await world.http.post(f"{ROOT}/library/scan", json={"root_id": roots[0]["id"]})
        assert len(one.json()["job_ids"]) == 1
        assert (await world.http.post(f"{ROOT}/library/scan", json={"root_id": "nothing"})).status_code == 404
        assert (await get(world, "/library/scan-status"))["running"]
        assert (await world.http.post(f"{ROOT}/library/roots/{roots[0]['id']}/confirm")).status_code == 202
        assert (await world.http.post(f"{ROOT}/library/roots/nothing/confirm")).status_code == 404


async def test_a_candidate_is_grabbed_by_hand_and_given_up_again(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        search = await get(world, f"/searches/{world.shelf.search}")
        assert [c["accepted"] for c in search["candidates"]] == [False, True]
        candidates = f"/searches/{world.shelf.search}/candidates"
        first = await get(world, candidates, limit=1)
        rest = await get(world, candidates, limit=1, cursor=first["next"])
        assert ([*first["items"], *rest["items"]], rest["next"]) == (search["candidates"], None)
        wish = {"search_id": search["id"], "position": 0}
        assert (await world.http.post(f"{ROOT}/downloads", json=wish)).status_code == 409, (
            "it is being downloaded already"
        )
        assert (await world.http.delete(f"{ROOT}/downloads/{world.shelf.download}")).status_code == 204
        assert (await get(world, f"/downloads/{world.shelf.download}"))["status"] == "cancelled"
        grabbed = await world.http.post(f"{ROOT}/downloads", json=wish)
        assert (grabbed.status_code, grabbed.json()["status"]) == (201, "pending")
        assert len((await get(world, "/downloads", status="active"))["items"]) == 1
        assert (await world.http.post(f"{ROOT}/downloads", json={**wish, "position": 99})).status_code == 404
        blocked = (await get(world, "/blocklist"))["items"]
        for each in blocked:
            assert (await world.http.delete(f"{ROOT}/blocklist/{each['id']}")).status_code == 204
        assert (await get(world, "/blocklist"))["items"] == []


async def test_a_job_is_looked_at_cancelled_and_run_again(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        (job,) = (await get(world, "/jobs", kind="backup_store"))["items"]
        assert job["errors"] == [{"attempt": 1, "at": "2026-01-31T12:00:00Z", "error": "it broke", "stack": "..."}]
        path = f"{ROOT}/jobs/{job['id']}"
        assert (await world.http.post(f"{path}/cancel")).json() == {"state": "cancelled"}
        assert (await world.http.post(f"{path}/cancel")).status_code == 409
        assert (await world.http.post(f"{path}/retry")).json() == {"job_id": job["id"]}
        assert (await get(world, f"/jobs/{job['id']}"))["state"] == "available"
        await world.house.write(jobs.claim, hands("somebody", "backup_store"))
        assert (await world.http.post(f"{path}/retry")).status_code == 409


async def test_settings_are_changed_at_run_time_and_say_where_they_are_from(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:

        async def put(values: dict[str, Any]) -> Any:
            return await world.http.put(f"{ROOT}/config", json={"values": values})

        def setting(answer: Any, key: str) -> Any:
            return next(s for s in answer.json()["settings"] if s["key"] == key)

        changed = setting(await put({"media.recycle_days": 14}), "media.recycle_days")
        assert changed == {
            "key": "media.recycle_days",
            "value": 14,
            "source": "runtime",
            "where": "run time",
            "restart": False,
        }
        assert world.house.config.media.recycle_days == 14
        refused: list[dict[str, Any]] = [
            {"media.recycle_days": -1},
            {"media.recycle_days": "many"},
            {"media.recycle_dyas": 1},
            {"nothing": 1},
            {"": 1},
            {"²": 1},
            {"media": 5},
            {"downloads.clients.7.name": "x"},
            {"media.recycle_days": 3, "server.port": "x"},
            {"server.port": 1},  # the environment says otherwise, and stands above
            {"server.secret_key_base": "x" * 40},  # it is read before the database, and would not count
        ]
        for wrong in refused:
            assert (await put(wrong)).status_code == 422, wrong
        assert world.house.config.media.recycle_days == 14
        again = setting(await put({"media.recycle_days": None}), "media.recycle_days")
        assert (again["value"], again["source"]) == (30, "default")
        assert setting(await put({"downloads.embedded.dht": False}), "downloads.embedded.dht")["restart"]
        told = {"downloads.indexers": [{"type": "torznab", "url": "http://127.0.0.1:1", "api_key": "x" * 40}]}
        secret = setting(await put(told), "downloads.indexers.0.api_key")
        assert set(secret["value"]) == {"*"}


async def test_quality_profiles_are_added_changed_used_and_deleted(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        wish = {
            "name": "Small",
            "qualities": ["SDTV", {"group": "WEB", "qualities": ["WEBDL-720p", "WEBRip-720p"]}],
            "cutoff": "WEB",
            "sizes": {"SDTV": {"max": 20}},
        }
        made = (await world.http.post(f"{ROOT}/quality-profiles", json=wish)).json()
        assert made["qualities"] == wish["qualities"]
        assert made["sizes"] == {"SDTV": {"min": 0, "preferred": None, "max": 20}}
        path = f"{ROOT}/quality-profiles/{made['id']}"
        assert (await world.http.post(f"{ROOT}/quality-profiles", json=wish)).status_code == 409
        bad: list[dict[str, Any]] = [{"qualities": ["nonsense"]}, {"qualities": []}, {"cutoff": "Bluray-2160p"}]
        bad.append({"qualities": ["SDTV", "SDTV"]})
        for wrong in bad:
            assert (await world.http.put(path, json={**wish, **wrong})).status_code == 422, wrong
        assert (await world.http.put(path, json={**wish, "name": "Tiny", "upgrades": False})).json()["name"] == "Tiny"
        assert (await world.http.put(f"{ROOT}/quality-profiles/nothing", json=wish)).status_code == 404
        await world.http.put(f"{ROOT}/media/{world.shelf.film}", json={"quality_profile_id": made["id"]})
        assert (await world.http.delete(path)).status_code == 409
        await world.http.put(f"{ROOT}/media/{world.shelf.film}", json={"quality_profile_id": "any"})
        assert (await world.http.delete(path)).status_code == 204
        assert "Tiny" not in [p["name"] for p in (await get(world, "/quality-profiles"))["items"]]


async def test_what_is_outside_tells_how_it_is_doing(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        told = {p["family"]: p["ok"] for p in (await get(world, "/providers"))["items"]}
        assert told == {"indexer": False, "metadata": True}


async def test_the_jobs_that_a_program_asks_for_are_done(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        wish = {"type": "movie", "tmdb_id": 653, "search": False}
        film = (await world.http.post(f"{ROOT}/media", json=wish)).json()

        async def has_a_poster() -> bool:
            return (await get(world, f"/media/{film['id']}"))["poster"] is not None

        await eventually(has_a_poster)
