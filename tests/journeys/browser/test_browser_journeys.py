"""Both journeys of the demo, watched in two browsers at once, without a reload: a file appears, a wish comes true."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from mydia.demo import world
from tests.support.browser import Place, visiting

pytestmark = pytest.mark.browser
NIGHT, CHARADE = (name for name, _ in world.ARRIVALS)


@contextmanager
def unmoved(page: Page) -> Iterator[None]:
    """What happens inside happens on the very document that is open: no reload, no navigation."""
    page.evaluate("window.sameDocument = true")
    yield
    assert page.evaluate("window.sameDocument === true"), "the page was loaded again"


def live(page: Page) -> None:
    """The stream is open, so whatever happens from now on is told."""
    expect(page.locator("body")).to_have_attribute("data-live", "live")


def test_a_file_that_is_copied_in_appears_on_the_grid_and_at_home(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as grid, visiting(browser, demo, theme="light") as home:
        grid.goto("/films")
        home.goto("/")
        for page in (grid, home):
            live(page)
            expect(page.locator("[data-card]", has_text="Sintel")).to_be_visible()
        with unmoved(grid), unmoved(home):
            films = home.locator("#r-counts .figure", has_text="Film").locator(".figure-value").first
            before = int(films.inner_text())
            demo.copy_in(CHARADE)
            tile = grid.locator("[data-card]", has_text="Charade")
            expect(tile).to_contain_text("1963 · Bluray-720p")
            expect(home.locator("#r-recent [data-card]", has_text="Charade")).to_be_visible()
            expect(films).to_have_text(str(before + 1))
            expect(home.locator("#r-news")).to_contain_text("Charade.1963.720p.BluRay.x264-PD.mkv")
        tile.get_by_role("link").click()
        expect(grid.get_by_role("heading", level=1)).to_contain_text("Charade 1963")
        expect(grid.locator("#r-files")).to_contain_text("en, fr")


BAR_VALUES = """() => {
    window.seen = new Set();
    window.said = new Set();
    const look = () => {
        document.querySelectorAll("[data-bar]").forEach((bar) => window.seen.add(bar.value));
        document.querySelectorAll("[data-download]").forEach((row) => window.said.add(row.textContent));
        const between = String([...window.seen].filter((value) => 0 < value && value < 100).length);
        if (document.body.dataset.between !== between) document.body.dataset.between = between;
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    look();
}"""


def test_a_wish_made_in_the_browser_is_searched_fetched_and_on_the_shelf_while_two_people_watch(
    browser: Browser, demo: Place
) -> None:
    assert demo.around is not None
    seeder = demo.around.seeder
    seeder.pace(20_000)  # so slowly that nobody comes too late to see it begin
    with visiting(browser, demo) as page, visiting(browser, demo, theme="light", size=(360, 740)) as other:
        other.goto("/activity")
        live(other)
        other.evaluate(BAR_VALUES)
        page.goto("/add")
        page.get_by_label("Title", exact=True).fill("big buck bunny")
        page.get_by_role("button", name="Look it up").click()
        match = page.locator(".match", has_text="2008")
        expect(match).to_contain_text("A large rabbit deals with three small bullies.")
        match.get_by_role("button", name="Add and search").click()

        expect(page.get_by_role("heading", level=1)).to_contain_text("Big Buck Bunny 2008")
        live(page)
        page.evaluate(BAR_VALUES)
        with unmoved(page), unmoved(other):
            decisions = page.locator("#r-searches")
            chosen = decisions.locator(".candidate-chosen")
            expect(chosen).to_contain_text("Big.Buck.Bunny.2008.1080p.WEB-DL.DDP5.1.H.264-OPEN")
            for decoy, reason in (("HDCAM", "not in the profile"), ("Big.Buck.Hunter", "Big Buck Hunter")):
                refused = decisions.locator(".candidate", has_text=decoy)
                expect(refused).to_contain_text("Refused")
                expect(refused).to_contain_text(re.compile(reason, re.IGNORECASE))
            chosen.get_by_text("What it was ranked by").click()
            expect(chosen.locator(".rank")).to_contain_text("quality and revision")

            for watched in (page, other):
                expect(watched.locator("body")).to_have_attribute("data-between", re.compile(r"^([2-9]|\d\d+)$"))
            seeder.pace(2_000_000)
            files = page.locator("#r-files")
            expect(files).to_contain_text("1080p H.264", timeout=120_000)  # once it has been fetched and imported
            for fact in ("SDR", "AC3 5.1", "en", "WEBDL-1080p", "1 min"):
                expect(files).to_contain_text(fact)
            expect(page.locator("#r-facts .title-line")).to_contain_text("In the library")
            happened = page.locator("#r-news")
            for sentence in ("Added", "Searched", "Grabbed", "Downloaded", "Imported", "by hardlink", "demo indexer"):
                expect(happened).to_contain_text(sentence)
            # What was opened by hand stays open, however often the page was brought up to date around it.
            expect(chosen.locator(".rank")).to_be_visible()
            expect(other.locator("#r-ended")).to_contain_text("Imported")
        assert any("Big Buck Bunny" in row and "Downloading" in row for row in other.evaluate("[...window.said]"))


def test_the_video_s_own_facts_stand_on_its_page(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        page.goto("/films")
        page.get_by_role("link", name="Sintel").click()
        files = page.locator("#r-files")
        for fact in ("2160p H.265", "HDR10", "EAC3 5.1", "en, nl"):
            expect(files).to_contain_text(fact)
