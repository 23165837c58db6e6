"""What may come in: whose Host header is believed, and whose word about the client's address. Pure.

Host (DNS rebinding): a page on evil.example can make a browser send requests here, but not without `Host: evil.example`. So the
names this house answers to are listed: every IP literal, localhost, names without a dot and `.local` (which no stranger can
register), the machine's own name, and what the configuration adds.

Forwarded headers are believed only from the proxies that are configured, and then only the right-most hop that is no proxy.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOCAL_SUFFIXES = (".local", ".localhost", ".home.arpa", ".internal", ".lan")


def host_name(header: str | None) -> str | None:
    """'nas:4000' -> 'nas', '[::1]:4000' -> '::1'; None where it is no host at all."""
    text = (header or "").strip().lower()
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        port = port.removeprefix(":") if bracket else "?"
    else:
        name, _, port = text.partition(":")
    name = name.rstrip(".")
    if not name or (port and not (port.isascii() and port.isdigit())):
        return None
    return name if all(c.isalnum() or c in "-._:%" for c in name) else None


def host_allowed(header: str | None, names: Iterable[str] = ()) -> bool:
    """Whether this house answers to the header; `names` are further ones, `*.example.org` for all below one."""
    name = host_name(header)
    if name is None:
        return False
    if _address(name) is not None or "." not in name or name.endswith(LOCAL_SUFFIXES):
        return True
    for allowed in names:
        wanted = allowed.lower().rstrip(".")
        if name == wanted or (wanted.startswith("*.") and name.endswith(wanted[1:])):
            return True
    return False


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Raises ValueError for what is neither an address nor a network."""
    return tuple(ip_network(t, strict=False) for t in texts)


def client_of(peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The client's address: the socket's peer, or, where that is a trusted proxy, the right-most hop that is none.

    `forwarded_for` are the X-Forwarded-For headers in order. A hop that is no address ends the walk: what stands left of it
    was written by nobody we know.
    """
    address = _address(peer or "")
    if address is None or not _inside(address, trusted):
        return str(address) if address is not None else "local"
    hops = [hop.strip() for header in forwarded_for for hop in header.split(",")]
    for hop in reversed(hops):
        further = _address(hop)
        if further is None:
            break
        address = further
        if not _inside(address, trusted):
            break
    return str(address)


def is_trusted(peer: str | None, trusted: Sequence[Network]) -> bool:
    address = _address(peer or "")
    return address is not None and _inside(address, trusted)


def local_path(target: str | None) -> str:
    """`target` where it is a path of this house, else '/': nobody is sent elsewhere after logging in.

    '//x', '/\\x', 'https:x', a control character and a path back to the login are all '/'.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if (
        "\\" in target
        or any(ord(c) <= 32 or ord(c) == 127 for c in target)
        or target.split("?")[0] in ("/login", "/logout", "/setup")
    ):
        return "/"
    return target


@lru_cache(maxsize=512)  # asked thrice of each request, of the same few; reading one takes 5 µs
def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.split("%")[0])
    except ValueError:
        return None
    # ::ffff:127.0.0.1 is 127.0.0.1 to every question asked here.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _inside(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
