"""notifier: what happened becomes what people are told, once per target, however often this process dies in between.

It reads the events table from where it stood (a setting), never only the bus: the bus is its bell. Each notice is a job of its own, so a
target that is down is tried again without holding up the others.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mydia import events as e
from mydia.errors import Invalid, Unavailable
from mydia.house import House
from mydia.jobs.model import Discard, Job
from mydia.media import queries as media
from mydia.otp import Lagged
from mydia.ports import Notice, Notifier
from mydia.settings import changes as settings
from mydia.settings import queries as setting_queries
from mydia.settings.model import snake
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction, parse_time
from workers.job_actor import JobActor

CURSOR = "notifier.seq"
GIVE_UP_AFTER = timedelta(days=1)
"""News of yesterday is not worth telling any more."""
BATCH = 200

# What is said of each event that people can be told of. They subscribe by its name in snake case: "download_completed".
NOTICES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    e.MediaAdded.type(): lambda d: f"{d['title']} was added to the library",
    e.Grabbed.type(): lambda d: f"Grabbed {d['release']} ({d['quality']}) from {d['indexer']}",
    e.DownloadCompleted.type(): lambda d: f"{d['release']} is downloaded",
    e.Imported.type(): lambda d: (
        f"{d['path']} is {'better now' if d['is_upgrade'] else 'in the library'} ({d['quality']})"
    ),
    e.DownloadFailed.type(): lambda d: f"{d['release']} failed: {d['reason']}",
    e.ImportHeld.type(): lambda d: f"{d['release']} needs a look: {d['reason']}",
    e.HealthChanged.type(): lambda d: str(d["message"]),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One configured target: which events it wants, by type ("*": all) and the adapter that delivers them."""

    notifier: Notifier
    wants: frozenset[str]


class NotifierActor(JobActor):
    def __init__(self, house: House, targets: Sequence[Target], boot: str) -> None:
        super().__init__(house, boot)
        self.targets = {t.notifier.name: t for t in targets}
        self.kinds = {"notify": self.notify}

    async def start(self) -> None:
        await super().start()
        self.spawn(self._listen)

    async def _listen(self) -> None:
        """Events become jobs: at start what happened meanwhile, then at each bell; it listens before it reads."""
        while True:
            with self.house.bus.subscribe(
                capacity=1, filter=lambda event: isinstance(event, e.Event) and event.type() in NOTICES
            ) as bell:
                await self._catch_up()
                with suppress(Lagged):  # cut off means that more than one came: a bell all the same
                    await anext(bell)

    async def _catch_up(self) -> None:
        wants = {name: t.wants for name, t in self.targets.items()}
        while await self.house.insist(enqueue_notices, wants) == BATCH:
            pass

    async def notify(self, job: Job) -> None:
        target = self.targets.get(job.args["target"])
        if target is None:
            raise Discard(f"The notification target {job.args['target']!r} is no longer configured")
        told = await self.house.read(notice, int(job.args["seq"]), self.house.config.server.address)
        try:
            await target.notifier.send(told)
        except Invalid as no:
            raise Discard(str(no)) from no
        except Unavailable as no:
            if self.house.clock.now() - parse_time(told.at) > GIVE_UP_AFTER:
                raise Discard(f"Given up after a day: {no}") from no
            raise


def notice(conn: Connection, seq: int, address: str | None = None) -> Notice:
    """The notice that an event makes; `address` is the house's own, for the link in it."""
    row = media.get_event(conn, seq)
    title = media.title_of(conn, row.media_item_id) if row.media_item_id else None
    return Notice(
        event=snake(row.type),
        title=title or "Mydia",
        body=NOTICES[row.type](row.data),
        at=row.at,
        data={**row.data, "media_item_id": row.media_item_id},
        url=f"{address}/titles/{row.media_item_id}" if address and row.media_item_id else address,
    )


def enqueue_notices(tx: Transaction, wants: Mapping[str, frozenset[str]]) -> int:
    """One job per event and target that wants it, and the cursor moved past them: in one transaction, so none is lost or told twice."""
    after = int(setting_queries.get_setting(tx, CURSOR) or 0)
    rows = media.events_after(tx, after, BATCH)
    for row in rows:
        if row.type not in NOTICES:
            continue
        for target, wanted in wants.items():
            if "*" in wanted or row.type in wanted:
                tx.enqueue(
                    "notify", {"target": target, "seq": row.seq}, max_attempts=12, media_item_id=row.media_item_id
                )
    if rows:
        settings.put_setting(tx, CURSOR, rows[-1].seq)
    return len(rows)
