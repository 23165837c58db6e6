"""The webhook's own shape and signature, Discord's limits, and what each answer means for trying again."""

import json
from dataclasses import replace

import pytest
import trio

from mydia.adapters.notify.discord import Discord, embed
from mydia.adapters.notify.webhook import Webhook, sign
from mydia.demo.fakes import Catcher, Reply, serve
from mydia.errors import Invalid, Unavailable
from mydia.ports import Notice

NOTICE = Notice(
    "imported", "Nosferatu", "Nosferatu (1922) is in the library", "2026-01-31T12:00:00Z",
    {"quality": "Bluray-1080p", "path": "/films/N.mkv", "media_item_id": "m1", "episodes": ("S01E01", "S01E02"), "reason": None},
)  # fmt: skip


async def test_a_webhook_gets_the_event_in_its_stable_shape(nursery: trio.Nursery) -> None:
    catcher = Catcher()
    url = await nursery.start(serve, catcher)
    await Webhook(name="Home", url=f"{url}/hook", headers={"X-Mine": "1"}).send(NOTICE)
    (request,) = catcher.requests
    assert (request.method, request.path, request.headers["content-type"]) == ("POST", "/hook", "application/json")
    assert request.headers["x-mine"] == "1"
    assert "x-mydia-signature" not in request.headers
    assert catcher.messages() == [
        {
            "event": "imported",
            "title": "Nosferatu",
            "body": "Nosferatu (1922) is in the library",
            "at": "2026-01-31T12:00:00Z",
            "data": {**NOTICE.data, "episodes": ["S01E01", "S01E02"]},
            "url": None,
        }
    ]


async def test_with_a_secret_the_body_as_sent_is_signed(nursery: trio.Nursery) -> None:
    catcher = Catcher()
    url = await nursery.start(serve, catcher)
    await Webhook(name="Home", url=url, secret="s3cret").send(NOTICE)
    (request,) = catcher.requests
    assert request.headers["x-mydia-signature"] == f"sha256={sign('s3cret', request.body)}"
    assert sign("s3cret", b"x") != sign("other", b"x") != sign("other", b"y")


async def test_names_that_are_no_text_are_told_all_the_same(nursery: trio.Nursery) -> None:
    catcher = Catcher()
    url = await nursery.start(serve, catcher)
    odd = Notice("imported", "caf\udce9", "a\0b\n", "2026-01-31T12:00:00Z", {"path": "x\udcff.mkv"})
    await Webhook(name="Home", url=url).send(odd)
    await Discord(name="Channel", url=url).send(odd)
    assert len(catcher.messages()) == 2


@pytest.mark.parametrize("kind", [Webhook, Discord])
async def test_what_may_work_later_is_unavailable_and_what_never_will_is_invalid(
    nursery: trio.Nursery, kind: type[Webhook] | type[Discord]
) -> None:
    catcher = Catcher()
    url = await nursery.start(serve, catcher)
    target = kind(name="Target", url=f"{url}/hook/t0ken")
    for status, expected in (
        (500, Unavailable),
        (503, Unavailable),
        (429, Unavailable),
        (404, Invalid),
        (400, Invalid),
        (302, Invalid),
    ):
        catcher.planned.append(Reply(status, b"{}", {"location": f"{url}/elsewhere"} if status == 302 else {}))
        with pytest.raises(expected) as refused:
            await target.send(NOTICE)
        assert "t0ken" not in str(refused.value)
    assert [r.path for r in catcher.requests] == ["/hook/t0ken"] * 6
    with pytest.raises(Unavailable):
        await kind(name="Target", url="http://127.0.0.1:1/").send(NOTICE)


async def test_discord_says_itself_how_long_to_wait(nursery: trio.Nursery) -> None:
    catcher = Catcher()
    url = await nursery.start(serve, catcher)
    for body, headers, seconds in (
        (b'{"retry_after": 1.25, "global": false}', {"retry-after": "2"}, 1.25),
        (b"", {"retry-after": "3"}, 3),
        (b"[]", {}, 5),
    ):
        catcher.planned.append(Reply(429, body, headers))
        with pytest.raises(Unavailable) as refused:
            await Discord(name="Channel", url=url).send(NOTICE)
        assert refused.value.retry_after == seconds


async def test_a_channel_gets_one_embed_and_nobody_is_mentioned(nursery: trio.Nursery) -> None:
    catcher = Catcher()
    url = await nursery.start(serve, catcher)
    await Discord(name="Channel", url=url).send(Notice("grabbed", "@everyone", "<@1>", "2026-01-31T12:00:00Z"))
    (message,) = catcher.messages()
    assert message["allowed_mentions"] == {"parse": []}
    assert [e["title"] for e in message["embeds"]] == ["@everyone"]


def test_facts_become_fields_ids_and_nothings_do_not() -> None:
    made = embed(NOTICE)
    assert {f["name"]: f["value"] for f in made["fields"]} == {
        "Quality": "Bluray-1080p",
        "Path": "/films/N.mkv",
        "Episodes": "S01E01, S01E02",
    }


def test_an_embed_leads_to_its_page_where_the_house_knows_its_address() -> None:
    assert "url" not in embed(NOTICE)
    assert embed(replace(NOTICE, url="https://nas.example/titles/1"))["url"] == "https://nas.example/titles/1"


def test_an_embed_keeps_every_one_of_discords_limits() -> None:
    long = Notice(
        "x", "t" * 999, "b" * 9999, "2026-01-31T12:00:00Z", {f"key {n} " + "k" * 400: "v" * 2000 for n in range(60)}
    )
    many = Notice("x", "t", "", "2026-01-31T12:00:00Z", {f"key {n}": n for n in range(60)})
    for made in (embed(long), embed(many)):
        fields = made.get("fields", [])
        assert len(made["title"]) <= 256
        assert len(made.get("description", "")) <= 4096
        assert len(fields) <= 25
        assert all(0 < len(f["name"]) <= 256 and 0 < len(f["value"]) <= 1024 for f in fields)
        total = (
            len(made["title"])
            + len(made.get("description", ""))
            + sum(len(f["name"]) + len(f["value"]) for f in fields)
        )
        assert total <= 6000
        json.dumps(made)
    assert len(embed(many)["fields"]) == 25
