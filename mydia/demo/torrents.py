"""Torrents and somebody who seeds them: a second libtorrent session, and a tracker that knows only that one. For the
demo and tests.
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import libtorrent

from mydia.demo.fakes import Fake, Reply, Request

lt: Any = libtorrent  # its stubs do not know what its own functions return


def make_torrent(folder: Path, tracker: str) -> tuple[bytes, str]:
    """A v1 torrent of a folder, and its infohash."""
    made = lt.create_torrent(lt.list_files(str(folder)), 64 * 1024, lt.create_torrent.v1_only)
    made.add_tracker(tracker)
    made.set_priv(True)  # no DHT, no peer exchange: the tracker alone tells of peers
    lt.set_piece_hashes(made, str(folder.parent))
    content = bytes(lt.bencode(made.generate()))
    return content, str(lt.load_torrent_buffer(content).ti.info_hashes().v1)


class Seeder:
    """Seeds torrents on loopback, each at `rate` bytes a second at most (0: no limit)."""

    def __init__(self, rate: int = 0) -> None:
        self._rate = rate
        self._session = lt.session(
            {
                "listen_interfaces": "127.0.0.1:0",
                "enable_dht": False,
                "enable_lsd": False,
                "enable_upnp": False,
                "enable_natpmp": False,
                "enable_incoming_utp": False,
                "enable_outgoing_utp": False,
                "allow_multiple_connections_per_ip": True,
                "alert_mask": 0,
            }
        )

    @property
    def port(self) -> int:
        return int(self._session.listen_port())

    def add(self, torrents: Iterable[tuple[bytes, Path]]) -> None:
        for content, save_path in torrents:
            params = lt.load_torrent_buffer(content)
            params.save_path = str(save_path)
            params.flags |= lt.torrent_flags.seed_mode
            params.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
            handle = self._session.add_torrent(params)
            if self._rate:
                handle.set_upload_limit(self._rate)

    def pace(self, rate: int) -> None:
        """From now on each at so many bytes a second at most."""
        for handle in self._session.get_torrents():
            handle.set_upload_limit(rate)

    def close(self) -> None:
        """Give nothing any more, until `open`."""
        self._session.pause()

    def open(self) -> None:
        self._session.resume()


class FakeTracker(Fake):
    """A BitTorrent tracker over HTTP (BEP 3, compact peers of BEP 23) whose only peer is the seeder."""

    def __init__(self) -> None:
        super().__init__()
        self.seeder_port = 0

    def answer(self, request: Request) -> Reply:
        peers = (
            b""
            if request.query.get("port") == str(self.seeder_port)
            else bytes((127, 0, 0, 1)) + struct.pack(">H", self.seeder_port)
        )
        return Reply(
            200, bytes(lt.bencode({b"interval": 30, b"min interval": 5, b"peers": peers})), content_type="text/plain"
        )
