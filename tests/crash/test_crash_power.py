"""The power goes: nothing that was acknowledged is lost, nothing half is there, and what would be lost without a sync is seen to be."""

from pathlib import Path

from tests.crash.platter import Recorder
from tests.crash.power import NOW, cut, cut_restore, engine_at, record, record_restore

SEED = 20260131


async def test_whenever_the_power_goes_every_acknowledged_change_is_there_and_the_database_is_whole(
    tmp_path: Path,
) -> None:
    recording = await record(tmp_path / "disk", SEED, batches=60)
    outcome = await cut(recording, tmp_path / "after", SEED, times=50)
    assert (outcome.lost, outcome.torn, outcome.corrupt) == ([], [], [])
    assert outcome.trials == 50
    assert outcome.acknowledged > 0


async def test_without_a_sync_at_each_commit_the_same_cuts_lose_the_last_changes_but_never_half_of_one(
    tmp_path: Path,
) -> None:
    recording = await record(tmp_path / "disk", SEED, batches=40, synchronous="NORMAL", from_nothing=False)
    outcome = await cut(recording, tmp_path / "after", SEED, times=15)
    assert (outcome.torn, outcome.corrupt) == ([], [])
    assert outcome.lost != []


async def test_a_backup_that_was_told_of_is_there_whole_also_where_its_folder_was_made_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    engine = engine_at(folder)
    await engine.open(NOW)
    recording = Recorder(folder)
    with recording.at_work():
        made = Path(await engine.backup(3, NOW))
        recording.tell(made.name)
        await engine.close()
    outcome = await cut(recording, tmp_path / "after", SEED, times=40)
    assert (outcome.lost, outcome.corrupt) == ([], [])


async def test_a_disk_that_does_not_do_what_a_sync_asks_of_it_is_seen_to_lose_and_to_damage(tmp_path: Path) -> None:
    """What these tests can see, they would see in Mydia: the same recording on a disk that lies."""
    recording = await record(tmp_path / "disk", SEED, batches=80, from_nothing=False)
    recording.ignore_syncs()
    outcome = await cut(recording, tmp_path / "after", SEED, times=30)
    assert outcome.lost != []
    assert outcome.corrupt != []


async def test_a_power_cut_during_a_restore_leaves_the_old_database_or_the_restored_one(tmp_path: Path) -> None:
    recording = await record_restore(tmp_path / "disk")
    assert await cut_restore(recording, tmp_path / "after", SEED, times=40) == []
