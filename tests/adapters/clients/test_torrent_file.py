"""Reading torrents and magnet links: what hostile ones are told, and that no bytes at all make it crash."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.adapters.clients.torrent_file import read_info, read_magnet, read_torrent
from mydia.errors import Invalid
from tests.support.torrents import hostile_torrents, lt, make_torrent


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "Film.2020"
    (folder / "Extras").mkdir(parents=True)
    (folder / "film.mkv").write_bytes(os.urandom(100_000))
    (folder / "Extras" / "Çay – 茶.mkv").write_bytes(os.urandom(50_000))
    return folder


@pytest.mark.parametrize("v1_only", [True, False])
def test_it_reads_the_hashes_and_files_that_libtorrent_reads(content: Path, v1_only: bool) -> None:
    torrent = make_torrent(content, v1_only=v1_only)
    params = lt.load_torrent_buffer(torrent)
    read = read_torrent(torrent)
    assert read.v1 == str(params.info_hashes.v1)
    assert read.v2 == (None if v1_only else str(params.info_hashes.v2))
    assert read.id == str(params.info_hashes.v1 if v1_only else params.info_hashes.v2)[:40]
    assert sorted(read.files) == [("Film.2020/Extras/Çay – 茶.mkv", 50_000), ("Film.2020/film.mkv", 100_000)]
    assert read_info(params.ti.info_section()) == read


def test_a_single_file_lies_beside_no_folder(content: Path) -> None:
    for v1_only in (True, False):
        assert read_torrent(make_torrent(content / "film.mkv", v1_only=v1_only)).files == (("film.mkv", 100_000),)


@pytest.mark.parametrize("name", hostile_torrents())
def test_a_name_that_leads_outside_is_refused_and_told(name: str) -> None:
    with pytest.raises(Invalid, match="outside its own folder"):
        read_torrent(hostile_torrents()[name])


def test_dots_inside_names_are_only_names() -> None:
    info = {b"name": b"..Film..2020..", b"piece length": 1, b"pieces": b"", b"length": 1}
    assert read_torrent(lt.bencode({b"info": info})).files == (("..Film..2020..", 1),)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_it_do_anything_but_refuse(data: bytes) -> None:
    for content in (data, b"d4:info" + data, b"d4:infod6:lengthi1e4:name1:a6:pieces0:" + data):
        try:
            read_torrent(content)
        except Invalid:
            continue


@pytest.mark.parametrize(
    "content",
    [
        b"l" * 100_000,
        b"d4:info" + b"l" * 10_000 + b"e" * 10_000 + b"e",
        b"d4:infod99999999999999:x",
        b"i" * 50,
        b"d4:infoi1ee",
    ],
)
def test_bombs_of_nesting_and_lengths_are_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        read_torrent(content)


def test_magnet_links_give_their_hashes_in_every_spelling() -> None:
    sha1, sha256 = "0123456789abcdef0123456789abcdef01234567", "ab" * 32
    assert read_magnet(f"magnet:?xt=urn:btih:{sha1.upper()}&dn=A+Film").v1 == sha1
    assert read_magnet("magnet:?xt=urn:btih:AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH").v1 == sha1
    both = read_magnet(f"magnet:?xt=urn:btih:{sha1}&xt=urn:btmh:1220{sha256}")
    assert (both.v1, both.v2, both.id, both.ids) == (sha1, sha256, sha256[:40], frozenset({sha1, sha256[:40]}))


@pytest.mark.parametrize(
    "link", ["magnet:?dn=x", "magnet:?xt=urn:btih:zz", "http://x/", "", "magnet:?xt=urn:btih:" + "1" * 32]
)
def test_what_names_no_torrent_is_refused(link: str) -> None:
    with pytest.raises(Invalid):
        read_magnet(link)
