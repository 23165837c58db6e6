"""The one way out over HTTP: bounded in time and size, certificates always checked, secrets never in a message.

    answer = await fetch("https://host/path", who="Indexer x", params={...})      then answer.check()

A client lives for one call, so nothing is left open and nothing is shared. Proxies of the environment are not used.

Addresses that a person configured may lie anywhere, the home's own network included. An address that a stranger gave
(the download link in a feed) is fetched with `home`, the configured host: any other host must have a public address,
looked up once and connected to as it was looked up, and again for each redirect.
"""

import ipaddress
import logging
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import trio
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from mydia.errors import Invalid, MydiaError, Unavailable

USER_AGENT = "Mydia (home media daemon)"
MEGABYTE = 1024 * 1024
MAX_REDIRECTS = 5
TRIES = 3  # of a GET whose connection breaks
_CHUNK = 64 * 1024

# httpx logs whole addresses, and indexers want their key in them.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """`magnet` is set, and the rest empty, when the address led to a magnet link."""

    who: str
    host: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    magnet: str | None = None

    def check(self) -> "Answer":
        """Itself when the status is 2xx. Raises Unavailable (429, 5xx) or Invalid; the body is never quoted."""
        if self.magnet or 200 <= self.status < 300:
            return self
        raise self.refusal()

    def refusal(self) -> MydiaError:
        begin = f"{self.who} ({self.host}) answered {self.status}"
        if self.status == 429:
            return Unavailable(
                f"{begin}: too many requests; it is asked again later", retry_after=self.retry_after or 60
            )
        if self.status >= 500 or self.status == 408:
            return Unavailable(
                f"{begin}: it has a fault of its own; it is asked again later", retry_after=self.retry_after
            )
        if self.status in (401, 403):
            return Invalid(f"{begin}: it does not accept the key or password; check them in the settings")
        if 300 <= self.status < 400:
            return Invalid(f"{begin}: it sends elsewhere; configure the address it sends to")
        return Invalid(f"{begin}; check its address in the settings")

    @property
    def retry_after(self) -> float | None:
        """Seconds, from Retry-After in either of its forms."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdigit():
            return float(value)
        try:
            until, now = (_utc(parsedate_to_datetime(text)) for text in (value, self.headers.get("date", "")))
        except (TypeError, ValueError):
            return None
        return max(0.0, (until - now).total_seconds())


def _utc(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


async def fetch(
    url: str,
    *,
    who: str,
    method: str = "GET",
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    timeout: float = 30.0,
    max_bytes: int = 10 * MEGABYTE,
    home: str | None = None,
    follow: bool = True,
    ca_file: str | None = None,
) -> Answer:
    """Ask, within `timeout` seconds altogether, for at most `max_bytes`. The answer's status is the caller's to check.

    Redirects of a GET are followed to http and https (never from https to http; `headers` stay with their host) and to
    a magnet link, which is the answer. With `follow` off, or another method, a redirect is the answer. Raises
    Unavailable when it can't be reached, Invalid when it can't be meant: the message names the host, never more.
    """
    try:
        with trio.fail_after(timeout):
            return await _fetch(
                url, who, method, params, dict(headers or {}), content, max_bytes, home, follow, ca_file
            )
    except trio.TooSlowError as error:
        raise Unavailable(f"{who} ({_host(url)}) did not answer within {timeout:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _refusal(who, _host(url), error) from None  # the cause holds the whole address


async def _fetch(
    url: str,
    who: str,
    method: str,
    params: Mapping[str, str] | None,
    headers: dict[str, str],
    content: bytes | None,
    max_bytes: int,
    home: str | None,
    follow: bool,
    ca_file: str | None,
) -> Answer:
    for _ in range(MAX_REDIRECTS + 1):
        scheme = _scheme(url)
        if scheme == "magnet":
            return Answer(who, "", magnet=url)
        if scheme not in ("http", "https") or not _host(url):
            raise Invalid(f"{who}: that is no web address (http or https)")
        ask = partial(_once, url, who, method, params, headers, content, max_bytes, home, ca_file)
        answer = await _patiently(ask) if method == "GET" else await ask()
        location = answer.headers.get("location")
        if not (follow and method == "GET" and location and 300 <= answer.status < 400):
            return answer
        target = location if location.startswith("magnet:") else urljoin(url, location)
        if scheme == "https" and _scheme(target) == "http":
            raise Invalid(f"{who} ({_host(url)}) redirects to an address without encryption; that is not followed")
        if _host(target) != _host(url):
            headers = {}
        url, params = target, None
    raise Invalid(f"{who} ({_host(url)}) redirects in circles")


async def _patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask, and ask again when the connection breaks: most often the other side was just restarting. Within the caller's time limit."""
    attempts = AsyncRetrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        retry=retry_if_exception_type(httpx.TransportError),
        sleep=trio.sleep,
        reraise=True,
    )
    return await attempts(ask)


async def _once(
    url: str,
    who: str,
    method: str,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str],
    content: bytes | None,
    max_bytes: int,
    home: str | None,
    ca_file: str | None,
) -> Answer:
    host = _host(url)
    sent = {"user-agent": USER_AGENT, "accept-encoding": "gzip", **headers}
    extensions: dict[str, Any] = {}
    target = httpx.URL(url)
    if params:
        target = target.copy_merge_params(dict(params))
    if home is not None and host != home.lower():
        address = await _public_address(host, target.port or (443 if target.scheme == "https" else 80), who)
        sent["host"] = target.netloc.decode("ascii")
        extensions["sni_hostname"] = host
        target = target.copy_with(host=address)
    context = await _context(ca_file) if target.scheme == "https" else _NOBODY
    async with (
        httpx.AsyncClient(verify=context, trust_env=False, timeout=None) as client,  # noqa: S113  # fail_after bounds it all
        client.stream(method, target, headers=sent, content=content, extensions=extensions) as response,
    ):
        names = {name.lower(): value for name, value in response.headers.items()}
        body = b"" if 300 <= response.status_code < 400 else await _read(response, who, host, max_bytes)
    return Answer(who, host, response.status_code, names, body)


async def _read(response: httpx.Response, who: str, host: str, max_bytes: int) -> bytes:
    """The body, unpacked here, so that a little that unpacks to a lot is noticed before it is in memory."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise Invalid(f"{who} ({host}) answered in an encoding that was not asked for")
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body = bytearray()
    raw_chunks: Any = response.aiter_raw(_CHUNK)  # a generator, though its type does not say so
    async with aclosing(raw_chunks) as chunks:
        async for raw in chunks:
            try:
                body += unpack.decompress(raw, max_bytes + 1 - len(body)) if unpack else raw
            except zlib.error as error:
                raise Unavailable(f"{who} ({host}) answered with damaged data") from error
            if len(body) > max_bytes:
                raise Invalid(f"{who} ({host}) answered with more than {max_bytes / MEGABYTE:g} MB; that is not taken")
    return bytes(body)


# -- addresses --------------------------------------------------------------------------------------------------------


async def _public_address(host: str, port: int, who: str) -> str:
    try:
        addresses = [str(ipaddress.ip_address(host))]
    except ValueError:
        found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise Invalid(f"{who} gave an address inside a private network ({host}); that is not followed")
    return min(addresses, key=lambda address: ":" in address)  # one is tried, and IPv4 works in more homes


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet's, whatever it is wrapped in (mapped, NAT64, 6to4, Teredo)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


# -- TLS and faults
# -----------------------------------------------------------------------------------------------------

_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for plain http: it would trust no certificate


@cache
def _trusting(ca_file: str | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


async def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return await trio.to_thread.run_sync(_trusting, ca_file)  # reading all certificates takes a while
    except OSError as error:
        raise Invalid(f"The CA file {ca_file} can't be read: {error.strerror}") from error


def _refusal(who: str, host: str, error: Exception) -> MydiaError:
    if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        return Invalid(f"{who}: that is no web address (http or https)")
    reason = _distrust(error)
    if reason is not None:
        return Invalid(f"{who} ({host}) has a certificate that is not trusted: {reason}")
    if isinstance(error, (httpx.ConnectError, OSError)):
        return Unavailable(f"{who} ({host}) can't be reached: is it running, and is its address right?")
    return Unavailable(f"{who} ({host}) broke off in the middle ({type(error).__name__})")


def _distrust(error: BaseException | None) -> str | None:
    """What OpenSSL said of the certificate, however deep below the error; None when it said nothing of one."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message or "its name or issuer is wrong"
        error = error.__cause__ or error.__context__
    return None
