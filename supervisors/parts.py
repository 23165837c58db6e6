"""What the tree's actors are handed beside the house: the adapters that the configuration names, shared by every life of an actor."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from loguru import logger

from mydia import logs
from mydia.adapters import catalogue
from mydia.house import House
from mydia.ports import DownloadClient, Indexer, MetadataProvider, Protocol_
from mydia.settings.load import with_fitting
from mydia.settings.model import secrets
from mydia.settings.queries import overrides
from web.metrics import Meter
from workers.db_writer import BatchStats
from workers.notifier import Target


@dataclass(slots=True)
class Parts:
    """Empty until the boot step "settings" fills it: what a person set at run time lies in the database, which is open only then."""

    batches: BatchStats = field(default_factory=BatchStats)
    indexers: Sequence[Indexer] = ()
    clients: Sequence[DownloadClient] = ()
    metadata: MetadataProvider | None = None
    notifiers: Sequence[Target] = ()
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(self.batches)

    @property
    def protocols(self) -> frozenset[Protocol_]:
        return frozenset(c.protocol for c in self.clients)

    async def settle(self, house: House) -> None:
        """Take over what was set at run time, and make the adapters. Refused (Invalid) when one of them can't be made."""
        if house.loaded is not None and (changed := await house.read(overrides)):
            loaded, fitting, wrong = with_fitting(house.loaded, changed)
            if wrong:
                # The file or the environment changed since, and no longer goes with them: the house starts, and says so.
                logger.warning(
                    "settings made at run time are ignored ({}): {}", ", ".join(changed.keys() - fitting), wrong
                )
            house.adopt(loaded)
        config = house.config
        logs.know_secrets(secrets(config))
        self.indexers = catalogue.indexers(config)
        self.clients = catalogue.clients(config, house.mail["torrent_engine"])
        self.metadata = catalogue.metadata(config)
        self.notifiers = [Target(n, w) for n, w in catalogue.notifiers(config)]
