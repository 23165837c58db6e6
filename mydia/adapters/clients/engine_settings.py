"""What the torrent engine is told at its start; both sides of its port import this, so it imports nothing."""

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`state` and `downloads` are folders. `listen` is as libtorrent writes it ("0.0.0.0:6881,[::]:6881").

    Rates in bytes a second, 0 for no limit. A seeding goal of None is never met.
    """

    state: str
    downloads: str
    listen: str = "0.0.0.0:6881,[::]:6881"
    dht: bool = True
    lsd: bool = True
    upnp: bool = True
    utp: bool = True
    download_rate: int = 0
    upload_rate: int = 0
    max_active: int = 10
    seed_ratio: float | None = None
    seed_minutes: int | None = None

    def command(self) -> list[str]:
        """The command line of the engine's process."""
        return [sys.executable, "-m", "mydia.adapters.clients.embedded_process", json.dumps(asdict(self))]
