"""A download client that has everything at once: what Mydia's qBittorrent adapter asks of qBittorrent's Web API, and no network behind it.

It knows the torrents it will be given. What is added is "downloaded" by laying its files down; every second one on another file system,
where there is one, so that an import has to copy.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from mydia.demo.fakes import Fake, Reply, Request, json_reply

LOOKS = 2
"""How often it is listed as downloading before it is complete."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A torrent, and its files by their path inside it."""

    torrent: bytes
    infohash: str
    name: str
    files: Mapping[str, bytes]


class FakeQbittorrent(Fake):
    """Its torrents outlive Mydia, as those of a program of its own do."""

    def __init__(self, landings: Sequence[Path]) -> None:
        super().__init__()
        self.landings = landings
        self.offers: dict[str, Offer] = {}
        self.added: dict[str, dict[str, Any]] = {}
        self.removed: list[str] = []

    def offer(self, offer: Offer) -> None:
        self.offers[offer.infohash] = offer

    def answer(self, request: Request) -> Reply:
        form = dict(request.query)
        if "form-urlencoded" in request.headers.get("content-type", ""):
            form |= dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        match request.path.removeprefix("/api/v2/"):
            case "app/version":
                return Reply(200, b"v5.0.4", content_type="text/plain")
            case "app/webapiVersion":
                return Reply(200, b"2.11.4", content_type="text/plain")
            case "torrents/info":
                return json_reply(self._info(form))
            case "torrents/files":
                return json_reply(self._files(form.get("hash", "")))
            case "torrents/add":
                return Reply(200, b"Ok." if self._add(request.body) else b"Fails.", content_type="text/plain")
            case "torrents/createCategory":
                return Reply(200)
            case "torrents/delete":
                self.removed += form.get("hashes", "").split("|")
                return Reply(200)
        return Reply(404, json.dumps(request.path).encode())

    def _add(self, body: bytes) -> bool:
        found = next((o for o in self.offers.values() if o.torrent in body), None)
        if found is None:
            return False
        if found.infohash not in self.added:
            landing = self.landings[len(self.added) % len(self.landings)]
            for path, content in found.files.items():
                (landing / found.name / path).parent.mkdir(parents=True, exist_ok=True)
                (landing / found.name / path).write_bytes(content)
            self.added[found.infohash] = {"save_path": str(landing), "looks": 0}
        return True

    def _info(self, form: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = form.get("hashes")
        return [self._row(h) for h in self.added if wanted is None or h in wanted.split("|")]

    def _row(self, infohash: str) -> dict[str, Any]:
        offer, mine = self.offers[infohash], self.added[infohash]
        mine["looks"] += 1
        done = mine["looks"] > LOOKS
        return {
            "hash": infohash,
            "name": offer.name,
            "state": "uploading" if done else "downloading",
            "progress": 1.0 if done else 0.5,
            "size": sum(map(len, offer.files.values())),
            "save_path": mine["save_path"],
            "category": "mydia",
            "ratio": 0,
            "seeding_time": 0,
            "dlspeed": 0,
            "eta": 8640000,
        }

    def _files(self, infohash: str) -> list[dict[str, Any]]:
        offer = self.offers[infohash]
        return [
            {"name": f"{offer.name}/{path}", "size": len(content), "progress": 1, "priority": 1}
            for path, content in offer.files.items()
        ]
