"""Every request one room may make of another: imperative, frozen, plain fields.

Durable wishes ("search for this title") are jobs, not messages: see JOB_KINDS. What stands here is asked of a running actor and answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class Change:
    """-> db_writer. Run `fn(tx, *args, **kwargs)` in a transaction; the reply is its value, once durable.

    It may run more than once, and be undone each time but the last: `fn` has no effect but through `tx`, and its arguments serve every run
    (a list, never an iterator).
    """

    fn: Callable[Concatenate[Any, ...], Any]
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParseNames:
    """-> analyzer. Release names or paths (relative to their root) -> list of `Release` as JSON-able dicts."""

    names: tuple[str, ...]
    input: str = "path"


@dataclass(frozen=True, slots=True)
class ProbeFile:
    """-> analyzer. Media facts of one file (`ports.Probe` as a dict). Refused (Invalid) when it is no video or vanished."""

    path: str


@dataclass(frozen=True, slots=True)
class SettleFile:
    """-> watcher (from the scanner's walk). Look at this path until it is stable, then enqueue its identification."""

    root_id: str
    relative_path: str


@dataclass(frozen=True, slots=True)
class FindTitles:
    """-> librarian. Titles called so, by the metadata provider: a sequence of `ports.MetadataMatch`, best first."""

    kind: Literal["movie", "tv_show"]
    text: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class AddTitle:
    """-> librarian. Look the title up and add it; the reply is its id here (the existing one's when it is known already)."""

    kind: Literal["movie", "tv_show"]
    provider: str
    id: str
    root_id: str | None = None
    quality_profile_id: str | None = None
    monitored: bool = True
    preset: str | None = None  # what of it is wanted: one of core.wanted.SHOW_PRESETS or FILM_PRESETS
    new_seasons: Literal["all", "none"] | None = None
    search: bool = True
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class TorrentCall:
    """-> torrent_engine (the libtorrent process): method of `ports.DownloadClient` and its JSON-able arguments."""

    method: str
    arguments: dict[str, Any]


class JobKind(NamedTuple):
    """The queue that a kind of job waits in, what it does (`mydia jobs` and the jobs page show this), and its priority (lower is first)."""

    queue: str
    words: str
    priority: int = 0


QUEUES: dict[str, str] = {
    "critical": "What the house's health hangs on",
    "default": "Upkeep, and what is known of titles",
    "media": "Walking folders, looking at files, importing",
    "search": "Searching indexers",
    "notifications": "Telling people",
}

JOB_KINDS: dict[str, JobKind] = {
    "scan_root": JobKind("media", "Walk one library folder and compare it with what is known"),
    "identify_file": JobKind("media", "Parse, probe and match one file"),
    "refresh_metadata": JobKind("default", "Ask the metadata provider about one title"),
    "search_media": JobKind("search", "Search all indexers for what one title lacks, decide and grab the best"),
    "search_missing": JobKind("search", "Queue searches for wanted titles, oldest search first"),
    # Somebody waits for it, and a scan brings files by the thousand.
    "import_download": JobKind("media", "Import the files of one completed download", priority=-10),
    "restore_file": JobKind("media", "Bring one file back from the trash", priority=-10),
    "rename_files": JobKind("media", "Give the files of one title, or of all, the names that the templates make"),
    "notify": JobKind("notifications", "Deliver one event to one notification target"),
    "prune": JobKind("default", "Remove old jobs and events, empty the trash of what has been there long enough"),
    "optimize_store": JobKind("default", "Refresh the database's statistics, fold its log, note its size"),
    "fold_log": JobKind("default", "Fold the database's log, which has grown, into its file"),
    "vacuum_store": JobKind("default", "Write the database anew without what was deleted from it"),
    "check_store": JobKind("critical", "Integrity and foreign-key check of the database"),
    "backup_store": JobKind("default", "Write a verified copy of the database"),
}
