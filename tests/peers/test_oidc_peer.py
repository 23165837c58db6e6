"""Log-in by OpenID Connect against the certified oidc-provider: the whole way, as a person goes it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from mydia.accounts.changes import setup_token
from mydia.accounts.queries import list_users
from tests.support.house import WallClock
from tests.support.oidc import oidc_config
from tests.support.oidc_provider import as_person, real_provider
from tests.support.web_world import Visitor, World, open_web
from tests.web.test_web_oidc import onward, token_on
from web.auth import COOKIE
from web.oidc import TICKET

pytestmark = pytest.mark.peer
ASKED = 'name="login"'
"""The field of the provider's log-in form."""
GROUPS: dict[str, Any] = {"admin_groups": ["parents"], "scopes": ["openid", "profile", "groups"]}


async def come_in(world: World, visitor: Visitor, name: str) -> None:
    back = await as_person(visitor.http, "/auth/oidc?next=/account", name, f"{world.base}/auth/oidc/callback")
    assert (back.status_code, back.headers["Location"]) == (303, "/account"), back.text


async def roles(world: World) -> dict[str, str]:
    return {user.username: user.role for user in await world.house.read(list_users)}


async def test_people_come_in_with_the_roles_of_their_groups_and_leave_at_both_places(tmp_path: Path) -> None:
    async with (
        real_provider() as issuer,
        open_web(tmp_path, oidc_config(issuer, oidc=GROUPS), clock=WallClock()) as world,
    ):
        olga, kim = await world.visitor(), await world.visitor()
        await come_in(world, olga, "olga")
        await come_in(world, kim, "kim")
        assert await roles(world) == {"the-admin": "admin", "olga-at-home": "admin", "kim-at-home": "user"}

        # Whoever is known there is not asked for a name again, until they have left there too.
        kim.http.cookies.delete(COOKIE)
        assert ASKED not in (await kim.http.get("/auth/oidc", follow_redirects=True)).text
        await come_in(world, kim, "kim")
        away = onward(await (await token_on(kim)).post("/logout"))
        assert (await as_person(kim.http, away, "kim", f"{world.base}/login")).status_code == 200
        assert ASKED in (await kim.http.get("/auth/oidc", follow_redirects=True)).text
        assert len(await roles(world)) == 3


async def test_the_first_administrator_comes_by_the_token_and_the_provider(tmp_path: Path) -> None:
    async with real_provider() as issuer:
        config = oidc_config(issuer, local_auth_enabled=False)
        async with open_web(tmp_path, config, claimed=False, clock=WallClock()) as world:
            visitor = await world.visitor()
            token = await world.house.write(setup_token)
            away = onward(await visitor.http.post("/auth/oidc/setup", data={"token": token}))
            back = await as_person(visitor.http, away, "kim", f"{world.base}/auth/oidc/callback")
            assert (back.status_code, back.headers["Location"]) == (303, "/")
            assert await roles(world) == {"kim-at-home": "admin"}


async def test_a_code_is_good_once_and_for_the_browser_that_asked(tmp_path: Path) -> None:
    async with real_provider() as issuer, open_web(tmp_path, oidc_config(issuer), clock=WallClock()) as world:
        visitor, thief = await world.visitor(), await world.visitor()
        back = await as_person(visitor.http, "/auth/oidc", "kim", f"{world.base}/auth/oidc/callback")
        await thief.http.get("/auth/oidc")
        ticket = thief.http.cookies[TICKET]
        stolen = await thief.http.get(str(back.url))
        assert (stolen.status_code, "not begun in this browser" in stolen.text) == (422, True)
        # With the thief's own state it gets as far as the provider, which knows whose the code was.
        query = re.sub(r"state=[^&]+", f"state={_state(ticket)}", str(back.url))
        stolen = await thief.http.get(query)
        assert (stolen.status_code, "(invalid_grant)" in stolen.text) == (422, True)


async def test_who_says_no_at_the_provider_is_told_so_here(tmp_path: Path) -> None:
    async with real_provider() as issuer, open_web(tmp_path, oidc_config(issuer), clock=WallClock()) as world:
        visitor = await world.visitor()
        form = await visitor.http.get("/auth/oidc", follow_redirects=True)
        (abort,) = re.findall(r'href="([^"]+/abort)"', form.text)
        page = await visitor.http.get(form.url.join(abort), follow_redirects=True)
        assert (page.status_code, "did not let you in (access_denied)" in page.text) == (422, True)


async def test_a_client_that_the_provider_does_not_know_is_told_what_to_check(tmp_path: Path) -> None:
    async with real_provider() as issuer:
        config = oidc_config(issuer, oidc={"client_secret": "an old one"})
        async with open_web(tmp_path, config, clock=WallClock()) as world:
            visitor = await world.visitor()
            page = await as_person(visitor.http, "/auth/oidc", "kim", f"{world.base}/auth/oidc/callback")
            assert (page.status_code, "check auth.oidc.client_id and client_secret" in page.text) == (422, True)


def _state(ticket: str) -> str:
    """What the thief can read in a cookie of their own."""
    text = ticket.rpartition(".")[0].removeprefix("oidc.")
    return str(json.loads(base64.urlsafe_b64decode(text))["state"])
