"""Who may do what: every route has a policy, and every role meets it."""

from pathlib import Path

import httpx
from quart import Blueprint

from mydia.accounts.model import Role
from tests.support.web_world import Visitor, address, furnish, open_web, routes
from web.policy import Policy, Visit, allows, policy_of

ROLES: tuple[Role | None, ...] = (None, "readonly", "user", "admin")


async def ask(visitor: Visitor, method: str, path: str) -> httpx.Response:
    """The answer's head; a stream is hung up on."""
    headers = {"X-CSRF-Token": visitor.token} if visitor.token else {}
    body = {"csrf": visitor.token} if method == "POST" and not path.startswith("/api/") else None
    async with visitor.http.stream(method, path, data=body, headers=headers) as response:
        return response


async def test_every_route_declares_its_policy(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        app = world.web.app
        undeclared = [rule.rule for rule in app.url_map.iter_rules() if policy_of(app, rule.endpoint) is None]
        assert undeclared == []
        assert len(routes(world)) > 40


async def test_every_role_is_let_in_or_kept_out_of_every_route_as_its_policy_says(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        wrong = []
        for role in ROLES:
            for rule, method in routes(world):
                policy = policy_of(world.web.app, rule.endpoint)
                assert policy is not None
                visitor = await world.visitor(role)  # each with a session of its own: one of the routes logs out
                response = await ask(visitor, method, address(rule))
                await visitor.http.aclose()
                at_the_door = role is None and response.headers.get("Location", "").startswith("/login")
                kept_out = response.status_code in (401, 403) or (policy is not Policy.PUBLIC and at_the_door)
                if kept_out == allows(policy, role):
                    wrong.append((role, method, rule.rule, policy, response.status_code))
                assert response.status_code < 500 or response.status_code == 503, (method, rule.rule, role)
        assert wrong == []


async def test_a_route_without_a_policy_is_closed_even_to_administrators(tmp_path: Path) -> None:
    async with open_web(tmp_path, claimed=True) as world:
        app = world.web.app
        app._got_first_request = False  # Quart refuses routes after the first request; there has been none
        forgotten = Blueprint("forgotten", __name__)

        @forgotten.route("/forgotten")
        async def view() -> str:
            raise AssertionError("a view without a policy was reached")

        app.register_blueprint(forgotten)
        admin = await world.visitor("admin")
        assert (await admin.http.get("/forgotten")).status_code == 403


def test_a_role_that_nobody_has_heard_of_passes_nothing() -> None:
    assert [allows(policy, "superuser") for policy in Policy] == [False] * len(Policy)


def test_roles_are_ordered() -> None:
    assert [[allows(p, r) for p in Policy] for r in ROLES] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


async def test_a_page_shows_each_role_only_what_it_may_do(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        seen = {}
        for role in ("readonly", "user", "admin"):
            visitor = await world.visitor(role)
            page = (await visitor.http.get(f"/titles/{shelf.film}")).text
            seen[role] = ("Search now" in page, "/delete" in page, 'href="/settings"' in page)
        assert seen == {"readonly": (False, False, False), "user": (True, False, False), "admin": (True, True, True)}


async def test_somebody_without_an_account_is_shown_the_door_and_comes_back_to_where_they_wanted(
    tmp_path: Path,
) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        page = await visitor.http.get("/films?q=a&state=missing")
        assert (page.status_code, page.headers["Location"]) == (303, "/login?next=%2Ffilms%3Fq%3Da%26state%3Dmissing")
        fragment = await visitor.http.get("/films?region=grid", headers={"HX-Request": "true"})
        assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/login")
        api = await visitor.http.get("/api/v1/media")
        assert (api.status_code, api.headers["Content-Type"]) == (401, "application/problem+json")


async def test_an_api_key_is_heard_beneath_api_only(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        key = await world.key("admin")
        visitor = await world.visitor()
        for headers in ({"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}):
            assert (await visitor.http.get("/api/v1/media", headers=headers)).status_code == 200
            assert (await visitor.http.get("/settings", headers=headers)).status_code == 303
        assert (await visitor.http.get(f"/api/v1/media?apikey={key}")).status_code == 401
        assert (await visitor.http.get("/api/v1/media", headers={"X-Api-Key": key[:-1] + "?"})).status_code == 401


def test_a_visit_without_a_person_may_nothing_but_what_is_public() -> None:
    visit = Visit(site=None, person=None, client="")  # type: ignore[arg-type]  # the site is not asked
    assert (visit.may("PUBLIC"), visit.may("READ"), visit.name) == (True, False, "anonymous")
