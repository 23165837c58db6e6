"""What Newznab and Torznab indexers answer: RSS items, capabilities, errors. All of it is hostile until shown otherwise.

No DTD is taken (so no entity bomb and no file or address is read), and size, number and depth of elements are limited.
What is merely wrong, as often in the wild, is repaired first: characters XML forbids, HTML's entities, a bare "&".
"""

import html
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from mydia.errors import Invalid, MydiaError, Unavailable

MAX_ELEMENTS = 60_000
MAX_DEPTH = 32

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,8});")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,8}|#x[0-9a-fA-F]{1,8});)([a-zA-Z][a-zA-Z0-9]{1,31};)?")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding=["']([A-Za-z0-9._-]{1,40})["']""")


@dataclass(frozen=True, slots=True)
class Item:
    """One RSS item. `attributes` are the torznab:attr and newznab:attr of it, names in lower case, each with its values."""

    texts: Mapping[str, str]
    enclosure: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str | None:
        return self.texts.get(name) or None

    def attribute(self, name: str) -> str | None:
        values = self.attributes.get(name)
        return values[0] if values else None

    def number(self, name: str) -> int | None:
        value = self.attribute(name)
        return int(value) if value is not None and re.fullmatch(r"[0-9]{1,18}", value) else None


@dataclass(frozen=True, slots=True)
class Feed:
    items: tuple[Item, ...]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of search an indexer offers. `aggregate`: several ids may be sent at once."""

    available: bool = False
    params: frozenset[str] = frozenset({"q"})
    raw: bool = False
    aggregate: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`searches` by "search", "tv-search" and "movie-search"; `categories` number -> name; `limit` items a page."""

    server: str | None = None
    limit: int = 100
    searches: Mapping[str, Search] = field(default_factory=dict)
    categories: Mapping[int, str] = field(default_factory=dict)


class NotOffered(Invalid):
    """The indexer does not have this function (or these parameters); another way may do."""


DEFAULTS = Capabilities(
    searches={
        "search": Search(True),
        "tv-search": Search(True, frozenset({"q", "season", "ep"})),
        "movie-search": Search(True),
    }
)  # for an indexer that does not say


def read_feed(body: bytes, who: str) -> Feed:
    """Raises Invalid when it is no feed, and what an <error> in its place means."""
    items: list[Item] = []
    total = None
    for event, element, path in _elements(body, who):
        name = _local(element.tag)
        if event == "start" and len(path) == 1 and name not in ("rss", "error", "feed"):
            raise Invalid(f"{who} answered with <{name}> and not with a feed; check its address in the settings")
        if event == "end" and name == "error" and len(path) == 1:
            raise error_of(element.attrib, who)
        if event == "end" and name == "response" and "total" in element.attrib:
            total = _count(element.attrib["total"])
        if event == "end" and name == "item":
            items.append(_item(element))
            element.clear()
    return Feed(tuple(items), total)


def read_capabilities(body: bytes, who: str) -> Capabilities:
    server, limit = None, 100
    searches: dict[str, Search] = {}
    categories: dict[int, str] = {}
    seen_caps = False
    for event, element, path in _elements(body, who):
        name, attributes = _local(element.tag), element.attrib
        if event != "end":
            continue
        if name == "error" and len(path) == 1:
            raise error_of(attributes, who)
        if name == "caps":
            seen_caps = True
        elif name == "server":
            server = attributes.get("title")
        elif name == "limits":
            limit = _count(attributes.get("max")) or limit
        elif len(path) > 1 and _local(path[-2].tag) == "searching":
            searches[name] = _search(attributes)
        elif name in ("category", "subcat") and (number := _count(attributes.get("id"))) is not None:
            categories[number] = attributes.get("name", "")
    if not seen_caps:
        raise Invalid(f"{who} did not say what it can do; check its address in the settings")
    return Capabilities(server, max(1, min(limit, 1000)), searches or DEFAULTS.searches, categories)


def error_of(attributes: Mapping[str, str], who: str) -> MydiaError:
    """What an <error code description> means: whose fault it is, and so whether to ask again."""
    code = _count(attributes.get("code")) or 0
    said = f"{who} answered with error {code}: {_ILLEGAL.sub('', attributes.get('description', ''))[:200]}"
    if "limit reached" in said.lower() or code in (429, 500, 501):
        return Unavailable(said, retry_after=3600)
    if 100 <= code <= 199:
        return Invalid(f"{said}. Check its key in the settings")
    if code in (200, 201, 202, 203):
        return NotOffered(said)
    if code in (410, 910):
        return Invalid(f"{said}. It is switched off there")
    return Unavailable(said, retry_after=300)


def moment(text: str | None) -> str | None:
    """An RSS or ISO date as ISO 8601 UTC; None when it is neither."""
    if not text:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            when = read(text.strip())
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return None


# -- XML
# ----------------------------------------------------------------------------------------------------------------


def _elements(body: bytes, who: str) -> Iterator[tuple[str, Any, list[Any]]]:
    """(event, element, the elements it lies in and itself last), repaired once if it does not read as it is."""
    text = _text(body)
    try:
        _drain(text, who)
    except ElementTree.ParseError:
        text = _repaired(text)
    try:
        yield from _walk(text, who)
    except ElementTree.ParseError as error:
        page = " (it is a web page)" if "<html" in text[:2000].lower() else ""
        raise Invalid(f"{who} answered with what is not XML{page}: {error}") from error


def _drain(text: str, who: str) -> None:
    for event, element, _ in _walk(text, who):
        if event == "end":
            element.clear()


def _walk(text: str, who: str) -> Iterator[tuple[str, Any, list[Any]]]:
    path: list[Any] = []
    count = 0
    source = io.BytesIO(text.encode("utf-8"))
    try:
        for event, element in ElementTree.iterparse(source, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                count += 1
                path.append(element)
                if count > MAX_ELEMENTS or len(path) > MAX_DEPTH:
                    raise Invalid(f"{who} answered with a feed too large or too deep to be one")
            yield event, element, path
            if event == "end":
                path.pop()
    except DefusedXmlException as error:
        raise Invalid(f"{who} answered with XML that declares a document type; that is not read") from error


def _text(body: bytes) -> str:
    declared = _ENCODING.match(body)
    name = declared.group(1).decode("ascii") if declared else "utf-8"
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = "utf-16"
    try:
        text = body.decode(name, "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    text = _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)
    return _REFERENCE.sub(_legal_reference, _ILLEGAL.sub("", text))


def _legal_reference(match: re.Match[str]) -> str:
    digits = match.group(1)
    code = int(digits[1:], 16) if digits[0] == "x" else int(digits)
    return match.group() if code < 0x110000 and not _ILLEGAL.match(chr(code)) else ""


def _repaired(text: str) -> str:
    """Entities of HTML become their characters, and a bare "&" becomes "&amp;"; CDATA is left as it is."""
    pieces = _CDATA.split(text)
    return "".join(p if p.startswith("<![CDATA[") else _ENTITY.sub(_plain_entity, p) for p in pieces)


def _plain_entity(match: re.Match[str]) -> str:
    named = match.group(1)
    plain = html.unescape(f"&{named}") if named else ""
    return plain if named and plain != f"&{named}" else f"&amp;{named or ''}"


def _item(element: Any) -> Item:
    texts: dict[str, str] = {}
    enclosure: dict[str, str] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    for child in element:
        name = _local(child.tag)
        if name == "attr" and "name" in child.attrib:
            key = child.attrib["name"].lower()
            attributes[key] = (*attributes.get(key, ()), child.attrib.get("value", "").strip())
        elif name == "enclosure":
            enclosure = dict(child.attrib)
        elif child.text and name not in texts:
            texts[name] = child.text.strip()
    return Item(texts, enclosure, attributes)


def _search(attributes: Mapping[str, str]) -> Search:
    params = attributes.get("supportedParams")
    return Search(
        available=attributes.get("available", "").lower() in ("yes", "true", "1"),
        params=frozenset(p.strip() for p in params.split(",") if p.strip()) if params else frozenset({"q"}),
        raw=attributes.get("searchEngine") == "raw",
        aggregate=params is not None,
    )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text.strip()) else None
