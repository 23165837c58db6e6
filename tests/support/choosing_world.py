"""A house with titles, files and an indexer that offers what a test says: what tests of choosing stand on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mydia.core.formats import Condition, CustomFormat
from mydia.core.quality import DEFAULT_PROFILES, QualityProfile
from mydia.house import House
from mydia.jobs.model import Job
from mydia.library import changes as library
from mydia.library.model import FileFacts, SeenFile
from mydia.library.queries import roots
from mydia.media import changes as media
from mydia.ports import FoundRelease, IndexerQuery, MediaDetails, Payload, Probe
from mydia.store.transaction import Transaction
from workers.searcher import Searcher

PROFILE = QualityProfile.from_json({**DEFAULT_PROFILES[0].to_json(), "upgrades": True})
"""Any, with upgrades."""


def format_of(name: str, pattern: str, **more: Any) -> CustomFormat:
    """A format of one title condition."""
    return CustomFormat(name, (Condition("title", pattern),), **more)


@dataclass
class Offering:
    """An indexer that offers the same whatever it is asked."""

    releases: Sequence[FoundRelease]
    name: str = "one"

    async def capabilities(self) -> Mapping[str, Any]:
        return {}

    async def search(self, query: IndexerQuery) -> Sequence[FoundRelease]:
        return self.releases

    async def recent(self) -> Sequence[FoundRelease]:
        return self.releases

    async def fetch(self, release: FoundRelease) -> Payload:
        raise NotImplementedError("nothing is fetched in these tests")


def offer(title: str, **more: Any) -> FoundRelease:
    facts = {"guid": title, "indexer": "one", "protocol": "torrent", "download_url": "http://127.0.0.1/", "seeders": 9}
    return FoundRelease(**{"title": title, "size": 4 << 30, **facts, **more})


async def search(house: House, title_id: str, *releases: FoundRelease, mode: str = "search") -> None:
    """Have the searcher search for a title among these releases."""
    worker = Searcher(house, [Offering(releases)], frozenset({"torrent"}), "test")
    await worker.search_media(job("search_media", media_item_id=title_id, mode=mode))


def job(kind: str, **args: Any) -> Job:
    blank = dict.fromkeys(Job.__slots__)
    return Job(**{**blank, "id": "j", "kind": kind, "args": args, "attempt": 1, "interrupted": 0})  # type: ignore[arg-type]


async def add_film(
    house: House, title: str = "The Film", year: int = 2001, *, profile: str | None = None, **more: Any
) -> str:
    """A film that can be had; its id. `profile` is a quality profile's id."""
    await house.write(library.ensure_roots, [("/nowhere/films", "movie"), ("/nowhere/shows", "tv_show")])
    facts: dict[str, Any] = {
        "status": "Released",
        "runtime": 100,
        "original_language": "en",
        "digital": f"{year}-01-01",
        **more,
    }
    details = MediaDetails("tmdb", "movie", title, {"tmdb": title}, year, **facts)
    return await house.write(media.add_media, details, quality_profile_id=profile, search=False, actor="test")


@dataclass(frozen=True)
class Lying:
    """A file of a film: its path, the release it came from, what probing found."""

    path: str
    release: str
    quality: str = "WEBDL-1080p"
    languages: tuple[str, ...] = ("en",)
    size: int = 4 << 30
    metadata: Mapping[str, Any] = field(default_factory=dict)


async def hold(house: House, title_id: str, file: Lying) -> None:
    """Put a file on the shelf of a film."""
    root = (await house.read(roots))[0]

    def put(tx: Transaction) -> None:
        library.files_seen(tx, root.id, [SeenFile(file.path, file.size, 1, 1)])
        file_id = tx.value("select id from media_files where relative_path = :p", p=file.path)
        probe = asdict(Probe("mkv", file.size, 6000.0, 1920, 1080, "1080p", "h264", 8, (), 5000, (), ()))
        facts = FileFacts(
            quality=file.quality,
            languages=file.languages,
            scene_name=file.release,
            metadata={"probe": probe, **file.metadata},
        )
        library.link_file(tx, file_id, title_id, (), facts)

    await house.write(put)
