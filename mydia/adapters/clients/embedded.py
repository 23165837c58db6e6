"""The embedded download client: `ports.DownloadClient` over the mailbox of workers/torrent_engine."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mydia.adapters.clients.torrent_file import Torrent, read_magnet, read_torrent
from mydia.errors import Invalid, Unavailable
from mydia.messages import TorrentCall
from mydia.otp import Mailbox
from mydia.otp.errors import NoAnswer
from mydia.ports import ClientDownload, ClientFile, Payload, Protocol_


class EmbeddedClient:
    protocol: Protocol_ = "torrent"

    def __init__(self, *, name: str, mailbox: Mailbox, timeout: float = 30.0) -> None:
        self.name = name
        self._mailbox = mailbox
        self._timeout = timeout

    async def check(self) -> str:
        return str(await self._call("check"))

    async def add(self, payload: Payload, *, label: str) -> str:
        content = base64.b64encode(payload.content).decode("ascii") if payload.content is not None else None
        torrent = torrent_of(payload)
        await self._call("add", id=torrent.id, magnet=payload.magnet, content=content, label=label)
        return torrent.id

    async def list(self, *, label: str) -> Sequence[ClientDownload]:
        return [download_from(row) for row in await self._call("list", label=label)]

    async def get(self, id_: str) -> ClientDownload | None:
        row = await self._call("get", id=id_)
        return None if row is None else download_from(row)

    async def remove(self, id_: str, *, delete_files: bool) -> None:
        await self._call("remove", id=id_, delete_files=delete_files)

    async def connect_peer(self, id_: str, host: str, port: int) -> None:
        """Tell the engine of a peer that no tracker told it of."""
        await self._call("connect_peer", id=id_, host=host, port=port)

    async def _call(self, method: str, **arguments: Any) -> Any:
        try:
            return await self._mailbox.ask(TorrentCall(method, arguments), timeout=self._timeout)
        except NoAnswer as error:
            raise Unavailable(
                f"The torrent engine gave no answer ({error}); it is tried again", retry_after=5
            ) from error


def torrent_of(payload: Payload) -> Torrent:
    """What a payload names. Invalid when it holds neither a torrent nor a magnet link, or a hostile one."""
    if payload.content is not None:
        return read_torrent(payload.content)
    if payload.magnet is not None:
        return read_magnet(payload.magnet)
    raise Invalid(f"{payload.name}: there is neither a torrent file nor a magnet link to add")


def download_from(row: dict[str, Any]) -> ClientDownload:
    """A `ClientDownload` that came through a port as JSON."""
    download = ClientDownload(**{**row, "files": ()})
    return replace(download, files=tuple(ClientFile(**file) for file in row["files"]))
