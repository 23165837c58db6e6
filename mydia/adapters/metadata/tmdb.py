"""The Movie Database, API version 3. Take care: film 123 and show 123 are different things there.

This product uses the TMDB API but is not endorsed or certified by TMDB.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, urlsplit

from mydia.adapters.http import MEGABYTE, Answer, fetch
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.ports import EpisodeDetails, MediaDetails, MediaKind, MetadataMatch

BASE_URL = "https://api.themoviedb.org/3"
IMAGE_URL = "https://image.tmdb.org/t/p"
MAX_IMAGE = 15 * MEGABYTE
_SEASONS_AT_ONCE = 15  # of the 20 parts one request may append
_POSTER, _BACKDROP = "w500", "w1280"
_PATH: dict[MediaKind, str] = {"movie": "movie", "tv_show": "tv"}
_APPEND: dict[MediaKind, str] = {
    "movie": "external_ids,release_dates,alternative_titles",
    "tv_show": "external_ids,content_ratings,alternative_titles",
}
_CINEMA, _DIGITAL, _PHYSICAL = (3, 2), (4,), (5,)  # kinds of release dates, the best first

Json = dict[str, Any]


class Tmdb:
    name = "tmdb"

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = BASE_URL,
        image_url: str = IMAGE_URL,
        language: str = "en-US",
        timeout: float = 20.0,
    ) -> None:
        """`api_key` is a version 3 key or a version 4 read access token."""
        self._api_key = api_key
        self._base_url = base_url.rstrip("/")
        self._image_url = image_url.rstrip("/")
        self._language = language
        self._timeout = timeout

    # -- ports.MetadataProvider
    # -------------------------------------------------------------------------------------------

    async def search(self, kind: MediaKind, title: str, year: int | None = None) -> Sequence[MetadataMatch]:
        """By title and year; where that finds nothing, by the title alone."""
        key = "primary_release_year" if kind == "movie" else "first_air_date_year"
        for extra in ({key: str(year)}, {}) if year else ({},):
            found = await self._get(f"search/{_PATH[kind]}", query=title, include_adult="false", **extra)
            if results := _rows(found, "results"):
                return [self._match(kind, row) for row in results]
        return []

    async def details(self, kind: MediaKind, id_: str) -> MediaDetails:
        found = await self._get(f"{_PATH[kind]}/{quote(id_, safe='')}", append_to_response=_APPEND[kind])
        episodes = tuple([e async for e in self._episodes(id_, found)]) if kind == "tv_show" else ()
        return self._details(kind, found, episodes)

    async def find(self, kind: MediaKind, ids: Mapping[str, str]) -> MetadataMatch | None:
        if "tmdb" in ids:
            try:
                return self._match(kind, await self._get(f"{_PATH[kind]}/{quote(ids['tmdb'], safe='')}"))
            except NotFound:
                return None
        for provider in ("imdb", "tvdb"):
            if provider in ids:
                path = f"find/{quote(ids[provider], safe='')}"
                found = await self._get(path, external_source=f"{provider}_id")
                if rows := _rows(found, f"{_PATH[kind]}_results"):
                    return self._match(kind, rows[0])
        return None

    async def collection(self, id_: str) -> Sequence[MetadataMatch]:
        found = await self._get(f"collection/{quote(id_, safe='')}")
        return [self._match("movie", row) for row in _rows(found, "parts")]

    async def image(self, url: str) -> bytes:
        """Only images of this provider: another host's address is refused."""
        if not url.startswith(self._image_url + "/"):
            raise Invalid("That is no image of TMDB")
        home = (urlsplit(self._image_url).hostname or "").lower()
        answer = await fetch(url, who="TMDB", timeout=self._timeout, max_bytes=MAX_IMAGE, home=home)
        if answer.status == 404:
            raise NotFound("TMDB does not have that image any more")
        return answer.check().body

    # -- asking
    # -------------------------------------------------------------------------------------------------------------

    async def _get(self, path: str, **params: str) -> Json:
        headers = {"Accept": "application/json"}
        asked = {"language": self._language, **params}
        if "." in self._api_key:  # a version 4 token is a JWT
            headers["Authorization"] = f"Bearer {self._api_key}"
        else:
            asked["api_key"] = self._api_key
        url = f"{self._base_url}/{path}"
        answer = await fetch(url, who="TMDB", params=asked, headers=headers, timeout=self._timeout)
        if answer.status == 404 and _says(answer, 34):
            raise NotFound("TMDB does not have that title (any more)")
        answer.check()
        try:
            found = json.loads(answer.body)
        except ValueError as error:
            raise Unavailable(f"TMDB ({answer.host}) answered with what is not JSON") from error
        if not isinstance(found, dict):
            raise Unavailable(f"TMDB ({answer.host}) answered with JSON of another shape")
        return found

    async def _episodes(self, id_: str, show: Json) -> Any:
        numbers = [n for s in _rows(show, "seasons") if isinstance(n := s.get("season_number"), int)]
        for start in range(0, len(numbers), _SEASONS_AT_ONCE):
            names = [f"season/{n}" for n in numbers[start : start + _SEASONS_AT_ONCE]]
            found = await self._get(f"tv/{quote(id_, safe='')}", append_to_response=",".join(names))
            for name in names:
                for row in _rows(found.get(name) or {}, "episodes"):
                    yield EpisodeDetails(
                        season=int(row.get("season_number", 0)),
                        episode=int(row.get("episode_number", 0)),
                        title=row.get("name") or None,
                        air_date=row.get("air_date") or None,
                        overview=row.get("overview") or None,
                        runtime=row.get("runtime") or None,
                    )

    # -- reading
    # ------------------------------------------------------------------------------------------------------------

    def _match(self, kind: MediaKind, row: Json) -> MetadataMatch:
        return MetadataMatch(
            provider=self.name,
            id=str(row["id"]),
            kind=kind,
            title=row.get("title") or row.get("name") or "?",
            year=_year(row),
            original_title=row.get("original_title") or row.get("original_name"),
            overview=row.get("overview") or None,
            poster_url=self._image(row.get("poster_path"), _POSTER),
            popularity=float(row.get("popularity") or 0),
        )

    def _details(self, kind: MediaKind, row: Json, episodes: tuple[EpisodeDetails, ...]) -> MediaDetails:
        external = row.get("external_ids") or {}
        ids = {"tmdb": str(row["id"])}
        for provider in ("imdb", "tvdb"):
            value = external.get(f"{provider}_id") or row.get(f"{provider}_id")
            if value:
                ids[provider] = str(value)
        images = {
            "poster": self._image(row.get("poster_path"), _POSTER),
            "backdrop": self._image(row.get("backdrop_path"), _BACKDROP),
        }
        title = row.get("title") or row.get("name") or "?"
        country = self._language.partition("-")[2] or "US"
        told = row.get("belongs_to_collection")
        collection = told if isinstance(told, dict) else {}
        runtimes = [m for m in row.get("episode_run_time") or () if isinstance(m, int)]
        return MediaDetails(
            provider=self.name,
            kind=kind,
            title=title,
            ids=ids,
            year=_year(row),
            original_title=row.get("original_title") or row.get("original_name"),
            original_language=row.get("original_language"),
            overview=row.get("overview") or None,
            runtime=row.get("runtime") or next(iter(runtimes), None),
            status=row.get("status"),
            genres=tuple(g["name"] for g in _rows(row, "genres") if g.get("name")),
            aliases=tuple(dict.fromkeys(t for t in _aliases(row) if t != title)),
            rating=row.get("vote_average") or None,
            certification=_certification(row, country),
            in_cinemas=_released(row, country, _CINEMA) or (row.get("release_date") or None),
            digital=_released(row, country, _DIGITAL),
            physical=_released(row, country, _PHYSICAL),
            images={name: url for name, url in images.items() if url},
            collection=collection.get("name") or None,
            collection_id=str(collection["id"]) if collection.get("id") else None,
            episodes=episodes,
        )

    def _image(self, path: object, size: str) -> str | None:
        return f"{self._image_url}/{size}{path}" if isinstance(path, str) and path.startswith("/") else None


def _rows(found: Json, key: str) -> list[Json]:
    rows = found.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _says(answer: Answer, code: int) -> bool:
    """Whether the answer is TMDB's own error of that number, and not another server's 404."""
    try:
        return bool(json.loads(answer.body).get("status_code") == code)
    except (ValueError, AttributeError):
        return False


def _year(row: Json) -> int | None:
    date = str(row.get("release_date") or row.get("first_air_date") or "")
    return int(date[:4]) if date[:4].isdigit() else None


def _aliases(row: Json) -> Iterator[str]:
    box = row.get("alternative_titles") or {}
    for entry in (*_rows(box, "titles"), *_rows(box, "results")):
        if entry.get("title"):
            yield cast(str, entry["title"])


def _dates(row: Json, country: str) -> list[Json]:
    countries = _rows(row.get("release_dates") or {}, "results")
    return [d for c in countries if c.get("iso_3166_1") == country for d in _rows(c, "release_dates")]


def _released(row: Json, country: str, kinds: tuple[int, ...]) -> str | None:
    dates = _dates(row, country)
    for kind in kinds:
        days = sorted(str(d.get("release_date") or "")[:10] for d in dates if d.get("type") == kind)
        if days:
            return days[0] or None
    return None


def _certification(row: Json, country: str) -> str | None:
    for entry in _rows(row.get("content_ratings") or {}, "results"):
        if entry.get("iso_3166_1") == country and entry.get("rating"):
            return str(entry["rating"])
    return next((str(d["certification"]) for d in _dates(row, country) if d.get("certification")), None)
