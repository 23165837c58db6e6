"""The door: claiming a new house, logging in and out, and how often one may try."""

import base64
import json
from pathlib import Path

import pytest

from mydia.accounts.changes import setup_token
from mydia.accounts.queries import count_admins
from tests.support.web_world import PASSWORD, World, open_web
from web.auth import COOKIE, sealed, unsealed


async def new_house(world: World) -> dict[str, str]:
    """A set-up form filled in rightly."""
    token = await world.house.write(setup_token)
    assert token is not None
    return {"token": token, "username": "ada", "password": PASSWORD, "again": PASSWORD}


async def test_a_new_house_asks_for_its_administrator_and_then_never_again(tmp_path: Path) -> None:
    async with open_web(tmp_path, claimed=False) as world:
        visitor = await world.visitor()
        assert (await visitor.http.get("/films")).headers["Location"] == "/setup"
        assert (await visitor.http.get("/login")).headers["Location"] == "/setup"
        form = await new_house(world)
        claimed = await visitor.http.post("/setup", data=form)
        assert (claimed.status_code, claimed.headers["Location"]) == (303, "/")
        assert (await visitor.http.get("/settings")).status_code == 200
        stranger = await world.visitor()
        assert (await stranger.http.get("/setup")).headers["Location"] == "/login"
        assert (await stranger.http.post("/setup", data=form)).headers["Location"] == "/login"
        assert await world.house.read(count_admins) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"token": "guessed"}, "set-up token"),
        ({"token": ""}, "set-up token"),
        ({"password": "short", "again": "short"}, "10 characters"),
        ({"again": "another lamp"}, "differ"),
        ({"username": " "}, "user name"),
    ],
)
async def test_a_set_up_that_is_wrong_claims_nothing(tmp_path: Path, wrong: dict[str, str], says: str) -> None:
    async with open_web(tmp_path, claimed=False) as world:
        visitor = await world.visitor()
        page = await visitor.http.post("/setup", data={**await new_house(world), **wrong})
        assert page.status_code == 422
        assert says in page.text
        assert PASSWORD not in page.text
        assert await world.house.read(count_admins) == 0


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        response = await visitor.http.post(
            "/login", data={"username": "THE-ADMIN", "password": PASSWORD, "next": "/films"}
        )
        assert response.headers["Location"] == "/films"
        cookie = response.headers["Set-Cookie"]
        assert all(part in cookie for part in (f"{COOKIE}=", "HttpOnly", "SameSite=Lax", "Path=/"))


async def test_behind_a_trusted_proxy_with_tls_the_cookie_is_secure(tmp_path: Path) -> None:
    config = {"server": {"host": "127.0.0.1", "port": 0, "trusted_proxies": ["127.0.0.1"]}}
    async with open_web(tmp_path, config) as world:
        visitor = await world.visitor()
        form = {"username": "the-admin", "password": PASSWORD}
        response = await visitor.http.post("/login", data=form, headers={"X-Forwarded-Proto": "https"})
        assert "Secure" in response.headers["Set-Cookie"]


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_logging_in_sends_nobody_to_another_site(tmp_path: Path, target: str) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        form = {"username": "the-admin", "password": PASSWORD, "next": target}
        assert (await visitor.http.post("/login", data=form)).headers["Location"] == "/"


async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        pages = [
            (await visitor.http.post("/login", data={"username": name, "password": "not it"})).text.replace(name, "")
            for name in ("the-admin", "nobody-here")
        ]
        assert pages[0] == pages[1]
        assert "not the name and password" in pages[0]


async def test_who_fails_often_must_wait_even_with_the_right_password_then(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        wrong, right = ({"username": "the-admin", "password": p} for p in ("not it", PASSWORD))
        for _ in range(2):
            assert (await visitor.http.post("/login", data=wrong)).status_code == 422
        for _ in range(20):  # as many as make the wait longer than any machine takes for one request
            world.web.app.site.throttle.failed("user the-admin")
        answer = await visitor.http.post("/login", data=right)
        assert answer.status_code == 429
        assert "wait" in answer.text


async def test_logging_out_ends_the_session_for_whoever_kept_the_cookie(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        kept = visitor.http.cookies[COOKIE]
        assert (await visitor.post("/logout")).headers["Location"] == "/login"
        thief = await world.visitor()
        thief.http.cookies.set(COOKIE, kept)
        assert (await thief.http.get("/films")).status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "'; drop table sessions --", "é", "a" * 4000])
async def test_a_made_up_cookie_opens_nothing(tmp_path: Path, cookie: str) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        header = {b"Cookie": f"{COOKIE}={cookie}".encode()}
        assert (await visitor.http.get("/films", headers=header)).status_code == 303


async def test_a_cookie_that_the_house_did_not_sign_opens_nothing_though_its_session_lives(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        known = await world.visitor("user")
        token = unsealed(world.house.secret, known.http.cookies[COOKIE])
        assert token is not None
        for made_up in (token, f"{token}.", sealed(b"another house's key", token)):
            visitor = await world.visitor()
            visitor.http.cookies.set(COOKIE, made_up)
            assert (await visitor.http.get("/films")).status_code == 303


async def test_a_notice_that_no_form_left_is_not_shown(tmp_path: Path) -> None:
    words = base64.urlsafe_b64encode(json.dumps(["Send your password to me", "good"]).encode()).decode()
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        visitor.http.cookies.set("mydia_flash", words)
        assert "Send your password" not in (await visitor.http.get("/films")).text
        visitor.http.cookies.set("mydia_flash", sealed(world.house.secret, words))
        assert "Send your password" in (await visitor.http.get("/films")).text


async def test_where_browsers_come_by_https_cookies_travel_by_nothing_else(tmp_path: Path) -> None:
    async with open_web(tmp_path, {"server": {"host": "127.0.0.1", "port": 0, "url_scheme": "https"}}) as world:
        visitor = await world.visitor()
        response = await visitor.http.post("/login", data={"username": "the-admin", "password": PASSWORD})
        assert "Secure" in response.headers["Set-Cookie"]
