"""One's own account: the password, where one is logged in, API keys; and the people of the house."""

import re
from functools import partial
from pathlib import Path

import trio

from mydia.accounts.changes import set_password
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import ROLES
from mydia.accounts.queries import list_users
from tests.support.waiting import eventually
from tests.support.web_world import PASSWORD, Visitor, open_web

NEW = "another lamp in the window"


async def key_from(visitor: Visitor) -> str:
    page = await visitor.post("/account/keys", {"name": "Home Assistant"})
    assert page.status_code == 201
    found = re.search(r"myd_[0-9a-f]{8}_[\w-]+", page.text)
    assert found is not None
    return found.group()


async def test_a_key_is_shown_once_opens_the_api_and_nothing_after_it_is_revoked(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        user, program = await world.visitor("readonly"), await world.visitor()
        key = await key_from(user)
        account = (await user.http.get("/account")).text
        assert "Home Assistant" in account
        assert key not in account
        assert (await program.http.get("/api/v1/media", headers={"X-Api-Key": key})).status_code == 200
        revoke = re.findall(r'action="(/account/keys/[^"]+/revoke)"', account)[0]
        assert (await user.post(revoke)).status_code == 303
        assert (await program.http.get("/api/v1/media", headers={"X-Api-Key": key})).status_code == 401


async def test_nobody_revokes_a_key_of_somebody_else_but_an_administrator(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        owner, other, admin = [await world.visitor(role) for role in ("user", "readonly", "admin")]
        await key_from(owner)
        revoke = re.findall(r'action="(/account/keys/[^"]+/revoke)"', (await owner.http.get("/account")).text)[0]
        assert (await other.post(revoke)).status_code == 404
        assert (await admin.post(revoke)).status_code == 303


async def test_a_new_password_ends_every_other_session(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        here, elsewhere = await world.visitor("admin"), await world.visitor("admin")
        form = {"old": PASSWORD, "password": NEW, "again": NEW}
        assert (await here.post("/account/password", {**form, "old": "not it"})).status_code == 422
        assert (await here.post("/account/password", {**form, "again": "other"})).status_code == 422
        assert (await elsewhere.http.get("/account")).status_code == 200
        changed = await here.post("/account/password", form)
        assert (changed.status_code, changed.headers["Location"]) == (303, "/account")
        assert (await here.http.get("/account")).status_code == 200
        assert (await elsewhere.http.get("/account")).status_code == 303
        stranger = await world.visitor()
        login = await stranger.http.post("/login", data={"username": "the-admin", "password": NEW})
        assert login.status_code == 303


async def test_who_logs_in_by_the_old_password_while_it_is_changed_is_out(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        user_id, new, throttle = await world.user("admin"), await hash_secret(NEW), world.web.app.site.throttle
        thieves = [await world.visitor() for _ in range(3)]

        async def tried() -> bool:
            return bool(throttle._failures)

        async with trio.open_nursery() as nursery:
            for thief in thieves:
                login = {"username": "the-admin", "password": PASSWORD}
                nursery.start_soon(partial(thief.http.post, "/login", data=login))
            await eventually(tried, every=0.001)
            await world.house.write(set_password, user_id, new, actor="ada")
        assert [(await thief.http.get("/account")).status_code for thief in thieves] == [303] * 3


async def test_logging_out_everywhere_else_leaves_this_session(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        here, elsewhere = await world.visitor("user"), await world.visitor("user")
        await here.post("/account/sessions/close")
        assert (await here.http.get("/account")).status_code == 200
        assert (await elsewhere.http.get("/account")).status_code == 303


async def test_an_administrator_lets_people_in_and_out(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        form = {"username": "rita", "password": PASSWORD, "role": "readonly"}
        assert (await admin.post("/people", form)).status_code == 303
        assert (await admin.post("/people", form)).status_code == 409
        assert (await admin.post("/people", {**form, "username": "x", "password": "short"})).status_code == 422
        people = {u.username: u for u in await world.house.read(list_users)}
        rita, me = people["rita"], people["the-admin"]
        assert rita.role == "readonly"
        assert (await admin.post(f"/people/{rita.id}/role", {"role": "user"})).status_code == 303
        assert (await admin.post(f"/people/{rita.id}/role", {"role": "god"})).status_code == 422
        assert (await admin.post(f"/people/{me.id}/role", {"role": "user"})).status_code == 409
        assert (await admin.post(f"/people/{me.id}/delete")).status_code == 422
        assert (await admin.post(f"/people/{rita.id}/delete")).status_code == 303
        assert [u.username for u in await world.house.read(list_users)] == ["the-admin"]


async def test_only_administrators_see_the_people(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        for role in ROLES:
            visitor = await world.visitor(role)
            assert ("People of this house" in (await visitor.http.get("/account")).text) == (role == "admin")
