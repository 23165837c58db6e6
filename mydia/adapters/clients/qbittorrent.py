"""qBittorrent (4.3 and later, 5.x) by its Web API, through the qbittorrent-api library, in threads.

Ours is what has our category; nothing else is listed or touched. qBittorrent names a torrent by its v1 hash or the
first 40 digits of its v2 hash, and takes a moment to show what it was given.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import qbittorrentapi
import trio

from mydia.adapters.clients.embedded import torrent_of
from mydia.adapters.clients.torrent_file import Torrent
from mydia.errors import Invalid, MydiaError, Unavailable
from mydia.ports import ClientDownload, ClientFile, ClientState, Payload, Protocol_

T = TypeVar("T")

VISIBLE_WITHIN = 10.0
INFINITE_ETA = 8_640_000

# What is not listed here is a state of a newer version, and taken for downloading.
STATES: Mapping[str, ClientState] = {
    "uploading": "completed", "stalledUP": "completed", "queuedUP": "completed", "forcedUP": "completed",
    "stoppedUP": "completed", "pausedUP": "completed",
    "checkingUP": "checking", "checkingDL": "checking", "checkingResumeData": "checking", "moving": "checking",
    "allocating": "queued", "queuedDL": "queued", "queuedForChecking": "queued",
    "stoppedDL": "paused", "pausedDL": "paused",
    "stalledDL": "stalled", "metaDL": "downloading", "forcedMetaDL": "downloading",
    "error": "error", "missingFiles": "error",
}  # fmt: skip
_MESSAGES = {
    "error": "qBittorrent reports an error: its disk may be full, or it may not write there",
    "missingFiles": "qBittorrent misses the files: they were moved or deleted, or its disk is not mounted",
}


class Qbittorrent:
    protocol: Protocol_ = "torrent"

    def __init__(
        self,
        *,
        name: str,
        url: str,
        username: str | None = None,
        password: str | None = None,
        category: str | None = None,
        path_map: Mapping[str, str] | None = None,
        timeout: float = 20.0,
    ) -> None:
        """`category` stands for the label, whatever that is. `path_map`: folders as qBittorrent sees them -> as Mydia
        does, where the two differ (containers).
        """
        self.name = name
        self._category = category
        self._host = urlsplit(url).hostname or url
        self._path_map = sorted((path_map or {}).items(), key=lambda pair: -len(pair[0]))
        self._one_at_a_time = trio.CapacityLimiter(1)  # the library's session is not made for several threads
        self._categories: set[str] = set()
        self._api = qbittorrentapi.Client(
            host=url,
            username=username,
            password=password,
            VERIFY_WEBUI_CERTIFICATE=True,
            # Named and empty, so that proxies of the environment are not used, as nowhere in Mydia.
            REQUESTS_ARGS={"timeout": timeout, "proxies": {"http": "", "https": ""}},
            RAISE_NOTIMPLEMENTEDERROR_FOR_UNIMPLEMENTED_API_ENDPOINTS=False,
            DISABLE_LOGGING_DEBUG_OUTPUT=True,
        )

    # -- ports.DownloadClient
    # ---------------------------------------------------------------------------------------------

    async def check(self) -> str:
        version = await self._call(self._api.app_version)
        return f"qBittorrent {version}"

    async def add(self, payload: Payload, *, label: str) -> str:
        torrent, category = torrent_of(payload), self._category or label
        there = await self._find(torrent)
        if there is None:
            await self._ensure_category(category)
            await self._call(partial(self._send, payload, category))
            there = await self._visible(torrent)
        elif there.get("category") != category:
            raise Invalid(f"{self.name} has {payload.name} already, under another category; it was left alone")
        return str(there["hash"])

    async def list(self, *, label: str) -> Sequence[ClientDownload]:
        category = self._category or label
        rows = await self._call(partial(self._api.torrents_info, category=category))
        return [await self._download(row) for row in rows if row.get("category") == category]

    async def get(self, id_: str) -> ClientDownload | None:
        rows = await self._call(partial(self._api.torrents_info, torrent_hashes=id_))
        return await self._download(rows[0]) if rows else None

    async def remove(self, id_: str, *, delete_files: bool) -> None:
        await self._call(partial(self._api.torrents_delete, torrent_hashes=id_, delete_files=delete_files))

    async def connect_peer(self, id_: str, host: str, port: int) -> None:
        """Tell qBittorrent of a peer that no tracker told it of."""
        await self._call(partial(self._api.torrents_add_peers, peers=f"{host}:{port}", torrent_hashes=id_))

    # -- adding
    # -------------------------------------------------------------------------------------------------------------

    async def _find(self, torrent: Torrent) -> Mapping[str, Any] | None:
        rows = await self._call(partial(self._api.torrents_info, torrent_hashes="|".join(sorted(torrent.ids))))
        return rows[0] if rows else None

    async def _visible(self, torrent: Torrent) -> Mapping[str, Any]:
        with trio.move_on_after(VISIBLE_WITHIN):
            pause = 0.05
            while True:
                found = await self._find(torrent)
                if found is not None:
                    return found
                await trio.sleep(pause)
                pause = min(1.0, pause * 1.5)
        raise Unavailable(f"{self.name} took the torrent but does not show it; it is looked for again", retry_after=10)

    def _send(self, payload: Payload, category: str) -> None:
        answer = self._api.torrents_add(
            urls=payload.magnet,
            torrent_files=payload.content,
            category=category,
            use_auto_torrent_management=False,
            is_stopped=False,
            content_layout="Original",
        )
        if answer_says_no(answer):
            raise Invalid(f"{self.name} refused the torrent {payload.name}: it does not take it for one")

    async def _ensure_category(self, category: str) -> None:
        if category not in self._categories:
            with suppress(_Conflict):  # it exists
                await self._call(partial(self._api.torrents_create_category, name=category))
            self._categories.add(category)

    # -- reading
    # ------------------------------------------------------------------------------------------------------------

    async def _download(self, row: Mapping[str, Any]) -> ClientDownload:
        said = str(row.get("state", "unknown"))
        state = STATES.get(said, "downloading")
        files: Any = await self._call(partial(self._api.torrents_files, torrent_hash=row["hash"]))
        eta = int(row.get("eta", INFINITE_ETA))
        size = int(row.get("size", -1))
        ratio = float(row.get("ratio", 0) or 0)
        seeding = int(row.get("seeding_time", 0) or 0)
        return ClientDownload(
            id=str(row["hash"]),
            name=str(row.get("name", "")),
            state=state,
            progress=float(row.get("progress", 0)),
            size=size if size > 0 else None,
            speed=int(row.get("dlspeed", 0)),
            eta=eta if 0 < eta < INFINITE_ETA and state == "downloading" else None,
            save_path=self._local(str(row.get("save_path", ""))) or None,
            files=tuple(
                ClientFile(f["name"], int(f["size"]), float(f["progress"])) for f in files if f["priority"] != 0
            ),
            message=_MESSAGES.get(said),
            ratio=ratio,
            seeding_seconds=seeding,
            may_remove=state == "completed" and self._goals_met(row, ratio, seeding),
            label=row.get("category") or None,
        )

    def _goals_met(self, row: Mapping[str, Any], ratio: float, seeding: int) -> bool:
        """Its limits as it states them for this torrent (-1 none); stopped after completing is reaching them too."""
        ratio_limit = _limit(row, "max_ratio", "ratio_limit")
        minutes = _limit(row, "max_seeding_time", "seeding_time_limit")
        met = (ratio_limit >= 0 and ratio >= ratio_limit) or (minutes >= 0 and seeding >= minutes * 60)
        return met and str(row.get("state")) in ("stoppedUP", "pausedUP")

    def _local(self, path: str) -> str:
        path = path.rstrip("/")
        for remote, local in self._path_map:
            prefix = remote.rstrip("/")
            if path == prefix or path.startswith(prefix + "/"):
                return local.rstrip("/") + path[len(prefix) :]
        return path

    # -- calling
    # ------------------------------------------------------------------------------------------------------------

    async def _call(self, function: Callable[[], T]) -> T:
        """In a thread, one at a time; the library logs in by itself, and again when a session has ended (403)."""
        async with self._one_at_a_time:
            try:
                return await trio.to_thread.run_sync(function)
            except qbittorrentapi.APIError as error:
                raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> MydiaError:
        begin = f"{self.name} ({self._host})"
        match error:
            case qbittorrentapi.LoginFailed() | qbittorrentapi.Unauthorized401Error():
                return Invalid(f"{begin} does not accept the user name and password; check them in the settings")
            case qbittorrentapi.Forbidden403Error():
                return Invalid(f"{begin} let nobody in: a wrong password, or too many of them (it bans for a while)")
            case qbittorrentapi.Conflict409Error():
                return _Conflict(f"{begin} says that it conflicts with what it has")
            case qbittorrentapi.NotFound404Error():
                return Unavailable(f"{begin} does not know that torrent (any more)", retry_after=10)
            case qbittorrentapi.UnsupportedMediaType415Error() | qbittorrentapi.TorrentFileError():
                return Invalid(f"{begin} does not take that for a torrent")
            case qbittorrentapi.HTTPError() if 400 <= error.http_status_code < 500:
                return Invalid(f"{begin} answered {error.http_status_code}; is that its Web UI's address?")
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Invalid(f"{begin} has a certificate that is not trusted")
        return Unavailable(f"{begin} can't be reached: is it running, and is its address right?", retry_after=15)


def _limit(row: Mapping[str, Any], *names: str) -> float:
    return next((float(row[name]) for name in names if row.get(name) is not None), -1.0)


class _Conflict(Invalid):
    pass


def answer_says_no(answer: object) -> bool:
    """Up to 5.1 the answer is "Ok." or "Fails."; from 5.2 on it is JSON with counts."""
    if isinstance(answer, Mapping):
        return bool(answer.get("failure_count")) and not answer.get("success_count")
    text = str(answer)
    if text.startswith("{"):
        return answer_says_no(json.loads(text))
    return text.startswith("Fails")
