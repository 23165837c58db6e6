"""Prowlarr: every indexer it has, found by asking it, each spoken to by its own Torznab or Newznab address."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import trio

from mydia.adapters.http import fetch
from mydia.adapters.indexers.api import FeedIndexer
from mydia.adapters.indexers.newznab import Newznab
from mydia.adapters.indexers.torznab import Torznab
from mydia.errors import Invalid, MydiaError
from mydia.ports import FoundRelease, Indexer, IndexerQuery, Payload

_LIST_LASTS = 600.0


class Prowlarr:
    def __init__(
        self,
        *,
        name: str,
        url: str,
        api_key: str | None = None,
        categories: Sequence[int] = (),
        priority: int = 25,
        timeout: float = 30.0,
    ) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._api_key = api_key or ""
        self._options: dict[str, Any] = {"categories": categories, "priority": priority, "timeout": timeout}
        self._timeout = timeout
        self._known: tuple[float, list[FeedIndexer]] | None = None

    async def capabilities(self) -> Mapping[str, Any]:
        self._known = None
        return {"indexers": [indexer.url for indexer in await self._indexers()]}

    async def search(self, query: IndexerQuery) -> Sequence[FoundRelease]:
        return await self._all("search", query)

    async def recent(self) -> Sequence[FoundRelease]:
        return await self._all("recent")

    async def fetch(self, release: FoundRelease) -> Payload:
        kind = Torznab if release.protocol == "torrent" else Newznab
        indexer: Indexer = kind(name=self.name, url=self._url, api_key=self._api_key, **self._options)
        return await indexer.fetch(release)

    async def _all(self, method: str, *arguments: Any) -> Sequence[FoundRelease]:
        """All at once; those that fail are left out, unless all of them do."""
        found: list[FoundRelease] = []
        failures: list[MydiaError] = []
        indexers = await self._indexers()

        async def ask(indexer: FeedIndexer) -> None:
            try:
                found.extend(await getattr(indexer, method)(*arguments))
            except MydiaError as error:
                failures.append(error)

        async with trio.open_nursery() as nursery:
            for indexer in indexers:
                nursery.start_soon(ask, indexer)
        if failures and len(failures) == len(indexers):
            raise failures[0]
        return found

    async def _indexers(self) -> list[FeedIndexer]:
        now = trio.current_time()
        if self._known is None or now - self._known[0] > _LIST_LASTS:
            self._known = (now, [self._indexer(row) for row in await self._list() if row.get("enable")])
        return self._known[1]

    async def _list(self) -> list[dict[str, Any]]:
        headers = {"X-Api-Key": self._api_key, "Accept": "application/json"}
        answer = await fetch(f"{self._url}/api/v1/indexer", who=self.name, headers=headers, timeout=self._timeout)
        try:
            rows = json.loads(answer.check().body)
        except ValueError as error:
            raise Invalid(
                f"{self.name} is no Prowlarr: it answered with what is not JSON; check its address"
            ) from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise Invalid(f"{self.name} is no Prowlarr: it did not list its indexers; check its address")
        return rows

    def _indexer(self, row: dict[str, Any]) -> FeedIndexer:
        kind = Newznab if row.get("protocol") == "usenet" else Torznab
        return kind(name=self.name, url=f"{self._url}/{int(row['id'])}/api", api_key=self._api_key, **self._options)
