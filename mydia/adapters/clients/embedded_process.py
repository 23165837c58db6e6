"""The torrent engine's own OS process: a libtorrent session that a kill -9 costs nothing.

    python -m mydia.adapters.clients.embedded_process '{"state": "...", ...}'     (the fields of EngineSettings)

Each torrent has one file, `<id>.resume` in the state folder: libtorrent's resume data (which holds the torrent itself)
plus our label, written whole and synced before `add` answers, when it finishes, and while it runs when something
changed. At start all of them are added again. A torrent's files lie in a folder of their own, `<downloads>/<id>`.

A torrent counts as completed once libtorrent has written everything out and the resume file says so; not before.
Requests are {"method", "arguments"} as in `messages.TorrentCall`; events are {"completed": id}.
"""

import base64
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libtorrent

from mydia.adapters.clients.engine_settings import EngineSettings
from mydia.adapters.clients.torrent_file import read_info, read_torrent
from mydia.errors import Invalid
from mydia.otp.errors import PortRefusal
from mydia.otp.port_child import port_main, send_event

lt: Any = libtorrent  # its stubs do not know what its own functions return
POLL = 0.25
SAVE_EVERY = 15.0
_WHOLE = lt.save_resume_flags_t.save_info_dict | lt.save_resume_flags_t.flush_disk_cache
_CHECKING = (lt.torrent_status.states.checking_files, lt.torrent_status.states.checking_resume_data)
_DONE = (lt.torrent_status.states.finished, lt.torrent_status.states.seeding)


@dataclass(slots=True)
class Entry:
    """What we know of a torrent beside what libtorrent does."""

    handle: Any
    label: str
    written: bool = False  # everything is on disk and the resume file says so
    refused: str | None = None  # the torrent behind a magnet link turned out to be hostile
    missing: str | None = None  # its files were there and are not; until the next start it is left alone
    removing: bool = False
    delete_files: bool = False


@dataclass(slots=True)
class Engine:
    settings: EngineSettings
    session: Any = None
    entries: dict[str, Entry] = field(default_factory=dict)
    saved_at: float = 0.0

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> str:
        for folder in (self.settings.state, self.settings.downloads):
            Path(folder).mkdir(parents=True, exist_ok=True)
        self.session = lt.session(_session_settings(self.settings))
        for path in sorted(Path(self.settings.state).glob("*.resume")):
            self._load(path)
        return self.check()

    def poll(self) -> None:
        for alert in self.session.pop_alerts():
            self._on_alert(alert)
        if time.monotonic() - self.saved_at >= SAVE_EVERY:
            self.saved_at = time.monotonic()
            for entry in self.entries.values():
                if entry.handle.is_valid() and (entry.handle.need_save_resume_data() or _is_unsaved(entry)):
                    entry.handle.save_resume_data(_WHOLE)

    def stop(self) -> None:
        """Write what changed since the last time, for at most some seconds."""
        self.session.pause()
        waiting = [e for e in self.entries.values() if e.handle.is_valid() and e.handle.need_save_resume_data()]
        for entry in waiting:
            entry.handle.save_resume_data(_WHOLE)
        left, deadline = len(waiting), time.monotonic() + 3
        while left > 0 and time.monotonic() < deadline:
            self.session.wait_for_alert(200)
            for alert in self.session.pop_alerts():
                left -= isinstance(alert, (lt.save_resume_data_alert, lt.save_resume_data_failed_alert))
                self._on_alert(alert)

    # -- requests ----------------------------------------------------------------------------------------------------

    def handle(self, request: dict[str, Any]) -> Any:
        method = request["method"]
        if method not in ("check", "add", "list", "get", "remove", "connect_peer"):
            raise PortRefusal("invalid", f"The torrent engine has no method {method!r}")
        self.poll()
        return getattr(self, method)(**request["arguments"])

    def check(self) -> str:
        return f"libtorrent {lt.__version__} on port {self.session.listen_port()}"

    def add(self, *, id: str, magnet: str | None, content: str | None, label: str) -> str:  # noqa: A002  # the message's
        if (known := self.entries.get(id)) is not None:
            if known.removing:
                raise PortRefusal("unavailable", "It is still being taken out of the torrent engine; it is tried again")
            return id
        params = self._params(magnet, content)
        params.save_path = str(Path(self.settings.downloads, id))
        params.flags |= lt.torrent_flags.auto_managed | lt.torrent_flags.duplicate_is_error
        try:
            self._write(id, params, label)
        except OSError as error:
            raise PortRefusal(
                "unavailable", f"The torrent can't be kept in {self.settings.state}: {error.strerror}"
            ) from error
        self._start(id, params, label)
        return id

    def list(self, *, label: str) -> list[dict[str, Any]]:
        return [self._download(i, e) for i, e in self.entries.items() if e.label == label and not e.removing]

    def get(self, *, id: str) -> dict[str, Any] | None:  # noqa: A002  # the message's
        entry = self.entries.get(id)
        return None if entry is None or entry.removing else self._download(id, entry)

    def remove(self, *, id: str, delete_files: bool) -> None:  # noqa: A002  # the message's
        entry = self.entries.get(id)
        if entry is None or entry.removing:
            return
        # The file says what was wanted before it is begun, so that a removal that is killed is finished at the next
        # start.
        raw = lt.bdecode(self._path(id).read_bytes())
        raw[b"mydia-remove"] = 2 if delete_files else 1
        _write_durably(self._path(id), lt.bencode(raw))
        self._remove(entry, delete_files)

    def connect_peer(self, *, id: str, host: str, port: int) -> None:  # noqa: A002  # the message's
        entry = self.entries.get(id)
        if entry is None:
            raise PortRefusal("not_found", f"There is no torrent {id}")
        entry.handle.connect_peer((host, port))

    # -- torrents ----------------------------------------------------------------------------------------------------

    def _params(self, magnet: str | None, content: str | None) -> Any:
        try:
            if content is not None:
                raw = base64.b64decode(content)
                read_torrent(raw)
                return lt.load_torrent_buffer(raw)
            return lt.parse_magnet_uri(magnet)
        except (RuntimeError, Invalid) as error:
            raise PortRefusal("invalid", str(error)) from error

    def _start(self, id_: str, params: Any, label: str) -> Entry:
        try:
            handle = self.session.add_torrent(params)
        except RuntimeError as error:
            self._path(id_).unlink(missing_ok=True)
            raise PortRefusal("invalid", f"libtorrent refused the torrent: {error}") from error
        entry = self.entries[id_] = Entry(handle, label)
        return entry

    def _load(self, path: Path) -> None:
        try:
            content = path.read_bytes()
            raw = lt.bdecode(content)
            params = lt.read_resume_data(content)
        except (RuntimeError, OSError) as error:
            broken = path.with_suffix(".broken")
            path.rename(broken)
            print(f"{path} can't be read ({error}); it was kept as {broken.name}", file=sys.stderr)  # noqa: T201  # the log
            return
        id_ = path.stem
        entry = self._start(id_, params, raw.get(b"mydia-label", b"").decode())
        entry.written = bool(raw.get(b"mydia-written", 0))
        if b"mydia-refused" in raw:
            self._refuse(entry, raw[b"mydia-refused"].decode())
        if b"mydia-remove" in raw:
            self._remove(entry, raw[b"mydia-remove"] == 2)

    def _remove(self, entry: Entry, delete_files: bool) -> None:
        entry.removing, entry.delete_files = True, delete_files
        self.session.remove_torrent(entry.handle, lt.session.delete_files if delete_files else 0)

    def _removed(self, id_: str, entry: Entry) -> None:
        if entry.delete_files:
            _remove_empty_folders(Path(self.settings.downloads, id_))
        self._path(id_).unlink(missing_ok=True)
        del self.entries[id_]

    def _refuse(self, entry: Entry, why: str) -> None:
        entry.refused = why
        entry.handle.unset_flags(lt.torrent_flags.auto_managed)
        entry.handle.pause()

    # -- resume files ------------------------------------------------------------------------------------------------

    def _path(self, id_: str) -> Path:
        return Path(self.settings.state, f"{id_}.resume")

    def _write(self, id_: str, params: Any, label: str, entry: Entry | None = None) -> None:
        raw = lt.write_resume_data(params)
        raw[b"mydia-label"] = label.encode()
        if entry is not None:
            raw[b"mydia-written"] = int(entry.written)
            if entry.refused:
                raw[b"mydia-refused"] = entry.refused.encode()
        _write_durably(self._path(id_), lt.bencode(raw))

    # -- alerts ------------------------------------------------------------------------------------------------------

    def _on_alert(self, alert: Any) -> None:
        if isinstance(alert, lt.torrent_removed_alert):
            self._on_removed(_hashes(alert.info_hashes), deleted=False)
        elif isinstance(alert, (lt.torrent_deleted_alert, lt.torrent_delete_failed_alert)):
            self._on_removed(_hashes(alert.info_hashes), deleted=True)
        elif isinstance(alert, lt.torrent_alert) and (found := self._entry_of(alert)) is not None:
            id_, entry = found
            if isinstance(alert, lt.save_resume_data_alert):
                self._on_resume_data(id_, entry, alert.params)
            elif isinstance(alert, (lt.torrent_finished_alert, lt.torrent_checked_alert)):
                entry.handle.save_resume_data(_WHOLE)
            elif isinstance(alert, lt.metadata_received_alert):
                self._on_metadata(entry)
            elif isinstance(alert, lt.fastresume_rejected_alert) and entry.written:
                self._on_missing(entry)

    def _on_resume_data(self, id_: str, entry: Entry, params: Any) -> None:
        if entry.missing:
            return  # what the resume file says is true again when the files are back
        completed = _is_unsaved(entry)
        entry.written = entry.written or completed
        try:
            self._write(id_, params, entry.label, entry)
        except OSError as error:
            # A full disk is no reason to stop seeding; not written, so it is saved again in a while.
            entry.written = entry.written and not completed
            print(f"The state of {id_} can't be saved: {error}", file=sys.stderr)  # noqa: T201  # the log
            return
        if completed:
            send_event({"completed": id_})

    def _on_missing(self, entry: Entry) -> None:
        """Not downloaded again: most likely the disk they lie on is not mounted, and another lies under it."""
        entry.missing = "The files were here and are gone or changed: is the download folder mounted?"
        entry.handle.unset_flags(lt.torrent_flags.auto_managed)
        entry.handle.pause()

    def _on_metadata(self, entry: Entry) -> None:
        try:
            read_info(entry.handle.torrent_file().info_section())
        except Invalid as error:
            self._refuse(entry, str(error))
        entry.handle.save_resume_data(_WHOLE)

    def _on_removed(self, hashes: frozenset[str], *, deleted: bool) -> None:
        for id_, entry in list(self.entries.items()):
            if id_ in hashes and entry.removing and entry.delete_files == deleted:
                self._removed(id_, entry)

    def _entry_of(self, alert: Any) -> tuple[str, Entry] | None:
        if not alert.handle.is_valid():
            return None
        hashes = _hashes(alert.handle.info_hashes())
        return next(((i, e) for i, e in self.entries.items() if i in hashes and not e.removing), None)

    # -- what a download looks like ----------------------------------------------------------------------------------

    def _download(self, id_: str, entry: Entry) -> dict[str, Any]:
        status = entry.handle.status()
        files = _files(entry.handle) if status.has_metadata else []
        wanted = status.total_wanted if status.has_metadata else None
        speed = status.download_payload_rate
        left = max(0, status.total_wanted - status.total_wanted_done)
        ratio = status.all_time_upload / max(1, status.all_time_download or status.total_done)
        return {
            "id": id_,
            "name": status.name,
            "state": self._state(entry, status),
            "progress": status.progress if entry.written or status.progress < 1 else 0.999,
            "size": wanted,
            "speed": speed,
            "eta": left // speed if speed and left else None,
            "save_path": status.save_path,
            "files": files,
            "message": entry.refused or entry.missing or (status.errc.message() if status.errc.value() else None),
            "ratio": round(ratio, 3),
            "seeding_seconds": int(status.seeding_duration.total_seconds()),
            "may_remove": entry.written and self._goal_met(ratio, status.finished_duration.total_seconds()),
            "label": entry.label,
        }

    def _state(self, entry: Entry, status: Any) -> str:
        if entry.refused or entry.missing or status.errc.value():
            return "error"
        if _is_done(status):
            return "completed" if entry.written else "downloading"
        if status.state in _CHECKING:
            return "checking"
        if status.flags & lt.torrent_flags.paused:
            return "queued" if status.flags & lt.torrent_flags.auto_managed else "paused"
        return "downloading" if status.download_payload_rate or status.num_peers else "stalled"

    def _goal_met(self, ratio: float, seconds: float) -> bool:
        goal, minutes = self.settings.seed_ratio, self.settings.seed_minutes
        return (goal is not None and ratio >= goal) or (minutes is not None and seconds >= minutes * 60)


def _session_settings(settings: EngineSettings) -> dict[str, Any]:
    return {
        "listen_interfaces": settings.listen,
        "enable_dht": settings.dht,
        "enable_lsd": settings.lsd,
        "enable_upnp": settings.upnp,
        "enable_natpmp": settings.upnp,
        "enable_incoming_utp": settings.utp,
        "enable_outgoing_utp": settings.utp,
        "download_rate_limit": settings.download_rate,
        "upload_rate_limit": settings.upload_rate,
        "active_downloads": settings.max_active,
        "active_seeds": -1,
        "active_limit": -1,
        "optimistic_disk_retry": 60,
        "user_agent": "Mydia",
        "alert_mask": lt.alert_category.error | lt.alert_category.status | lt.alert_category.storage,
    }


def _is_done(status: Any) -> bool:
    return bool(status.state in _DONE and status.has_metadata)


def _is_unsaved(entry: Entry) -> bool:
    """Whether it is complete and its resume file does not say so yet."""
    return not entry.written and _is_done(entry.handle.status())


def _hashes(hashes: Any) -> frozenset[str]:
    found = [str(hashes.v1)] if hashes.has_v1() else []
    return frozenset([*found, str(hashes.v2)[:40]] if hashes.has_v2() else found)


def _files(handle: Any) -> list[dict[str, Any]]:
    layout = handle.torrent_file().layout()
    progress = handle.file_progress(flags=lt.file_progress_flags_t.piece_granularity)
    return [
        {
            "path": layout.file_path(i),
            "size": layout.file_size(i),
            "progress": progress[i] / layout.file_size(i) if layout.file_size(i) else 1.0,
        }
        for i in range(layout.num_files())
        if not layout.file_flags(i) & lt.file_flags_t.flag_pad_file
    ]


def _write_durably(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_empty_folders(top: Path) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        try:
            Path(folder).rmdir()
        except OSError:
            return  # something that is not the torrent's lies there


def main() -> None:
    engine = Engine(EngineSettings(**json.loads(sys.argv[1])))
    port_main(engine.handle, on_start=engine.start, poll=engine.poll, interval=POLL, on_stop=engine.stop)


if __name__ == "__main__":
    main()
