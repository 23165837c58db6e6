"""How a Newznab or Torznab indexer is asked: by ids first, by title where it knows no ids or has nothing under them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import trio

from mydia.adapters.http import Answer, fetch
from mydia.adapters.indexers.feed import (
    DEFAULTS,
    Capabilities,
    Item,
    NotOffered,
    Search,
    moment,
    read_capabilities,
    read_feed,
)
from mydia.errors import Forbidden, Invalid
from mydia.ports import FoundRelease, IndexerQuery, MediaKind, Protocol_

MAX_PAGES = 5
CAPABILITIES_LAST = 24 * 3600.0
_FUNCTION = {"movie": ("movie", "movie-search"), "tv_show": ("tvsearch", "tv-search")}
_DEFAULT_CATEGORY = {"movie": 2000, "tv_show": 5000}
_ID_PARAMS = {"imdb": "imdbid", "tmdb": "tmdbid", "tvdb": "tvdbid", "tvmaze": "tvmazeid", "trakt": "traktid"}
_ID_ORDER = {"movie": ("imdb", "tmdb", "trakt"), "tv_show": ("tvdb", "tmdb", "imdb", "tvmaze", "trakt")}

Params = dict[str, str]


class FeedIndexer:
    """Everything both protocols share. A subclass says how an item becomes a release and how it is fetched."""

    protocol: Protocol_

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
        self.priority = priority
        self.url = api_address(url)
        self.home = (urlsplit(self.url).hostname or "").lower()
        self._api_key = api_key
        self._categories = tuple(categories)
        self._timeout = timeout
        self._known: tuple[float, Capabilities] | None = None

    # -- ports.Indexer
    # --------------------------------------------------------------------------------------------------

    async def capabilities(self) -> Mapping[str, Any]:
        """What it can do, asked anew: "server", "searches" (name -> parameters), "categories"."""
        self._known = None
        found = await self._capabilities()
        return {
            "server": found.server,
            "limit": found.limit,
            "searches": {name: sorted(s.params) for name, s in found.searches.items() if s.available},
            "categories": dict(found.categories),
        }

    async def search(self, query: IndexerQuery) -> Sequence[FoundRelease]:
        can = await self._capabilities_or_defaults()
        for params in tiers(query, can):
            try:
                found = await self._pages({**params, "cat": self._cat(query.kind)}, can.limit)
            except NotOffered:
                continue
            if found:
                return found
        return ()

    async def recent(self) -> Sequence[FoundRelease]:
        wanted = self._categories or tuple(_DEFAULT_CATEGORY.values())
        can = await self._capabilities_or_defaults()
        return await self._pages({"t": "search", "cat": ",".join(map(str, wanted))}, can.limit, most=1)

    # -- for subclasses
    # ---------------------------------------------------------------------------------------------------

    def release(self, item: Item) -> FoundRelease | None:
        raise NotImplementedError

    async def download(self, release: FoundRelease, max_bytes: int) -> Answer:
        """What a release's link leads to. The link came from the feed, so it may not lead into the home's network."""
        url = release.download_url
        answer = await fetch(url, who=self.name, timeout=self._timeout, max_bytes=max_bytes, home=self.home)
        if answer.status in (404, 410):
            raise Invalid(f"{self.name} no longer has {release.title}")
        if answer.status in (401, 403):  # the release is not to blame
            raise Forbidden(str(answer.refusal()))
        return answer.check()

    # -- asking
    # -----------------------------------------------------------------------------------------------------------

    async def _pages(self, params: Params, limit: int, most: int = MAX_PAGES) -> list[FoundRelease]:
        found: dict[str, FoundRelease] = {}
        for page in range(most):
            asked = {**params, "extended": "1", "limit": str(limit), "offset": str(page * limit)}
            feed = read_feed((await self._ask(asked)).body, self.name)
            before = len(found)
            for item in feed.items:
                release = self.release(item)
                if release is not None:
                    found.setdefault(release.guid, release)
            last = len(feed.items) < limit or len(found) == before
            if last or (feed.total is not None and (page + 1) * limit >= feed.total):
                break
        return list(found.values())

    async def _ask(self, params: Params) -> Answer:
        key = {"apikey": self._api_key} if self._api_key else {}
        answer = await fetch(self.url, who=self.name, params={**params, **key}, timeout=self._timeout)
        if answer.magnet is not None:
            raise Invalid(f"{self.name} answered with a magnet link and not with a feed; check its address")
        if b"<error" in answer.body[:1000]:
            read_feed(answer.body, self.name)  # which raises what the error means, better than the status does
        return answer.check()

    async def _capabilities(self) -> Capabilities:
        now = trio.current_time()
        if self._known is None or now - self._known[0] > CAPABILITIES_LAST:
            self._known = (now, read_capabilities((await self._ask({"t": "caps"})).body, self.name))
        return self._known[1]

    async def _capabilities_or_defaults(self) -> Capabilities:
        """A broken answer is worked around, and asked for again the next time; a wrong key or a dead host is not."""
        try:
            return await self._capabilities()
        except NotOffered:
            return DEFAULTS
        except Invalid as error:
            if "key" in str(error):
                raise
            return DEFAULTS

    def _cat(self, kind: MediaKind) -> str:
        base = _DEFAULT_CATEGORY[kind]
        chosen = [c for c in self._categories if base <= c < base + 1000 or c >= 100_000]
        return ",".join(map(str, chosen or [base]))


def tiers(query: IndexerQuery, can: Capabilities) -> Iterator[Params]:
    """The searches to try, until one finds something."""
    function, name = _FUNCTION[query.kind]
    special = can.searches.get(name, Search())
    plain = can.searches.get("search", Search())
    numbers = _numbers(query, special)
    if special.available and numbers is not None:
        ids = _ids(query, special)
        if ids:
            yield {"t": function, **ids, **numbers}
        if "q" in special.params:
            year = str(query.year) if query.kind == "movie" and query.year else ""
            yield {"t": function, "q": _words(query.title, year, special), **numbers}
            return
    if plain.available or not can.searches:
        yield {"t": "search", "q": _words(query.title, _spoken_numbers(query), plain)}


def _ids(query: IndexerQuery, search: Search) -> Params:
    ids: Params = {}
    for provider in _ID_ORDER[query.kind]:
        value, param = query.ids.get(provider), _ID_PARAMS[provider]
        if value and param in search.params and (search.aggregate or not ids):
            ids[param] = value.removeprefix("tt") if provider == "imdb" else value
    return ids


def _numbers(query: IndexerQuery, search: Search) -> Params | None:
    """Season and episode as parameters; None when this search has no parameters for them."""
    if query.kind == "movie":
        return {}
    if query.air_date:
        year, month, day = query.air_date.split("-")
        numbers = {"season": year, "ep": f"{month}/{day}"}
    else:
        numbers = {}
        if query.season is not None:
            # Some servers take 0 for "none given"; they take 00 for the specials.
            numbers["season"] = str(query.season) if query.season else "00"
        if query.episode is not None:
            numbers["ep"] = str(query.episode)
    return numbers if numbers.keys() <= search.params else None


def _spoken_numbers(query: IndexerQuery) -> str:
    if query.kind == "movie":
        return str(query.year or "")
    if query.air_date:
        return query.air_date.replace("-", " ")
    if query.season is None:
        return ""
    return f"S{query.season:02}" + (f"E{query.episode:02}" if query.episode is not None else "")


def _words(title: str, extra: str, search: Search) -> str:
    """A title as search engines take it: without punctuation, unless the indexer wants it as it is."""
    if not search.raw:
        title = re.sub(r"['’`´]", "", title.replace("&", " and "))
        title = " ".join(re.sub(r"[^\w]|_", " ", title).split())
    return f"{title} {extra}".strip()


def api_address(url: str) -> str:
    """Where the API answers: `/api` below what was given, unless that is it already."""
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/")
    if not path.endswith(("/api", "/torznab", "/newznab")):
        path += "/api"
    return parts._replace(path=path, query="", fragment="").geturl()


def common_fields(indexer: FeedIndexer, item: Item) -> dict[str, Any] | None:
    """What both protocols say of a release alike; None for an item without a title."""
    title = item.text("title")
    if not title:
        return None
    size = item.number("size") or _positive(item.enclosure.get("length")) or _positive(item.text("size"))
    guid = item.text("guid") or item.text("link") or item.enclosure.get("url") or title
    codes = [int(c) for c in item.attributes.get("category", ()) if c.isdigit()]
    info = item.text("comments")
    return {
        "title": title,
        "guid": guid,
        "indexer": indexer.name,
        "protocol": indexer.protocol,
        "size": size,
        "published": moment(item.attribute("usenetdate") or item.text("pubDate")),
        "info_url": info if info and info.startswith(("http://", "https://")) else None,
        "languages": item.attributes.get("language", ()),
        "categories": tuple(dict.fromkeys(codes)),
        "priority": indexer.priority,
    }


def _positive(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) and int(text) > 0 else None
