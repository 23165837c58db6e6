"""Who may ask the API what: every operation meets every role; keys end when they are revoked; no secret comes out anywhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from loguru import logger
from werkzeug.routing import Rule

from mydia import logs
from mydia.accounts import changes as accounts
from mydia.accounts import queries as people
from mydia.accounts.model import new_token
from mydia.downloads import changes as downloads
from tests.support.api_world import ApiWorld, open_api
from web.api.kit import ROOT
from web.auth import COOKIE, csrf_token, sealed
from web.policy import Policy, allows, policy_of

QUESTIONS = ("/explain", "/quality-profiles/<profile_id>/what-if")  # POSTs that answer and keep nothing
ROLES = (None, "readonly", "user", "admin")
CANARY = "canary-0123456789-abcdefghijklmnop"
SECRETS = {
    "SECRET_KEY_BASE": CANARY,
    "OIDC_ISSUER": "http://127.0.0.1:1",
    "OIDC_CLIENT_ID": "mydia",
    "OIDC_CLIENT_SECRET": CANARY,
    "MYDIA__METADATA__TMDB__API_KEY": CANARY,
    "MYDIA__DOWNLOADS__INDEXERS": (
        f"[{{type: torznab, name: one, url: 'http://u:{CANARY}@127.0.0.1:1/api?apikey={CANARY}', api_key: {CANARY}}}]"
    ),
    "MYDIA__DOWNLOADS__CLIENTS": (
        f"[{{type: qbittorrent, name: two, url: 'http://127.0.0.1:1/?token={CANARY}', username: u, password: {CANARY}}}]"
    ),
    "MYDIA__NOTIFICATIONS__WEBHOOKS": f"[{{url: 'http://127.0.0.1:1/{CANARY}', secret: {CANARY}}}]",
    "MYDIA__NOTIFICATIONS__DISCORD": f"[{{url: 'http://127.0.0.1:1/api/webhooks/1/{CANARY}'}}]",
}


def operations(world: ApiWorld) -> list[tuple[Rule, str, Policy]]:
    """Every (rule, method, policy) beneath the API's root."""
    app = world.web.app
    return [
        (rule, method, policy)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(ROOT) and (policy := policy_of(app, rule.endpoint)) is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def path_of(rule: Rule, ids: str = "nothing") -> str:
    _, path = rule.build(dict.fromkeys(rule.arguments, ids)) or ("", "/")
    return path


async def log_in(world: ApiWorld, role: Any) -> tuple[dict[str, str], str]:
    """The cookie header of a new session, and its CSRF token."""
    token, hashed = new_token()
    owner = await world.house.read(people.credentials_of, f"the-{role}")
    assert owner is not None
    await world.house.write(accounts.open_session, owner.user.id, hashed, "a test", 1)
    login = await world.house.read(people.login_of, hashed, world.house.clock.now())
    assert login is not None
    return {"Cookie": f"{COOKIE}={sealed(world.house.secret, token)}"}, csrf_token(login)


async def test_every_operation_lets_in_the_roles_of_its_policy_and_no_others(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world, httpx.AsyncClient(base_url=world.url, timeout=30) as http:
        wrong = []
        for role in ROLES:
            for rule, method, policy in operations(world):
                answer = await http.request(method, path_of(rule), headers=world.of(role))
                expected = None if allows(policy, role) else 401 if role is None else 403
                seen = answer.status_code if answer.status_code in (401, 403) else None
                if seen != expected:
                    wrong.append((role, method, rule.rule, policy, answer.status_code))
                assert answer.status_code < 500, (method, rule.rule, role)
        assert wrong == []
        assert {policy for _, _, policy in operations(world)} == set(Policy)


async def test_whatever_a_readonly_key_may_ask_changes_nothing(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        for rule, method, policy in operations(world):
            if method in ("PUT", "DELETE"):
                answer = await world.http.request(method, path_of(rule), headers=world.of("readonly"))
                assert answer.status_code == 403, (method, rule.rule)
            if method == "POST" and policy is Policy.READ:
                assert rule.rule.removeprefix(ROOT) in QUESTIONS, "a POST that everybody may make only asks"


async def test_a_session_may_ask_too_and_must_mean_it_when_it_changes_something(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world, httpx.AsyncClient(base_url=world.url, timeout=60) as http:
        cookie, token = await log_in(world, "user")
        path, body = f"{ROOT}/media/{world.shelf.film}", {"monitored": False}
        assert (await http.get(f"{ROOT}/me", headers=cookie)).json()["via"] == "session"
        for headers in ({}, {"X-CSRF-Token": "guessed"}, {"X-CSRF-Token": token, "Origin": "http://evil.example"}):
            assert (await http.put(path, json=body, headers={**cookie, **headers})).status_code == 403
        assert (await http.put(path, json=body, headers={**cookie, "X-CSRF-Token": token})).status_code == 200


async def test_a_key_is_taken_in_either_header_and_never_in_the_address(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world, httpx.AsyncClient(base_url=world.url, timeout=60) as http:
        key = world.keys["user"]
        for headers in ({"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}, {"Authorization": f"bearer {key}"}):
            assert (await http.get(f"{ROOT}/me", headers=headers)).json()["role"] == "user"
        for name in ("apikey", "api_key", "X-Api-Key"):
            assert (await http.get(f"{ROOT}/me", params={name: key})).status_code == 401
        assert (await http.get("/", headers={"X-Api-Key": key})).status_code == 303, (
            "keys are for programs, not for pages"
        )


@pytest.mark.parametrize("wrong", ["", "x", "myd_", "myd_00000000_" + "x" * 43, "Bearer", "\x7f", "é"])
async def test_a_key_that_is_none_opens_nothing(tmp_path: Path, wrong: str) -> None:
    async with open_api(tmp_path) as world, httpx.AsyncClient(base_url=world.url, timeout=60) as http:
        answer = await http.get(f"{ROOT}/me", headers={b"X-Api-Key": wrong.encode()})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        half = world.keys["user"][:-1] + ("A" if world.keys["user"][-1] != "A" else "B")
        assert (await http.get(f"{ROOT}/me", headers={"X-Api-Key": half})).status_code == 401


async def test_a_key_is_made_shown_once_used_and_revoked_at_once(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world, httpx.AsyncClient(base_url=world.url, timeout=60) as http:
        user, admin = world.of("user"), world.of("admin")
        made = (await http.post(f"{ROOT}/api-keys", json={"name": "phone", "days": 30}, headers=user)).json()
        mine = {"X-Api-Key": made["key"]}
        assert (await http.get(f"{ROOT}/me", headers=mine)).json()["name"] == "the-user"
        listed = (await http.get(f"{ROOT}/api-keys", headers=user)).json()["items"]
        assert sorted(k["name"] for k in listed) == ["phone", "test"]
        assert made["key"] not in str(listed)
        assert (await http.delete(f"{ROOT}/api-keys/{made['id']}", headers=world.of("readonly"))).status_code == 403
        assert (await http.delete(f"{ROOT}/api-keys/{made['id']}", headers=admin)).status_code == 204
        assert (await http.get(f"{ROOT}/me", headers=mine)).status_code == 401
        assert (await http.delete(f"{ROOT}/api-keys/{made['id']}", headers=user)).status_code == 404
        theirs = (await http.get(f"{ROOT}/api-keys", headers=admin)).json()["items"][0]["id"]
        assert (await http.delete(f"{ROOT}/api-keys/{theirs}", headers=user)).status_code == 404, (
            "somebody else's is nobody's"
        )


async def test_people_are_let_in_changed_and_sent_away_but_never_the_last_administrator(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        http, users = world.http, f"{ROOT}/users"
        wish = {"username": "Ada", "password": "a lamp in the window", "role": "readonly"}
        ada = (await http.post(users, json=wish)).json()
        assert (ada["username"], ada["role"]) == ("Ada", "readonly")
        assert (await http.post(users, json={**wish, "username": "ada"})).status_code == 409
        assert (await http.post(users, json={**wish, "username": "Bob", "password": "short"})).status_code == 422
        assert (await http.put(f"{users}/{ada['id']}", json={"role": "user"})).json()["role"] == "user"
        assert (
            await http.put(f"{users}/{ada['id']}", json={"password": "another lamp, another window"})
        ).status_code == 200
        me = (await http.get(f"{ROOT}/me")).json()["id"]
        assert (await http.put(f"{users}/{me}", json={"role": "user"})).status_code == 409
        assert (await http.delete(f"{users}/{me}")).status_code == 409
        assert (await http.delete(f"{users}/{ada['id']}")).status_code == 204
        assert (await http.get(f"{users}/{ada['id']}")).status_code == 404
        assert "password" not in (await http.get(users)).text


# -- secrets -----------------------------------------------------------------------------------------------------------------


async def ids_of(world: ApiWorld) -> list[str]:
    """Ids that GET operations with a parameter can be asked about, of everything there is."""
    found = [world.shelf.film, world.shelf.show, world.shelf.download, world.shelf.search]
    for name in ("files", "jobs", "users", "quality-profiles", "media", "downloads"):
        found += [item["id"] for item in (await world.http.get(f"{ROOT}/{name}")).json()["items"]]
    return list(dict.fromkeys(found))


async def test_no_answer_page_stream_measure_or_log_line_holds_a_secret(tmp_path: Path) -> None:
    lines: list[str] = []
    async with open_api(tmp_path, SECRETS, name=CANARY[::-1]) as world:
        logs.know_secrets([CANARY])
        sink = logger.add(
            lambda message: lines.append(logs.mask(str(message))), level="DEBUG", diagnose=False, backtrace=False
        )
        await world.house.write(downloads.provider_failed, "indexer", "one", "it does not answer")
        await world.house.write(_grab_with_a_key, world.shelf.film)
        everything = await ids_of(world)
        app, hits = world.web.app, []
        for role in ROLES:
            cookie = {} if role is None else (await log_in(world, role))[0]
            async with httpx.AsyncClient(base_url=world.url, headers={**world.of(role), **cookie}, timeout=30) as http:
                for rule in app.url_map.iter_rules():
                    if "GET" not in (rule.methods or ()) or rule.rule in ("/live", "/static/<path:filename>"):
                        continue
                    for path in {path_of(rule, each) for each in everything} if rule.arguments else {rule.rule}:
                        answer = await http.get(path)
                        hits += [(role, path)] if CANARY in f"{answer.headers} {answer.text}" else []
            if role is not None:
                hits += [(role, "/live")] if CANARY in await overheard(world, cookie) else []
        logger.remove(sink)
    assert hits == []
    assert len(lines) > 200
    assert not any(CANARY in line for line in lines)


async def overheard(world: ApiWorld, cookie: Mapping[str, str]) -> str:
    """What a live page is told of everything that happened so far."""
    stream = await trio.open_tcp_stream("127.0.0.1", int(world.url.rpartition(":")[2]))
    async with stream:
        await stream.send_all(
            f"GET /live?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie['Cookie']}\r\n\r\n".encode()
        )
        text = ""
        while "event: live" not in text or not text.endswith("\n\n\r\n"):
            text += (await stream.receive_some()).decode()
        return text


def _grab_with_a_key(tx: Any, film: str) -> None:
    """A download and a search whose addresses hold a key, as indexers give them."""
    slot = tx.value("select id from slots where media_item_id = :m", m=film)
    link = f"http://127.0.0.1:1/download/1?apikey={CANARY}"
    release = {"title": "Film.1922.1080p", "indexer": "one", "guid": link, "size": 1, "download_url": link}
    download = downloads.grab(tx, film, slot, ("",), release)
    candidate = {
        "title": "Film.1922.1080p", "indexer": "one", "protocol": "torrent", "size": 1, "seeders": 1, "published": None,
        "quality": "Unknown", "score": 0, "accepted": True, "chosen": True, "rejections": [], "rank": None,
        "release": {**release, "info_url": link},
    }  # fmt: skip
    downloads.record_search(
        tx, film, mode="search", targets=[""], indexers=[{"name": "one", "found": 1, "error": None, "seconds": 0.1}],
        candidates=[candidate], chosen="Film.1922.1080p", summary="Grabbed it", download_id=download,
    )  # fmt: skip
    blocked = {"title": "Film", "guid": link, "indexer": "one", "reason": "it failed"}
    tx.insert("blocklist", {"id": tx.new_id(), "created_at": tx.now, **blocked})
