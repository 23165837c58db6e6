"""Log-in by OpenID Connect: who comes in, who does not, and what the doors look like then."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import trio
from loguru import logger

from mydia.accounts.changes import set_password, set_role, setup_token
from mydia.accounts.hashing import hash_secret
from mydia.accounts.model import User
from mydia.accounts.queries import count_admins, list_users
from mydia.demo.fakes import Reply
from tests.support.house import clock_of
from tests.support.oidc import CLIENT, SECRET, FakeProvider, oidc_config, open_provider
from tests.support.web_world import PASSWORD, Visitor, World, open_web
from web.auth import COOKIE, sealed
from web.oidc import LIFE, TICKET

CALLBACK = "/auth/oidc/callback"


def asked(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def onward(page: httpx.Response) -> str:
    """Where a page leads on by itself that answers a form."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found is not None, page.text
    assert f'href="{found[1]}"' in page.text  # and for who has turned that off
    return html.unescape(found[1])


async def log_in(visitor: Visitor, fake: FakeProvider, next_: str = "/", **claims: Any) -> httpx.Response:
    """To the provider and back."""
    sent = await visitor.http.get("/auth/oidc", params={"next": next_})
    assert sent.status_code == 303
    return await visitor.http.get(fake.answers(sent.headers["Location"], **claims))


async def people(world: World) -> dict[str, User]:
    return {user.username: user for user in await world.house.read(list_users)}


async def is_inside(visitor: Visitor) -> bool:
    return (await visitor.http.get("/account")).status_code == 200


async def token_on(visitor: Visitor) -> Visitor:
    """The visitor with the CSRF token of the page it sees."""
    found = re.search(r'name="csrf" value="(\w+)"', (await visitor.http.get("/account")).text)
    assert found is not None
    visitor.token = found[1]
    return visitor


@asynccontextmanager
async def heard(lines: list[str]) -> AsyncIterator[None]:
    """What is logged meanwhile."""
    sink = logger.add(lines.append, format="{message}")
    try:
        yield
    finally:
        logger.remove(sink)


# -- coming in


async def test_who_comes_for_the_first_time_gets_an_account_and_the_next_time_the_same(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url, oidc={"name": "Our Family"})) as world:
        visitor = await world.visitor()
        page = await visitor.http.get("/login?next=/films")
        assert "Log in with Our Family" in page.text
        (door,) = re.findall(r'href="(/auth/oidc[^"]+)"', page.text)
        sent = await visitor.http.get(html.unescape(door))
        assert asked(sent.headers["Location"])["redirect_uri"] == f"{world.base}{CALLBACK}"
        ticket = sent.headers["Set-Cookie"]
        assert all(part in ticket for part in ("HttpOnly", "SameSite=Lax", "Path=/auth/oidc;", "Max-Age=600"))
        back = await visitor.http.get(fake.answers(sent.headers["Location"]))
        assert (back.status_code, back.headers["Location"]) == (303, "/films")
        assert TICKET not in visitor.http.cookies
        assert await is_inside(visitor)
        ada = (await people(world))["ada"]
        assert ada.role == "user"
        again = await world.visitor()
        await log_in(again, fake, preferred_username="ada-by-another-name")
        assert await is_inside(again)
        assert (await people(world)).keys() == {"the-admin", "ada"}


async def test_a_name_that_is_taken_gets_a_number_and_opens_nobody_elses_account(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        for sub in ("one", "two"):
            name: dict[str, Any] = {
                "preferred_username": "THE-ADMIN",
                "email": "the-admin@example.org",
                "email_verified": True,
            }
            await log_in(await world.visitor(), fake, sub=sub, **name)
        users = await people(world)
        assert {name: user.role for name, user in users.items()} == {
            "the-admin": "admin",
            "THE-ADMIN-2": "user",
            "THE-ADMIN-3": "user",
        }


async def test_the_configuration_says_what_a_newcomer_may_do(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url, oidc={"default_role": "readonly"})) as world:
        await log_in(await world.visitor(), fake, groups=["admins"])
        assert (await people(world))["ada"].role == "readonly"


async def test_groups_decide_at_every_log_in_who_is_an_administrator_and_the_last_one_stays(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    fake = await open_provider(nursery)
    groups = {"admin_groups": ["parents"], "groups_claim": "roles"}
    async with open_web(tmp_path, oidc_config(fake.url, oidc=groups)) as world:
        roles = []
        for given in (["kids", "parents"], ["kids"], "parents", None, 7):
            fake.claims = {"roles": given}
            await log_in(await world.visitor(), fake)
            roles.append((await people(world))["ada"].role)
        assert roles == ["admin", "user", "admin", "user", "user"]
        users = await people(world)
        await world.house.write(set_role, users["ada"].id, "admin", actor="test")
        await world.house.write(set_role, users["the-admin"].id, "user", actor="test")
        await log_in(await world.visitor(), fake)
        assert await world.house.read(count_admins) == 1


# -- who does not come in


async def test_an_answer_that_another_browser_asked_for_opens_nothing(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        attacker, victim, bystander = [await world.visitor() for _ in range(3)]
        sent = await attacker.http.get("/auth/oidc")
        back = fake.answers(sent.headers["Location"], sub="attacker")
        await victim.http.get("/auth/oidc")
        for other in (victim, bystander):
            page = await other.http.get(back)
            assert (page.status_code, "not begun in this browser" in page.text) == (422, True)
            assert not await is_inside(other)
        assert fake.asked("/token") == 0
        assert (await attacker.http.get(back)).status_code == 303


async def test_a_ticket_that_the_house_did_not_write_is_none(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        sent = await visitor.http.get("/auth/oidc")
        back, true = fake.answers(sent.headers["Location"]), visitor.http.cookies[TICKET]
        text = true.rpartition(".")[0]
        for made_up in ("", "x", text, sealed(b"another house's key", text), sealed(world.house.secret, "W10=")):
            visitor.http.cookies.clear()
            visitor.http.cookies.set(TICKET, made_up, domain="127.0.0.1", path="/auth/oidc")
            assert (await visitor.http.get(back)).status_code == 422
        assert (await people(world)).keys() == {"the-admin"}


async def test_an_answer_counts_once_even_for_who_kept_the_ticket(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor, thief = await world.visitor(), await world.visitor()
        sent = await visitor.http.get("/auth/oidc")
        ticket, back = visitor.http.cookies[TICKET], fake.answers(sent.headers["Location"])
        assert (await visitor.http.get(back)).status_code == 303
        assert "not begun in this browser" in (await visitor.http.get(back)).text
        thief.http.cookies.set(TICKET, ticket, domain="127.0.0.1", path="/auth/oidc")
        page = await thief.http.get(back)
        assert (page.status_code, "has been used" in page.text) == (422, True)
        assert fake.asked("/token") == 1
        assert not await is_inside(thief)


async def test_who_stays_away_too_long_begins_again(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        sent = await visitor.http.get("/auth/oidc")
        clock_of(world.house).advance(LIFE.total_seconds())
        page = await visitor.http.get(fake.answers(sent.headers["Location"]))
        assert (page.status_code, "too long ago" in page.text) == (422, True)
        assert "Log in with 127.0.0.1" in page.text


@pytest.mark.parametrize(
    ("error", "says"),
    [("access_denied", "(access_denied)"), ("<b>Your disk is full</b>", "(an error that has no name)")],
)
async def test_what_the_provider_refuses_is_told_in_its_code_and_not_in_strange_words(
    tmp_path: Path, nursery: trio.Nursery, error: str, says: str
) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        sent = await visitor.http.get("/auth/oidc?next=/films")
        query = {
            "error": error,
            "error_description": "Send us money",
            "state": asked(sent.headers["Location"])["state"],
        }
        page = await visitor.http.get(CALLBACK, params=query)
        assert page.status_code == 422
        assert f"127.0.0.1 did not let you in {says}" in html.unescape(page.text)
        assert "disk" not in page.text
        assert "money" not in page.text
        assert 'value="/films"' in page.text  # the next try goes where this one wanted to go


async def test_a_token_that_proves_nothing_makes_no_session_and_no_user(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        page = await log_in(visitor, fake, aud="another client")
        assert (page.status_code, "not for this log-in (aud)" in page.text) == (422, True)
        assert COOKIE not in visitor.http.cookies
        assert (await people(world)).keys() == {"the-admin"}


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/login", f"/{'long' * 1000}"]
)
async def test_coming_back_leads_to_no_other_site(tmp_path: Path, nursery: trio.Nursery, target: str) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        assert (await log_in(visitor, fake, target)).headers["Location"] == "/"
        inside = await visitor.http.get("/auth/oidc", params={"next": target})
        assert inside.headers["Location"] in ("/", f"/{'long' * 1000}")


async def test_who_brings_back_nonsense_often_must_wait(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        assert (await visitor.http.get(f"{CALLBACK}?code=x&state=y")).status_code == 422
        for _ in range(20):  # as many as make the wait longer than any machine takes for one request
            world.web.app.site.throttle.failed("oidc 127.0.0.1")
        sent = await visitor.http.get("/auth/oidc")
        page = await visitor.http.get(fake.answers(sent.headers["Location"]))
        assert (page.status_code, "wait" in page.text) == (429, True)
        assert fake.asked("/token") == 0


async def test_a_session_that_was_there_before_is_nobodys_after_it(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor, planted = await world.visitor(), await world.visitor("readonly")
        sent = await visitor.http.get("/auth/oidc")
        visitor.http.cookies.set(COOKIE, planted.http.cookies[COOKIE], domain="127.0.0.1", path="/")
        back = await visitor.http.get(fake.answers(sent.headers["Location"]))
        assert back.status_code == 303
        assert f"{COOKIE}={planted.http.cookies[COOKIE]}" not in back.headers["Set-Cookie"]
        assert not await is_inside(planted)


# -- the doors


async def test_a_provider_that_is_down_is_told_and_passwords_go_on(tmp_path: Path) -> None:
    async with open_web(tmp_path, oidc_config("http://127.0.0.1:1")) as world:
        visitor = await world.visitor()
        page = await visitor.http.get("/login")
        assert (page.status_code, "does not work just now" in page.text) == (200, True)
        refused = await visitor.http.get("/auth/oidc")
        assert (refused.status_code, "can&#39;t be reached" in refused.text) == (503, True)
        form = {"username": "the-admin", "password": PASSWORD}
        assert (await visitor.http.post("/login", data=form)).status_code == 303


async def test_without_passwords_the_provider_is_the_only_door(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url, local_auth_enabled=False)) as world:
        visitor, admin = await world.visitor(), await world.visitor("admin")
        page = (await visitor.http.get("/login")).text
        assert 'type="password"' not in page
        assert "Log in with 127.0.0.1" in page
        form = {"username": "the-admin", "password": PASSWORD}
        assert (await visitor.http.post("/login", data=form)).status_code == 403
        assert 'type="password"' not in (await admin.http.get("/account")).text
        old = {"old": PASSWORD, "password": "a new lamp in the window"}
        assert (await admin.post("/account/password", old)).status_code == 403
        assert (await admin.post("/people", {**form, "username": "rita", "role": "user"})).status_code == 403
        assert (await admin.post("/account/oidc/unlink")).status_code == 403
        await log_in(visitor, fake)
        assert await is_inside(visitor)


async def test_a_house_without_a_provider_has_no_such_door(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor, user = await world.visitor(), await world.visitor("user")
        assert "/auth/oidc" not in (await visitor.http.get("/login")).text
        assert "/account/oidc" not in (await user.http.get("/account")).text
        for path in ("/auth/oidc", CALLBACK):
            assert (await visitor.http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("server", "headers", "address"),
    [
        ({"trusted_proxies": ["127.0.0.1"]}, {"X-Forwarded-Proto": "https", "Host": "films.lan"}, "https://films.lan"),
        ({}, {"X-Forwarded-Proto": "https", "Host": "films.lan:4000"}, "http://films.lan:4000"),
        ({"url_host": "films.example.org", "url_scheme": "https"}, {}, "https://films.example.org"),
    ],
)
async def test_the_way_back_is_the_address_by_which_browsers_know_the_house(
    tmp_path: Path, nursery: trio.Nursery, server: dict[str, Any], headers: dict[str, str], address: str
) -> None:
    fake = await open_provider(nursery)
    config = oidc_config(fake.url)
    config["server"].update(server)
    async with open_web(tmp_path, config) as world:
        sent = await (await world.visitor()).http.get("/auth/oidc", headers=headers)
        assert asked(sent.headers["Location"])["redirect_uri"] == f"{address}{CALLBACK}"
        assert ("Secure" in sent.headers["Set-Cookie"]) == address.startswith("https")


async def test_logging_out_ends_the_providers_session_of_who_came_by_it_and_of_nobody_else(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor, local = await world.visitor(), await world.visitor("user")
        await log_in(visitor, fake)
        kept = visitor.http.cookies[COOKIE]
        url = onward(await (await token_on(visitor)).post("/logout"))
        assert url.startswith(f"{fake.url}/bye?")
        assert asked(url) == {"client_id": CLIENT, "post_logout_redirect_uri": f"{world.base}/login"}
        visitor.http.cookies.set(COOKIE, kept, domain="127.0.0.1", path="/")
        assert not await is_inside(visitor)
        assert (await local.post("/logout")).headers["Location"] == "/login"


async def test_logging_out_works_though_the_provider_is_down(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        await log_in(visitor, fake)
        await token_on(visitor)
        clock_of(world.house).advance(hours=2)  # what it announced is forgotten
        fake.metadata = {"issuer": "https://evil.example"}
        assert (await visitor.post("/logout")).headers["Location"] == "/login"


# -- a new house


async def test_the_first_administrator_needs_the_set_up_token_whatever_the_provider_says(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    fake = await open_provider(nursery)
    config = oidc_config(fake.url, oidc={"admin_groups": ["parents"]})
    async with open_web(tmp_path, config, claimed=False) as world:
        token = await world.house.write(setup_token)
        owner, quick, late = [await world.visitor() for _ in range(3)]
        assert (await quick.http.get("/auth/oidc")).headers["Location"] == "/setup"
        assert "Continue with 127.0.0.1" in (await owner.http.get("/setup")).text
        wrong = await quick.http.post("/auth/oidc/setup", data={"token": "guessed"})
        assert (wrong.status_code, "not the set-up token" in wrong.text) == (422, True)
        assert TICKET not in quick.http.cookies
        doors = [onward(await v.http.post("/auth/oidc/setup", data={"token": token})) for v in (owner, late)]
        back = await owner.http.get(fake.answers(doors[0], sub="owner", preferred_username="olga"))
        assert (back.status_code, back.headers["Location"]) == (303, "/")
        assert (await people(world))["olga"].role == "admin"
        page = await late.http.get(fake.answers(doors[1], sub="late", preferred_username="late"))
        assert (page.status_code, "has an administrator already" in page.text) == (422, True)
        assert (await people(world)).keys() == {"olga"}
        again = await late.http.post("/auth/oidc/setup", data={"token": token})
        assert again.headers["Location"] == "/login"


async def test_a_new_house_without_passwords_asks_for_the_token_alone(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url, local_auth_enabled=False), claimed=False) as world:
        visitor = await world.visitor()
        page = (await visitor.http.get("/setup")).text
        assert 'type="password"' not in page
        token = await world.house.write(setup_token)
        assert token is not None
        form = {"token": token, "username": "ada", "password": PASSWORD, "again": PASSWORD}
        assert (await visitor.http.post("/setup", data=form)).status_code == 403
        assert await world.house.read(count_admins) == 0


# -- linking


async def with_password(world: World) -> Visitor:
    """The user, who has a password too."""
    hashed = await hash_secret(PASSWORD)
    await world.house.write(set_password, await world.user("user"), hashed, actor="test")
    return await world.visitor("user")


async def test_who_is_inside_links_their_account_and_unlinks_it_again(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        user = await with_password(world)
        door = onward(await user.post("/account/oidc"))
        back = await user.http.get(fake.answers(door))
        assert (back.status_code, back.headers["Location"]) == (303, "/account")
        assert "opens this account from now on" in (await user.http.get("/account")).text
        elsewhere = await world.visitor()
        await log_in(elsewhere, fake)
        assert "the-user" in (await elsewhere.http.get("/account")).text
        assert (await people(world)).keys() == {"the-admin", "the-user"}
        assert (await user.post("/account/oidc/unlink")).status_code == 303
        await log_in(await world.visitor(), fake)
        assert (await people(world)).keys() == {"the-admin", "the-user", "ada"}


async def test_a_link_is_made_in_the_session_that_asked_for_it_alone(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        attacker, victim = await with_password(world), await world.visitor("admin")
        door = onward(await attacker.post("/account/oidc"))
        victim.http.cookies.set(TICKET, attacker.http.cookies[TICKET], domain="127.0.0.1", path="/auth/oidc")
        back = await victim.http.get(fake.answers(door, sub="attacker"))
        assert back.headers["Location"] == "/account"
        assert "logged in or out since" in (await victim.http.get("/account")).text
        await log_in(await world.visitor(), fake, sub="attacker", preferred_username="attacker")
        assert "attacker" in await people(world)


async def test_one_identity_opens_one_account_and_one_account_has_one_identity(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        await log_in(await world.visitor(), fake)
        user = await with_password(world)
        await user.http.get(fake.answers(onward(await user.post("/account/oidc"))))
        assert "opens the account &#39;ada&#39; already" in (await user.http.get("/account")).text
        for sub, said in (
            ("mine", "opens this account"),
            ("mine", "opens this account"),
            ("other", "unlink that first"),
        ):
            await user.http.get(fake.answers(onward(await user.post("/account/oidc")), sub=sub))
            assert said in (await user.http.get("/account")).text.lower()


async def test_an_account_that_nothing_else_opens_keeps_its_link(tmp_path: Path, nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    async with open_web(tmp_path, oidc_config(fake.url)) as world:
        visitor = await world.visitor()
        await log_in(visitor, fake)
        await token_on(visitor)
        page = (await visitor.http.get("/account")).text
        assert "unlink" not in page
        assert 'action="/account/password"' not in page
        assert (await visitor.post("/account/oidc/unlink")).status_code == 409
        again = await world.visitor()
        await log_in(again, fake)
        assert (await people(world)).keys() == {"the-admin", "ada"}


async def test_refusals_are_in_the_log_and_no_secret_is_in_it_or_on_a_page(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    fake = await open_provider(nursery)
    lines: list[str] = []
    async with open_web(tmp_path, oidc_config(fake.url)) as world, heard(lines):
        visitor = await world.visitor()
        fake.planned.append(Reply(503))
        pages = [await visitor.http.get(path) for path in ("/login", "/auth/oidc", f"{CALLBACK}?error=x")]
        clock_of(world.house).advance(10)  # and it is asked again
        pages += [await log_in(visitor, fake, nonce="another"), await log_in(visitor, fake)]
        admin = await world.visitor("admin")
        pages += [await admin.http.get("/settings"), await admin.post("/account/oidc")]
        assert [page.status_code for page in pages] == [200, 503, 422, 422, 303, 200, 200]
        for page in pages:
            assert SECRET not in page.text + str(page.headers)
        log = "".join(lines)
        for said in ("Nobody can log in", "not begun in this browser", "not for this log-in (nonce)"):
            assert said in log
        for secret in (SECRET, "the-access-token", "code-", "eyJ"):
            assert secret not in log
