"""What lies in the library folders: roots, files, scans, trash."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mydia.core.identify import quality_name
from mydia.core.release import Release
from mydia.ports import MediaKind, Probe, probe_from

RootState = Literal["ok", "unavailable", "readonly", "suspicious"]
FileState = Literal["new", "linked", "unmatched", "invalid", "missing"]


@dataclass(frozen=True, slots=True)
class Root:
    """A library folder. Anything but "ok" means *unknown*: nothing in it is called gone. `last_scan` is a ScanResult as JSON.

    `copies`: why imports into it are copied and need their space twice; None where they are hard links.
    """

    id: str
    path: str
    type: MediaKind
    state: RootState
    reason: str | None
    device: int | None
    last_scan_at: str | None
    last_scan: dict[str, Any] | None
    copies: str | None = None


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What a scan compares with: enough to see that a file is unchanged without opening it."""

    id: str
    relative_path: str
    size: int
    mtime_ns: int
    state: FileState


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as a walk saw it; `relative_path` below its root, with "/"."""

    relative_path: str
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class FileView:
    """A file as pages and APIs show it. size in bytes, duration in seconds, `metadata` the probe and the parsed name."""

    id: str
    root_id: str
    root_path: str
    relative_path: str
    media_item_id: str | None
    state: FileState
    reason: str | None
    size: int
    mtime_ns: int
    quality: str | None
    revision: int
    resolution: str | None
    codec: str | None
    hdr_format: str | None
    audio_codec: str | None
    audio_channels: float | None
    languages: tuple[str, ...]
    bitrate: int | None
    duration: float | None
    release_group: str | None
    scene_name: str | None
    metadata: dict[str, Any]
    created_at: str
    verified_at: str | None
    held: bool = False
    episode_ids: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return str(Path(self.root_path, self.relative_path))


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What identification learned of a file, as the media_files columns keep it."""

    quality: str | None = None
    revision: int = 1
    resolution: str | None = None
    codec: str | None = None
    hdr_format: str | None = None
    audio_codec: str | None = None
    audio_channels: float | None = None
    languages: tuple[str, ...] = ()
    bitrate: int | None = None
    duration: float | None = None
    release_group: str | None = None
    scene_name: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScanStatus:
    running: bool
    roots: tuple[Root, ...]
    waiting: int
    """Files that still wait to be identified."""


@dataclass(frozen=True, slots=True)
class TrashRow:
    id: str
    root_id: str
    root_path: str
    media_item_id: str | None
    relative_path: str
    trash_path: str
    size: int
    reason: str
    actor: str
    state: Literal["intent", "trashed", "restored", "deleted"]
    created_at: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One file's import in flight: written before the file system is touched, closed with the rows it leads to."""

    id: str
    download_id: str
    source: str
    root_id: str
    relative_path: str
    part_path: str
    method: str | None
    reason: str | None
    state: Literal["intent", "done", "undone", "failed"]
    plan: dict[str, Any]


def file_facts(release: Release, probe: Probe, kind: MediaKind) -> FileFacts:
    """What is kept of a file: the picture and sound as probed (the file knows better than its name), the rest as named."""
    named = FileFacts(
        quality=quality_name(release, kind, probe.resolution),
        revision=release.version,
        languages=release.languages,
        release_group=release.release_group,
        scene_name=release.name,
        metadata={"release": release.to_json()},
    )
    return _as_probed(named, probe)


def facts_again(file: FileView, probe: Probe) -> FileFacts | None:
    """What is kept of a file that is known and was only touched since (its tags edited, a subtitle put in), or was away for a while: what
    it came as. None where it is another by now, by its picture, length and size; or where nobody ever knew what it is."""
    kept = file.metadata.get("probe")
    if kept is None or file.media_item_id is None:
        return None
    before = probe_from(kept)
    lasts, lasted = probe.duration or 0.0, before.duration or 0.0
    if (probe.resolution, probe.video_codec) != (before.resolution, before.video_codec) or abs(
        lasts - lasted
    ) > _SAME_LENGTH:
        return None
    if abs(probe.size - before.size) > _SAME_SIZE * before.size:
        return None
    came = FileFacts(**{name: getattr(file, name) for name in FileFacts.__slots__})
    return _as_probed(came, probe)


_SAME_LENGTH = 2.0  # seconds
_SAME_SIZE = 0.25  # of it; a few sound tracks more are no other film


def _as_probed(named: FileFacts, probe: Probe) -> FileFacts:
    languages = tuple(dict.fromkeys(t.language for t in probe.audio if t.language))
    best = max(probe.audio, key=lambda t: t.channels or 0, default=None)
    return replace(
        named,
        resolution=probe.resolution,
        codec=probe.video_codec,
        hdr_format=" ".join(probe.hdr) or None,
        audio_codec=None if best is None else f"{best.codec} Atmos" if best.atmos else best.codec,
        audio_channels=None if best is None else best.channels,
        languages=languages or named.languages,
        bitrate=probe.bitrate,
        duration=probe.duration,
        metadata={**named.metadata, "probe": asdict(probe)},
    )
