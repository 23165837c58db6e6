"""Whatever is asked wrongly is answered in one shape (RFC 9457), with a status that says whose fault it is, and changes nothing."""

import json
from pathlib import Path
from typing import Any

import httpx
import trio

from mydia.store.paging import encode_cursor
from tests.support.api_world import open_api

JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that an answer tells, after a look at its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["type"] == "about:blank"
    assert told["title"]
    assert told["detail"]
    assert told["request_id"] == answer.headers["X-Request-Id"]
    return told


async def test_an_address_that_is_none_is_a_problem(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        for path in (
            "/api/v1/nothing",
            "/api/",
            "/api/v2/media",
            "/api/v1/media/nothing",
            "/api/v1/media/%00",
            "/api/v1/jobs/%ff%fe",
        ):
            told = problem(await world.http.get(path), 404)
            assert told["instance"].startswith("/api/")


async def test_a_method_that_does_not_fit_says_which_do(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        answer = await world.http.delete("/api/v1/media")
        problem(answer, 405)
        assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))
        problem(await world.http.request("BREW", "/api/v1/media"), 405)


BODIES: tuple[tuple[bytes, int], ...] = (
    (b"", 400),
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b'{"title": NaN}', 400),
    (b"[" * 100_000, 400),
    (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
    (b'{"title": ' + b"9" * 5000 + b"}", 400),
    (b"[]", 422),
    (b'"text"', 422),
    (b"null", 422),
    (b'{"unknown": 1}', 422),
    (b'{"title": 5}', 422),
    (b'{"title": ""}', 422),
    (b'{"title": "   "}', 422),
    (b'{"title": "\\ud800"}', 422),
    (b'{"title": "a\\u0000b"}', 422),
    (b'{"\\ud800": 1}', 422),
    (b'{"monitored": 1}', 422),
    (b'{"monitored": "true"}', 422),
    (b'{"quality_profile_id": "nothing"}', 422),
    (b'{"title": "' + b"x" * 501 + b'"}', 422),
)


async def test_a_body_that_is_wrong_changes_nothing(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        path = f"/api/v1/media/{world.shelf.film}"
        before = (await world.http.get(path)).json()
        for body, status in BODIES:
            problem(await world.http.put(path, content=body, headers=JSON), status)
        assert (await world.http.get(path)).json() == before


async def test_a_body_of_more_than_a_megabyte_is_refused_by_its_announced_length(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        url = httpx.URL(world.url)
        # By hand: who is refused before the body was sent may lose the line while sending it.
        async with await trio.open_tcp_stream(url.host, url.port or 80) as sock:
            head = f"PUT /api/v1/media/{world.shelf.film} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: {1024 * 1024 + 1}\r\n"
            key = f"X-Api-Key: {world.keys['admin']}\r\n"
            await sock.send_all(f"{head}{key}Content-Type: application/json\r\n\r\n".encode())
            with trio.fail_after(60):
                assert (await sock.receive_some()).startswith(b"HTTP/1.1 413 ")


async def test_a_body_of_another_kind_is_not_guessed_at(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        path = f"/api/v1/media/{world.shelf.film}"
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"):
            problem(await world.http.put(path, content=b'{"monitored": false}', headers={"Content-Type": kind}), 415)


WISHES: tuple[dict[str, Any], ...] = (
    {"type": "movie", "tmdb_id": 2**63},
    {"type": "movie", "tmdb_id": -(2**70)},
    {"type": "movie", "tmdb_id": 1.5},
    {"type": "movie", "tmdb_id": True},
    {"type": "film", "tmdb_id": 653},
    {"type": "movie"},
    {"type": "movie", "tmdb_id": 653, "root_id": "nothing"},
    {"type": "movie", "tmdb_id": 653, "quality_profile_id": "nothing"},
)


async def test_a_title_that_is_asked_for_wrongly_is_not_added(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        for wish in WISHES:
            told = problem(await world.http.post("/api/v1/media", json=wish), 422)
            assert told["errors"][0]["field"] in {"type", "tmdb_id", "root_id", "quality_profile_id"}
        assert 1922 not in [item["year"] for item in (await world.http.get("/api/v1/media")).json()["items"]]


async def test_a_title_that_the_provider_does_not_know_is_not_found(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        problem(await world.http.post("/api/v1/media", json={"type": "movie", "tmdb_id": 404_404}), 404)


LISTS = ("media", "downloads", "files", "trash", "history", "jobs", "blocklist")


async def test_a_cursor_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    wrong: list[Any] = [
        ["\ud800", "x"],
        [2**64, "x"],
        ["a\0", "x"],
        [None],
        [],
        ["a", "b", "c"],
        {"a": 1},
        [[1], [2]],
        [1.5],
    ]
    texts = ["x", "!!!!", "W10", "%00", *(encode_cursor(v) for v in wrong)]
    async with open_api(tmp_path) as world:
        for name in LISTS:
            for text in texts:
                told = problem(await world.http.get(f"/api/v1/{name}", params={"cursor": text}), 422)
                assert told["errors"][0]["field"] == "cursor"


async def test_parameters_that_are_wrong_or_unknown_are_named(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        for params, field in [
            ({"limit": "0"}, "limit"),
            ({"limit": "201"}, "limit"),
            ({"limit": "9" * 30}, "limit"),
            ({"limit": "ten"}, "limit"),
            ({"sort": "size"}, "sort"),
            ({"state": "lost"}, "state"),
            ({"q": "x" * 201}, "q"),
            ({"q": "a\0b"}, "q"),
            ({"tpye": "movie"}, "tpye"),
        ]:
            told = problem(await world.http.get("/api/v1/media", params=params), 422)
            assert told["errors"][0]["field"] == field


async def test_a_host_that_is_not_ours_is_answered_to_nobody(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        problem(await world.http.get("/api/v1/media", headers={"Host": "evil.example.com"}), 421)


async def test_what_does_not_answer_outside_says_so(tmp_path: Path) -> None:
    dead = {"MYDIA__METADATA__TMDB__BASE_URL": "http://127.0.0.1:1/3"}
    async with open_api(tmp_path, dead) as world:
        problem(await world.http.post("/api/v1/media", json={"type": "movie", "tmdb_id": 653}), 503)
        found = (await world.http.get("/api/v1/search", params={"q": "nosferatu"})).json()
        assert found["titles"] == []
        assert "127.0.0.1" in found["problem"]
        assert found["library"]


async def test_a_problem_is_json_whatever_is_in_it(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        answer = await world.http.get('/api/v1/media/"<script>\\')
        assert json.loads(answer.content)["status"] == 404
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
