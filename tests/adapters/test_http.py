"""The way out over HTTP: bounded, certificates checked, nothing followed that should not be, and no secret in any
message.
"""

import gzip
import ssl
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import trio

from mydia.adapters.http import Answer, fetch, is_public
from mydia.demo.fakes import Catcher, Fake, Reply, Request, serve
from mydia.errors import Invalid, MydiaError, Unavailable

SECRET = "s3cr3tkey"  # made up


class Site(Fake):
    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply

    def answer(self, request: Request) -> Reply:
        return self.reply


async def site(nursery: trio.Nursery, *replies: Reply) -> tuple[Site, str]:
    made = Site(replies[-1])
    made.planned.extend(replies[:-1])
    return made, await nursery.start(serve, made)


async def ask(url: str, **more: object) -> Answer:
    return await fetch(f"{url}/x?apikey={SECRET}", who="Indexer x", **more)  # type: ignore[arg-type]  # each test's own


async def refused(url: str, **more: object) -> MydiaError:
    """The refusal, which must not hold the secret anywhere a log would show it."""
    with pytest.raises(MydiaError) as caught:
        (await ask(url, **more)).check()
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in str(error) + repr(error.args)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return caught.value


async def test_an_answer_comes_with_its_body_status_and_headers(nursery: trio.Nursery) -> None:
    fake, url = await site(nursery, Reply(200, b"hello", {"x-thing": "1"}, "text/plain"))
    answer = (await ask(url, params={"q": "ä b"}, headers={"x-mine": "2"})).check()
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (200, b"hello", "1")
    (request,) = fake.requests
    assert dict(request.query) == {"apikey": SECRET, "q": "ä b"}
    assert request.headers["x-mine"] == "2"
    assert request.headers["user-agent"].startswith("Mydia")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (401, Invalid),
        (403, Invalid),
        (404, Invalid),
        (408, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_a_status_says_whose_fault_it_is_and_quotes_no_body(
    nursery: trio.Nursery, status: int, kind: type[MydiaError]
) -> None:
    _, url = await site(nursery, Reply(status, b"secret page of an inner service"))
    error = await refused(url)
    assert type(error) is kind
    assert f"Indexer x (127.0.0.1) answered {status}" in str(error)
    assert "secret page" not in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30),
        ({"retry-after": "soon"}, 60),
        ({}, 60),
    ],
)
async def test_when_to_come_back_is_read_in_both_its_forms(
    nursery: trio.Nursery, headers: dict[str, str], seconds: float
) -> None:
    _, url = await site(nursery, Reply(429, b"", headers))
    error = await refused(url)
    assert isinstance(error, Unavailable)
    assert error.retry_after == seconds


async def test_a_dead_host_and_a_silent_one_are_unavailable(nursery: trio.Nursery) -> None:
    with trio.socket.socket() as taken:
        await taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert "can't be reached" in str(await refused(f"http://127.0.0.1:{port}"))
        taken.listen(1)
        assert "did not answer within" in str(await refused(f"http://127.0.0.1:{port}", timeout=0.2))


async def test_a_name_that_is_no_web_address_is_invalid() -> None:
    for url in ("ftp://host/x", "file:///etc/passwd", "host/x", "http://", "gopher://127.0.0.1:6379/_x", "http://[::1"):
        with pytest.raises(Invalid):
            await fetch(url, who="Indexer x")


async def test_more_than_is_wanted_is_not_taken_however_it_is_packed(nursery: trio.Nursery) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    assert len(bomb) < 100_000
    packed = Reply(200, bomb, {"content-encoding": "gzip"})
    _, url = await site(
        nursery, Reply(200, b"x" * 2000), packed, Reply(200, gzip.compress(b"fine"), {"content-encoding": "gzip"})
    )
    assert "more than" in str(await refused(url, max_bytes=1000))
    assert "more than" in str(await refused(url, max_bytes=1_000_000))
    assert (await ask(url, max_bytes=4)).body == b"fine"


async def test_damaged_or_unasked_packing_is_refused(nursery: trio.Nursery) -> None:
    _, url = await site(
        nursery,
        Reply(200, b"no gzip", {"content-encoding": "gzip"}),
        Reply(200, zlib.compress(b"x"), {"content-encoding": "deflate"}),
    )
    assert isinstance(await refused(url), Unavailable)
    assert "not asked for" in str(await refused(url))


# -- redirects
# ----------------------------------------------------------------------------------------------------------


async def test_a_redirect_is_followed_and_headers_stay_with_their_host(nursery: trio.Nursery) -> None:
    other, elsewhere = await site(nursery, Reply(200, b"there"))
    elsewhere = elsewhere.replace("127.0.0.1", "localhost")
    first, url = await site(
        nursery, Reply(302, b"", {"location": "/y"}), Reply(301, b"", {"location": f"{elsewhere}/z"})
    )
    assert (await ask(url, headers={"x-api-key": SECRET})).body == b"there"
    assert [r.headers.get("x-api-key") for r in first.requests] == [SECRET, SECRET]
    assert "x-api-key" not in other.requests[0].headers
    assert [r.path for r in first.requests] == ["/x", "/y"]


async def test_a_redirect_to_a_magnet_link_is_the_link(nursery: trio.Nursery) -> None:
    magnet = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=A%20Film"
    _, url = await site(nursery, Reply(301, b"", {"location": magnet}))
    answer = (await ask(url)).check()
    assert (answer.magnet, answer.body) == (magnet, b"")


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "javascript:alert(1)"]
)
async def test_a_redirect_to_anything_else_is_not_followed(nursery: trio.Nursery, location: str) -> None:
    _, url = await site(nursery, Reply(302, b"", {"location": location}))
    assert isinstance(await refused(url), Invalid)


async def test_redirects_in_circles_end(nursery: trio.Nursery) -> None:
    fake, url = await site(nursery, Reply(302, b"", {"location": "/x"}))
    assert "in circles" in str(await refused(url))
    assert len(fake.requests) == 6


async def test_what_is_posted_is_never_sent_on_elsewhere(nursery: trio.Nursery) -> None:
    catcher = Catcher()
    elsewhere = await nursery.start(serve, catcher)
    _, url = await site(nursery, Reply(307, b"", {"location": elsewhere}))
    assert "sends elsewhere" in str(await refused(url, method="POST", content=b"{}"))
    assert catcher.requests == []


# -- where strangers' addresses may lead
# --------------------------------------------------------------------------------


PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:c0a8:101::1", "fe80::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_inside_a_home_or_a_cloud_are_private_however_wrapped(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


async def test_a_strangers_link_may_lead_to_the_indexer_itself_but_not_into_the_network_behind_it(
    nursery: trio.Nursery,
) -> None:
    inner, url = await site(nursery, Reply(200, b"torrent"))
    assert (await ask(url, home="127.0.0.1")).body == b"torrent"
    for host in ("localhost", "127.0.0.1", "[::ffff:127.0.0.1]"):
        target = url.replace("127.0.0.1", host)
        assert "private network" in str(await refused(target, home="indexer.example"))
    assert len(inner.requests) == 1


async def test_nor_may_a_redirect_of_it(nursery: trio.Nursery) -> None:
    inner, target = await site(nursery, Reply(200, b"metadata of a cloud"))
    _, url = await site(nursery, Reply(302, b"", {"location": target.replace("127.0.0.1", "localhost")}))
    assert "private network" in str(await refused(url, home="127.0.0.1"))
    assert inner.requests == []


# -- certificates
# -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def https(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[tuple[str, str]]:
    """A server whose certificate nobody knows: its address and its certificate's file."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    names = "subjectAltName=DNS:localhost"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext {names} -keyout {key} -out {cert}"
    await trio.run_process(command.split(), capture_stdout=True, capture_stderr=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)

    async def speak(stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            await stream.receive_some(4096)
            await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        except trio.BrokenResourceError:
            return  # the client did not like the certificate

    (listener,) = await nursery.start(partial(trio.serve_ssl_over_tcp, speak, 0, context, host="127.0.0.1"))
    port = listener.transport_listener.socket.getsockname()[1]
    yield f"https://localhost:{port}", str(cert)


async def test_a_certificate_that_nobody_vouches_for_is_refused(https: tuple[str, str]) -> None:
    url, _ = https
    error = await refused(url)
    assert isinstance(error, Invalid)
    assert "certificate that is not trusted" in str(error)


async def test_a_certificate_that_was_named_is_taken_for_its_own_name_only(https: tuple[str, str]) -> None:
    url, cert = https
    assert (await ask(url, ca_file=cert)).body == b"ok"
    assert "certificate" in str(await refused(url.replace("localhost", "127.0.0.1"), ca_file=cert))
    assert "can't be read" in str(await refused(url, ca_file="/nowhere.pem"))


def test_requests_are_not_logged_with_their_addresses() -> None:
    code = "import logging, mydia.adapters.http; print(logging.getLogger('httpx').isEnabledFor(logging.INFO))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


async def breaks(times: int, asked: list[bytes], *, task_status: trio.TaskStatus[str]) -> None:
    """A server that drops its first connections unanswered, as one does that is being restarted."""

    async def talk(stream: trio.SocketStream) -> None:
        asked.append(await stream.receive_some(4096))
        if len(asked) > times:
            await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await stream.aclose()

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    task_status.started(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/")
    await trio.serve_listeners(talk, listeners)


async def test_a_get_whose_connection_breaks_is_asked_again_and_a_post_never(nursery: trio.Nursery) -> None:
    asked: list[bytes] = []
    url = await nursery.start(breaks, 1, asked)
    assert (await fetch(url, who="A service")).body == b"ok"
    assert len(asked) == 2
    posted: list[bytes] = []
    url = await nursery.start(breaks, 1, posted)
    with pytest.raises(Unavailable):
        await fetch(url, who="A service", method="POST", content=b"once")
    assert len(posted) == 1
