"""Real torrents of real files, a libtorrent session that seeds them over loopback, and torrents no client should take."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import libtorrent

lt: Any = libtorrent  # its stubs do not know what its own functions return

PIECE = 16 * 1024


def make_torrent(content: Path, *, v1_only: bool = False) -> bytes:
    """A trackerless torrent of a file or a folder."""
    flags = lt.create_torrent.v1_only if v1_only else 0
    made = lt.create_torrent(lt.list_files(str(content)), PIECE, flags)
    lt.set_piece_hashes(made, str(content.parent))
    return bytes(lt.bencode(made.generate()))


@contextmanager
def seeding(torrents: Mapping[bytes, Path]) -> Iterator[int]:
    """Seed torrents (their content lies in the folder given with each) until left; gives the port to connect to."""
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "allow_multiple_connections_per_ip": True,
            # The first seconds of a torrent that finds nobody are long ones otherwise.
            "min_reconnect_time": 1,
        }
    )
    for torrent, folder in torrents.items():
        params = lt.load_torrent_buffer(torrent)
        params.save_path = str(folder)
        params.flags |= lt.torrent_flags.seed_mode
        params.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
        session.add_torrent(params)
    try:
        yield session.listen_port()
    finally:
        session.pause()


def hostile_torrents() -> dict[str, bytes]:
    """One of each way a torrent may try to put a file outside its own folder, by name."""

    def torrent(name: bytes, files: list[dict[bytes, Any]] | None = None, **more: Any) -> bytes:
        info: dict[bytes, Any] = {
            b"name": name,
            b"piece length": PIECE,
            b"pieces": bytes(20),
            **(more.get("info") or {}),
        }
        info.update({b"files": files} if files is not None else {b"length": 10})
        return bytes(lt.bencode({b"info": info}))

    def at(*path: bytes, **more: Any) -> list[dict[bytes, Any]]:
        extra = {key.encode().replace(b"_", b" "): value for key, value in more.items()}
        return [{b"length": 10, b"path": list(path), **extra}]

    return {
        "a path that climbs": torrent(b"Film", at(b"..", b"..", b"evil.mkv")),
        "a path that climbs at its end": torrent(b"Film", at(b"sub", b"..")),
        "a name that climbs": torrent(b"..", at(b"evil.mkv")),
        "a single file that climbs": torrent(b"../evil.mkv"),
        "an absolute path in one name": torrent(b"Film", at(b"/etc/cron.d/evil")),
        "a separator of another system": torrent(b"Film", at(b"..\\..\\evil.mkv")),
        "a drive": torrent(b"Film", at(b"C:", b"evil.mkv")),
        "an empty name": torrent(b"Film", at(b"", b"evil.mkv")),
        "a NUL": torrent(b"Film", at(b"evil\0.mkv")),
        "a second spelling that climbs": torrent(b"Film", at(b"fine.mkv", **{"path.utf-8": [b"..", b"evil.mkv"]})),
        "a symlink": torrent(b"Film", at(b"link", attr=b"l", symlink_path=[b"..", b"etc"])),
        "a name spelt twice": torrent(b"Film", at(b"a.mkv"), info={b"name.utf-8": b".."}),
        "a tree that climbs": bytes(
            lt.bencode(
                {
                    b"info": {
                        b"name": b"Film",
                        b"piece length": PIECE,
                        b"meta version": 2,
                        b"file tree": {b"..": {b"evil.mkv": {b"": {b"length": 10, b"pieces root": bytes(32)}}}},
                    }
                }
            )
        ),
    }
