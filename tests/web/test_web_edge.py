"""What may come in: which names this house answers to, whose word about addresses it takes, where it sends people."""

from itertools import product
from pathlib import Path

import pytest

from tests.support.web_world import SECRETS, open_web
from web.edge import client_of, host_allowed, local_path, networks


@pytest.mark.parametrize(
    "header",
    [
        "localhost",
        "localhost:4000",
        "127.0.0.1:4000",
        "[::1]:4000",
        "192.168.1.9",
        "nas",
        "nas:80",
        "nas.local",
        "NAS.LAN",
        "mydia.example.org",
        "a.example.net",
        "mydia.example.org.",
    ],
)
def test_a_house_answers_to_addresses_local_names_and_those_it_was_given(header: str) -> None:
    assert host_allowed(header, ["mydia.example.org", "*.example.net"])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "example.net",
        "evilexample.net",
        "a b",
        "nas:80:80",
        "nas:x",
        "[::1",
        "http://nas",
        "user@nas",
        "nas.lan.example",
    ],
)
def test_a_house_does_not_answer_to_names_that_a_stranger_may_own(header: str | None) -> None:
    assert not host_allowed(header, ["mydia.example.org", "*.example.net"])


async def test_a_foreign_host_is_misdirected_on_every_face(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        for path in ("/", "/login", "/live", "/api/v1/media", "/static/x"):
            response = await admin.http.get(path, headers={"Host": "rebind.evil.example"})
            assert response.status_code == 421, path
            assert "allowed_hosts" in response.text


async def test_a_configured_name_is_answered(tmp_path: Path) -> None:
    config = {**SECRETS, "server": {**SECRETS["server"], "allowed_hosts": ["films.example.org"]}}
    async with open_web(tmp_path, config) as world:
        visitor = await world.visitor()
        assert (await visitor.http.get("/login", headers={"Host": "films.example.org"})).status_code == 200


TRUSTED = networks(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("203.0.113.9", ["127.0.0.1"], "203.0.113.9"),  # nobody we know says so
        ("10.1.1.1", [], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.1.1.1", ["127.0.0.1, 198.51.100.7"], "198.51.100.7"),  # what the client wrote itself stands left
        ("10.1.1.1", ["127.0.0.1", "198.51.100.7, 10.2.2.2"], "198.51.100.7"),
        ("10.1.1.1", ["198.51.100.7, nonsense"], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.7, nonsense, 10.2.2.2"], "10.2.2.2"),
        ("::ffff:10.1.1.1", ["198.51.100.7"], "198.51.100.7"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("100.64.0.1", ["198.51.100.7"], "100.64.0.1"),
        (None, ["198.51.100.7"], "local"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_no_proxy_of_ours(
    peer: str | None, headers: list[str], client: str
) -> None:
    assert client_of(peer, headers, TRUSTED) == client


FORWARDED = (
    "X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Original-Forwarded-For", "X-Client-IP", "True-Client-IP",
    "CF-Connecting-IP", "X-Cluster-Client-IP", "X-Forwarded", "Forwarded-For", "X-Remote-User", "Remote-User",
    "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-User", "X-Forwarded-Host", "X-Forwarded-Proto",
)  # fmt: skip


async def test_no_forwarded_header_grants_anything(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        values = ("127.0.0.1", "for=127.0.0.1", "::1", "::ffff:127.0.0.1", "127.1", "the-admin", "localhost")
        got_in = []
        for name, value in product(FORWARDED, values):
            page = await visitor.http.get("/settings", headers={name: value})
            if page.status_code != 303:
                got_in.append((name, value, page.status_code))
        assert got_in == []


@pytest.mark.parametrize("target", ["/", "/films", "/films?q=a&state=missing", "/titles/1#x"])
def test_a_path_of_this_house_is_where_one_comes_back_to(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "films",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "/a\tb",
        "/\x00",
        "/ evil",
        "/login",
        "/logout",
        "/login?next=/login",
        "/a\\b",
    ],
)
def test_nobody_is_sent_out_of_the_house_after_logging_in(target: str | None) -> None:
    assert local_path(target) == "/"
