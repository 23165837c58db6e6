"""Newznab: usenet, from the sites themselves or through Prowlarr and NZBHydra."""

from mydia.adapters.http import MEGABYTE
from mydia.adapters.indexers.api import FeedIndexer, common_fields
from mydia.adapters.indexers.feed import Item
from mydia.errors import Invalid
from mydia.ports import FoundRelease, Payload, Protocol_

MAX_NZB = 64 * MEGABYTE


class Newznab(FeedIndexer):
    protocol: Protocol_ = "usenet"

    def release(self, item: Item) -> FoundRelease | None:
        fields = common_fields(self, item)
        link = item.enclosure.get("url") or item.text("link")
        if fields is None or link is None or not link.lower().startswith(("http://", "https://")):
            return None
        flags = tuple(
            name
            for name, attribute in (("passworded", "password"), ("nuked", "nuked"), ("prematch", "haspretime"))
            if (item.attribute(attribute) or "0") not in ("0", "")
        )
        return FoundRelease(**fields, download_url=link, flags=flags)

    async def fetch(self, release: FoundRelease) -> Payload:
        answer = await self.download(release, MAX_NZB)
        if b"<nzb" not in answer.body[:4096].lower():
            raise Invalid(f"{self.name} gave no NZB for {release.title}: it sent something else")
        return Payload(release.title, content=answer.body)
