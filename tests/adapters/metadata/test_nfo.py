"""NFO files as Kodi, scene groups and attackers write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.adapters.metadata.nfo import _details, _elements, beside

MOVIE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie>
  <title>Nosferatu</title>
  <originaltitle>Nosferatu, eine Symphonie des Grauens</originaltitle>
  <year>1922</year>
  <plot>A vampire &amp; a house.</plot>
  <runtime>94</runtime>
  <mpaa>PG</mpaa>
  <genre>Horror</genre><genre>Fantasy</genre><genre/>
  <uniqueid type="tmdb" default="true">653</uniqueid>
  <uniqueid type="IMDB">tt0013442</uniqueid>
  <uniqueid type="letterboxd">x</uniqueid>
  <premiered>1922-03-04</premiered>
</movie>
"""
SHOW = """<tvshow><title>A Show</title><premiered>2010-01-01</premiered><status>Ended</status><id>555</id><tmdbid>77</tmdbid></tvshow>
https://www.thetvdb.com/series/555
"""


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_film_s_nfo_gives_its_ids_and_facts(tmp_path: Path) -> None:
    video = write(tmp_path / "Nosferatu (1922)" / "Nosferatu.mkv", b"")
    write(video.with_suffix(".nfo"), MOVIE)
    found = beside(str(tmp_path), "movie", "Nosferatu (1922)/Nosferatu.mkv")
    assert found is not None
    assert (found.provider, found.kind, found.title, found.year) == ("nfo", "movie", "Nosferatu", 1922)
    assert dict(found.ids) == {"tmdb": "653", "imdb": "tt0013442"}
    assert (found.overview, found.runtime, found.certification) == ("A vampire & a house.", 94, "PG")
    assert (found.genres, found.in_cinemas) == (("Horror", "Fantasy"), "1922-03-04")


def test_the_nfo_of_the_file_comes_before_the_folder_s(tmp_path: Path) -> None:
    write(tmp_path / "F" / "F.mkv", b"")
    write(tmp_path / "F" / "movie.nfo", "<movie><title>Folder</title></movie>")
    assert getattr(beside(str(tmp_path), "movie", "F/F.mkv"), "title", None) == "Folder"
    write(tmp_path / "F" / "F.nfo", "<movie><title>File</title></movie>")
    assert getattr(beside(str(tmp_path), "movie", "F/F.mkv"), "title", None) == "File"


def test_a_show_s_nfo_is_looked_for_upwards_and_no_further_than_the_root(tmp_path: Path) -> None:
    root = tmp_path / "tv"
    write(root / "A Show" / "Season 01" / "S01E01.mkv", b"")
    write(tmp_path / "tvshow.nfo", SHOW.replace("A Show", "Outside"))
    assert beside(str(root), "tv_show", "A Show/Season 01/S01E01.mkv") is None
    write(root / "A Show" / "tvshow.nfo", SHOW)
    found = beside(str(root), "tv_show", "A Show/Season 01/S01E01.mkv")
    assert found is not None
    assert (found.title, found.year, found.status, dict(found.ids)) == (
        "A Show",
        2010,
        "Ended",
        {"tvdb": "555", "tmdb": "77"},
    )


def test_the_first_of_several_roots_that_is_of_the_kind_speaks(tmp_path: Path) -> None:
    video = write(tmp_path / "F" / "F.mkv", b"")
    write(video.with_suffix(".nfo"), SHOW.splitlines()[0] + MOVIE)
    assert getattr(beside(str(tmp_path), "movie", "F/F.mkv"), "title", None) == "Nosferatu"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("https://www.imdb.com/title/tt0013442/", {"imdb": "tt0013442"}),
        ("https://www.themoviedb.org/movie/653-nosferatu\n", {"tmdb": "653"}),
        (MOVIE + "https://www.themoviedb.org/movie/1", {"tmdb": "653", "imdb": "tt0013442"}),
        ("<movie><title>X</title><id>tt0000001</id></movie>", {"imdb": "tt0000001"}),
        (
            "<movie><title>X</title><uniqueid type='tmdb'>../../x</uniqueid><uniqueid type='imdb'>1</uniqueid></movie>",
            {},
        ),
    ],
)
def test_ids_are_read_from_links_and_elements_and_only_real_ones(
    tmp_path: Path, text: str, ids: dict[str, str]
) -> None:
    video = write(tmp_path / "Film (1999)" / "Film.1999.mkv", b"")
    write(video.with_suffix(".nfo"), text)
    found = beside(str(tmp_path), "movie", video.relative_to(tmp_path).as_posix())
    assert found is not None
    assert dict(found.ids) == ids


def test_a_link_alone_takes_its_title_from_the_file_s_name(tmp_path: Path) -> None:
    video = write(tmp_path / "Nosferatu (1922)" / "Nosferatu (1922).mkv", b"")
    write(video.with_suffix(".nfo"), "https://www.imdb.com/title/tt0013442/")
    found = beside(str(tmp_path), "movie", video.relative_to(tmp_path).as_posix())
    assert found is not None
    assert (found.title, found.year) == ("Nosferatu", 1922)


SCENE = "▄▄▄ GRP PRESENTS ▄▄▄\n" + "art " * 200 + "\nhttps://www.imdb.com/title/tt0013442/ <movie> & so on\n"
IGNORED: dict[str, str | bytes] = {
    "a scene group's text": SCENE,
    "the same in DOS letters": SCENE.encode("cp437", "replace"),
    "empty": "",
    "another kind": SHOW,
    "broken XML": "<movie><title>X</movie>",
    "an entity bomb": '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><movie><title>&b;</title></movie>',
    "a file": '<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><movie><title>&f;</title></movie>',
    "a file further down": '<movie><title>X</title></movie><!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><movie>&f;</movie>',
    "too deep": "<movie>" + "<a>" * 500 + "</a>" * 500 + "<title>X</title></movie>",
    "too long": "<movie><title>X</title>" + " " * 3_000_000 + "</movie>",
    "no title and no id": "<movie><plot>?</plot></movie>",
}


@pytest.mark.parametrize("name", IGNORED)
def test_what_says_nothing_trustworthy_is_ignored(tmp_path: Path, name: str) -> None:
    video = write(tmp_path / "F" / "F.mkv", b"")
    write(video.with_suffix(".nfo"), IGNORED[name])
    assert beside(str(tmp_path), "movie", video.relative_to(tmp_path).as_posix()) is None


def test_old_encodings_are_read(tmp_path: Path) -> None:
    video = write(tmp_path / "F" / "F.mkv", b"")
    for raw in (
        "<movie><title>Café</title></movie>".encode("cp1252"),
        "<movie><title>Café</title></movie>".encode("utf-16"),
    ):
        write(video.with_suffix(".nfo"), raw)
        assert getattr(beside(str(tmp_path), "movie", video.relative_to(tmp_path).as_posix()), "title", None) == "Café"


def test_nothing_outside_the_root_is_read(tmp_path: Path) -> None:
    root = tmp_path / "films"
    write(root / "F" / "F.mkv", b"")
    secret = write(tmp_path / "secret.nfo", MOVIE)
    (root / "F" / "F.nfo").symlink_to(secret)
    (root / "out").symlink_to(tmp_path)
    write(tmp_path / "movie.nfo", MOVIE)
    for video in ("F/F.mkv", "out/F.mkv", "out/secret.mkv", "../secret.mkv", "../F.mkv", "/etc/passwd"):
        assert beside(str(root), "movie", video) is None


@given(st.text(max_size=300))
def test_no_text_at_all_makes_it_do_anything_but_answer(text: str) -> None:
    for candidate in (text, f"<movie>{text}</movie>", f"<movie><title>{text}"):
        _elements(candidate)
        _details("movie", candidate)
