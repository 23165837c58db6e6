"""Rows of the library: what is held by what, what is known where, and names that are no text."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from mydia import placing
from mydia.downloads import changes as downloads
from mydia.errors import Invalid, NotFound
from mydia.events import FileFound, FileGone, FileLinked, FileRestored, Imported
from mydia.house import House
from mydia.library import changes, queries, renames
from mydia.library.journal import begin_import, close_import, import_placed
from mydia.library.model import FileFacts, Root, SeenFile
from mydia.library.trash import file_trashed, intend_trash, trash_ended
from mydia.media import changes as media
from mydia.media.queries import episodes_of, slots_of
from mydia.store.transaction import Transaction
from tests.support.crew import add, file_at, film, happened, settle_in, show
from tests.support.house import open_house


async def lay(
    house: House, root: Root, name: str, item: str | None, quality: str = "DVD", episodes: Sequence[str] = ()
) -> str:
    """A file that was seen and, where a title is given, linked: its id."""
    await house.write(changes.files_seen, root.id, [SeenFile(name, 10, 1, 1)])
    file = await house.read(file_at, root.id, name)
    assert file is not None
    if item is not None:
        await house.write(changes.link_file, file.id, item, episodes, FileFacts(quality=quality))
    return file.id


async def holds(house: House, item: str, target: str = "") -> str | None:
    held = await house.read(queries.held_file, (await house.read(slots_of, item))[0].id, target)
    return None if held is None else held.relative_path


async def test_a_slot_holds_the_best_file_there_is_and_the_next_best_when_that_goes(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        await lay(house, root, "dvd.avi", item, "DVD")
        best = await lay(house, root, "hd.mkv", item, "Bluray-1080p")
        middle = await lay(house, root, "web.mkv", item, "WEBDL-720p")
        assert await holds(house, item) == "hd.mkv"
        await house.write(changes.files_gone, {best: "hd.mkv"})
        assert await holds(house, item) == "web.mkv"
        await house.write(changes.file_unmatched, middle, "a person said so")
        assert await holds(house, item) == "dvd.avi"


async def test_an_episode_is_held_by_the_file_that_is_of_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "tv_show"))
        item = await add(house, show())
        one, two, three = [e.id for e in await house.read(episodes_of, item)]
        double = await lay(house, root, "1+2.mkv", item, "DVD", [one, two])
        await lay(house, root, "2.mkv", item, "HDTV-720p", [two])
        assert [await holds(house, item, e) for e in (one, two, three)] == ["1+2.mkv", "2.mkv", None]
        await house.write(changes.files_gone, {double: "1+2.mkv"})
        assert [await holds(house, item, e) for e in (one, two)] == [None, "2.mkv"]


async def test_a_file_that_is_seen_as_it_is_known_is_no_news(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        file = await lay(house, root, "a.mkv", await add(house, film()))
        assert await house.write(changes.files_seen, root.id, [SeenFile("a.mkv", 10, 1, 1)]) == 0
        assert (await house.read(queries.get_file, file)).state == "linked"
        assert await house.write(changes.files_seen, root.id, [SeenFile("a.mkv", 11, 2, 1)]) == 1
        assert (await house.read(queries.get_file, file)).state == "new"
        assert len(await house.read(happened, FileFound)) == 2


async def test_d29_a_scan_leaves_what_an_import_is_about_to_bring_to_that_import_until_it_is_over(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        slot = (await house.read(slots_of, item))[0]
        download = await house.write(downloads.grab, item, slot.id, ("",), {"title": "Charade.1963.720p"})
        await house.write(downloads.completed, download)
        journal = await house.write(
            begin_import, download, source="/landing/c.mkv", root_id=root.id, relative_path="c.mkv", plan={}
        )
        assert await house.write(changes.files_seen, root.id, [SeenFile("c.mkv", 10, 1, 1)]) == 0
        assert await house.read(file_at, root.id, "c.mkv") is None
        await house.write(close_import, journal.id, "undone", "a test says so")
        assert await house.write(changes.files_seen, root.id, [SeenFile("c.mkv", 10, 1, 1)]) == 1


@pytest.mark.parametrize(
    ("old", "inode", "trashed"),
    [
        ("The Cafe\u0301/the cafe\u0301.mkv", 7, False),  # the one file there is, where names are not told apart so
        ("The Cafe\u0301/the cafe\u0301.mkv", 8, True),
        ("The Café/another.mkv", 7, True),
    ],
)
async def test_d22_the_very_file_that_was_placed_is_not_trashed_by_another_spelling_of_its_name(
    tmp_path: Path, old: str, inode: int, trashed: bool
) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        item, new = await add(house, film()), SeenFile("The Café/The Café.mkv", 10, 1, inode)
        await house.write(changes.files_seen, root.id, [SeenFile(old, 10, 1, 7)])
        file = await house.read(file_at, root.id, old)
        assert file is not None
        await house.write(changes.link_file, file.id, item, (), FileFacts(quality="DVD"))
        slot = (await house.read(slots_of, item))[0]
        download = await house.write(downloads.grab, item, slot.id, ("",), {"title": "r"})
        journal = await house.write(
            begin_import, download, source="/l/c.mkv", root_id=root.id, relative_path=new.relative_path, plan={}
        )
        await house.write(
            import_placed,
            journal.id,
            new,
            item,
            (),
            FileFacts(quality="DVD"),
            slot_id=slot.id,
            release="r",
            method="hardlink",
            reason=None,
        )
        assert await holds(house, item) == new.relative_path
        assert bool(await house.read(queries.trash_in_flight)) is trashed
        assert (await house.read(file_at, root.id, old) is not None) is trashed


async def test_an_import_is_told_once_and_a_file_that_was_put_there_as_recognised(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        slot = (await house.read(slots_of, item))[0]
        download = await house.write(downloads.grab, item, slot.id, ("",), {"title": "r"})
        journal = await house.write(
            begin_import, download, source="/l/c.mkv", root_id=root.id, relative_path="c.mkv", plan={}
        )
        await house.write(
            import_placed,
            journal.id,
            SeenFile("c.mkv", 10, 1, 1),
            item,
            (),
            FileFacts(quality="DVD"),
            slot_id=slot.id,
            release="r",
            method="hardlink",
            reason=None,
        )
        await lay(house, root, "by hand.mkv", item)
        assert [e["path"] for e in await house.read(happened, Imported)] == ["c.mkv"]
        assert [e["path"] for e in await house.read(happened, FileLinked)] == ["by hand.mkv"]


async def test_what_is_on_its_way_to_the_trash_is_not_lost(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        file = await lay(house, root, "a.mkv", await add(house, film()))
        await house.write(intend_trash, file, reason="replaced", actor="importer")
        assert await house.write(changes.files_gone, {file: "a.mkv"}) == 0
        assert await house.read(happened, FileGone) == []


async def test_a_forgotten_title_leaves_its_files_unmatched(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        file = await lay(house, root, "a.mkv", item)
        await house.write(media.delete_media, item)
        found = await house.read(queries.get_file, file)
        assert (found.state, found.media_item_id, found.held, found.reason) == (
            "unmatched",
            None,
            False,
            "Its title was deleted",
        )


async def test_what_is_known_below_a_folder_is_that_folder_and_nothing_that_is_called_like_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        for name in ("a/1.mkv", "a/b/2.mkv", "a b/3.mkv", "a.mkv", "ab/4.mkv"):
            await lay(house, root, name, None)
        assert [k.relative_path for k in await house.read(queries.known_below, root.id, "a", 9)] == [
            "a/1.mkv",
            "a/b/2.mkv",
        ]
        assert [k.relative_path for k in await house.read(queries.known_below, root.id, "a.mkv", 9)] == ["a.mkv"]
        pages, after = [], ""
        while page := await house.read(queries.known_after, root.id, after, 2):
            pages.append(len(page))
            after = page[-1].relative_path
        assert pages == [2, 2, 1]


async def test_d24_names_that_are_no_text_pass_through_every_column(tmp_path: Path) -> None:
    odd = os.fsdecode(b"K\xf6nig-\xff.mkv")
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path / odd, "movie"))
        assert root.path == str(tmp_path / odd)
        file = await lay(house, root, odd, None)
        facts = FileFacts(quality="DVD", release_group=odd, scene_name=odd)
        await house.write(changes.link_file, file, await add(house, film()), (), facts)
        found = await house.read(queries.get_file, file)
        assert (found.path, found.release_group, found.scene_name) == (str(tmp_path / odd / odd), odd, odd)
        await house.write(changes.file_unmatched, file, f"{odd} fits nothing")
        (await house.read(queries.get_file, file)).reason.encode()  # type: ignore[union-attr]
        await house.write(intend_trash, file, reason="gone", actor="ann")
        (row,) = await house.read(queries.trash_in_flight)
        assert (row.root_path, row.relative_path) == (root.path, odd)


async def test_a_suspicious_folder_does_not_make_its_disk_the_right_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        await house.write(changes.set_root_state, root.id, "ok", None, 7)
        await house.write(changes.set_root_state, root.id, "suspicious", "another disk", 8)
        assert (await house.read(queries.get_root, root.id)).device == 7


async def test_what_does_not_exist_is_said_so(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for change, args in (
            (changes.confirm_root, ("nothing",)),
            (changes.request_scan, ("nothing",)),
            (changes.file_unmatched, ("nothing", "why")),
        ):
            how = {"actor": "ann"} if change is changes.confirm_root else {}
            with pytest.raises(NotFound):
                await house.write(change, *args, **how)  # type: ignore[arg-type]


async def test_only_so_much_of_the_trash_is_old(tmp_path: Path) -> None:
    def throw(tx: Transaction, root: str, name: str, size: int) -> None:
        row = {
            "id": name,
            "root_id": root,
            "relative_path": name,
            "trash_path": f".mydia-trash/{name}/{name}",
            "size": size,
        }
        more = {"reason": "x", "actor": "x", "state": "trashed", "created_at": name, "updated_at": tx.now}
        tx.insert("trash", row | more)

    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        for name in ("2026-01-01", "2026-01-02", "2026-01-03"):
            await house.write(throw, root.id, name, 10)
        assert [r.id for r in await house.read(queries.trash_before, "2026-01-03")] == ["2026-01-01", "2026-01-02"]
        assert [r.id for r in await house.read(queries.trash_over, 25)] == ["2026-01-01"]


async def test_what_has_another_name_since_it_was_missed_is_not_lost(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        item = await add(house, film())
        file = await lay(house, root, "a.mkv", item)
        await house.write(renames.intend_renames, "b", [(file, "a.mkv", "b.mkv")], actor="ann")
        (row,) = await house.read(renames.rows_of, "b")
        await house.write(renames.renamed, row.id, ())
        assert await house.write(changes.files_gone, {file: "a.mkv"}) == 0
        assert await holds(house, item) == "b.mkv"
        assert await house.write(changes.files_gone, {file: "b.mkv"}) == 1
        assert await holds(house, item) is None


async def test_what_was_brought_back_from_the_trash_is_not_deleted_from_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        row = await house.write(intend_trash, await lay(house, root, "a.mkv", None), reason="old", actor="ann")
        await house.write(file_trashed, row, ".mydia-trash/1/a.mkv")
        for state in ("restored", "deleted", "restored"):
            await house.write(trash_ended, row, state)
        assert (await house.read(queries.get_trash, row)).state == "restored"
        assert len(await house.read(happened, FileRestored)) == 1


async def test_a_title_is_added_and_files_that_waited_for_it_are_looked_at_again_as_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        (root,) = await settle_in(house, (tmp_path, "movie"))
        file = await lay(house, root, "charade.mkv", None)
        await house.write(changes.file_unmatched, file, "nothing fits")
        with pytest.raises(Invalid):
            await house.write(placing.add_title, show(), waiting=[file], root_id=root.id)
        assert (await house.read(queries.get_file, file)).state == "unmatched"
        await house.write(placing.add_title, film(), waiting=[file], root_id=root.id)
        assert (await house.read(queries.get_file, file)).state == "new"
