"""What the tree's actors are handed beside the house: the adapters that the configuration names, shared by every life of an actor."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from mydia.adapters import catalogue
from mydia.house import House
from mydia.ports import DownloadClient, Indexer, MetadataProvider, Protocol_
from web.metrics import Meter
from workers.db_writer import BatchStats
from workers.notifier import Target


@dataclass(frozen=True, slots=True)
class Parts:
    """`boot` names this start of the process: jobs that another start was running are orphans."""

    indexers: Sequence[Indexer]
    clients: Sequence[DownloadClient]
    metadata: MetadataProvider | None
    notifiers: Sequence[Target]
    batches: BatchStats
    meter: Meter
    boot: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def protocols(self) -> frozenset[Protocol_]:
        return frozenset(c.protocol for c in self.clients)


def parts_of(house: House) -> Parts:
    """The adapters of a configuration. Refused (Invalid) when one of them can't be made."""
    config, batches = house.config, BatchStats()
    return Parts(
        indexers=catalogue.indexers(config),
        clients=catalogue.clients(config, house.mail["torrent_engine"]),
        metadata=catalogue.metadata(config),
        notifiers=[Target(n, w) for n, w in catalogue.notifiers(config)],
        batches=batches,
        meter=Meter(batches),
    )
