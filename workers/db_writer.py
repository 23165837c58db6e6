"""db_writer: the one actor that writes. Takes what waits, commits it together, and only then answers.

A reply means durable. What a change raises is its caller's own exception; only a broken connection is this actor's crash. After the
commit, and in this order: answers, events on the bus, a ring for each actor whose jobs were touched.
"""

from collections import Counter
from copy import copy

from mydia.errors import Unavailable
from mydia.house import House
from mydia.jobs.model import ACTOR_OF_KIND
from mydia.otp import Actor, Letter, NoAnswer
from mydia.store.transaction import to_text

BATCH = 512
BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class BatchStats:
    """How large batches are and how long they take, for /metrics: counts by upper bound of the batch's size."""

    def __init__(self) -> None:
        self.sizes: Counter[int] = Counter()
        self.batches = 0
        self.changes = 0
        self.seconds = 0.0

    def add(self, size: int, seconds: float) -> None:
        self.sizes[next(bound for bound in BUCKETS if size <= bound)] += 1
        self.batches += 1
        self.changes += size
        self.seconds += seconds


class DbWriter(Actor):
    """`stats` outlives the actor, as the mailbox does."""

    def __init__(self, house: House, stats: BatchStats) -> None:
        self.house = house
        self.stats = stats

    async def start(self) -> None:
        await self.house.engine.open(to_text(self.house.clock.now()))

    async def stop(self) -> None:
        await self.house.engine.close()

    async def run(self) -> None:
        while True:
            async with self.mailbox.receive_batch(BATCH) as letters:
                left = letters
                while left:
                    left = left[await self._commit(left) :]

    async def _commit(self, letters: list[Letter]) -> int:
        """Commit and answer some of the letters, at least the first; how many."""
        house = self.house
        try:
            batch = await house.engine.commit([letter.message for letter in letters], to_text(house.clock.now()))
        except (Unavailable, NoAnswer) as no:
            for letter in letters:
                letter.fail(copy(no))  # to each its own: it is raised by whoever asked
            return len(letters)
        for letter, done in zip(letters, batch.done, strict=False):
            if done.error is None:
                letter.reply(done.value)
            else:
                letter.fail(done.error)
        for event in batch.events if not house.engine.shared else ():  # there the node hears of it, in the order of all
            house.bus.publish(event)
        for name in {ACTOR_OF_KIND[kind] for kind in batch.wake}:
            house.mail[name].ring()
        self.stats.add(len(batch.done), batch.seconds)
        return len(batch.done)
