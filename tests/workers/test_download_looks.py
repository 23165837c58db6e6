"""How the download monitor's last look went is known to the house, for people to see."""

from pathlib import Path

from mydia.downloads import changes
from mydia.downloads.model import Look
from mydia.media.queries import slots_of
from mydia.ports import ClientDownload
from mydia.store.transaction import Transaction
from tests.support.crew import MemoryClient, add, crew, film, member, settle_in
from tests.support.house import open_house
from tests.support.waiting import eventually
from workers.download_monitor import DownloadMonitor
from workers.handover import LABEL


def given(tx: Transaction, item: str, slot: str) -> None:
    """A download that its client has already."""
    wish = {"title": "Charade.1963.1080p", "indexer": "one", "guid": "1", "download_url": "http://x/1"}
    changes.handed_over(tx, changes.grab(tx, item, slot, [""], wish), client="memory", client_id="x")


async def test_a_look_says_when_it_was_when_the_next_is_and_who_gave_no_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        slot = (await house.read(slots_of, item))[0]
        client = MemoryClient()
        client.downloads["x"] = ClientDownload("x", "Charade", "downloading", 0.5, label=LABEL)

        async def looked(silent: tuple[str, ...], next_at: str) -> bool:
            house.mail["download_monitor"].ring()
            look = house.last_look
            return look is not None and look == Look("2026-01-31T12:00:00.000000Z", look.seconds, next_at, silent)

        async with crew(member(house, "download_monitor", lambda: DownloadMonitor(house, [client], []))):
            await eventually(lambda: looked((), "2026-01-31T12:00:15.000000Z"))  # nothing to look at
            await house.write(given, item, slot.id)  # at once: the monitor would hand over what it sees pending
            await eventually(lambda: looked((), "2026-01-31T12:00:01.000000Z"))
            client.down = True
            await eventually(lambda: looked(("memory",), "2026-01-31T12:00:01.000000Z"))
        assert house.last_look is None
