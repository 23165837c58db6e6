"""TMDB over real HTTP, against a fake that speaks its API: what is asked, what is read, what is refused."""

import pytest
import trio

from mydia.adapters.metadata.tmdb import Tmdb
from mydia.demo.fakes import FakeEpisode, FakeTitle, FakeTmdb, Reply, serve
from mydia.errors import Invalid, NotFound, Unavailable

FILM = FakeTitle(
    11, "movie", "Nosferatu", 1922, "A vampire.", 94, imdb_id="tt0013442", original_title="Nosferatu, eine Symphonie des Grauens",
    original_language="de", aliases=("Nosferatu: A Symphony of Horror",), genres=("Horror", "Fantasy"), popularity=5,
)  # fmt: skip
REMAKE = FakeTitle(12, "movie", "Nosferatu", 2024, popularity=50)
# The same number as the film: on TMDB, a show may have it too.
SHOW = FakeTitle(
    11, "tv_show", "A Show", 2010, runtime=25, imdb_id="tt0000005", tvdb_id=555, status="Ended",
    episodes=tuple(FakeEpisode(s, e, f"Part {e}", f"20{10 + s}-01-{e:02}") for s in range(20) for e in (1, 2)),
)  # fmt: skip


async def tmdb(nursery: trio.Nursery, key: str = "v3key") -> tuple[FakeTmdb, Tmdb]:
    fake = FakeTmdb([FILM, REMAKE, SHOW], api_key=key)
    url = await nursery.start(serve, fake)
    return fake, Tmdb(api_key=key, base_url=f"{url}/3", image_url=f"{url}/t/p")


async def test_a_film_is_searched_with_its_year_first(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    (found,) = await provider.search("movie", "nosferatu", 1922)
    assert (found.provider, found.id, found.kind, found.title, found.year) == ("tmdb", "11", "movie", "Nosferatu", 1922)
    assert found.original_title == "Nosferatu, eine Symphonie des Grauens"
    assert (found.poster_url or "").endswith("/t/p/w500/11-poster.png")
    assert fake.requests[0].query["primary_release_year"] == "1922"
    assert len(fake.requests) == 1


async def test_a_year_that_finds_nothing_is_left_out(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    assert [m.id for m in await provider.search("movie", "Nosferatu", 1999)] == ["12", "11"]
    assert len(fake.requests) == 2
    assert await provider.search("movie", "No such film") == []


async def test_films_and_shows_of_one_number_are_different_things(nursery: trio.Nursery) -> None:
    _, provider = await tmdb(nursery)
    assert (await provider.details("movie", "11")).title == "Nosferatu"
    assert (await provider.details("tv_show", "11")).title == "A Show"


async def test_everything_of_a_film_comes_in_one_request(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    film = await provider.details("movie", "11")
    assert len(fake.requests) == 1
    assert dict(film.ids) == {"tmdb": "11", "imdb": "tt0013442"}
    assert (film.year, film.runtime, film.original_language, film.status) == (1922, 94, "de", "Released")
    assert (film.genres, film.aliases) == (("Horror", "Fantasy"), ("Nosferatu: A Symphony of Horror",))
    assert (film.in_cinemas, film.digital, film.physical) == ("1922-01-01", "1922-04-01", "1922-06-01")
    assert film.certification == "PG"
    assert set(film.images) == {"poster", "backdrop"}
    assert film.episodes == ()


async def test_a_show_comes_with_the_episodes_of_all_its_seasons(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    show = await provider.details("tv_show", "11")
    assert dict(show.ids) == {"tmdb": "11", "imdb": "tt0000005", "tvdb": "555"}
    assert len(show.episodes) == 40
    assert {(e.season, e.episode) for e in show.episodes} == {(s, e) for s in range(20) for e in (1, 2)}
    first = show.episodes[2]
    assert (first.title, first.air_date, first.runtime) == ("Part 1", "2011-01-01", 25)
    assert (show.certification, show.runtime, show.status) == ("TV-PG", 25, "Ended")
    # Twenty parts may be appended to a request; twenty seasons and the rest of the show are more.
    assert len(fake.requests) == 3


async def test_other_providers_ids_lead_to_a_title(nursery: trio.Nursery) -> None:
    _, provider = await tmdb(nursery)
    film = await provider.find("movie", {"imdb": "tt0013442"})
    show = await provider.find("tv_show", {"imdb": "tt9999999", "tvdb": "555"})
    own = await provider.find("movie", {"tmdb": "12"})
    assert film is not None
    assert show is not None
    assert own is not None
    assert (film.title, show.title, own.year) == ("Nosferatu", "A Show", 2024)
    assert await provider.find("tv_show", {"imdb": "tt0013442"}) is None
    assert await provider.find("movie", {"tmdb": "999"}) is None
    assert await provider.find("movie", {}) is None


async def test_an_image_is_fetched_from_tmdb_and_from_nowhere_else(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    film = await provider.details("movie", "11")
    assert (await provider.image(film.images["poster"])).startswith(b"\x89PNG")
    count = len(fake.requests)
    for other in ("http://127.0.0.1:1/x.png", "file:///etc/passwd", film.images["poster"].replace("/t/p", "/3"), ""):
        with pytest.raises(Invalid):
            await provider.image(other)
    assert len(fake.requests) == count
    with pytest.raises(NotFound):
        fake.planned.append(Reply(404))
        await provider.image(film.images["poster"])


@pytest.mark.parametrize(("key", "sent"), [("v3key", "query"), ("eyJ.a.b", "header")])
async def test_both_kinds_of_key_are_sent_as_tmdb_wants_them(nursery: trio.Nursery, key: str, sent: str) -> None:
    fake, provider = await tmdb(nursery, key)
    await provider.search("movie", "Nosferatu")
    (request,) = fake.requests
    assert (request.query.get("api_key") == key) == (sent == "query")
    assert (request.headers.get("authorization") == f"Bearer {key}") == (sent == "header")


async def test_a_wrong_key_is_told_and_not_shown(nursery: trio.Nursery) -> None:
    _, provider = await tmdb(nursery)
    wrong = Tmdb(api_key="wr0ngkey", base_url=provider._base_url)
    with pytest.raises(Invalid, match="key") as refused:
        await wrong.search("movie", "x")
    assert "wr0ngkey" not in str(refused.value)


async def test_a_title_that_does_not_exist_is_not_found_but_a_wrong_address_is(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    with pytest.raises(NotFound):
        await provider.details("movie", "999")
    with pytest.raises(NotFound):
        await provider.details("movie", "../tv/11")
    fake.planned.append(Reply(404, b"<html>nginx</html>", content_type="text/html"))
    with pytest.raises(Invalid, match="address"):
        await provider.details("movie", "11")


async def test_too_many_requests_wait_as_long_as_they_are_told(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    fake.planned.append(Reply(429, b'{"status_code": 25}', {"retry-after": "9"}))
    with pytest.raises(Unavailable) as refused:
        await provider.search("movie", "x")
    assert refused.value.retry_after == 9


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"nul", b'{"results": 5}', b'{"results": [1, null]}', b"{}"])
async def test_answers_of_another_shape_are_refused_or_empty_and_never_a_crash(
    nursery: trio.Nursery, body: bytes
) -> None:
    fake, provider = await tmdb(nursery)
    fake.planned.append(Reply(200, body))
    try:
        assert await provider.search("movie", "x") == []
    except Unavailable as error:
        assert "TMDB" in str(error)


async def test_a_sparse_title_is_taken_with_what_it_has(nursery: trio.Nursery) -> None:
    fake, provider = await tmdb(nursery)
    fake.planned.append(Reply(200, b'{"id": 5, "title": "X", "release_date": "", "poster_path": null, "genres": null}'))
    film = await provider.details("movie", "5")
    assert (film.title, film.year, film.images, film.genres, film.overview) == ("X", None, {}, (), None)
