"""Torznab: torrents, from Prowlarr, Jackett and sites that speak it."""

import re

from mydia.adapters.clients.torrent_file import MAX_BYTES, Torrent, read_magnet, read_torrent
from mydia.adapters.indexers.api import FeedIndexer, common_fields
from mydia.adapters.indexers.feed import Item
from mydia.errors import Invalid
from mydia.ports import FoundRelease, Payload, Protocol_

_DOWNLOAD_FACTORS = {0.0: "freeleech", 0.25: "freeleech75", 0.5: "halfleech", 0.75: "freeleech25"}


class Torznab(FeedIndexer):
    protocol: Protocol_ = "torrent"

    def release(self, item: Item) -> FoundRelease | None:
        fields = common_fields(self, item)
        link = download_link(item)
        if fields is None or link is None:
            return None
        # What is not said is not known: an indexer without the number has not said 0.
        seeders, peers = item.number("seeders"), item.number("peers")
        leechers = item.number("leechers")
        if peers is None and seeders is not None and leechers is not None:
            peers = seeders + leechers
        return FoundRelease(
            **fields,
            download_url=link,
            seeders=seeders,
            peers=peers,
            infohash=_infohash(item, link),
            flags=_flags(item),
        )

    async def fetch(self, release: FoundRelease) -> Payload:
        if release.download_url.startswith("magnet:"):
            return _magnet(release.title, release.download_url)
        answer = await self.download(release, MAX_BYTES)
        if answer.magnet is not None:
            return _magnet(release.title, answer.magnet)
        try:
            torrent = read_torrent(answer.body)
        except Invalid as error:
            raise Invalid(f"{self.name} gave no usable torrent for {release.title}: {error}") from error
        return Payload(release.title, content=answer.body, infohash=torrent.v1)


def download_link(item: Item) -> str | None:
    """A torrent's address is better than a magnet link: its files are known before it is taken."""
    links = [item.enclosure.get("url"), item.text("link"), item.attribute("magneturl"), item.text("guid")]
    for scheme in (("http://", "https://"), ("magnet:",)):
        for link in links[:3] if scheme != ("magnet:",) else links:
            if link and link.lower().startswith(scheme):
                return link
    return None


def _magnet(title: str, magnet: str) -> Payload:
    torrent: Torrent = read_magnet(magnet)
    return Payload(title, magnet=magnet, infohash=torrent.v1)


def _infohash(item: Item, link: str) -> str | None:
    said = (item.attribute("infohash") or "").lower()
    if re.fullmatch(r"[0-9a-f]{40}", said):
        return said
    magnet = link if link.startswith("magnet:") else item.attribute("magneturl")
    try:
        return read_magnet(magnet).v1 if magnet else None
    except Invalid:
        return None


def _flags(item: Item) -> tuple[str, ...]:
    flags = [tag.lower() for tag in item.attributes.get("tag", ())]
    try:
        down = float(item.attribute("downloadvolumefactor") or 1)
        up = float(item.attribute("uploadvolumefactor") or 1)
    except ValueError:
        return tuple(dict.fromkeys(flags))
    if down in _DOWNLOAD_FACTORS:
        flags.append(_DOWNLOAD_FACTORS[down])
    if up == 2:
        flags.append("doubleupload")
    return tuple(dict.fromkeys(flags))
