"""What a person does with a title every day, by its pages and without a script: says what a file is, chooses a release, wants a season,
has another release searched for, deletes the title with or without its files, tries what is outside."""

import re
from pathlib import Path

from mydia.downloads import changes
from mydia.downloads import queries as downloads
from mydia.jobs.queries import list_jobs
from mydia.library.queries import list_files, trash_in_flight
from mydia.media.queries import episodes_of, list_media
from tests.support.ports import free_port
from tests.support.web_world import SECRETS, Visitor, World, furnish, open_web

NAME = "One Step Beyond"


async def read(visitor: Visitor, path: str, status: int = 200) -> str:
    response = await visitor.http.get(path)
    assert response.status_code == status, (path, response.text)
    return response.text


async def post(visitor: Visitor, path: str, **data: str | list[str]) -> str:
    """Where the form led."""
    response = await visitor.http.post(path, data={"csrf": visitor.token, **data})
    assert response.status_code == 303, (path, response.text)
    return response.headers["Location"]


async def job_args(world: World, kind: str) -> list[dict[str, object]]:
    return [dict(job.args) for job in (await world.house.read(list_jobs, kind=kind)).items]


async def test_a_file_that_was_not_recognised_is_told_that_it_is_a_film(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=NAME)
        user = await world.visitor("user")
        (file,) = (await world.house.read(list_files, state="unmatched")).items
        assert f'href="/files/{file.id}"' in await read(user, "/activity/files?state=unmatched")
        page = await read(user, f"/files/{file.id}?q=one step beyond 1")
        assert f'name="media_id" value="{shelf.film}"' not in page
        (other,) = [m.id for m in (await world.house.read(list_media, type="movie")).items if m.title.endswith(" 1")]
        assert f'name="media_id" value="{other}"' in page
        assert await post(user, f"/files/{file.id}", media_id=other) == f"/titles/{other}"
        assert f"The file is {NAME} 1 now." in await read(user, f"/titles/{other}")


async def test_a_file_is_told_which_episodes_it_holds_and_what_its_name_says_is_ticked(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=NAME)
        user = await world.visitor("user")
        (file,) = (await world.house.read(list_files, state="unmatched")).items
        await world.house.write(
            lambda tx: tx.update("media_files", file.id, relative_path="One.Step.Beyond.S02E03.720p.mkv")
        )
        second = {e.code: e.id for e in await world.house.read(episodes_of, shelf.show)}
        page = await read(user, f"/files/{file.id}?media_id={shelf.show}")
        assert re.findall(r'value="([^"]+)" checked', page) == [second["S02E03"]]
        assert (await user.post(f"/files/{file.id}", {"media_id": shelf.show})).status_code == 422
        both = [second["S02E02"], second["S02E03"]]
        assert await post(user, f"/files/{file.id}", media_id=shelf.show, episode_id=both) == f"/titles/{shelf.show}"
        (linked,) = (await world.house.read(list_files, media_item_id=shelf.show)).items
        assert sorted(linked.episode_ids) == sorted(both)


async def test_a_file_that_nothing_is_called_after_leads_to_adding_the_title(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        await furnish(world.house, name=NAME)
        user, reader = await world.visitor("user"), await world.visitor("readonly")
        (file,) = (await world.house.read(list_files, state="unmatched")).items
        assert 'href="/add?q=nothing+like+it&amp;kind=movie"' in await read(user, f"/files/{file.id}?q=nothing like it")
        assert await post(user, f"/files/{file.id}/again") == "/activity/files?state=unmatched"
        assert (await user.post(f"/files/{file.id}/again")).status_code == 409
        await read(reader, f"/files/{file.id}", status=403)
        assert (await user.post(f"/files/{file.id}/trash")).status_code == 403


async def test_a_title_is_deleted_with_its_files_or_without_them(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=NAME)
        admin, user = await world.visitor("admin"), await world.visitor("user")
        assert f'href="/titles/{shelf.film}/delete"' in await read(admin, f"/titles/{shelf.film}")
        await read(user, f"/titles/{shelf.film}/delete", status=403)
        (file,) = (await world.house.read(list_files, media_item_id=shelf.film)).items
        assert "1 file, " in await read(admin, f"/titles/{shelf.film}/delete")
        assert await post(admin, f"/titles/{shelf.film}/delete", files="trash") == "/films"
        assert "1 file goes to the trash" in await read(admin, "/films")
        assert [row.relative_path for row in await world.house.read(trash_in_flight)] == [file.relative_path]
        assert await post(admin, f"/titles/{shelf.show}/delete") == "/shows"
        film = (await world.house.read(downloads.get_download, shelf.download)).media_item_id
        assert "Cancel that first" in await read(admin, f"/titles/{film}/delete")
        assert (await admin.post(f"/titles/{film}/delete")).status_code == 409
        assert len(await world.house.read(trash_in_flight)) == 1


async def test_a_whole_season_is_wanted_or_not(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=NAME)
        user = await world.visitor("user")

        async def monitored(season: int) -> set[bool]:
            return {e.monitored for e in await world.house.read(episodes_of, shelf.show) if e.season == season}

        path = f"/titles/{shelf.show}/seasons"
        assert await post(user, f"{path}/2/monitor", monitored="0") == f"/titles/{shelf.show}"
        assert (await monitored(2), await monitored(1)) == ({False}, {True})
        await post(user, f"{path}/2/monitor", monitored="1")
        assert await monitored(2) == {True}
        assert (await user.post(f"{path}/9/monitor")).status_code == 404


async def test_a_person_looks_for_a_release_to_choose_for_a_season_or_an_episode(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=NAME)
        user = await world.visitor("user")
        path = f"/titles/{shelf.show}/search"
        assert await post(user, path, look="1", season="2", episode="3") == f"/titles/{shelf.show}#r-searches"
        assert await post(user, path, season="1") == f"/titles/{shelf.show}"
        wished = [args for args in await job_args(world, "search_media") if args["media_item_id"] == shelf.show]
        of = {"media_item_id": shelf.show, "mode": "user"}
        assert {**of, "season": 2, "episode": 3, "look": True} in wished
        assert {**of, "season": 1} in wished
        for wrong, status in (({"season": "9"}, 404), ({"season": "x"}, 422), ({"episode": "1"}, 422)):
            assert (await user.post(path, wrong)).status_code == status


async def test_another_release_is_searched_and_the_one_that_came_is_blocked(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=NAME)
        user = await world.visitor("user")
        assert f"/downloads/{shelf.download}/block" in await read(user, "/activity")
        assert await post(user, f"/downloads/{shelf.download}/block") == "/activity"
        (blocked,) = (await world.house.read(downloads.blocklist)).items
        assert (blocked.title, blocked.reason) == (NAME, "Cancelled by the-user")
        film = (await world.house.read(downloads.get_download, shelf.download)).media_item_id
        assert {"media_item_id": film, "asked": True} in await job_args(world, "search_media")
        assert (await user.post(f"/downloads/{shelf.download}/block")).status_code == 409


async def test_a_held_download_is_imported_again_or_nevertheless(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=NAME)
        await world.house.write(changes.held, shelf.download, "it is no upgrade")
        user = await world.visitor("user")
        assert "Import anyway" in await read(user, "/activity")
        again = {"download_id": shelf.download, "asked_by": "the-user"}
        for form, args in (({}, again), ({"force": "1"}, {**again, "forced": True})):
            assert await post(user, f"/downloads/{shelf.download}/retry", **form) == "/activity"
            assert args in await job_args(world, "import_download")


async def test_what_is_configured_outside_is_listed_before_it_was_asked_and_can_be_tried(tmp_path: Path) -> None:
    closed = free_port()
    indexer = {"type": "torznab", "name": "one", "url": f"http://127.0.0.1:{closed}/api"}
    async with open_web(tmp_path, {**SECRETS, "downloads": {"indexers": [indexer]}}) as world:
        admin = await world.visitor("admin")
        page = await read(admin, "/system")
        assert 'name="family" value="indexer"><input type="hidden" name="name" value="one"' in page
        assert "Not asked yet" in page
        assert await post(admin, "/system/services/test", family="indexer", name="one") == "/system"
        assert 'class="flash flash-warning" role="status"' in await read(admin, "/system")
        assert (await admin.post("/system/services/test", {"family": "indexer", "name": "two"})).status_code == 404
        assert (await admin.post("/system/services/test", {"family": "horse", "name": "one"})).status_code == 422


async def test_the_log_shows_warnings_alone(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        assert 'aria-current="true">Warnings' in await read(admin, "/system?level=WARNING")
        assert "log-info" not in await read(admin, "/system?level=WARNING&region=log")
