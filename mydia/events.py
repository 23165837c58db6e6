"""Every event: what was committed, past tense, plain fields, ids not objects.

A change emits (`tx.emit(...)`), the writer stores it in the events table with the commit and, after the commit, publishes it on the
bus in commit order. Pages subscribe (live), the notifier turns the ones people asked for into jobs. The comment behind each event
says who commits it -> who wakes.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`media_item_id` files the event under a title's history; `actor` is who caused it ("system", a worker, or a user's name).

    `seq` is its number in the events table, given with the commit; None when it is not stored.
    """

    media_item_id: str | None = None
    actor: str = "system"
    seq: int | None = field(default=None, compare=False)

    @classmethod
    def type(cls) -> str:
        return cls.__name__

    def data(self) -> dict[str, Any]:
        """The fields of this event beside those every event has; JSON-able."""
        return {k: v for k, v in asdict(self).items() if k not in ("media_item_id", "actor", "seq")}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAdded(Event):  # pages, importer of files -> searcher (job), pages, notifier
    title: str
    kind: str
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaUpdated(Event):  # librarian, pages -> pages
    title: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDeleted(Event):  # pages -> pages
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFound(Event):  # scanner, watcher -> pages
    file_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLinked(Event):  # scanner, pages -> pages; not for what is imported: Imported tells of that
    file_id: str
    path: str
    quality: str
    episodes: tuple[str, ...] = ()  # "S01E02"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUnmatched(Event):  # scanner -> pages
    file_id: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGone(Event):  # scanner -> pages, searcher
    file_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTrashed(Event):  # importer, pages -> pages
    trash_id: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRestored(Event):  # pages -> pages
    trash_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRenamed(Event):  # importer -> pages
    file_id: str
    before: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootChanged(Event):  # scanner -> pages (health)
    root_id: str
    path: str
    state: str  # ok | unavailable | readonly | suspicious
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFinished(Event):  # scanner -> pages
    root_id: str
    seen: int
    added: int
    gone: int
    seconds: float
    path: str = ""  # older events have none


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFinished(Event):  # searcher -> pages
    search_id: str
    found: int
    accepted: int
    chosen: str | None
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grabbed(Event):  # searcher -> download_monitor (bell), pages, notifier
    download_id: str
    release: str
    indexer: str
    quality: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgressed(Event):  # download_monitor -> pages only: published on the bus, never stored
    download_id: str
    progress: float
    speed: int = 0
    eta: int | None = None
    state: str = "downloading"
    stored: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadChanged(Event):  # download_monitor, importer -> pages only, never stored: its row is the truth
    download_id: str
    stored: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookWished(Event):  # pages -> download_monitor (bell), in whichever daemon it lives; never stored
    stored: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadCompleted(Event):  # download_monitor -> importer (job), notifier
    download_id: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadFailed(Event):  # download_monitor -> searcher (job), notifier
    download_id: str
    release: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadCancelled(Event):  # pages -> download_monitor, pages
    download_id: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported(Event):  # importer -> notifier, media server refresh, pages
    download_id: str
    file_id: str
    path: str
    release: str
    quality: str
    method: str  # hardlink | reflink | copy
    reason: str | None = None  # why it could not be a hardlink
    is_upgrade: bool = False
    episodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportHeld(Event):  # importer -> pages, notifier: a person must look
    download_id: str
    release: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged(Event):  # any worker -> pages, notifier
    part: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChanged(Event):  # jobs -> pages only, never stored: the jobs table is the truth
    job_id: str
    queue: str
    kind: str
    state: str
    stored: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChanged(Event):  # pages -> pages; its actors are rung
    queue: str
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Event):  # pages -> workers that read the setting
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged(Event):  # accounts -> audit
    user_id: str
    what: str
    name: str = ""  # older events have none


EVENTS: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in list(globals().values())
    if isinstance(cls, type) and issubclass(cls, Event) and cls is not Event
}


def from_row(type_: str, data: dict[str, Any], media_item_id: str | None, actor: str, seq: int | None = None) -> Event:
    """An event as the events table keeps it; fields that a newer version no longer knows are dropped."""
    cls = EVENTS[type_]
    known = {f.name for f in fields(cls)}
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known}
    return cls(media_item_id=media_item_id, actor=actor, seq=seq, **plain)
