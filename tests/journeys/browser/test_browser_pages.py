"""Every page at 360, 1280 and 2560 pixels, by day and by night: nothing in the console, nothing against the policy, nothing that
WCAG 2.2 AA forbids, nothing wider than a telephone. The screenshots in build/screens/ are for people to look at.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mydia.choosing.queries import list_profiles
from mydia.demo import world
from mydia.downloads import queries as downloads
from mydia.jobs.queries import list_jobs
from mydia.library.queries import files_of
from mydia.media import changes as media
from mydia.messages import AddTitle
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction, to_text
from tests.support.browser import Place, Theme, visiting
from tests.support.waiting import eventually

pytestmark = pytest.mark.browser

SCREENS = Path(__file__).parents[3] / "build" / "screens"
HEIGHTS = {360: 740, 1280: 800, 2560: 1440}
AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
# Whatever ends beyond the window and lies in nothing that scrolls, decoration aside.
CUT_OFF = """() => {
    const reachable = (element) => {
        for (let box = element; box; box = box.parentElement) {
            if (box.matches("[aria-hidden=true], .sr-only") || /auto|scroll|hidden/.test(getComputedStyle(box).overflowX)) return true;
        }
        return false;
    };
    const beyond = (element) => element.getBoundingClientRect().right > innerWidth + 1;
    const cut = [...document.body.querySelectorAll("*")].filter((element) => beyond(element) && !reachable(element));
    return cut.slice(0, 5).map((element) => element.outerHTML.slice(0, 90));
}"""
ENDLESS = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
PARTS = 3
"""The walk is cut into tests, so that each ends well before its time is up, on a busy machine too."""
OUTSIDE = {"login": "/login"}
NEW = {"setup": "/setup"}


def pages(place: Place) -> dict[str, str]:
    profile = place.read(list_profiles)[0]
    return {
        "home": "/",
        "films": "/films",
        "shows": "/shows",
        "film": f"/titles/{place.title('Metropolis')}",
        "show": f"/titles/{place.title('One Step Beyond')}",
        "delete": f"/titles/{place.title('Metropolis')}/delete",
        "file": f"/files/{_file(place, 'Metropolis')}",
        "file-show": f"/files/{_file(place, 'Metropolis')}?media_id={place.title('One Step Beyond')}",
        "versions": f"/titles/{place.title('Metropolis')}/versions",
        "decisions": f"/searches/{place.read(_search)}",
        "add": "/add",
        "add-found": "/add?q=metropolis",
        "search": "/search?q=night",
        "queue": "/activity",
        "wanted": "/activity/wanted",
        "history": "/activity/history",
        "jobs": "/activity/jobs",
        "job": f"/activity/jobs/{place.read(list_jobs).items[0].id}",
        "schedules": "/activity/schedules",
        "schedule": "/activity/schedules/library_scan",
        "blocklist": "/activity/blocklist",
        "files": "/activity/files",
        "trash": "/activity/trash",
        "system": "/system",
        "backups": "/system/backups",
        "restore": f"/system/backups/{_backup(place)}/restore",
        "settings": "/settings",
        "profiles": "/settings/profiles",
        "profile": f"/settings/profiles/{profile.id}",
        "formats": "/settings/formats",
        "format": "/settings/formats/new",
        "rules": "/settings/rules",
        "naming": "/settings/naming",
        "renames": "/settings/renames",
        "explain": "/explain",
        "nothing-here": "/nowhere",
    }


def _file(place: Place, title: str) -> str:
    return place.read(files_of, place.title(title))[0].id


def _search(conn: Connection) -> str:
    return str(conn.value("select id from searches order by created_at desc, id limit 1"))


def _backup(place: Place) -> str:
    keeper = place.house.engine.keeper
    assert keeper is not None
    return (keeper.backups() or [keeper.make(to_text(place.house.clock.now()))])[0].name


@pytest.fixture(scope="module")
def lived_in(demo: Place) -> Iterator[Place]:
    """The demo's house after an evening: films at home and come by, one that was wished for, one whose download stands half-way."""
    assert demo.around is not None
    demo.around.seeder.pace(2_000_000)
    demo.copy_in(world.ARRIVALS[0][0])  # the other one is for the test that watches it come
    (demo.folder / "library/movies/holiday in spring.mkv").write_bytes(b"this is no video" * 64)
    demo.do(_wish, demo, world.METROPOLIS.id)
    demo.do(eventually, lambda: _status(demo, "Metropolis", "imported"))
    demo.around.seeder.pace(150_000)  # so slowly that it is seen half-way, however seldom anybody looks
    demo.write(media.request_search, demo.title("One Step Beyond"))
    demo.do(eventually, lambda: _status(demo, "One Step Beyond", "downloading", progress=15.0))
    demo.do(_rest, demo)
    # Words that no line holds, where others than this house choose them.
    film, show = demo.title("Metropolis"), demo.title("One Step Beyond")
    endless = dict.fromkeys(("original_title", "overview", "status"), ENDLESS)
    demo.write(Transaction.update, "media_items", film, **endless)
    for download in demo.read(downloads.downloads_of, show):
        demo.write(Transaction.update, "downloads", download.id, indexer=ENDLESS)
    yield demo
    demo.around.seeder.open()


async def _wish(place: Place, id_: int) -> None:
    wish = AddTitle(kind="movie", provider="tmdb", id=str(id_), actor="demo")
    await place.house.mail["librarian"].ask(wish, timeout=30)


async def _status(place: Place, title: str, status: str, progress: float = 0.0) -> bool:
    listed = (await place.house.read(downloads.list_downloads, limit=50)).items
    return any(d.media_title == title and d.status == status and d.progress >= progress for d in listed)


async def _rest(place: Place) -> None:
    assert place.around is not None
    place.around.seeder.close()


def look_at(page: Page, name: str, width: int, theme: Theme) -> list[str]:
    """What is wrong with the page that is open, each in a line; and its picture."""
    wrong = []
    if width == 360:
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            wrong.append(f"{name} is {wide} pixels wide")
        wrong += [
            f"{name}: {cut} reaches out of the page, where nobody can scroll to" for cut in page.evaluate(CUT_OFF)
        ]
    found: dict[str, Any] = Axe().run(page, options=AXE).response
    assert found["passes"], "axe found nothing to look at"
    for violation in found["violations"]:
        where = "; ".join(f"{node['target'][0]}: {node['failureSummary']}" for node in violation["nodes"][:3])
        wrong.append(f"{name}: {violation['id']} ({violation['help']}) at {where}")
    # As tall as its content, so that what is fixed to the window's edge stands at the page's.
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(HEIGHTS[width], min(tall, 3200))})
    page.screenshot(path=SCREENS / f"{name}-{width}-{theme}.png", animations="disabled")
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    return wrong


def look_at_all(
    browser: Browser, place: Place, paths: dict[str, str], width: int, theme: Theme, *, inside: bool
) -> None:
    size = (width, HEIGHTS[width])
    # Chromium itself tells the console of the one page that is not there.
    with visiting(browser, place, size=size, theme=theme, inside=inside, bears=("/nowhere",)) as page:
        wrong = []
        for name, path in paths.items():
            page.goto(path)
            if page.locator("body[data-live-url]").count():
                expect(page.locator("body")).to_have_attribute("data-live", "live")
            page.wait_for_load_state("load")
            wrong += look_at(page, name, width, theme)
        assert not wrong, "\n".join(wrong)


EACH = pytest.mark.parametrize(("width", "theme"), [(w, t) for w in HEIGHTS for t in ("light", "dark")])


@EACH
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_sound(browser: Browser, lived_in: Place, width: int, theme: Theme, part: int) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    if part == 0:
        look_at_all(browser, lived_in, OUTSIDE, width, theme, inside=False)
    look_at_all(browser, lived_in, dict([*pages(lived_in).items()][part::PARTS]), width, theme, inside=True)


def test_the_set_up_is_sound(browser: Browser, fresh: Place) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for width in HEIGHTS:
        for theme in ("light", "dark"):
            look_at_all(browser, fresh, NEW, width, theme, inside=False)
