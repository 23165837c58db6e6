"""The power goes: nothing that was acknowledged is lost, nothing half is there, and what would be lost without a sync is seen to be."""

import random
from pathlib import Path

import pytest

from mydia.errors import Invalid
from tests.crash.platter import Platter, Recorder, Wrote, lay_down
from tests.crash.power import (
    KEYS,
    NOW,
    counted,
    cut,
    cut_restore,
    engine_at,
    record,
    record_restore,
    record_where_syncs_fail,
)

SEED = 20260131
encrypted_too = pytest.mark.parametrize("key", [None, KEYS[0]], ids=["SQLite", "SQLCipher"])


@pytest.mark.parametrize("key", [None, *KEYS], ids=["SQLite", "SQLCipher by a phrase", "SQLCipher by a raw key"])
async def test_whenever_the_power_goes_every_acknowledged_change_is_there_and_the_database_is_whole(
    tmp_path: Path, key: str | None
) -> None:
    recording = await record(tmp_path / "disk", SEED, 60, key)
    outcome = await cut(recording, tmp_path / "after", SEED, 30, key)
    assert (outcome.lost, outcome.torn, outcome.corrupt) == ([], [], [])
    assert outcome.trials == 30
    assert outcome.acknowledged > 0


@encrypted_too
async def test_a_power_cut_while_the_database_is_made_leaves_one_that_opens(tmp_path: Path, key: str | None) -> None:
    recording = await record(tmp_path / "disk", SEED, 1, key)
    del recording.steps[40:]  # where the first migration has begun
    outcome = await cut(recording, tmp_path / "after", SEED, 10, key)
    assert (outcome.lost, outcome.torn, outcome.corrupt) == ([], [], [])


@pytest.mark.parametrize("key", KEYS, ids=["a phrase", "a raw key"])
async def test_the_disk_of_an_encrypted_database_sees_no_word_of_it_and_gives_it_to_its_key_alone(
    tmp_path: Path, key: str
) -> None:
    recording = await record(tmp_path / "disk", SEED, 10, key)
    written = [step.data for step in recording.steps if isinstance(step, Wrote)]
    assert not [data for data in written if b"xxxxxxxx" in data or b"blocklist" in data or b"SQLite format" in data]
    (disk,) = recording.platters([len(recording.steps)])
    lay_down(disk.after_a_cut(random.Random(SEED)), tmp_path / "after")  # noqa: S311 - nothing secret
    for wrong in (None, f"{key}a"):
        with pytest.raises(
            Invalid, match=r"mydia\.db (is not a SQLite database|cannot be opened with this database\.key)"
        ):
            await engine_at(tmp_path / "after", wrong).open(NOW)
    engine = engine_at(tmp_path / "after", key)
    await engine.open(NOW)
    assert (await engine.read(counted)).count == max(told for told in disk.told if isinstance(told, int))
    await engine.close()


def test_on_the_disk_that_is_cut_two_empty_files_are_two_and_two_names_of_one_file_are_one(tmp_path: Path) -> None:
    disk = Platter(1, {2: bytearray(), 3: bytearray()}, {1: {"one": 2, "other": 3, "one again": 2}})
    lay_down(disk.after_a_cut(random.Random(SEED)), tmp_path / "after")  # noqa: S311 - nothing secret
    one, other, again = (tmp_path / "after" / name for name in ("one", "other", "one again"))
    assert one.samefile(again)
    assert not one.samefile(other)


async def test_without_a_sync_at_each_commit_the_same_cuts_lose_the_last_changes_but_never_half_of_one(
    tmp_path: Path,
) -> None:
    recording = await record(tmp_path / "disk", SEED, 40, synchronous="NORMAL", from_nothing=False)
    outcome = await cut(recording, tmp_path / "after", SEED, 15)
    assert (outcome.torn, outcome.corrupt) == ([], [])
    assert outcome.lost != []


@encrypted_too
async def test_a_backup_that_was_told_of_is_there_whole_also_where_its_folder_was_made_for_it(
    tmp_path: Path, key: str | None
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    engine = engine_at(folder, key)
    await engine.open(NOW)
    recording = Recorder(folder)
    with recording.at_work():
        made = Path(await engine.backup(3, NOW))
        recording.tell(made.name)
        await engine.close()
    outcome = await cut(recording, tmp_path / "after", SEED, 40 if key is None else 20, key)
    assert (outcome.lost, outcome.corrupt) == ([], [])


@encrypted_too
async def test_a_disk_that_does_not_do_what_a_sync_asks_of_it_is_seen_to_lose_and_to_damage(
    tmp_path: Path, key: str | None
) -> None:
    """What these tests can see, they would see in Mydia: the same recording on a disk that lies."""
    recording = await record(tmp_path / "disk", SEED, 80, key, from_nothing=False)
    recording.ignore_syncs()
    outcome = await cut(recording, tmp_path / "after", SEED, 30, key)
    assert outcome.lost != []
    assert outcome.corrupt != []


@encrypted_too
async def test_where_syncs_fail_and_what_they_were_to_keep_is_forgotten_every_acknowledged_change_is_there(
    tmp_path: Path, key: str | None
) -> None:
    recording = await record_where_syncs_fail(tmp_path / "disk", SEED, 80, key)
    assert recording.failed > 20
    outcome = await cut(recording, tmp_path / "after", SEED, 25, key)
    assert (outcome.lost, outcome.torn, outcome.corrupt) == ([], [], [])
    assert outcome.acknowledged > 0


@encrypted_too
async def test_a_power_cut_during_a_restore_leaves_the_old_database_or_the_restored_one(
    tmp_path: Path, key: str | None
) -> None:
    recording = await record_restore(tmp_path / "disk", key)
    assert await cut_restore(recording, tmp_path / "after", SEED, 40 if key is None else 15, key) == []
