"""Every request one room may make of another: imperative, frozen, plain fields.

Durable wishes ("search for this title") are jobs, not messages: see JOB_KINDS. What stands here is asked of a running actor and answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Literal


@dataclass(frozen=True, slots=True)
class Change:
    """-> db_writer. Run `fn(tx, *args, **kwargs)` in a transaction; the reply is its value, once durable."""

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
    search: bool = True
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class RestoreTrash:
    """-> importer. Bring a trashed file and its side files back; the reply is its path, another name where its own is taken."""

    trash_id: str
    actor: str


@dataclass(frozen=True, slots=True)
class TorrentCall:
    """-> torrent_engine (the libtorrent process): method of `ports.DownloadClient` and its JSON-able arguments."""

    method: str
    arguments: dict[str, Any]


JOB_KINDS: dict[str, tuple[str, str]] = {
    # kind: (queue, what it does). One actor drains one queue's kind; `mydia jobs` and the jobs page show this text.
    "scan_root": ("media", "Walk one library folder and compare it with what is known"),
    "identify_file": ("media", "Parse, probe and match one file"),
    "refresh_metadata": ("default", "Ask the metadata provider about one title"),
    "search_media": ("search", "Search all indexers for what one title lacks, decide and grab the best"),
    "search_missing": ("search", "Queue searches for wanted titles, oldest search first"),
    "import_download": ("media", "Import the files of one completed download"),
    "notify": ("notifications", "Deliver one event to one notification target"),
    "prune": ("default", "Remove old jobs and events, empty the trash of what has been there long enough"),
    "optimize_store": ("default", "ANALYZE and checkpoint the database"),
    "check_store": ("default", "Integrity and foreign-key check of the database"),
    "backup_store": ("default", "Write a verified copy of the database"),
}
