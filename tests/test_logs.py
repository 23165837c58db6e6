"""The log: JSON lines with a correlation id, the standard library's joined, and no secret in any of it."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import trio
from loguru import logger

from mydia import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, as JSON lines; afterwards the log is as it was."""
    stream = io.StringIO()
    logs.configure("DEBUG", json_lines=True, stream=stream)
    yield stream
    logger.remove()
    logging.captureWarnings(False)
    logging.basicConfig(handlers=[], force=True)


def parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_how_bad_what_and_where(lines: io.StringIO) -> None:
    logger.info("seen {} files", 3)
    (line,) = parsed(lines)
    assert line["time"].endswith("Z")
    assert (line["level"], line["message"], line["logger"]) == ("INFO", "seen 3 files", __name__)


async def test_a_correlation_id_follows_its_work_into_tasks_and_threads(lines: io.StringIO) -> None:
    def in_thread() -> None:
        logger.info("thread")

    with logs.context(correlation_id="request-1", actor="web"):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, in_thread)
        logger.info("here")
    logger.info("after")
    assert [(x["message"], x.get("correlation_id"), x.get("actor")) for x in parsed(lines)] == [
        ("thread", "request-1", "web"),
        ("here", "request-1", "web"),
        ("after", None, None),
    ]


def test_the_standard_librarys_log_joins_and_chatter_per_request_does_not(lines: io.StringIO) -> None:
    logging.getLogger("hypercorn").warning("told by %s", "a library")
    logging.getLogger("httpx").info("HTTP Request: GET http://x/?apikey=1")
    assert [(x["level"], x["message"]) for x in parsed(lines)] == [("WARNING", "told by a library")]


def test_warnings_join(lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", UserWarning, stacklevel=1)
    assert "old ways" in parsed(lines)[0]["message"]


def test_a_traceback_is_one_field_and_tells_no_values(lines: io.StringIO) -> None:
    canary = "canary-in-a-variable"
    try:
        raise ValueError(f"bad {len(canary)}")
    except ValueError:
        logger.exception("it failed")
    (line,) = parsed(lines)
    assert "ValueError: bad 20" in line["exception"]
    assert line["exception"].startswith("Traceback")
    assert canary not in line["exception"]


def test_a_known_secret_is_masked_by_value_wherever_it_turns_up(lines: io.StringIO) -> None:
    logs.know_secrets(["hunter2/&secret", 'p\u00e4ss"wort'])
    with logs.context(correlation_id="c", url="http://x/hunter2/&secret"):
        logger.info("plain hunter2/&secret, quoted hunter2%2F%26secret, json {}", json.dumps({"k": 'päss"wort'}))
        try:
            raise RuntimeError("with hunter2/&secret")
        except RuntimeError:
            logger.exception("failed")
    text = lines.getvalue() + str(logs.tail(2))
    assert "hunter2" not in text
    assert 'ss\\\\"wort' not in text
    assert text.count("***") >= 6


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET http://i/api?t=search&apikey=CANARY1&q=x", "&q=x"),
        ("GET http://i/api?t=search&api_key=CANARY1", "t=search"),
        ("http://tracker/announce.php?passkey=CANARY1&left=0", "&left=0"),
        ("http://t/download.php?torrent_pass=CANARY1", "download.php"),
        ("https://t/rss/download/CANARY1CANARY/file.torrent", "/rss/download/"),
        ("https://t/CANARY1CANARY1CANARY1CANARY1/announce", "/announce"),
        ("https://t/tr/CANARY1CANARY1CANARY1CANARY1/announce", "/announce"),
        ("https://discord.com/api/webhooks/1234/CANARY1-x_y", "/api/webhooks/1234/"),
        ("Authorization: Bearer CANARY1.CANARY1", "Bearer"),
        ("authorization: Basic CANARY1==", "Basic"),
        ("{'Authorization': 'Bearer CANARY1', 'X-Api-Key': 'CANARY1', 'Accept': 'x'}", "Accept"),
        ("[(b'cookie', b'session=CANARY1'), (b'x-api-key', b'CANARY1')]", "x-api-key"),
        ("Set-Cookie: mydia_session=CANARY1; Path=/", "Set-Cookie"),
        ('{"password": "CANARY1\\"CANARY1", "name": "x"}', '"name"'),
        ("http://user:CANARY1@host:8080/path", "@host:8080/path"),
        ("postgresql://user:CANARY1@db/mydia", "@db/mydia"),
        ("key myd_abcdefgh_CANARY1CANARY1", "myd_abcdefgh_"),
        ("token=CANARY1;secret=CANARY1", ";secret="),
    ],
)
def test_what_has_the_shape_of_a_secret_is_masked_and_the_rest_is_kept(said: str, kept: str) -> None:
    masked = logs.mask(said)
    assert "CANARY1" not in masked
    assert kept in masked


@pytest.mark.parametrize(
    "said",
    [
        "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=A.Film",
        "The.Secret.Life.2016.1080p.BluRay: token of love",
        "http://host:8080/path?q=password",
        "/data/films/Some Film (2001)/Some Film (2001) - Bluray-1080p.mkv",
        "job 01a20267-83ef-7286-87f6-55da66dead6d failed",
    ],
)
def test_what_is_no_secret_is_left_alone(said: str) -> None:
    assert logs.mask(said) == said


def test_the_last_lines_are_kept_masked_for_the_system_page(lines: io.StringIO) -> None:
    for n in range(logs.KEPT + 10):
        logger.info("line {} apikey=CANARY1", n)
    kept = logs.tail()
    assert len(kept) == logs.KEPT
    assert [line.message for line in logs.tail(2)] == [f"line {n} apikey=***" for n in (logs.KEPT + 8, logs.KEPT + 9)]


def test_what_a_person_must_read_is_said_as_it_is_and_not_kept(lines: io.StringIO) -> None:
    logs.announce("enter token=abcdef")
    assert parsed(lines)[0]["message"] == "enter token=abcdef"
    assert "abcdef" not in str(logs.tail(1))


def test_a_terminal_gets_text_that_no_name_can_disturb() -> None:
    stream = io.StringIO()
    logs.configure("INFO", json_lines=False, stream=stream)
    logger.info("found {}", "a\x1b[2Jb\nFAKE 12:00 ERROR\udc80.mkv")
    logger.debug("not shown")
    logger.remove()
    logging.basicConfig(handlers=[], force=True)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "\x1b[2J" not in text
    assert "\\x1b[2Jb\\nFAKE" in text
    text.encode("utf-8")


def test_json_lines_hold_any_name(lines: io.StringIO) -> None:
    logger.info("found {}", "日本\udc80\n.mkv")
    assert lines.getvalue().isascii()
    assert parsed(lines)[0]["message"] == "found 日本\udc80\n.mkv"
