"""notifier: what happened becomes what people are told, once per target, however often this process dies in between.

It reads the events table from where it stood (a setting), never only the bus: the bus is its bell. Each notice is a job of its own, so a
target that is down is tried again without holding up the others.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mydia import events as e
from mydia.errors import Invalid
from mydia.house import House
from mydia.jobs.model import Discard, Job
from mydia.media import queries as media
from mydia.otp import Lagged
from mydia.ports import Notice, Notifier
from mydia.settings import changes as settings
from mydia.settings import queries as setting_queries
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction
from workers.job_actor import JobActor

CURSOR = "notifier.seq"
BATCH = 200

# event -> (the name people subscribe to, what it says). "Download" names of the incumbents are theirs; these are the ones of our settings.
NOTICES: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    e.MediaAdded.type(): ("media_added", lambda d: f"{d['title']} was added to the library"),
    e.Grabbed.type(): ("grabbed", lambda d: f"Grabbed {d['release']} ({d['quality']}) from {d['indexer']}"),
    e.DownloadCompleted.type(): ("download_completed", lambda d: f"{d['release']} is downloaded"),
    e.Imported.type(): ("upgraded", lambda d: f"{d['path']} is in the library ({d['quality']})"),
    e.DownloadFailed.type(): ("download_failed", lambda d: f"{d['release']} failed: {d['reason']}"),
    e.ImportHeld.type(): ("manual_interaction", lambda d: f"{d['release']} needs a look: {d['reason']}"),
    e.HealthChanged.type(): ("health", lambda d: d["message"]),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One configured target: which notices it wants (empty: all) and the adapter that delivers them."""

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
        """Turn events into jobs: at start what happened meanwhile, then at each bell. Listening begins before reading, so none slips between."""
        while True:
            with self.house.bus.subscribe(
                capacity=1, filter=lambda event: isinstance(event, e.Event) and event.type() in NOTICES
            ) as bell:
                await self._catch_up()
                with suppress(Lagged):  # cut off means that more than one came: a bell all the same
                    await anext(bell)

    async def _catch_up(self) -> None:
        wants = {name: t.wants for name, t in self.targets.items()}
        while await self.house.write(enqueue_notices, wants) == BATCH:
            pass

    async def notify(self, job: Job) -> None:
        target = self.targets.get(job.args["target"])
        if target is None:
            raise Discard(f"The notification target {job.args['target']!r} is no longer configured")
        try:
            await target.notifier.send(await self.house.read(notice, int(job.args["seq"])))
        except Invalid as no:
            raise Discard(str(no)) from no


def notice(conn: Connection, seq: int) -> Notice:
    """The notice that an event makes."""
    row = media.get_event(conn, seq)
    name, say = NOTICES[row.type]
    if row.type == e.Imported.type() and not row.data.get("is_upgrade"):
        name = "imported"
    title = media.title_of(conn, row.media_item_id) if row.media_item_id else None
    return Notice(
        event=name,
        title=title or "Mydia",
        body=say(row.data),
        at=row.at,
        data={**row.data, "media_item_id": row.media_item_id},
    )


def enqueue_notices(tx: Transaction, wants: Mapping[str, frozenset[str]]) -> int:
    """One job per event and target that wants it, and the cursor moved past them: in one transaction, so none is lost or told twice."""
    after = int(setting_queries.get_setting(tx, CURSOR) or 0)
    rows = media.events_after(tx, after, BATCH)
    for row in rows:
        if row.type not in NOTICES:
            continue
        name = "imported" if row.type == e.Imported.type() and not row.data.get("is_upgrade") else NOTICES[row.type][0]
        for target, wanted in wants.items():
            if not wanted or name in wanted:
                tx.enqueue(
                    "notify", {"target": target, "seq": row.seq}, max_attempts=12, media_item_id=row.media_item_id
                )
    if rows:
        settings.put_setting(tx, CURSOR, rows[-1].seq)
    return len(rows)
