"""The tree, as a drawing. Read from top to bottom it is how Mydia starts; from bottom to top, how it stops.

    mydia                rest_for_one: what stands below needs what stands above
    ├─ watchdog          ends the process when its loop hangs
    ├─ db_writer         opens the database, runs the migrations; the one writer
    ├─ settings, seed    boot steps: what was set at run time, the adapters; profiles and library folders
    ├─ analyzer          a pool of OS processes: media probing
    ├─ library           watcher  scanner  librarian
    ├─ acquisition       torrent_engine  download_monitor  importer  searcher
    ├─ outreach          notifier
    ├─ upkeep            scheduler  janitor
    └─ web               last to open, first to close

Where daemons share a PostgreSQL database, what one of them must do alone (watcher, scanner, torrent_engine, download_monitor, importer,
scheduler) lives in the one that leads, and this stands before library, since whoever has jobs at hand must be seen by the others:

    ├─ among_others      duties (while this daemon leads: library  acquisition  upkeep)  node

A subtree that crashes too often stays down and is shown as down; the rest of the house lives. If the root gives up, the process exits
non-zero, and the container runtime is the outermost supervisor.
"""

from collections.abc import Callable, Sequence
from itertools import count

from loguru import logger

from mydia.house import House
from mydia.otp import Actor, ChildSpec, Restart, Strategy, Supervisor, SupervisorEvent, Watchdog, actor, pool, step
from mydia.store.transaction import Transaction
from supervisors.parts import Parts
from web.server import Web
from workers.analyzer import Analyzer
from workers.db_writer import DbWriter
from workers.download_monitor import DownloadMonitor
from workers.importer import Importer
from workers.janitor import Janitor
from workers.job_actor import STOPS_WITHIN
from workers.librarian import Librarian
from workers.node import Node
from workers.notifier import NotifierActor
from workers.scanner import Scanner
from workers.scheduler import Scheduler
from workers.searcher import Searcher
from workers.torrent_engine import TorrentEngine
from workers.watcher import Watcher

Seed = Callable[[Transaction], object]

RESTARTS, PERIOD, MINUTE = 10, 10.0, 60.0
"""What the root bears in a minute, and each part in ten seconds. A bug that shows now and then, or a process that somebody kills, is far
below it; what fails at every start is far above it, since nothing waits between two tries."""
PROBES_KILLED = 60
"""What the analyzers bear in a minute: a folder of damaged files may cost one of their processes each, and must not cost the house."""


def tree(house: House, parts: Parts, seeds: Sequence[Seed], *, patience: int = 1) -> Supervisor:
    """The whole house, not yet started. `patience` multiplies the restarts that are borne, for those who kill on purpose."""
    boot, lives = house.engine.node, count(1)

    def member(name: str, factory: Callable[[], Actor], **how: float) -> ChildSpec:
        return actor(name, factory, mailbox=house.mail[name], **how)  # type: ignore[arg-type]  # seconds only

    def part(name: str, *children: ChildSpec) -> ChildSpec:
        inside = Supervisor(name, max_restarts=RESTARTS * patience, max_seconds=PERIOD, children=children)
        return inside.child_spec(Restart.TRANSIENT)

    async def seed() -> None:
        for change in seeds:
            await house.write(change)

    # What one daemon does alone; the rest any number of them do side by side.
    alone = {
        "library": (
            member("watcher", lambda: Watcher(house, missed=next(lives) > 1)),
            member("scanner", lambda: Scanner(house, boot), shutdown=STOPS_WITHIN),
        ),
        "acquisition": (
            member("torrent_engine", lambda: TorrentEngine(house), shutdown=10),
            member("download_monitor", lambda: DownloadMonitor(house, parts.clients, parts.indexers)),
            member("importer", lambda: Importer(house, parts.clients, boot), shutdown=STOPS_WITHIN),
        ),
        "upkeep": (member("scheduler", lambda: Scheduler(house)),),
    }
    duties = Supervisor("duties", max_restarts=RESTARTS * patience, max_seconds=PERIOD)

    def leading() -> ChildSpec:
        return part("leading", *(part(name, *members) for name, members in alone.items()))

    def here(name: str) -> tuple[ChildSpec, ...]:
        """Those that run in this daemon whatever the others do: all of them where there are no others."""
        return () if house.engine.shared else alone[name]

    among_others = part(
        "among_others",
        duties.child_spec(),
        member("node", lambda: Node(house, duties, leading), shutdown=2 * STOPS_WITHIN),
    )
    children = (
        actor("watchdog", Watchdog),
        member("db_writer", lambda: DbWriter(house, parts.batches), shutdown=30),
        step("settings", lambda: parts.settle(house)),
        step("seed", seed),
        pool(
            "analyzer",
            Analyzer,
            size=2,
            mailbox=house.mail["analyzer"],
            max_restarts=PROBES_KILLED * patience,
            max_seconds=MINUTE,
        ),
        *((among_others,) if house.engine.shared else ()),
        part(
            "library",
            *here("library"),
            member("librarian", lambda: Librarian(house, parts.metadata, boot), shutdown=STOPS_WITHIN),
        ),
        part(
            "acquisition",
            *here("acquisition"),
            member("searcher", lambda: Searcher(house, parts.indexers, parts.protocols, boot), shutdown=STOPS_WITHIN),
        ),
        part(
            "outreach", member("notifier", lambda: NotifierActor(house, parts.notifiers, boot), shutdown=STOPS_WITHIN)
        ),
        part("upkeep", *here("upkeep"), member("janitor", lambda: Janitor(house, boot), shutdown=STOPS_WITHIN)),
        member("web", lambda: Web(house, lambda: root, meter=parts.meter), shutdown=15),
    )
    root = Supervisor(
        "mydia",
        strategy=Strategy.REST_FOR_ONE,
        max_restarts=RESTARTS * patience,
        max_seconds=MINUTE,
        children=children,
        on_event=note(f"mydia/{children[-1].id}"),
    )
    return root


def note(last: str) -> Callable[[SupervisorEvent], None]:
    """Who came and who went, in the log; of what goes wrong the kit itself tells, with its stack.

    Who goes is news once the `last` of all has started: a first start that fails is told by its cause alone.
    """
    opened = False

    def log(event: SupervisorEvent) -> None:
        nonlocal opened
        opened = opened or (event.kind == "started" and event.path == last)
        if event.kind in ("started", "restarted", "stopped"):
            logger.log("INFO" if opened and event.kind == "stopped" else "DEBUG", "{} {}", event.path, event.kind)

    return log
