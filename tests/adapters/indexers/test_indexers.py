"""Torznab, Newznab and Prowlarr, over real HTTP against a fake indexer that speaks their protocol."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import trio

from mydia.adapters.clients.torrent_file import read_torrent
from mydia.adapters.indexers.api import api_address, tiers
from mydia.adapters.indexers.feed import DEFAULTS, Capabilities, Search
from mydia.adapters.indexers.newznab import Newznab
from mydia.adapters.indexers.prowlarr import Prowlarr
from mydia.adapters.indexers.torznab import Torznab
from mydia.demo.fakes import FakeIndexer, FakeRelease, Reply, Request, serve
from mydia.errors import Invalid, Unavailable
from mydia.ports import FoundRelease, IndexerQuery
from tests.support.torrents import hostile_torrents, make_torrent

NZB = b'<?xml version="1.0"?><nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"></nzb>'
MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"
FILM = IndexerQuery("movie", "Some Film", 2020, {"imdb": "tt0000001", "tmdb": "11"})
EPISODE = IndexerQuery("tv_show", "A Show", 2010, {"tvdb": "5"}, season=1, episode=2)
FILM_RELEASE = FakeRelease("Some.Film.2020.1080p.WEB-DL-GRP", size=4_000_000_000, ids={"imdb": "0000001", "tmdb": "11"})
EPISODE_RELEASE = FakeRelease("A.Show.S01E02.720p-GRP", category=5040, ids={"tvdb": "5"}, season=1, episode=2)


async def indexer(
    nursery: trio.Nursery,
    releases: Sequence[FakeRelease],
    kind: type[Torznab] | type[Newznab] = Torznab,
    **options: object,
) -> tuple[FakeIndexer, Torznab | Newznab]:
    protocol = "torrent" if kind is Torznab else "usenet"
    fake = FakeIndexer(releases, protocol=protocol, api_key="k3y", **options)  # type: ignore[arg-type]  # each test's own
    url = await nursery.start(serve, fake)
    return fake, kind(name="Indexer x", url=url, api_key="k3y", priority=7)


def searches(fake: FakeIndexer) -> list[Request]:
    return [r for r in fake.requests if r.query.get("t") not in (None, "caps")]


async def test_a_film_is_found_by_its_ids_with_all_the_feed_says(nursery: trio.Nursery) -> None:
    release = FakeRelease(
        "Some.Film.2020.1080p.WEB-DL-GRP", size=4_000_000_000, seeders=5, peers=9, category=2040, ids={"imdb": "0000001"},
        attributes={"downloadvolumefactor": "0", "uploadvolumefactor": "2", "tag": "internal", "language": "English"},
    )  # fmt: skip
    fake, torznab = await indexer(nursery, [release])
    (found,) = await torznab.search(FILM)
    assert (found.title, found.indexer, found.protocol, found.priority) == (release.title, "Indexer x", "torrent", 7)
    assert (found.size, found.seeders, found.peers, found.published) == (4_000_000_000, 5, 9, "2022-01-01T12:00:00Z")
    assert found.flags == ("internal", "freeleech", "doubleupload")
    assert (found.categories, found.languages) == ((2040,), ("English",))
    assert found.download_url.startswith("http://127.0.0.1")
    (request,) = searches(fake)
    assert {k: request.query[k] for k in ("t", "imdbid", "tmdbid", "cat")} == {
        "t": "movie",
        "imdbid": "0000001",
        "tmdbid": "11",
        "cat": "2000",
    }


async def test_words_are_tried_only_when_the_ids_found_nothing(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(nursery, [FakeRelease("Some.Film.2020.720p-GRP")])
    (found,) = await torznab.search(FILM)
    assert found.title == "Some.Film.2020.720p-GRP"
    assert [("imdbid" in r.query, r.query.get("q")) for r in searches(fake)] == [
        (True, None),
        (False, "Some Film 2020"),
    ]


async def test_an_episode_and_a_season_are_asked_for_by_number(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(
        nursery, [EPISODE_RELEASE, FakeRelease("A.Show.S01-GRP", category=5000, ids={"tvdb": "5"}, season=1)]
    )
    assert [r.title for r in await torznab.search(EPISODE)] == ["A.Show.S01E02.720p-GRP", "A.Show.S01-GRP"]
    request = searches(fake)[0]
    assert {k: request.query[k] for k in ("t", "tvdbid", "season", "ep", "cat")} == {
        "t": "tvsearch", "tvdbid": "5", "season": "1", "ep": "2", "cat": "5000",
    }  # fmt: skip


async def test_seeders_that_are_not_said_are_unknown_and_not_none(nursery: trio.Nursery) -> None:
    _, torznab = await indexer(
        nursery,
        [
            FakeRelease("Some.Film.2020-A", seeders=None, peers=None),
            FakeRelease("Some.Film.2020-B", seeders=0, peers=0),
        ],
    )
    assert [r.seeders for r in await torznab.search(FILM)] == [None, 0]


async def test_pages_are_read_until_there_are_no_more(nursery: trio.Nursery) -> None:
    releases = [FakeRelease(f"Some.Film.2020.{n}-GRP", ids={"imdb": "0000001"}) for n in range(25)]
    fake, torznab = await indexer(nursery, releases, page=10)
    assert len(await torznab.search(FILM)) == 25
    assert [r.query["offset"] for r in searches(fake)] == ["0", "10", "20"]


async def test_an_indexer_that_repeats_its_page_for_ever_is_left(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(nursery, [FILM_RELEASE])
    await torznab.capabilities()
    items = "".join(f"<item><title>F{n}</title><guid>{n}</guid><link>http://x/{n}</link></item>" for n in range(100))
    same = Reply(200, f"<rss><channel>{items}</channel></rss>".encode(), content_type="text/xml")
    fake.planned.extend([same] * 20)
    assert len(await torznab.search(FILM)) == 100
    assert len(searches(fake)) == 2


async def test_what_is_new_is_asked_for_without_words(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(nursery, [FILM_RELEASE, EPISODE_RELEASE])
    assert len(await torznab.recent()) == 2
    (request,) = searches(fake)
    assert (request.query["cat"], "q" in request.query) == ("2000,5000", False)


# -- capabilities
# -----------------------------------------------------------------------------------------------------------


async def test_capabilities_are_asked_once_and_a_failure_of_them_is_not_kept(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(nursery, [FILM_RELEASE])
    fake.planned.append(Reply(200, b"<html>oops</html>", content_type="text/html"))
    assert [r.title for r in await torznab.search(FILM)] == [FILM_RELEASE.title]
    assert "imdbid" not in searches(fake)[0].query
    for _ in range(2):
        await torznab.search(FILM)
    assert [r.query.get("t") for r in fake.requests].count("caps") == 2
    assert "imdbid" in searches(fake)[-1].query


async def test_it_tells_what_it_can_do(nursery: trio.Nursery) -> None:
    _, torznab = await indexer(nursery, [])
    can = await torznab.capabilities()
    assert can["server"] == "A fake indexer of Mydia's"
    assert "imdbid" in can["searches"]["movie-search"]
    assert can["categories"][2040] == "Movies/HD"


def test_ids_go_together_only_where_the_indexer_says_which_it_takes() -> None:
    silent = Capabilities(
        searches={"movie-search": Search(True, frozenset({"q", "imdbid", "tmdbid"}), aggregate=False)}
    )
    assert next(tiers(FILM, silent)) == {"t": "movie", "imdbid": "0000001"}
    assert [p["t"] for p in tiers(FILM, DEFAULTS)] == ["movie"]


def test_specials_and_daily_shows_have_their_own_numbers() -> None:
    can = Capabilities(searches={"tv-search": Search(True, frozenset({"q", "season", "ep"}))})
    (special,) = tiers(IndexerQuery("tv_show", "A Show", season=0, episode=3), can)
    assert (special["season"], special["ep"]) == ("00", "3")
    (daily,) = tiers(IndexerQuery("tv_show", "A Show", air_date="2020-03-04"), can)
    assert (daily["season"], daily["ep"]) == ("2020", "03/04")


def test_words_are_cleaned_unless_the_indexer_wants_them_raw() -> None:
    plain = Capabilities(searches={"search": Search(True)})
    (asked,) = tiers(IndexerQuery("movie", "Schindler's List: R&D (Part_1)!", 1993), plain)
    assert asked == {"t": "search", "q": "Schindlers List R and D Part 1 1993"}
    raw = Capabilities(searches={"search": Search(True, raw=True)})
    (asked,) = tiers(IndexerQuery("tv_show", "It's: A", season=2, episode=3), raw)
    assert asked["q"] == "It's: A S02E03"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://x:9696/1", "http://x:9696/1/api"),
        ("http://x:9696/1/api/", "http://x:9696/1/api"),
        ("https://x/api/v2.0/indexers/y/results/torznab/", "https://x/api/v2.0/indexers/y/results/torznab"),
        ("https://x", "https://x/api"),
    ],
)
def test_the_address_is_completed(given: str, used: str) -> None:
    assert api_address(given) == used


# -- refusals
# ---------------------------------------------------------------------------------------------------------------


async def test_a_wrong_key_is_told_without_the_key(nursery: trio.Nursery) -> None:
    fake, _ = await indexer(nursery, [])
    url = await nursery.start(serve, fake)
    for call in ("capabilities", "recent"):
        with pytest.raises(Invalid, match="Incorrect user credentials") as refused:
            await getattr(Torznab(name="Indexer x", url=url, api_key="wr0ng"), call)()
        assert "wr0ng" not in str(refused.value)
        assert "settings" in str(refused.value)


async def test_a_limit_is_unavailable_and_says_until_when(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(nursery, [])
    await torznab.capabilities()
    fake.planned.append(Reply(429, b'<error code="500" description="Request limit reached"/>', {"retry-after": "7"}))
    with pytest.raises(Unavailable) as refused:
        await torznab.search(FILM)
    assert refused.value.retry_after
    fake.planned.append(Reply(429, b"slow down", {"retry-after": "7"}))
    with pytest.raises(Unavailable) as refused:
        await torznab.search(FILM)
    assert refused.value.retry_after == 7


async def test_a_function_it_does_not_have_is_gone_round(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(nursery, [FILM_RELEASE])
    await torznab.capabilities()
    fake.planned.append(Reply(200, b'<error code="203" description="Function not available"/>'))
    assert [r.title for r in await torznab.search(FILM)] == [FILM_RELEASE.title]


# -- fetching
# -----------------------------------------------------------------------------------------------------------------


async def test_a_torrent_is_fetched_and_its_hash_is_known(nursery: trio.Nursery, tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(b"x" * 40_000)
    torrent = make_torrent(tmp_path / "film.mkv")
    _, torznab = await indexer(nursery, [FakeRelease("Some.Film.2020-GRP", torrent)])
    (found,) = await torznab.search(FILM)
    payload = await torznab.fetch(found)
    assert (payload.content, payload.infohash, payload.name) == (
        torrent,
        read_torrent(torrent).v1,
        "Some.Film.2020-GRP",
    )


async def test_a_link_that_turns_out_to_be_a_magnet_is_one(nursery: trio.Nursery) -> None:
    _, torznab = await indexer(nursery, [FakeRelease("Some.Film.2020-GRP", magnet=MAGNET)])
    (found,) = await torznab.search(FILM)
    payload = await torznab.fetch(found)
    assert (payload.magnet, payload.content, payload.infohash) == (MAGNET, None, MAGNET[-40:])


async def test_a_magnet_in_the_feed_is_not_fetched_at_all(nursery: trio.Nursery) -> None:
    fake, torznab = await indexer(nursery, [])
    await torznab.capabilities()
    item = f"<item><title>Some Film 2020</title><guid>{MAGNET}</guid></item>"
    fake.planned.append(Reply(200, f"<rss><channel>{item}</channel></rss>".encode()))
    (found,) = await torznab.search(FILM)
    assert (found.download_url, found.infohash) == (MAGNET, MAGNET[-40:])
    assert (await torznab.fetch(found)).magnet == MAGNET


async def test_what_is_no_torrent_or_a_hostile_one_is_not_passed_on(nursery: trio.Nursery) -> None:
    bad = [b"<html>log in</html>", b"", *hostile_torrents().values()]
    _, torznab = await indexer(
        nursery, [FakeRelease(f"Some.Film.2020.{n}-GRP", content) for n, content in enumerate(bad)]
    )
    for found in await torznab.search(FILM):
        with pytest.raises(Invalid, match="no usable torrent"):
            await torznab.fetch(found)


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:{port}/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:{port}/",
        "file:///etc/passwd",
        "ftp://x/y",
    ],
)
async def test_a_feed_cannot_make_mydia_ask_inside_the_home(nursery: trio.Nursery, address: str) -> None:
    fake, torznab = await indexer(nursery, [])
    await torznab.capabilities()
    count = len(fake.requests)
    release = FoundRelease(
        "F", "g", "Indexer x", "torrent", address.format(port=torznab.url.split(":")[2].split("/")[0])
    )
    with pytest.raises(Invalid):
        await torznab.fetch(release)
    assert len(fake.requests) == count


async def test_a_release_that_is_gone_is_told(nursery: trio.Nursery) -> None:
    _, torznab = await indexer(nursery, [])
    with pytest.raises(Invalid, match="no longer has"):
        await torznab.fetch(FoundRelease("F", "g", "x", "torrent", torznab.url.replace("/api", "/download/99")))


async def test_newznab_gives_usenet_releases_and_their_nzb(nursery: trio.Nursery) -> None:
    said = {"password": "1", "grabs": "3", "usenetdate": "Sun, 02 Jan 2022 00:00:00 +0000"}
    release = FakeRelease("Some.Film.2020.1080p-GRP", NZB, size=5, ids={"imdb": "0000001"}, attributes=said)
    _, newznab = await indexer(
        nursery, [release, FakeRelease("Some.Film.2020-B", b"<html>limit</html>", ids={"imdb": "0000001"})], Newznab
    )
    found, wrong = await newznab.search(FILM)
    assert (found.protocol, found.flags, found.seeders, found.published) == (
        "usenet",
        ("passworded",),
        None,
        "2022-01-02T00:00:00Z",
    )
    assert (await newznab.fetch(found)).content == NZB
    with pytest.raises(Invalid, match="no NZB"):
        await newznab.fetch(wrong)


# -- Prowlarr
# -----------------------------------------------------------------------------------------------------------------


class FakeProwlarr(FakeIndexer):
    """A Prowlarr with one torrent indexer, one for usenet, and one that is switched off."""

    def answer(self, request: Request) -> Reply:
        if request.path == "/api/v1/indexer":
            if request.headers.get("x-api-key") != "k3y":
                return Reply(401)
            rows = [(1, "torrent", True), (2, "usenet", True), (3, "torrent", False)]
            return Reply(200, json.dumps([{"id": i, "protocol": p, "enable": e} for i, p, e in rows]).encode())
        if request.path.startswith("/2/") and request.query.get("t") != "caps":
            return Reply(500)
        return super().answer(request)


async def test_prowlarr_is_all_of_its_indexers_and_one_that_fails_spoils_nothing(
    nursery: trio.Nursery, tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"x" * 40_000)
    torrent = make_torrent(tmp_path / "film.mkv")
    fake = FakeProwlarr([FakeRelease("Some.Film.2020-GRP", torrent, ids={"imdb": "0000001"})], api_key="k3y")
    prowlarr = Prowlarr(name="Prowlarr", url=await nursery.start(serve, fake), api_key="k3y")
    (found,) = await prowlarr.search(FILM)
    assert (found.title, found.indexer) == ("Some.Film.2020-GRP", "Prowlarr")
    assert {r.path for r in fake.requests} == {"/api/v1/indexer", "/1/api", "/2/api"}
    assert (await prowlarr.fetch(found)).content == torrent
    assert len((await prowlarr.capabilities())["indexers"]) == 2


async def test_what_is_no_prowlarr_or_does_not_know_the_key_is_told(nursery: trio.Nursery) -> None:
    fake = FakeProwlarr([], api_key="k3y")
    url = await nursery.start(serve, fake)
    with pytest.raises(Invalid, match="key"):
        await Prowlarr(name="Prowlarr", url=url, api_key="wrong").search(FILM)
    for body in (b"<html>", b'{"a": 1}', b"[1]"):
        fake.planned.append(Reply(200, body))
        with pytest.raises(Invalid, match="no Prowlarr"):
            await Prowlarr(name="Prowlarr", url=url, api_key="k3y").search(FILM)
