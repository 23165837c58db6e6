"""torrent_engine: libtorrent in its own OS process, asked by the embedded download client.

It rings the download monitor when a torrent has completed.
A kill of the process costs one restart: what it was doing is in its state folder (adapters/clients/embedded_process).
"""

from typing import Any

from mydia.adapters.clients.engine_settings import EngineSettings
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.house import House
from mydia.messages import TorrentCall
from mydia.otp import IGNORE, Port
from mydia.otp.errors import PortRefusal
from mydia.settings.model import Config

TIMEOUT = 30.0


class TorrentEngine(Port):
    def __init__(self, house: House) -> None:
        super().__init__(engine_settings(house.config).command(), concurrency=4, timeout=TIMEOUT)
        self._house = house

    async def start(self) -> Any:
        return await super().start() if self._house.config.downloads.uses_embedded else IGNORE

    async def handle(self, message: TorrentCall) -> Any:
        try:
            return await self.request({"method": message.method, "arguments": message.arguments})
        except PortRefusal as no:
            kinds = {"invalid": Invalid, "not_found": NotFound}
            raise kinds.get(no.kind, Unavailable)(str(no)) from no

    async def on_event(self, payload: dict[str, Any]) -> None:
        if "completed" in payload:
            self._house.mail["download_monitor"].ring()


def engine_settings(config: Config) -> EngineSettings:
    embedded = config.downloads.embedded
    return EngineSettings(
        state=str(config.data_dir / "torrents"),
        downloads=str(config.download_dir),
        listen=f"{embedded.listen_host}:{embedded.listen_port}",
        dht=embedded.dht,
        lsd=embedded.dht,
        upnp=embedded.dht,
        utp=embedded.utp,
        download_rate=embedded.max_download_kbps * 1000,
        upload_rate=embedded.max_upload_kbps * 1000,
        seed_ratio=embedded.seed_ratio,
        seed_minutes=embedded.seed_minutes,
    )
