"""Those who use the house while it is killed: each a task with wishes of its own, who writes down what was acknowledged before going on.

An answer of 2xx is an acknowledgment. No answer, or 503, means that nobody knows: what was asked may have happened or not.
"""

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import trio

from tests.crash.world import Stage

PAUSE = 0.02


@dataclass(slots=True)
class Counter:
    """A value that a client only raises: what was acknowledged last, and what was asked last."""

    acknowledged: int = 0
    asked: int = 0


@dataclass(slots=True)
class Ledger:
    """What the clients were told, on disk before they go on."""

    path: Path
    titles: dict[str, Counter] = field(default_factory=dict)  # media id -> the number in its title
    settings: Counter = field(default_factory=Counter)
    formats: dict[str, str] = field(default_factory=dict)  # name -> there | gone | unknown
    added: dict[int, str] = field(default_factory=dict)  # TMDB id -> media id
    jobs: dict[str, str] = field(default_factory=dict)  # job id -> asked | cancelled | unknown
    trashed: dict[str, str] = field(default_factory=dict)  # trash id -> trashed | restored | unknown
    upgraded: dict[str, str] = field(default_factory=dict)  # hash of the better video -> hash of the former
    binned: set[str] = field(default_factory=set)  # hashes of what shall end in the trash by a person's hand
    wished: dict[str, str] = field(default_factory=dict)  # hash of the video -> media id
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)

    heard: trio.Event = field(default_factory=trio.Event)

    async def more(self, count: int, *, within: float) -> None:
        """Until so many more were acknowledged, or so many seconds have passed."""
        until = self.acknowledged + count
        with trio.move_on_after(within):
            while self.acknowledged < until:
                await self.heard.wait()

    def so_far(self) -> "Ledger":
        """A copy, for a thread to look at while the clients go on asking."""
        titles = {media_id: replace(counter) for media_id, counter in self.titles.items()}
        same = ("formats", "added", "jobs", "trashed", "upgraded", "binned", "wished")
        copies = {name: getattr(self, name).copy() for name in same}
        return replace(self, titles=titles, settings=replace(self.settings), **copies)

    def note(self, what: str, *facts: Any) -> None:
        self.acknowledged += 1
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([what, *facts]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.heard.set()
        self.heard = trio.Event()


class Bytes(httpx.AsyncByteStream):
    """A body in one piece. httpx' own is an async generator, which nobody closes when the connection breaks while it is sent."""

    def __init__(self, content: bytes) -> None:
        self.left = [content]

    def __aiter__(self) -> "Bytes":
        return self

    async def __anext__(self) -> bytes:
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop()


class Refused(Exception):
    """The house said no (4xx)."""


@dataclass(slots=True)
class Client:
    """One who asks. `number` keeps its wishes apart from everybody else's."""

    http: httpx.AsyncClient
    stage: Stage
    ledger: Ledger
    number: int
    chance: random.Random
    films: Iterator[int]
    over: trio.Event
    """No new wishes any more."""

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, or None when it is not known whether it happened."""
        await trio.sleep(self.chance.uniform(0, 2 * PAUSE))
        try:
            answer = await self.http.send(self._request(method, path, body))
        except httpx.TransportError:
            await trio.sleep(0.05)
            return None
        if answer.is_success:
            return answer.json() if answer.content else {}
        if answer.status_code == 503:
            await trio.sleep(0.05)
            return None
        if answer.status_code in (404, 409, 422, 400):
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        self.ledger.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return None

    def _request(self, method: str, path: str, body: Any) -> httpx.Request:
        request = self.http.build_request(method, f"/api/v1{path}", json=body)
        request.stream = Bytes(request.content)
        return request

    async def insist(self, method: str, path: str, body: Any = None) -> Any:
        while (answer := await self.ask(method, path, body)) is None:
            pass
        return answer

    # -- what they wish

    async def rename(self) -> None:
        """One title of its own, renamed again and again."""
        media_id = await self._add(search=False)
        mine = self.ledger.titles[media_id] = Counter()
        for number in self._numbers():
            mine.asked = number
            if await self.ask("PUT", f"/media/{media_id}", {"title": f"Number {number}", "monitored": number % 2 == 0}):
                self.ledger.note("title", media_id, number)
                mine.acknowledged = number

    async def set(self) -> None:
        """Two settings that always change together."""
        mine = self.ledger.settings
        for number in self._numbers():
            mine.asked = number
            values = {"jobs.keep_events_days": 400 + number, "library.gone_at_least": 400 + number}
            if await self.ask("PUT", "/config", {"values": values}):
                self.ledger.note("settings", number)
                mine.acknowledged = number

    async def collect(self) -> None:
        """Custom formats, added and deleted."""
        for number in self._numbers():
            name, formats = f"Format {self.number} {number}", self.ledger.formats
            formats[name] = "unknown"
            condition = {"type": "title", "value": f"word{number}"}
            made = await self.ask("POST", "/custom-formats", {"name": name, "conditions": [condition]})
            if made is None:
                continue
            self.ledger.note("format", name)
            formats[name] = "there"
            if self.chance.random() < 0.6:
                formats[name] = "unknown"
                if await self.ask("DELETE", f"/custom-formats/{made['id']}") is not None:
                    self.ledger.note("no format", name)
                    formats[name] = "gone"

    async def order(self) -> None:
        """Jobs: asked for, cancelled, run again."""
        media_id = await self._add(search=False)
        while not self.over.is_set():
            what = self.chance.choice((f"/media/{media_id}/search", f"/media/{media_id}/refresh", "/library/scan"))
            made = await self.ask("POST", what)
            if made is None:
                continue
            job_ids = made.get("job_ids") or [made["job_id"]]
            self.ledger.note("jobs", *job_ids)
            for job_id in job_ids:
                self.ledger.jobs.setdefault(job_id, "asked")
                if self.chance.random() < 0.4:
                    await self._change_mind(job_id)

    async def _change_mind(self, job_id: str) -> None:
        jobs, way = self.ledger.jobs, self.chance.choice(("cancel", "retry"))
        # A job that waits answers several wishes: another's hand may be on it as well.
        jobs[job_id] = "unknown"
        try:
            answer = await self.ask("POST", f"/jobs/{job_id}/{way}")
        except Refused:
            return  # it is over, or runs, already
        if answer is not None:
            self.ledger.note(way, job_id)

    async def wish(self) -> None:
        """Films, as many as there are: searched, grabbed, downloaded, imported."""
        while (wished := await self._wish()) is not None:
            if self.chance.random() < 0.5:
                await self._file_of(wished[1])

    async def improve(self) -> None:
        """A film; when it is there, a better release comes, and is asked for."""
        while (wished := await self._wish()) is not None:
            title, media_id, former = wished
            await self._file_of(media_id)
            await self._nothing_under_way(media_id)
            better = self.stage.release(title, better=True)
            self.ledger.upgraded[better] = former
            self.ledger.wished[better] = self.ledger.wished.pop(former)
            await self.insist("POST", f"/media/{media_id}/search")
            self.ledger.note("upgrade", media_id)

    async def throw_away(self) -> None:
        """A film; when it is there, to the trash with it; some are brought back."""
        while (wished := await self._wish()) is not None:
            _, media_id, content = wished
            file_id = await self._file_of(media_id)
            await self.insist("PUT", f"/media/{media_id}", {"monitored": False})
            self.ledger.binned.add(content)
            self.ledger.wished.pop(content)
            try:
                made = await self.insist("DELETE", f"/files/{file_id}")
            except Refused:
                continue  # it is on its way to the trash: an earlier try of this was heard
            self.ledger.note("trashed", made["trash_id"])
            self.ledger.trashed[made["trash_id"]] = "trashed"
            if self.chance.random() < 0.5:
                await self._bring_back(made["trash_id"], content, media_id)

    async def _bring_back(self, trash_id: str, content: str, media_id: str) -> None:
        self.ledger.trashed[trash_id] = "unknown"
        while True:
            try:
                if await self.ask("POST", f"/trash/{trash_id}/restore") is None:
                    continue
            except Refused as no:
                if "it is restored" not in str(no):
                    continue  # it is still on its way there
            break
        self.ledger.note("restored", trash_id)
        self.ledger.trashed[trash_id] = "restored"
        self.ledger.binned.remove(content)
        self.ledger.wished[content] = media_id

    # -- what these have in common

    def _numbers(self) -> Iterator[int]:
        numbers = count(1)
        while not self.over.is_set():
            yield next(numbers)

    async def _add(self, *, search: bool) -> str:
        title = self.stage.films[next(self.films)]
        body = {"type": "movie", "tmdb_id": title.id, "search": search, "monitored": search}
        made = await self.insist("POST", "/media", body)
        self.ledger.note("media", title.id, made["id"])
        self.ledger.added[title.id] = made["id"]
        return str(made["id"])

    async def _wish(self) -> tuple[Any, str, str] | None:
        number = None if self.over.is_set() else next(self.films, None)
        if number is None:
            return None
        title = self.stage.films[number]
        content = self.stage.release(title)
        made = await self.insist("POST", "/media", {"type": "movie", "tmdb_id": title.id})
        self.ledger.note("media", title.id, made["id"])
        self.ledger.added[title.id] = made["id"]
        self.ledger.wished[content] = made["id"]
        return title, made["id"], content

    async def _file_of(self, media_id: str) -> str:
        while True:
            found = await self.ask("GET", f"/files?state=linked&media_id={media_id}")
            if found and found["items"]:
                return str(found["items"][0]["id"])
            await trio.sleep(0.1)

    async def _nothing_under_way(self, media_id: str) -> None:
        """A film is there an instant before its download is done with; until then nothing else is grabbed for it."""
        while True:
            found = await self.ask("GET", "/downloads?status=active&limit=200")
            if found and all(each["media_id"] != media_id for each in found["items"]):
                return
            await trio.sleep(0.1)
