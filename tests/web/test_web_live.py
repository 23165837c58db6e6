"""Live pages: nothing that happens is missed, however the line was, and nobody is told more often than four times a second."""

import json
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import h11
import httpx
import pytest
import trio

from mydia import events
from mydia.accounts.changes import close_other_sessions
from mydia.events import DownloadProgressed, Event, HealthChanged, JobChanged, MediaDeleted, MediaUpdated
from mydia.media.queries import last_seq
from mydia.store.transaction import Transaction
from tests.support.web_world import Visitor, open_web
from web import live
from web.auth import COOKIE
from web.live import TOPICS, topics_of


class Reader:
    """What a browser's EventSource would hand on, one message at a time, over a socket of its own."""

    def __init__(self, sock: trio.SocketStream) -> None:
        self._sock = sock
        self._http = h11.Connection(h11.CLIENT)
        self._text = ""
        self.id = ""

    async def open(self, path: str, headers: Mapping[str, str]) -> h11.Response:
        request = h11.Request(method="GET", target=path, headers=[(k, v) for k, v in headers.items()])
        await self._sock.send_all(self._http.send(request) + self._http.send(h11.EndOfMessage()))
        response = await self._event()
        assert isinstance(response, h11.Response)
        return response

    async def settled(self) -> None:
        """Until the stream has read what was before it, and follows what happens: it then beats."""
        while (await self.next(beats=True))[0] != "beat":
            pass

    async def next(self, *, beats: bool = False) -> tuple[str, dict[str, Any]]:
        while True:
            while "\n\n" not in self._text:
                part = await self._event()
                if isinstance(part, h11.EndOfMessage):
                    raise EOFError("the stream has ended")
                assert isinstance(part, h11.Data)
                self._text += part.data.decode()
            message, _, self._text = self._text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in message.split("\n"))
            self.id = fields.get("id", self.id)
            if "data" in fields and (beats or fields["event"] != "beat"):
                return fields["event"], json.loads(fields["data"])

    async def topics(self, *, until: str) -> set[str]:
        """Everything told until that topic was."""
        told: set[str] = set()
        while until not in told:
            told |= set((await self.next())[1]["topics"])
        return told

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            with trio.fail_after(60):
                self._http.receive_data(await self._sock.receive_some())
        return event


@asynccontextmanager
async def listening(visitor: Visitor, after: int | None = None, **headers: str) -> AsyncIterator[Reader]:
    url = visitor.http.base_url
    sent = {"Host": url.netloc.decode(), "Cookie": f"{COOKIE}={visitor.http.cookies[COOKIE]}", **headers}
    async with await trio.open_tcp_stream(url.host, url.port or 80) as sock:
        reader = Reader(sock)
        response = await reader.open("/live" if after is None else f"/live?after={after}", sent)
        assert response.status_code == 200
        assert dict(response.headers)[b"content-type"] == b"text/event-stream"
        yield reader


def happen(tx: Transaction, *happenings: Event) -> None:
    for happening in happenings:
        tx.emit(happening)


def changed(item: str) -> MediaUpdated:
    return MediaUpdated(media_item_id=item, title="A film")


async def test_what_is_committed_is_told_to_every_open_page(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        one, two = await world.visitor("readonly"), await world.visitor("admin")
        async with listening(one, after=0) as first, listening(two, after=0) as second:
            await world.house.write(happen, changed("m1"))
            for reader in (first, second):
                assert {"library", "history", "title:m1"} <= await reader.topics(until="title:m1")


async def test_what_happened_between_rendering_and_listening_is_told(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        page = (await visitor.http.get("/")).text
        rendered = int(page.partition('data-live-after="')[2].partition('"')[0])
        await world.house.write(happen, changed("m1"))
        async with listening(visitor, after=rendered) as reader:
            assert "title:m1" in await reader.topics(until="title:m1")


async def test_a_browser_that_comes_back_is_told_what_it_missed_and_nothing_else(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor) as reader:
            await reader.settled()
            await world.house.write(happen, changed("before"))
            await reader.topics(until="title:before")
            stood = reader.id
        await world.house.write(happen, changed("missed"))
        # EventSource repeats its first address and says where it stood in a header: the header counts.
        async with listening(visitor, after=0, **{"Last-Event-ID": stood}) as reader:
            _, told = await reader.next()
            assert "title:missed" in told["topics"]
            assert "title:before" not in told["topics"]
            assert told["notices"] == []
            assert int(reader.id) == await world.house.read(last_seq)


async def test_who_missed_too_much_is_told_to_refetch_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TOO_FAR_BEHIND", 5)
    async with open_web(tmp_path) as world:
        await world.house.write(happen, *(changed(f"m{i}") for i in range(10)))
        visitor = await world.visitor("user")
        async with listening(visitor, after=1) as reader:
            _, told = await reader.next()
            assert told["topics"] == ["everything"]
            assert int(reader.id) == await world.house.read(last_seq)


async def test_a_reader_too_slow_for_the_bus_is_cut_off_and_caught_up(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor) as reader:
            await reader.settled()
            # More in one commit than a subscription holds: the writer publishes them all before the stream runs again.
            await world.house.write(happen, *(changed(f"m{i}") for i in range(400)))
            told = await reader.topics(until="title:m399")
            assert {f"title:m{i}" for i in range(400)} <= told


async def test_a_flood_is_told_in_few_messages(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor) as reader:
            await reader.settled()
            messages, began = 0, trio.current_time()
            for i in range(100):  # fewer than a subscription holds
                world.house.bus.publish(JobChanged(job_id=str(i), queue="media", kind="scan_root", state="executing"))
                world.house.bus.publish(DownloadProgressed(download_id="d", progress=i / 2, media_item_id="m"))
                await trio.lowlevel.checkpoint()
            world.house.bus.publish(DownloadProgressed(download_id="d", progress=100.0, speed=5, eta=0))
            progress = 0.0
            while progress < 100:
                _, told = await reader.next()
                messages += 1
                progress = told["progress"].get("d", {"progress": progress})["progress"]
            # One at once, and then one each quarter of a second.
            assert messages <= 1 + math.ceil((trio.current_time() - began) / live.PERIOD)


async def test_progress_says_where_the_bar_stands_without_a_topic(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor) as reader:
            await reader.settled()
            world.house.bus.publish(
                DownloadProgressed(download_id="d", media_item_id="m", progress=42.5, speed=9, eta=7)
            )
            kind, told = await reader.next()
            assert (kind, told["topics"]) == ("live", [])
            assert told["progress"] == {
                "d": {"title": "m", "progress": 42.5, "speed": 9, "eta": 7, "state": "downloading"}
            }


async def test_news_of_now_is_a_notice(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor) as reader:
            await reader.settled()
            await world.house.write(happen, HealthChanged(part="indexer:one", ok=False, message="It is down"))
            _, told = await reader.next()
            assert told["notices"] == [{"text": "one (indexer) has a problem: It is down", "tone": "bad", "href": ""}]


async def test_a_quiet_line_beats(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor) as reader:
            assert [(await reader.next(beats=True))[0] for _ in range(3)] == ["beat"] * 3


async def test_a_stream_ends_when_its_session_does(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor) as reader:
            await reader.settled()
            await world.house.write(close_other_sessions, await world.user("user"))
            assert (await reader.next())[0] == "bye"


async def test_a_closing_house_says_goodbye_and_closes_at_once(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        async with listening(visitor, after=0) as reader, trio.open_nursery() as nursery:
            await reader.settled()
            nursery.start_soon(world.web.stop)
            while (kind := (await reader.next())[0]) == "live":
                pass
            assert kind == "bye"
            with pytest.raises(EOFError):
                await reader.next()
        assert world.web.app.site.streams.total() == 0
        with pytest.raises(httpx.ConnectError):
            await visitor.http.get("/login")


async def test_who_hangs_up_leaves_nothing_behind(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        for _ in range(3):
            async with listening(visitor, after=0) as reader:
                await reader.settled()
        with trio.fail_after(60):
            while world.web.app.site.streams.total() or world.house.bus.listeners:  # noqa: ASYNC110 - the other side of a socket gives no event
                await trio.sleep(0.01)


async def test_one_person_s_pages_leave_room_for_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_OF_ONE", 2)
    async with open_web(tmp_path) as world:
        one, again, other = await world.visitor("user"), await world.visitor("user"), await world.visitor("readonly")
        async with listening(one, after=0) as first, listening(again, after=0) as second:
            for reader in (first, second):
                await reader.settled()
            refused = await one.http.get("/live")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "31")
            assert "2 of your pages are live already" in refused.text
            async with listening(other, after=0) as third:
                await third.settled()
                monkeypatch.setattr(live, "MOST_STREAMS", 3)
                refused = await (await world.visitor("admin")).http.get("/live")
                assert (refused.status_code, "3 pages are live already" in refused.text) == (503, True)
        with trio.fail_after(60):
            while world.web.app.site.streams.total():  # noqa: ASYNC110 - the other side of a socket gives no event
                await trio.sleep(0.01)
        async with listening(one, after=0) as reader:  # a place that was given up is free again
            await reader.settled()


@pytest.mark.parametrize("stood", ["-1", "x", "9" * 40, "1e3", "0x10"])
async def test_a_made_up_position_is_no_position(tmp_path: Path, stood: str) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor("user")
        await world.house.write(happen, changed("before"))
        async with listening(visitor, None, **{"Last-Event-ID": stood}) as reader:
            await reader.settled()
            await world.house.write(happen, changed("after"))
            assert "title:before" not in await reader.topics(until="title:after")


def test_every_event_has_its_topics() -> None:
    assert set(TOPICS) == set(events.EVENTS.values())


def test_an_event_concerns_its_title_and_the_history_it_stands_in() -> None:
    assert topics_of(MediaDeleted(media_item_id="m", title="x")) == {"library", "files", "title:m", "history"}
    assert topics_of(JobChanged(job_id="j", queue="q", kind="k", state="s")) == {"jobs"}
