"""The demo's small world: real videos of titles in the public domain or openly licensed, real torrents of some of
them, and what an indexer would list among them. The pictures are made here; only the titles are the works'.

    at_home     lie in the library folders before the daemon starts
    arrivals    are copied in while it runs
    wishes      are asked for, found at the indexer, downloaded, imported
    decoys      stand in the indexer's list and must be refused, each for its own reason
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from mydia.demo.fakes import FakeEpisode, FakeRelease, FakeTitle
from mydia.demo.torrents import make_torrent
from mydia.demo.videos import Audio, Video, make_video

MINUTE = 60
HD = Video(1920, 1080, MINUTE, fps=0.25, grain=2, audio=(Audio("ac3", 6, "eng"),))
SMALL = Video(1280, 720, MINUTE, fps=0.5, grain=2)
OLD = Video(640, 480, MINUTE, "mpeg4", fps=0.5, audio=(Audio("aac", 1, "eng"),))
UHD = Video(
    3840,
    2160,
    MINUTE,
    "h265",
    hdr10=True,
    fps=0.1,
    audio=(Audio("eac3", 6, "eng"), Audio("aac", 2, "nld")),
    subtitles=("eng", "nld"),
)


def _episodes(season: int, year: int, titles: Sequence[str]) -> tuple[FakeEpisode, ...]:
    return tuple(FakeEpisode(season, i, t, f"{year}-01-{i + 10}", 1) for i, t in enumerate(titles, 1))


NOSFERATU = FakeTitle(
    653,
    "movie",
    "Nosferatu",
    1922,
    "A wordless symphony of horror: a clerk travels to the Carpathians, and something follows him home.",
    1,
    "tt0013442",
    original_title="Nosferatu, eine Symphonie des Grauens",
    original_language="de",
    genres=("Horror", "Fantasy"),
    popularity=9.0,
    art=False,
)
GENERAL = FakeTitle(
    961,
    "movie",
    "The General",
    1926,
    "A train driver steals his locomotive back, and the woman on it.",
    1,
    "tt0017925",
    genres=("Comedy", "Action"),
)
SINTEL = FakeTitle(
    45745,
    "movie",
    "Sintel",
    2010,
    "A lonely young woman searches the world for a baby dragon.",
    1,
    "tt1727587",
    genres=("Animation", "Fantasy"),
)
LIVING_DEAD = FakeTitle(
    10331,
    "movie",
    "Night of the Living Dead",
    1968,
    "Seven people in a farmhouse, and the dead outside.",
    1,
    "tt0063350",
    genres=("Horror",),
    art=False,
)
CHARADE = FakeTitle(
    4808,
    "movie",
    "Charade",
    1963,
    "A widow in Paris is pursued by several men who want her husband's fortune.",
    1,
    "tt0056923",
    genres=("Mystery", "Comedy"),
    art=False,
)
METROPOLIS = FakeTitle(
    19,
    "movie",
    "Metropolis",
    1927,
    "In a city of the future, those who think and those who work meet.",
    1,
    "tt0017136",
    original_language="de",
    genres=("Drama", "Science Fiction"),
    popularity=8.0,
    art=False,
)
METROPOLIS_2001 = FakeTitle(
    9606,
    "movie",
    "Metropolis",
    2001,
    "A detective and his nephew look for a scientist in a layered city.",
    1,
    "tt0293416",
    original_language="ja",
    popularity=5.0,
)
BUNNY = FakeTitle(
    10378,
    "movie",
    "Big Buck Bunny",
    2008,
    "A large rabbit deals with three small bullies.",
    1,
    "tt1254207",
    genres=("Animation", "Comedy"),
    art=False,
)
FRIDAY = FakeTitle(
    3085,
    "movie",
    "His Girl Friday",
    1940,
    "An editor tries everything to keep his best reporter, who is also his former wife.",
    1,
    "tt0032599",
    genres=("Comedy", "Romance"),
    art=False,
)
STEP = FakeTitle(
    17404,
    "tv_show",
    "One Step Beyond",
    1959,
    "Strange stories, each told as if it had happened.",
    1,
    "tt0052451",
    73390,
    genres=("Mystery",),
    status="Ended",
    episodes=(
        *_episodes(1, 1959, ("The Bride Possessed", "Night of April 14", "Emergency Only")),
        *_episodes(2, 1960, ("Delusion", "Ordeal on Locust Street", "Brainwave")),
    ),
    art=False,
)
# One title has a picture at the metadata provider; for the others the house draws its own posters, which show more than a fake could.
TITLES = tuple(
    replace(title, pictures=title is SINTEL)
    for title in (NOSFERATU, GENERAL, SINTEL, LIVING_DEAD, CHARADE, METROPOLIS, METROPOLIS_2001, BUNNY, FRIDAY, STEP)
)

AT_HOME: tuple[tuple[str, Video], ...] = (
    (
        "movies/Nosferatu (1922)/Nosferatu.1922.1080p.BluRay.DTS.x264-PD.mkv",
        replace(HD, audio=(Audio("flac", 2, "deu"),), subtitles=("eng",), seed=1),
    ),
    ("movies/The General (1926)/The.General.1926.720p.WEB-DL.AAC2.0.H.264-PD.mp4", replace(SMALL, seed=2)),
    ("movies/Sintel (2010)/Sintel.2010.2160p.WEB-DL.DDP5.1.HDR10.H.265-OPEN.mkv", replace(UHD, seed=3)),
    (
        "tv/One Step Beyond/Season 01/One.Step.Beyond.S01E01.The.Bride.Possessed.480p.DVDRip.XviD-PD.avi",
        replace(OLD, seed=11),
    ),
    (
        "tv/One Step Beyond/Season 01/One.Step.Beyond.S01E02.Night.of.April.14.480p.DVDRip.XviD-PD.avi",
        replace(OLD, seed=12),
    ),
    (
        "tv/One Step Beyond/Season 01/One.Step.Beyond.S01E03.Emergency.Only.480p.DVDRip.XviD-PD.avi",
        replace(OLD, seed=13),
    ),
)
ARRIVALS: tuple[tuple[str, Video], ...] = (
    ("movies/Night.of.the.Living.Dead.1968.1080p.BluRay.x265-PD.mkv", replace(HD, codec="h265", seed=4)),
    (
        "movies/Charade (1963)/Charade.1963.720p.BluRay.x264-PD.mkv",
        replace(SMALL, audio=(Audio(), Audio("aac", 2, "fra")), seed=5),
    ),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One release at the indexer. `files` are (path below the torrent's folder, video or the content itself)."""

    name: str
    title: FakeTitle
    files: tuple[tuple[str, Video | bytes], ...]
    seeders: int = 12
    size: int = 0
    season: int | None = None
    episode: int | None = None
    refused_for: str | None = None  # the rule a decoy must be refused by; None: this one is to be taken


def _film(name: str, title: FakeTitle, video: Video, **more: object) -> Listing:
    return Listing(name, title, ((f"{name}.mkv", video),), **more)  # type: ignore[arg-type]  # Listing's own fields


_PACK = "One.Step.Beyond.S02.720p.WEB-DL.AAC2.0.H.264-PD"
LISTINGS: tuple[Listing, ...] = (
    _film("Metropolis.1927.1080p.BluRay.x264-PD", METROPOLIS, replace(HD, audio=(Audio("flac", 2, "deu"),), subtitles=("eng",), seed=6)),
    _film("Metropolis.2001.1080p.BluRay.x264-ANIME", METROPOLIS, replace(OLD, seed=21), seeders=80, refused_for="wrong_year"),
    _film("Metropolis.1927.480p.DVDRip.XviD-OLD", METROPOLIS, replace(OLD, seed=22), seeders=50, refused_for="quality_not_wanted"),
    Listing(
        "Metropolis.1927.1080p.BluRay.x264-FAST",
        METROPOLIS,
        (("Metropolis.1927.1080p.BluRay.x264-FAST.mkv.exe", b"MZ" + bytes(4096)),),
        seeders=900,
        refused_for="dangerous_file",
    ),
    _film("Big.Buck.Bunny.2008.1080p.WEB-DL.DDP5.1.H.264-OPEN", BUNNY, replace(HD, seed=7)),
    _film("Big.Buck.Bunny.2008.HDCAM.x264-NOISE", BUNNY, replace(OLD, seed=23), seeders=300, refused_for="quality_not_wanted"),
    _film("Big.Buck.Hunter.2008.1080p.WEB-DL.H.264-GAME", BUNNY, replace(OLD, seed=24), seeders=70, refused_for="wrong_title"),
    _film("His.Girl.Friday.1940.720p.BluRay.x264-PD", FRIDAY, replace(SMALL, seed=8)),
    _film("His.Girl.Friday.1940.720p.BluRay.x264-DEAD", FRIDAY, replace(OLD, seed=25), seeders=0, refused_for="too_few_seeders"),
    Listing(
        _PACK,
        STEP,
        tuple((f"One.Step.Beyond.S02E{n:02}.720p.WEB-DL.AAC2.0.H.264-PD.mkv", replace(SMALL, seed=30 + n)) for n in (1, 2, 3)),
        season=2,
    ),
    Listing(
        "One.Step.Beyond.S01E02.1080p.WEB-DL.H.264-LATE",
        STEP,
        (("One.Step.Beyond.S01E02.1080p.WEB-DL.H.264-LATE.mkv", replace(OLD, seed=26)),),
        season=2,  # the indexer files it under the wrong season; its name tells
        refused_for="wrong_episode",
    ),
)  # fmt: skip


def make_files(folder: Path, wanted: Iterable[tuple[str, Video]]) -> list[Path]:
    """Make videos below a folder, two at a time."""
    jobs = [(Path(folder, name), video) for name, video in wanted]
    for path, _ in jobs:
        path.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda job: make_video(job[1], job[0]), jobs))


def make_listings(folder: Path, tracker: str) -> tuple[list[FakeRelease], list[tuple[bytes, Path]]]:
    """The indexer's list, and (torrent, save path) of everything in it for the seeder. Only what is to be taken needs
    whole videos.
    """
    videos: list[tuple[str, Video]] = []
    for listing in LISTINGS:
        for name, content in listing.files:
            relative = f"{listing.name}/{name}"
            if isinstance(content, bytes):
                Path(folder, relative).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, relative).write_bytes(content)
            else:
                videos.append((relative, content))
    make_files(folder, videos)
    releases, torrents = [], []
    for listing in LISTINGS:
        content, infohash = make_torrent(Path(folder, listing.name), tracker)
        size = sum(p.stat().st_size for p in Path(folder, listing.name).iterdir())
        show = listing.title.kind == "tv_show"
        releases.append(
            FakeRelease(
                listing.name,
                content,
                size,
                category=5040 if show else 2040,
                seeders=listing.seeders,
                peers=listing.seeders + 2,
                ids={"tmdb": str(listing.title.id), "imdb": (listing.title.imdb_id or "").removeprefix("tt")},
                season=listing.season,
                episode=listing.episode,
                infohash=infohash,
            )
        )
        torrents.append((content, folder))
    return releases, torrents
