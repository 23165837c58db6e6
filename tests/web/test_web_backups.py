"""Backups by the API and the page: names that are no names, what is laid ready, and what is said where PostgreSQL keeps its own."""

import gzip
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import trio

from mydia.accounts import changes as accounts
from mydia.store.backups import Keeper
from mydia.store.postgres import PostgresEngine
from tests.support.api_world import ApiWorld, open_api
from tests.support.postgres import Postgres
from tests.support.stores import chosen, engine_in
from tests.support.web_world import SECRETS, open_web
from web import keeping
from web.api.kit import ROOT
from web.policy import Visit

BAD = (
    "nothing",
    "..",
    "%2e%2e",
    "..%2Fmydia.db",
    "%2e%2e%2fmydia.db",
    "..%5Cmydia.db",
    "..%252Fmydia.db",
    "%2Fetc%2Fpasswd",
    "mydia.db",
    "mydia.db%00",
    "C:%5Cmydia.db",
)


def keeper_of(world: ApiWorld) -> Keeper:
    keeper = world.house.engine.keeper
    assert isinstance(keeper, Keeper)
    return keeper


def exports_in(folder: Path) -> list[Path]:
    return list(folder.glob(".export-*"))


async def made(world: ApiWorld) -> str:
    answer = await world.http.post(f"{ROOT}/backups")
    assert answer.status_code == 201, answer.text
    said: Mapping[str, Any] = answer.json()
    assert said["reason"] == "by hand"
    return str(said["name"])


async def test_a_backup_is_made_listed_looked_into_downloaded_and_deleted(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        assert (await world.http.get(f"{ROOT}/backups")).json() == {"kept": True, "items": [], "ready_since": None}
        name = await made(world)
        listed = (await world.http.get(f"{ROOT}/backups")).json()["items"]
        assert [(b["name"], b["size"] > 0) for b in listed] == [(name, True)]
        await world.house.write(accounts.create_user, "anna", None, "user", actor="tests")
        said = (await world.http.get(f"{ROOT}/backups/{name}")).json()
        assert {d["what"]: (d["lost"], d["back"]) for d in said["differences"]}["users"] == (1, 0)
        content = await world.http.get(f"{ROOT}/backups/{name}/content")
        assert content.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert content.headers["Content-Length"] == str(len(content.content)) == str(listed[0]["size"])
        assert content.content == keeper_of(world).find(name).path.read_bytes()
        assert (await world.http.delete(f"{ROOT}/backups/{name}")).status_code == 204
        assert (await world.http.get(f"{ROOT}/backups/{name}")).status_code == 404


async def test_whatever_the_database_is_called_its_backups_have_an_address(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        keeper = world.house.engine.keeper
        assert isinstance(keeper, Keeper)
        odd = tmp_path / "backups" / "mydia-before-a [b] #1?é&'\"%2F<i>-20260101T000000Z.db"
        await trio.Path(odd.parent).mkdir()
        await trio.Path(keeper.make("2026-01-02T00:00:00Z").path).rename(odd)
        admin = await world.visitor("admin")
        page = await admin.http.get("/system/backups")
        addresses = re.findall(r'(?:href|action)="([^"]*(?:/api/v1/backups/|/system/backups/)[^"]+)"', page.text)
        assert len(addresses) == 3
        for address in addresses[:2]:
            assert (await admin.http.get(unescape(address))).status_code == 200
        assert (await admin.post(unescape(addresses[2]))).status_code == 303
        assert keeper.backups() == []


async def test_a_restore_is_laid_ready_and_the_house_is_asked_to_open_anew(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        name = await made(world)
        bell = world.house.mail["house"]
        assert not bell.take_ring()
        assert (await world.http.post(f"{ROOT}/backups/{name}/restore")).status_code == 202
        assert bell.take_ring()
        assert keeper_of(world).staged.exists()


async def test_what_lies_ready_is_shown_and_taken_back_or_taken_now(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        name = await made(world)
        keeper, bell = keeper_of(world), world.house.mail["house"]
        assert (await world.http.get(f"{ROOT}/backups")).json()["ready_since"] is None
        for method in ("POST", "DELETE"):
            assert (await world.http.request(method, f"{ROOT}/restore")).status_code == 404
        assert not bell.take_ring()
        keeper.stage(keeper.find(name).path)  # as the command line does beside a daemon
        assert (await world.http.get(f"{ROOT}/backups")).json()["ready_since"] == keeper.ready_since()
        assert (await world.http.delete(f"{ROOT}/restore")).status_code == 204
        assert not keeper.staged.exists()
        keeper.stage(keeper.find(name).path)
        assert (await world.http.post(f"{ROOT}/restore")).status_code == 202
        assert bell.take_ring()
        assert keeper.staged.exists()


async def test_a_damaged_backup_is_refused_and_the_house_stays_open(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        name = await made(world)
        keeper_of(world).find(name).path.write_bytes(b"no database" * 1000)
        for answer in (
            await world.http.get(f"{ROOT}/backups/{name}"),
            await world.http.post(f"{ROOT}/backups/{name}/restore"),
        ):
            assert answer.status_code == 422
            assert "is no SQLite database" in answer.json()["detail"]
        assert not world.house.mail["house"].take_ring()
        assert not keeper_of(world).staged.exists()


@pytest.mark.parametrize("name", BAD)
async def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    async with open_api(tmp_path) as world:
        (tmp_path / "backups").mkdir(exist_ok=True)
        for method, path in (("GET", ""), ("GET", "/content"), ("POST", "/restore"), ("DELETE", "")):
            answer = await world.http.request(method, f"{ROOT}/backups/{name}{path}")
            assert answer.status_code in (404, 405), (method, path, answer.status_code)
        assert (tmp_path / "mydia.db").exists()


async def test_a_download_that_has_begun_is_whole_whatever_becomes_of_the_backup(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        name = await made(world)
        kept = keeper_of(world).find(name)
        content = kept.path.read_bytes()
        answer = await keeping.content(Visit(world.web.app.site, None, "tests"), name)
        keeper_of(world).delete(name)  # as the nightly retention does, before the first byte is on its way
        assert await answer.get_data() == content
        assert (await world.http.get(f"{ROOT}/backups/{name}/content")).status_code == 404


async def test_everything_as_one_file_leaves_nothing_behind(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        answer = await world.http.get(f"{ROOT}/export")
        assert gzip.decompress(answer.content).startswith(b'{"mydia":"database","format":1,')
        assert exports_in(tmp_path) == []


async def test_on_postgresql_the_page_names_pg_dump_and_the_export_is_there(
    tmp_path: Path, postgres: tuple[Postgres, str]
) -> None:
    with chosen("postgres", *postgres):
        engine = engine_in(tmp_path)
        assert isinstance(engine, PostgresEngine)
        url = postgres[0].url(engine.server.where.rpartition("/")[2])
        async with open_web(tmp_path, {**SECRETS, "database": {"url": url}}) as world:
            admin = await world.visitor("admin")
            page = await admin.http.get("/system/backups")
            assert "Use pg_dump" in page.text
            assert "Back up now" not in page.text
            assert (await admin.http.get("/api/v1/backups")).json() == {"kept": False, "items": [], "ready_since": None}
            refused = await admin.http.post("/api/v1/backups", headers={"X-CSRF-Token": admin.token})
            assert refused.status_code == 409
            assert "pg_dump" in refused.json()["detail"]
            answer = await admin.http.get("/api/v1/export")
            assert b'"the-admin"' in gzip.decompress(answer.content)
