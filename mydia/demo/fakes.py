"""Stand-ins for services that the demo and the tests can't reach: TMDB, an indexer, somebody else's webhook.

They are fakes, and say so in their answers; each speaks its service's own protocol over real HTTP, as its
documentation has it (TMDB API version 3; Newznab and Torznab), so that the adapters meet what they will meet outside.
Plain ASGI, for Hypercorn:

    url = await nursery.start(serve, FakeTmdb([...]))

Each keeps the `requests` it was sent; a test puts answers into `planned` to have the next requests fail in some way.
"""

import json
import math
import random
import re
import struct
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

import trio
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve

Scope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class Fake:
    """An ASGI application that answers from `answer(request)`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.planned: deque[Reply] = deque()

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        request = Request(
            scope["method"],
            scope["path"],
            dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body,
        )
        self.requests.append(request)
        reply = self.planned.popleft() if self.planned else self.answer(request)
        headers = {"content-type": reply.content_type, **reply.headers}
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": reply.body})


async def serve(app: Fake, port: int = 0, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
    """Serve on loopback until cancelled; `nursery.start` gets the address."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.errorlog = None
    config.include_date_header = config.include_server_header = False
    # The asker is gone when the cancellation comes: nothing to be waited for.
    config.graceful_timeout = 0
    async with trio.open_nursery() as nursery:
        start = partial(hypercorn_serve, app, config, mode="asgi", shutdown_trigger=trio.sleep_forever)  # type: ignore[arg-type]  # any ASGI callable
        (url,) = await nursery.start(start)
        task_status.started(url.rstrip("/"))


def json_reply(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode("utf-8"))


# -- TMDB
# -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FakeEpisode:
    season: int
    number: int
    title: str
    air_date: str | None = None
    runtime: int | None = None
    overview: str = ""


@dataclass(frozen=True, slots=True)
class FakeTitle:
    """A film, or a show when it is of kind "tv_show". `id` is TMDB's."""

    id: int
    kind: str
    title: str
    year: int
    overview: str = ""
    runtime: int = 90
    imdb_id: str | None = None
    tvdb_id: int | None = None
    original_title: str | None = None
    original_language: str = "en"
    aliases: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    popularity: float = 1.0
    status: str = "Released"
    pictures: bool = True
    episodes: tuple[FakeEpisode, ...] = ()
    art: bool = True  # TMDB has a poster and a backdrop of it
    collection: tuple[int, str] | None = None  # id and name


class FakeTmdb(Fake):
    """TMDB's version 3 API for a list of titles. Any non-empty key will do, unless `api_key` names the right one."""

    def __init__(self, titles: Sequence[FakeTitle], *, api_key: str | None = None) -> None:
        super().__init__()
        self.titles = list(titles)
        self._api_key = api_key

    def answer(self, request: Request) -> Reply:
        if match := re.fullmatch(r"/t/p/(?:w\d+|original)/(\d+)-(poster|backdrop)\.png", request.path):
            size = (200, 300) if match[2] == "poster" else (320, 180)
            return Reply(200, picture(*size, seed=int(match[1])), content_type="image/png")
        if not self._may(request):
            return _tmdb_error(401, 7, "Invalid API key: You must be granted a valid key.")
        path = request.path.removeprefix("/3")
        if match := re.fullmatch(r"/search/(movie|tv)", path):
            return json_reply(self._search(match[1], request.query))
        if match := re.fullmatch(r"/find/([a-z0-9]+)", path):
            return json_reply(self._find(match[1], request.query.get("external_source", "")))
        if match := re.fullmatch(r"/collection/(\d+)", path):
            films = [t for t in self.titles if t.collection and t.collection[0] == int(match[1])]
            if films:
                return json_reply({"id": int(match[1]), "parts": [_summary(t) for t in films]})
        if match := re.fullmatch(r"/(movie|tv)/(\d+)(?:/season/(\d+))?", path):
            title = next((t for t in self.titles if t.id == int(match[2]) and _path_of(t) == match[1]), None)
            if title is not None and match[3] is None:
                return json_reply(_details(title, request.query.get("append_to_response", "")))
            if title is not None and (season := _season(title, int(match[3]))) is not None:
                return json_reply(season)
        return _tmdb_error(404, 34, "The resource you requested could not be found.")

    def _may(self, request: Request) -> bool:
        given = request.query.get("api_key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        return given == self._api_key if self._api_key else bool(given)

    def _search(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        wanted = set(_words(query.get("query", "")))
        year = query.get("primary_release_year") or query.get("year") or query.get("first_air_date_year")
        found = [
            _summary(t)
            for t in sorted(self.titles, key=lambda t: -t.popularity)
            if _path_of(t) == path
            and any(wanted <= set(_words(name)) for name in (t.title, t.original_title or "", *t.aliases))
            and (year is None or str(t.year) == year)
        ]
        return {"page": 1, "results": found[:20], "total_pages": 1, "total_results": len(found)}

    def _find(self, external: str, source: str) -> dict[str, Any]:
        def is_it(title: FakeTitle) -> bool:
            return external == (title.imdb_id if source == "imdb_id" else str(title.tvdb_id))

        found = [t for t in self.titles if is_it(t)]
        return {
            "movie_results": [_summary(t) for t in found if t.kind == "movie"],
            "tv_results": [_summary(t) for t in found if t.kind == "tv_show"],
            "person_results": [],
            "tv_episode_results": [],
            "tv_season_results": [],
        }


def _tmdb_error(status: int, code: int, message: str) -> Reply:
    return json_reply({"success": False, "status_code": code, "status_message": f"{message} (a fake)"}, status)


def _path_of(title: FakeTitle) -> str:
    return "movie" if title.kind == "movie" else "tv"


def _summary(title: FakeTitle) -> dict[str, Any]:
    film = title.kind == "movie"
    return {
        "id": title.id,
        "title" if film else "name": title.title,
        "original_title" if film else "original_name": title.original_title or title.title,
        "original_language": title.original_language,
        "release_date" if film else "first_air_date": f"{title.year}-01-01",
        "overview": title.overview,
        "popularity": title.popularity,
        "poster_path": f"/{title.id}-poster.png" if title.pictures else None,
        "backdrop_path": f"/{title.id}-backdrop.png" if title.pictures else None,
        "vote_average": 7.5,
        "vote_count": 10,
    }


def _details(title: FakeTitle, append: str) -> dict[str, Any]:
    numbers = sorted({e.season for e in title.episodes})
    found: dict[str, Any] = {
        **_summary(title),
        "genres": [{"id": i, "name": g} for i, g in enumerate(title.genres, 1)],
        "status": title.status,
        "imdb_id": title.imdb_id,
    }
    if title.kind == "movie":
        found["runtime"] = title.runtime
        if title.collection:
            found["belongs_to_collection"] = {"id": title.collection[0], "name": title.collection[1]}
    else:
        found["episode_run_time"] = [title.runtime]
        found["seasons"] = [
            {"season_number": n, "episode_count": sum(e.season == n for e in title.episodes)} for n in numbers
        ]
    key = "titles" if title.kind == "movie" else "results"
    parts: dict[str, Any] = {
        "external_ids": {"imdb_id": title.imdb_id, "tvdb_id": title.tvdb_id},
        "alternative_titles": {key: [{"iso_3166_1": "US", "title": a, "type": ""} for a in title.aliases]},
        "release_dates": {"results": [{"iso_3166_1": "US", "release_dates": _release_dates(title)}]},
        "content_ratings": {"results": [{"iso_3166_1": "US", "rating": "TV-PG"}]},
        **{f"season/{n}": _season(title, n) for n in numbers},
    }
    asked = [name for name in append.split(",") if name][:20]
    return {**found, **{name: parts[name] for name in asked if name in parts}}


def _release_dates(title: FakeTitle) -> list[dict[str, Any]]:
    return [
        {"type": kind, "release_date": f"{title.year}-{month:02}-01T00:00:00.000Z", "certification": "PG"}
        for kind, month in ((3, 1), (4, 4), (5, 6))
    ]


def _season(title: FakeTitle, number: int) -> dict[str, Any] | None:
    episodes = [e for e in title.episodes if e.season == number]
    if not episodes:
        return None
    return {
        "season_number": number,
        "episodes": [
            {
                "season_number": number,
                "episode_number": e.number,
                "name": e.title,
                "air_date": e.air_date,
                "overview": e.overview,
                "runtime": e.runtime or title.runtime,
            }
            for e in episodes
        ],
    }


_LANDSCAPES = (  # sky above, sky at the horizon, the disc, far hills, near hills
    (0x0B1730, 0x41689C, 0xF5DDA8, 0x1B3157, 0x070E1D),
    (0x1D0B1E, 0xA8485A, 0xFFD9A0, 0x57233F, 0x14060F),
    (0x06201F, 0x4C9A86, 0xF3EBC0, 0x1A4A46, 0x04120F),
    (0x1A1238, 0x7A5FB8, 0xFFD6E4, 0x372866, 0x0D0820),
    (0x2B1508, 0xD08A45, 0xFFEBC2, 0x75431C, 0x170A03),
    (0x0C1A22, 0x6E94A6, 0xFFE3C4, 0x2E4B5A, 0x060D12),
    (0x210D0B, 0xC25F3E, 0xFFE0A6, 0x6A2A1D, 0x140605),
    (0x10160A, 0x8C9A4A, 0xFFF3C0, 0x3E4A1D, 0x090D04),
)


@lru_cache(maxsize=64)
def picture(width: int, height: int, *, seed: int) -> bytes:
    """A PNG of a landscape that nobody has seen: a sky, a disc in it, hills before it. Which one, the seed decides."""
    dice = random.Random(seed)  # noqa: S311 - a drawing, not a secret
    top, bottom, disc, *hills = (value.to_bytes(3, "big") for value in _LANDSCAPES[seed % len(_LANDSCAPES)])
    across, high, radius = (
        width * dice.uniform(0.25, 0.75),
        height * dice.uniform(0.2, 0.45),
        width * dice.uniform(0.09, 0.2),
    )
    ridges = [_ridge(dice, width, height, share) for share in (0.62, 0.78)]
    rows = bytearray()
    for y in range(height):
        share = min(1.0, y / (height * 0.75))
        row = bytearray(bytes(int(a * (1 - share) + b * share) for a, b in zip(top, bottom, strict=True)) * width)
        if (square := radius**2 - (y - high) ** 2) > 0:
            left, right = max(0, int(across - math.sqrt(square))), min(width, int(across + math.sqrt(square)))
            row[3 * left : 3 * right] = disc * (right - left)
        for colour, ridge in zip(hills, ridges, strict=True):
            for x in (x for x in range(width) if ridge[x] <= y):
                row[3 * x : 3 * x + 3] = colour
        rows += b"\0" + row

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    )


def _ridge(dice: random.Random, width: int, height: int, share: float) -> list[float]:
    """Where a range of hills begins, for each column, in pixels from the top."""
    waves = [(height * dice.uniform(0.02, 0.06) / n, n * dice.uniform(2, 5), dice.uniform(0, 6)) for n in (1, 2, 3)]
    return [height * share + sum(a * math.sin(x / width * f + at) for a, f, at in waves) for x in range(width)]


# -- indexers
# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FakeRelease:
    """`content` is the torrent or NZB behind its link; `magnet` is given as the link instead of it."""

    title: str
    content: bytes = b""
    size: int = 0
    category: int = 2000
    seeders: int | None = 10
    peers: int | None = 12
    ids: Mapping[str, str] = field(default_factory=dict)  # "imdb" (digits), "tmdb", "tvdb"
    season: int | None = None
    episode: int | None = None
    published: str = "Sat, 01 Jan 2022 12:00:00 +0000"
    infohash: str | None = None
    magnet: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class FakeIndexer(Fake):
    """One indexer, at /api. `id_params` are the ids its searches take."""

    def __init__(
        self,
        releases: Sequence[FakeRelease],
        *,
        protocol: str = "torrent",
        api_key: str | None = None,
        id_params: Sequence[str] = ("imdbid", "tmdbid", "tvdbid"),
        page: int = 100,
    ) -> None:
        super().__init__()
        self.releases = list(releases)
        self._torrents = protocol == "torrent"
        self._api_key = api_key
        self._id_params = tuple(id_params)
        self._page = page

    def answer(self, request: Request) -> Reply:
        query = request.query
        if match := re.fullmatch(r"/download/(\d+)", request.path):
            return self._download(int(match[1]))
        if not request.path.endswith("/api"):
            return Reply(404, b"not found", content_type="text/plain")
        if self._api_key and query.get("apikey") != self._api_key:
            return _xml('<error code="100" description="Incorrect user credentials"/>')
        function = query.get("t", "")
        if function == "caps":
            return _xml(self._caps())
        if function not in ("search", "movie", "tvsearch"):
            return _xml('<error code="202" description="No such function"/>')
        found = [(i, r) for i, r in enumerate(self.releases) if self._fits(r, query)]
        start, limit = int(query.get("offset", 0)), min(self._page, int(query.get("limit", self._page)))
        host = request.headers.get("host", "")
        return _xml(self._feed(found[start : start + limit], start, len(found), f"http://{host}"))

    def _download(self, number: int) -> Reply:
        if number >= len(self.releases):
            return Reply(404, b"gone", content_type="text/plain")
        release = self.releases[number]
        if release.magnet and not release.content:
            return Reply(301, headers={"location": release.magnet})
        kind = "application/x-bittorrent" if self._torrents else "application/x-nzb"
        return Reply(200, release.content, content_type=kind)

    def _fits(self, release: FakeRelease, query: Mapping[str, str]) -> bool:
        categories = [int(c) for c in query.get("cat", "").split(",") if c.isdigit()]
        in_category = not categories or any(
            release.category == c or (c % 1000 == 0 and release.category // 1000 * 1000 == c) for c in categories
        )
        asked_ids = {p: query[p].removeprefix("tt") for p in self._id_params if p in query}
        by_id = any(release.ids.get(p.removesuffix("id")) == v for p, v in asked_ids.items()) if asked_ids else True
        by_words = set(_words(query.get("q", ""))) <= set(_words(release.title))
        season, episode = query.get("season"), query.get("ep")
        in_season = season is None or release.season == int(season)
        is_episode = episode is None or release.episode is None or str(release.episode) == episode.lstrip("0")
        return in_category and by_id and by_words and in_season and is_episode

    def _caps(self) -> str:
        ids = ",".join(self._id_params)
        return f"""<caps>
  <server title="A fake indexer of Mydia's"/>
  <limits max="{self._page}" default="{self._page}"/>
  <searching>
    <search available="yes" supportedParams="q"/>
    <tv-search available="yes" supportedParams="q,season,ep,{ids}"/>
    <movie-search available="yes" supportedParams="q,{ids}"/>
  </searching>
  <categories>
    <category id="2000" name="Movies"><subcat id="2040" name="Movies/HD"/><subcat id="2045"
    name="Movies/UHD"/></category> <category id="5000" name="TV"><subcat id="5040" name="TV/HD"/></category>
  </categories>
</caps>"""

    def _feed(self, found: Sequence[tuple[int, FakeRelease]], offset: int, total: int, host: str) -> str:
        name = "torznab" if self._torrents else "newznab"
        items = "".join(self._item(number, release, host, name) for number, release in found)
        return (
            '<rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed" '
            'xmlns:newznab="http://www.newznab.com/DTD/2010/feeds/attributes/"><channel><title>A fake indexer of Mydia\'s</title>'
            f'<newznab:response offset="{offset}" total="{total}"/>{items}</channel></rss>'
        )

    def _item(self, number: int, release: FakeRelease, host: str, name: str) -> str:
        link = f"{host}/download/{number}"
        size = release.size or len(release.content)
        kind = "application/x-bittorrent" if self._torrents else "application/x-nzb"
        attributes = {"category": str(release.category), "size": str(size), **release.attributes}
        if self._torrents:
            numbers = {"seeders": release.seeders, "peers": release.peers}
            attributes |= {key: str(value) for key, value in numbers.items() if value is not None}
            if release.infohash:
                attributes["infohash"] = release.infohash
        said = "".join(f"<{name}:attr name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in attributes.items())
        return (
            f"<item><title>{escape(release.title)}</title><guid>{escape(link)}</guid><link>{escape(link)}</link>"
            f"<comments>{escape(host)}/details/{number}</comments><pubDate>{release.published}</pubDate><size>{size}</size>"
            f'<enclosure url={quoteattr(link)} length="{size}" type="{kind}"/>{said}</item>'
        )


def _xml(text: str) -> Reply:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Reply(200, body, content_type="application/xml")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower().replace("'", ""))


# -- webhooks
# ---------------------------------------------------------------------------------------------------------------


class Catcher(Fake):
    """Takes whatever is posted to it; `messages()` gives what was JSON."""

    def answer(self, request: Request) -> Reply:
        return Reply(204)

    def messages(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests if request.body]
