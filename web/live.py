"""Live pages by server-sent events: what was committed tells each open page which of its regions to refetch.

GET /live?after=<seq> is one stream. Each message is at most every 250 ms and says all that gathered since the last:

    id: 4711
    event: live
    data: {"topics": ["downloads", "title:0199…"], "progress": {"0199…": {…}}, "notices": [{"text": …, "tone": …, "href": …}]}

A page refetches the regions that named one of the topics (see page.py); download bars move by `progress` alone, without a query.
`id` is the event's number in the events table. A browser that comes back says where it stood (Last-Event-ID, or `after`, which the
page was rendered with), and what it missed is read from the table: nothing is lost between rendering and listening, during a
drop, or by a reader too slow for the bus. `event: beat` every 15 s shows a dead line, and checks that the visitor may still look;
`event: bye` says that the house closes.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import trio
from quart import Blueprint, Response, request
from quart.wrappers.response import ResponseBody

from mydia import events
from mydia.errors import Unavailable
from mydia.events import DownloadProgressed, Event
from mydia.media.queries import events_after, last_seq
from mydia.otp import Lagged, Subscription
from web.auth import welcome_check
from web.policy import Answer, Policy, Visit, route
from web.story import notice, tell

PERIOD = 0.25  # seconds between two messages: each region refetches at most four times a second
TOO_FAR_BEHIND = 1000  # events; a page that missed more refetches everything
MOST_STREAMS = 200
MOST_OF_ONE = 40  # of one person, in all their browsers together: nobody's pages keep the others from going live

TOPICS: Mapping[type[Event], tuple[str, ...]] = {
    events.MediaAdded: ("library",),
    events.MediaUpdated: ("library",),
    events.MediaDeleted: ("library", "files"),
    events.FileFound: ("files",),
    events.FileLinked: ("library", "files"),
    events.FileUnmatched: ("files", "library"),
    events.FileGone: ("library", "files"),
    events.FileTrashed: ("library", "files"),
    events.FileRestored: ("library", "files"),
    events.FileRenamed: ("files",),
    events.RootChanged: ("health",),
    events.ScanFinished: ("files", "health"),
    events.SearchFinished: (),
    events.Grabbed: ("downloads", "library"),
    events.DownloadProgressed: (),
    events.DownloadChanged: ("downloads", "library"),
    events.LookWished: (),
    events.DownloadCompleted: ("downloads",),
    events.DownloadFailed: ("downloads", "library"),
    events.DownloadCancelled: ("downloads", "library"),
    events.Imported: ("downloads", "library", "files"),
    events.ImportHeld: ("downloads", "library"),
    events.HealthChanged: ("health",),
    events.JobChanged: ("jobs",),
    events.QueueChanged: ("jobs",),
    events.SettingsChanged: ("health",),
    events.UserChanged: (),
}

live = Blueprint("live", __name__)


@route(live, "/live", Policy.READ)
async def stream(visit: Visit) -> Answer:
    """The stream of one open page."""
    streams, who = visit.site.streams, _whose(visit)
    if streams[who] >= MOST_OF_ONE:
        words = (
            f"{MOST_OF_ONE} of your pages are live already, in all browsers together. Close one, and this one follows."
        )
        raise Unavailable(words, retry_after=30)
    if streams.total() >= MOST_STREAMS:
        raise Unavailable(
            f"{MOST_STREAMS} pages are live already. This one follows when one is closed.", retry_after=30
        )
    response = Response(Stream(visit, _where_it_stood(), welcome_check(visit)), content_type="text/event-stream")
    response.timeout = None
    response.headers["X-Accel-Buffering"] = "no"
    return response


@dataclass(slots=True)
class Message:
    """What gathered since the last one."""

    seq: int
    event: str = "live"
    topics: set[str] = field(default_factory=set)
    progress: dict[str, dict[str, Any]] = field(default_factory=dict)
    notices: list[dict[str, str]] = field(default_factory=list)

    def add(self, event: Event) -> None:
        if isinstance(event, DownloadProgressed):
            self.progress[event.download_id] = {
                "title": event.media_item_id,
                "progress": event.progress,
                "speed": event.speed,
                "eta": event.eta,
                "state": event.state,
            }
            return
        self.topics.update(topics_of(event))
        text = notice(event.type(), event.data())
        if text is not None and len(self.notices) < 5:
            href = f"/titles/{event.media_item_id}" if event.media_item_id else ""
            self.notices.append({"text": text, "tone": tell(event.type(), event.data()).tone, "href": href})

    @property
    def says_something(self) -> bool:
        return bool(self.topics or self.progress or self.notices)

    def encode(self) -> bytes:
        data = {"topics": sorted(self.topics), "progress": self.progress, "notices": self.notices}
        body = json.dumps(data, separators=(",", ":"))
        return f"id: {self.seq}\nevent: {self.event}\ndata: {body}\n\n".encode()


def topics_of(event: Event) -> set[str]:
    """What an event concerns: its own topics, its title's, and the history where it is stored in it."""
    topics = set(TOPICS[type(event)])
    if event.media_item_id:
        topics.add(f"title:{event.media_item_id}")
    if getattr(event, "stored", True):
        topics.add("history")
    return topics


class Stream(ResponseBody):
    """One stream's bytes: catches up with the events table, then follows the bus.

    Not a generator, whose clean-up waits for the collector.
    """

    def __init__(self, visit: Visit, after: int | None, welcome: Callable[[], Awaitable[bool]]) -> None:
        self._visit = visit
        self._site, self._who = visit.site, _whose(visit)
        self._after = after
        self._welcome = welcome
        self._subscription: Subscription | None = None
        self._gathered = Message(0)
        self._send_at = self._beat_at = 0.0
        self._first = True
        self._over = False

    async def __aenter__(self) -> "Stream":
        self._site.streams[self._who] += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._site.streams[self._who] -= 1
        self._hang_up()

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> bytes:
        if self._over:
            raise StopAsyncIteration
        if self._first:
            # Once it listens, so that whoever reads this misses nothing; and then at once, however long nothing happens.
            self._first = False
            await self._catch_up()
            return b"retry: 1000\n\n"
        message = await self._next()
        self._over = message.event == "bye"
        return message.encode()

    async def _next(self) -> Message:
        while True:
            if self._subscription is None:
                await self._catch_up()
            now = trio.current_time()
            if self._site.stopping.is_set():
                return Message(self._gathered.seq, "bye")
            if self._gathered.says_something and now >= self._send_at:
                self._send_at = now + PERIOD
                message, self._gathered = self._gathered, Message(self._gathered.seq)
                return message
            if now >= self._beat_at:
                self._beat_at = now + self._site.beat
                return Message(self._gathered.seq, "beat" if await self._welcome() else "bye")
            try:
                await self._gather(
                    min(self._beat_at, self._send_at if self._gathered.says_something else self._beat_at)
                )
            except Lagged:
                self._hang_up()

    async def _catch_up(self) -> None:
        """Read what was missed. Subscribed before the table is read, so that nothing falls between; what comes both ways counts once."""
        self._subscription = self._visit.house.bus.subscribe(filter=lambda event: isinstance(event, Event)).__enter__()
        self._beat_at = self._beat_at or trio.current_time() + self._site.beat
        seq = self._gathered.seq or self._after
        if seq is None:
            self._gathered = Message(await self._visit.read(last_seq))
            return
        rows = await self._visit.read(events_after, seq, TOO_FAR_BEHIND + 1)
        if len(rows) > TOO_FAR_BEHIND:
            self._gathered = Message(await self._visit.read(last_seq), topics={"everything"})
            return
        for row in rows:
            self._gathered.seq = row.seq
            if row.type in events.EVENTS:
                self._gathered.add(events.from_row(row.type, row.data, row.media_item_id, row.actor))
        self._gathered.seq = self._gathered.seq or seq
        self._gathered.notices.clear()  # news of the past is in the history; a notice is of now

    async def _gather(self, until: float) -> None:
        """Wait for one event, the time, or the house's closing. Being woken loses no event."""
        assert self._subscription is not None  # noqa: S101 - _next has just seen to it
        with trio.CancelScope(deadline=until) as wait:
            self._site.waits.add(wait)
            try:
                event = await anext(self._subscription)
            finally:
                self._site.waits.discard(wait)
            if isinstance(event, Event) and (event.seq is None or event.seq > self._gathered.seq):
                self._gathered.add(event)
                self._gathered.seq = event.seq or self._gathered.seq

    def _hang_up(self) -> None:
        if self._subscription is not None:
            self._subscription.__exit__(None, None, None)
            self._subscription = None


def _whose(visit: Visit) -> str:
    return visit.person.id if visit.person else ""


def _where_it_stood() -> int | None:
    for text in (request.headers.get("Last-Event-ID"), request.args.get("after")):
        if text and text.isascii() and text.isdigit() and len(text) < 18:
            return int(text)
    return None
