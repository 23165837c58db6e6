"""Did they mean it: an unsafe request in a session is done only when this house's own page sent it."""

from pathlib import Path

from tests.support.web_world import address, furnish, open_web, routes
from web.policy import Policy, policy_of


async def test_every_unsafe_route_refuses_a_session_without_its_token(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        other = await world.visitor("admin")
        done = []
        for rule, method in routes(world):
            if method == "GET" or policy_of(world.web.app, rule.endpoint) is Policy.PUBLIC:
                continue
            for headers in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": other.token}):
                response = await admin.http.request(method, address(rule), headers=headers)
                if response.status_code != 403:
                    done.append((method, rule.rule, headers, response.status_code))
        assert done == []


async def test_every_unsafe_route_refuses_another_sites_page_even_with_the_token(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        done = []
        foreign: tuple[dict[str, str], ...] = (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": world.base.replace("http://", "http://evil.")},
        )
        for rule, method in routes(world):
            if method == "GET":
                continue
            for headers in foreign:
                response = await admin.http.request(
                    method, address(rule), headers={**headers, "X-CSRF-Token": admin.token}
                )
                if response.status_code != 403:
                    done.append((method, rule.rule, headers, response.status_code))
        assert done == []


async def test_a_form_and_a_header_of_our_own_page_are_done(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        admin = await world.visitor("admin")
        ours = {"Origin": world.base, "Sec-Fetch-Site": "same-origin"}
        form = await admin.post(f"/titles/{shelf.film}/monitor", {"monitored": "0"}, headers=ours)
        assert (form.status_code, form.headers["Location"]) == (303, f"/titles/{shelf.film}")
        assert "Not monitored" in (await admin.http.get(f"/titles/{shelf.film}")).text
        header = await admin.http.post(
            f"/titles/{shelf.film}/monitor", data={"monitored": "1"}, headers={**ours, "X-CSRF-Token": admin.token}
        )
        assert header.status_code == 303


async def test_where_the_browser_says_that_it_is_our_own_page_a_proxy_may_change_the_host(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        through_a_proxy = {"Origin": "https://films.example.org", "Sec-Fetch-Site": "same-origin"}
        assert (await admin.post("/library/scan", headers=through_a_proxy)).status_code == 303


async def test_nothing_is_changed_by_a_request_that_was_refused(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        admin = await world.visitor("admin")
        await admin.http.post(f"/titles/{shelf.film}/delete")
        await admin.http.get(f"/titles/{shelf.film}/delete")
        assert (await admin.http.get(f"/titles/{shelf.film}")).status_code == 200


async def test_an_api_key_needs_no_token(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor, key = await world.visitor(), await world.key("admin")
        response = await visitor.http.post("/api/v1/library/scan", json={}, headers={"X-Api-Key": key})
        assert response.status_code < 400
