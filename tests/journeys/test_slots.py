"""Two versions of a film side by side: each slot searches, grabs, imports, names and upgrades by itself, and never touches the other."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mydia import placing
from mydia.choosing.changes import put_profile
from mydia.core.quality import QualityProfile
from mydia.downloads import changes as downloads
from mydia.downloads import queries as download_queries
from mydia.errors import Conflict
from mydia.library import queries as library
from mydia.library.model import FileView
from mydia.media.queries import slots_of
from tests.support.choosing_world import offer, search
from tests.support.crew import add, climbing, film, minute, put, tree_of
from tests.support.delivery import Dock, dock

WEB = "Charade.1963.720p.WEB-DL.H264-GRP"
DISC = "Charade.1963.1080p.BluRay.H264-GRP"
TAPED = "Charade.1963.SDTV.XviD-GRP"
DVD = "Charade.1963.DVDRip.XviD-GRP"
VIDEO = {WEB: "720p", DISC: "1080p", TAPED: "480p", DVD: "480p"}
MAIN_720, MAIN_1080 = (f"Charade (1963)/Charade (1963) - {q}.mkv" for q in ("WEBDL-720p", "Bluray-1080p"))
SMALL_TAPED, SMALL_DVD = (f"Charade (1963)/Charade (1963) - {q} - Small.avi" for q in ("SDTV", "DVD"))


def profile(name: str, *qualities: str) -> QualityProfile:
    return replace(climbing(), id=name, name=name, qualities=qualities, cutoff=qualities[-1])


async def two_slots(here: Dock) -> str:
    """A film whose main version is to be sharp, with a small one beside it."""
    for made in (profile("Sharp", "WEBDL-720p", "Bluray-1080p"), profile("Little", "SDTV", "DVD")):
        await here.house.write(put_profile, made, actor="test")
    item = await add(here.house, film(), default_profile="Sharp")
    await here.house.write(placing.add_slot, item, name="Small", quality_profile_id="Little", actor="ann")
    return item


async def bring(here: Dock, item: str, *releases: str) -> dict[str, str]:
    """Search among these releases, and import what is grabbed: release -> the name of the slot it was grabbed for."""
    await search(here.house, item, *(offer(r, size=1 << 30) for r in releases), mode="user")
    names = {s.id: s.name for s in await here.house.read(slots_of, item)}
    grabbed = {}
    for download in await here.house.read(download_queries.with_status, ["pending"]):
        await here.house.write(downloads.handed_over, download.id, client=here.client.name, client_id=download.id)
        kind = VIDEO[download.title]
        name = f"charade.{minute(kind).suffix.lstrip('.')}"
        put(here.landing / download.id, [(name, minute(kind, seed=len(here.client.downloads) + 1))])
        here.show(download.id, download.title, here.landing / download.id, [name])
        await here.house.write(downloads.completed, download.id)
        await here.until(download.id, "imported")
        grabbed[download.title] = names[download.slot_id or ""]
    await here.trash_is_still()
    return grabbed


async def held(here: Dock, item: str) -> dict[str, str]:
    """Slot -> the file that it holds."""
    found: dict[str, FileView | None] = {
        s.name: await here.house.read(library.held_file, s.id, "") for s in await here.house.read(slots_of, item)
    }
    return {name: file.relative_path for name, file in found.items() if file is not None}


async def trashed(here: Dock) -> Sequence[str]:
    return sorted(row.relative_path for row in (await here.house.read(library.trash)).items)


async def test_two_slots_two_grabs_two_files_and_an_upgrade_of_one_never_touches_the_other(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await two_slots(here)
        assert await bring(here, item, WEB, TAPED) == {WEB: "default", TAPED: "Small"}
        assert await held(here, item) == {"default": MAIN_720, "Small": SMALL_TAPED}
        assert tree_of(here.films) == {MAIN_720, SMALL_TAPED}
        taped = (here.films / SMALL_TAPED).stat()

        assert await bring(here, item, DISC) == {DISC: "default"}
        assert await held(here, item) == {"default": MAIN_1080, "Small": SMALL_TAPED}
        assert await trashed(here) == [MAIN_720]
        assert (here.films / SMALL_TAPED).stat().st_ino == taped.st_ino
        disc = (here.films / MAIN_1080).stat()

        assert await bring(here, item, DVD) == {DVD: "Small"}
        assert await held(here, item) == {"default": MAIN_1080, "Small": SMALL_DVD}
        assert await trashed(here) == [SMALL_TAPED, MAIN_720]
        assert (here.films / MAIN_1080).stat().st_ino == disc.st_ino
        assert await bring(here, item, DISC, DVD, WEB, TAPED) == {}


async def test_a_slot_that_is_removed_leaves_its_files_and_one_that_is_being_filled_stays(tmp_path: Path) -> None:
    async with dock(tmp_path) as here:
        item = await two_slots(here)
        await bring(here, item, WEB, TAPED)
        small = (await here.house.read(slots_of, item))[1]
        await here.house.write(placing.remove_slot, item, small.id, actor="ann")
        assert await held(here, item) == {"default": MAIN_720}
        assert tree_of(here.films) == {MAIN_720, SMALL_TAPED}
        extra = next(f for f in await here.house.read(library.files_of, item) if f.relative_path == SMALL_TAPED)
        assert (extra.state, extra.held) == ("linked", False)
        assert await trashed(here) == []

        again = await here.house.write(
            placing.add_slot, item, name="Small", quality_profile_id="Little", actor="ann"
        )  # what is there is held at once
        assert await held(here, item) == {"default": MAIN_720, "Small": SMALL_TAPED}
        await here.house.write(downloads.grab, item, again, ("",), {"title": DVD})
        with pytest.raises(Conflict, match="Cancel the download first"):
            await here.house.write(placing.remove_slot, item, again, actor="ann")
