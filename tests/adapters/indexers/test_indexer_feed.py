"""Feeds as indexers really send them: complete, broken, and hostile. Nothing in one reaches a file, a host or much
memory.
"""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydia.adapters.indexers.feed import NotOffered, moment, read_capabilities, read_feed
from mydia.errors import Invalid, MydiaError, Unavailable

HEAD = '<rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel>'
TAIL = "</channel></rss>"


def feed(*items: str) -> bytes:
    return (HEAD + "".join(f"<item>{i}</item>" for i in items) + TAIL).encode()


def test_an_item_gives_its_texts_enclosure_and_attributes() -> None:
    (item,) = read_feed(
        feed(
            "<title>A &amp; B</title><guid>g</guid><enclosure url='http://x/1' length='5' type='t'/>"
            "<torznab:attr name='Seeders' value='7'/><torznab:attr name='category' value='2000'/>"
            "<torznab:attr name='category' value='2040'/><torznab:attr name='size' value='x'/>"
        ),
        "x",
    ).items
    assert item.text("title") == "A & B"
    assert item.enclosure["url"] == "http://x/1"
    assert item.number("seeders") == 7
    assert item.attributes["category"] == ("2000", "2040")
    assert (item.number("size"), item.attribute("none")) == (None, None)


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("Tom & Jerry", "Tom & Jerry"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("Caf&eacute; &nbsp;R&D", "Café \xa0R&D"),
        ("A &unknown; B", "A &unknown; B"),
        ("AT&T;", "AT&T;"),
        ("bell\x07 and nul\0 gone", "bell and nul gone"),
        ("a&#x1F;b&#0;c&#xFFFF;d&#x110000;e", "abcde"),
        ("&#x41;&#66;", "AB"),
        ("<![CDATA[Tom & Jerry <3]]>", "Tom & Jerry <3"),
        ("<![CDATA[a & b]]> &amp; c & d", "a & b & c & d"),
    ],
)
def test_what_xml_forbids_is_repaired(title: str, read: str) -> None:
    (item,) = read_feed(feed(f"<title>{title}</title>"), "x").items
    assert item.text("title") == read


def test_encodings_are_read_as_declared_and_a_wrong_byte_costs_only_itself() -> None:
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?>' + HEAD + "<item><title>Café</title></item>" + TAIL
    assert read_feed(latin.encode("latin-1"), "x").items[0].text("title") == "Café"
    utf16 = '<?xml version="1.0" encoding="utf-16"?>' + HEAD + "<item><title>茶</title></item>" + TAIL
    assert read_feed(utf16.encode("utf-16"), "x").items[0].text("title") == "茶"
    broken = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>' + feed("<title>Caf").replace(TAIL.encode(), b"")
    broken = broken.replace(b"</item>", b"\xe9</title></item>") + TAIL.encode()
    assert read_feed(broken, "x").items[0].text("title") == "Caf\ufffd"


HOSTILE = {
    "an entity bomb": b'<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><rss>&b;</rss>',
    "a quadratic bomb": b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100_000 + b'">]><rss>' + b"&a;" * 10_000 + b"</rss>",
    "a file": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&f;</title></item></channel></rss>',
    "an address": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><rss/>',
    "a parameter entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]><rss/>',
    "any document type": b"<!DOCTYPE rss><rss><channel/></rss>",
    "one in another encoding": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss>&f;</rss>'.encode(
        "utf-16"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_type_is_refused_whatever_it_holds(name: str) -> None:
    with pytest.raises(Invalid, match="document type") as refused:
        read_feed(HOSTILE[name], "Indexer x")
    assert "root:" not in str(refused.value)
    with pytest.raises(Invalid):
        read_capabilities(HOSTILE[name], "Indexer x")


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"not xml", b"<html><body>Log in & go</body></html>", b"{}", b"\x1f\x8b\x08", b"<rss", b"<rss><channel>", b"<a/><b/>",
        b"<opml/>", b"<rss><channel></rss>", b"\xff\xfe<", b"<?xml version='1.0' encoding='klingon'?><nope/>", b"&&&&", b"<rss>\xff</rsx>",
        b"<rss xmlns:a='b'><x:y/></rss>", b"<caps/>",
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(Invalid, match="Indexer x"):
        read_feed(body, "Indexer x")


def test_feeds_too_deep_or_with_too_many_elements_are_refused_without_the_memory() -> None:
    code = """
import resource
from mydia.adapters.indexers.feed import read_feed
from mydia.errors import Invalid
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for body in (b"<rss>" + b"<a>" * 3_000_000, b"<rss>" + b"<a/>" * 2_000_000 + b"</rss>", b"<rss><item>" + b"<a/>" *
2_000_000):
    try:
        read_feed(body, "x")
        raise SystemExit("taken")
    except Invalid:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Megabytes above where it began, of which the bodies themselves, as bytes and as text, are most.
    assert int(done.stdout) < 80


@given(st.binary(max_size=400))
def test_no_bytes_at_all_make_it_do_anything_but_answer_or_refuse(body: bytes) -> None:
    for candidate in (body, HEAD.encode() + body + TAIL.encode(), feed("<title>").replace(b"</item>", body)):
        try:
            read_feed(candidate, "x")
        except MydiaError:
            continue


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ('code="100" description="Incorrect user credentials"', Invalid),
        ('code="101" description="Account suspended"', Invalid),
        ('code="200" description="Missing parameter"', NotOffered),
        ('code="202" description="No such function"', NotOffered),
        ('code="500" description="Request limit reached"', Unavailable),
        ('code="900" description="Request limit reached (10/10)"', Unavailable),
        ('code="900" description="Unknown"', Unavailable),
        ('code="910" description="API disabled"', Invalid),
        ('description="?"', Unavailable),
    ],
)
def test_an_error_in_place_of_a_feed_says_what_it_means(attributes: str, kind: type[MydiaError]) -> None:
    for read in (read_feed, read_capabilities):
        with pytest.raises(MydiaError) as refused:
            read(f'<?xml version="1.0"?><error {attributes}/>'.encode(), "Indexer x")
        assert type(refused.value) is kind


def test_a_limit_reached_says_to_come_back_in_an_hour() -> None:
    with pytest.raises(Unavailable) as refused:
        read_feed(b'<error code="500" description="Request limit reached"/>', "x")
    assert refused.value.retry_after == 3600


def test_capabilities_are_read() -> None:
    found = read_capabilities(
        b"""<caps><server title="S"/><limits max="50" default="20"/><searching>
        <search available="yes" supportedParams="q"/><tv-search available="yes" supportedParams="q,season,ep,tvdbid"
        searchEngine="raw"/> <movie-search available="no"/></searching><categories><category id="2000"
        name="Movies"><subcat id="2040" name="HD"/></category> <category id="x" name="broken"/></categories></caps>""",
        "x",
    )
    assert (found.server, found.limit, dict(found.categories)) == ("S", 50, {2000: "Movies", 2040: "HD"})
    tv = found.searches["tv-search"]
    assert (tv.available, tv.raw, tv.aggregate, tv.params) == (
        True,
        True,
        True,
        frozenset({"q", "season", "ep", "tvdbid"}),
    )
    assert not found.searches["movie-search"].available
    assert not found.searches["movie-search"].aggregate


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Sat, 01 Jan 2022 12:00:00 +0200", "2022-01-01T10:00:00Z"),
        ("Sat, 01 Jan 2022 12:00:00 GMT", "2022-01-01T12:00:00Z"),
        ("2022-01-01T12:00:00Z", "2022-01-01T12:00:00Z"),
        ("2022-01-01 12:00:00", "2022-01-01T12:00:00Z"),
        ("yesterday", None),
        ("", None),
        (None, None),
        ("Sat, 99 Jan 99999 99:00:00 +9999", None),
    ],
)
def test_dates_of_any_spelling_are_utc(text: str | None, read: str | None) -> None:
    assert moment(text) == read


def test_a_full_page_of_the_largest_indexers_is_read() -> None:
    items = [f"<title>Film {i}</title>" + "<torznab:attr name='a' value='b'/>" * 20 for i in range(1000)]
    assert len(read_feed(feed(*items), "x").items) == 1000
