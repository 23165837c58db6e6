"""Renaming held files, on its page and by the API: shown with its differences, asked for, told of, and undone."""

import re
from pathlib import Path

from mydia.house import House
from mydia.jobs.changes import cancel_job
from mydia.jobs.model import Job
from mydia.jobs.queries import list_jobs
from mydia.library import renames
from mydia.library.queries import files_of
from tests.support.api_world import open_api
from tests.support.choosing_world import Lying, add_film, hold
from tests.support.web_world import open_web
from web.api.kit import ROOT

NEW = "The Film (2001)/The Film (2001) - WEBDL-1080p.mkv"


async def wishes(house: House) -> list[Job]:
    return [j for j in (await house.read(list_jobs)).items if j.kind == "rename_files"]


async def film_with_file(house: House) -> str:
    film = await add_film(house)
    await hold(house, film, Lying("film.mkv", "The.Film.2001.1080p.WEB-DL-GRP"))
    return film


async def renamed(house: House, film: str) -> str:
    """As the importer would have done it: the batch's id."""
    (file,) = await house.read(files_of, film)
    await house.write(renames.intend_renames, "b1", [(file.id, "film.mkv", NEW)], actor="ann")
    (row,) = await house.read(renames.rows_of, "b1")
    await house.write(renames.renamed, row.id, [])
    return "b1"


async def test_files_are_renamed_and_renamed_back_from_their_page(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        assert "every file has the name" in (await admin.http.get("/settings/renames")).text
        film = await film_with_file(world.house)
        page = (await admin.http.get(f"/settings/renames?media_id={film}")).text
        assert re.search(r"<ins>[^<]*WEBDL-1080p", page), page
        assert (await admin.post("/settings/renames", {"media_id": film})).status_code == 303
        assert (await admin.post("/settings/renames", {"media_id": "nothing"})).status_code == 404
        assert [j.args["media_item_id"] for j in await wishes(world.house)] == [film]
        page = (await admin.http.get("/settings/renames")).text
        assert "Being renamed" in page
        assert "live:files" in page, "it follows what becomes of them"
        (job,) = await wishes(world.house)
        await world.house.write(cancel_job, job.id)
        page = (await admin.http.get("/settings/renames?region=work")).text
        assert re.search(r"<ins>[^<]*WEBDL-1080p", page), page
        assert "live:files" not in page
        assert (await admin.post("/settings/renames/nothing/undo")).status_code == 404
        batch = await renamed(world.house, film)
        page = (await admin.http.get("/settings/renames")).text
        assert "1 file renamed" in page
        assert (await admin.post(f"/settings/renames/{batch}/undo")).status_code == 303
        assert {j.args["undo"] for j in await wishes(world.house)} == {None, batch}
        user = await world.visitor("user")
        assert (await user.post("/settings/renames")).status_code == 403


async def test_files_are_renamed_and_renamed_back_by_the_api(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        film = await film_with_file(world.house)
        batch = await renamed(world.house, film)  # so that the importer, who is at work here, finds nothing to rename
        asked = await world.http.post(f"{ROOT}/renames", json={"media_id": film})
        assert (asked.status_code, [j.id for j in await wishes(world.house)]) == (202, [asked.json()["job_id"]])
        assert (await world.http.post(f"{ROOT}/renames", json={"media_id": "nothing"})).status_code == 404
        (told,) = (await world.http.get(f"{ROOT}/renames")).json()["items"]
        assert (told["id"], told["done"], told["failed"], told["waiting"]) == (batch, 1, 0, 0)
        (item,) = (await world.http.get(f"{ROOT}/renames/{batch}")).json()["items"]
        assert (item["before"], item["after"], item["state"], item["media_id"]) == ("film.mkv", NEW, "done", film)
        assert (await world.http.post(f"{ROOT}/renames/{batch}/undo")).status_code == 202
        assert (await world.http.post(f"{ROOT}/renames/nothing/undo")).status_code == 404
