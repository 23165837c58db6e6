"""Everything by keyboard alone, and less motion for whoever asks for less."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from mydia.media import changes as media
from mydia.media import queries
from tests.support.browser import Place, visiting

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    """What has the focus, by its name or text."""
    name = page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.labels?.[0]?.innerText ||"
        " document.activeElement.innerText || document.activeElement.id || document.activeElement.tagName"
    )
    return " ".join(str(name).split())


def tab(page: Page, times: int = 1) -> list[str]:
    """The names of what the focus goes through; each is within sight and shows that it has the focus."""
    names = []
    for _ in range(times):
        page.keyboard.press("Tab")
        ring = page.evaluate(
            """() => {
                const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
                const { top, bottom } = document.activeElement.getBoundingClientRect();
                return { shown: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, inSight: bottom > 0 && top < innerHeight };
            }"""
        )
        assert ring["shown"], f"{focused(page)} does not show its focus"
        assert ring["inSight"], f"{focused(page)} is out of sight"
        names.append(focused(page))
    return names


def test_the_first_tab_leads_past_the_frame_into_the_page(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        page.goto("/films")
        assert tab(page) == ["Skip to content"]
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        assert tab(page) == ["Filter by title"]


def test_the_focus_goes_through_the_frame_in_the_order_that_is_read(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        page.goto("/films")
        passed = tab(page, 12)
        assert passed[:5] == [
            "Skip to content",
            "Mydia, home",
            "Search your library",
            "Add a title",
            "Account and appearance",
        ]
        assert passed[5:11] == ["Home", "Films", "Shows", "Activity", "System", "Settings"]
        assert passed[11] == "Filter by title"


def test_single_keys_search_and_go_places(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        # The second key has a second's time: on this clock it is never late.
        page.clock.install()
        page.clock.pause_at("2100-01-01")
        page.goto("/system")
        page.keyboard.press("/")
        expect(page.get_by_label("Search your library")).to_be_focused()
        page.keyboard.type("one step g f")  # while somebody types, keys are letters
        page.keyboard.press("Control+A")
        page.keyboard.type("one step")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Titles like “one step”")
        expect(page.locator("[data-card]")).to_have_count(1)
        for keys, path in (("gh", "/"), ("gf", "/films"), ("gs", "/shows"), ("ga", "/activity"), ("gy", "/system")):
            page.wait_for_load_state()  # who listens to the keys is a part of the page
            page.locator("body").press(keys[0])
            page.keyboard.press(keys[1])
            expect(page).to_have_url(f"{demo.base}{path}")
        page.wait_for_load_state()
        page.keyboard.press("n")
        expect(page).to_have_url(f"{demo.base}/add")
        expect(page.get_by_label("Title", exact=True)).to_be_focused()


def test_the_help_holds_the_focus_and_gives_it_back(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        page.goto("/films")
        page.get_by_role("link", name="Shows").focus()
        page.keyboard.press("?")
        help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(help_).to_be_visible()
        inside = "document.activeElement === document.body || document.querySelector('#help').contains(document.activeElement)"
        for _ in range(6):
            page.keyboard.press("Tab")
            assert page.evaluate(inside), f"the focus left the dialog, for {focused(page)}"
        page.keyboard.press("Escape")
        expect(help_).to_be_hidden()
        expect(page.get_by_role("link", name="Shows")).to_be_focused()

        # Single keys can be turned off (WCAG 2.1.4), and on again.
        page.keyboard.press("?")
        page.get_by_label("Single-key shortcuts are on").press("Space")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(help_).to_be_hidden()


def test_the_menu_opens_and_closes_by_keyboard_and_chooses_the_theme(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo, theme="light") as page:
        page.goto("/")
        menu = page.get_by_label("Account and appearance")
        menu.focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Dark").press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "mydia-dark")
        expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        expect(menu).to_be_focused()
        expect(page.get_by_role("button", name="Dark")).to_be_hidden()
        page.goto("/films")
        expect(page.locator("html")).to_have_attribute("data-theme", "mydia-dark")


def test_a_title_is_found_and_changed_by_keyboard(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        page.goto("/films")
        page.get_by_label("Filter by title").focus()
        page.keyboard.type("gener")
        expect(page).to_have_url(re.compile(r"[?&]q=gener(&|$)"))  # all of it, not what came while it was typed
        expect(page.locator("[data-card]")).to_have_count(1)
        expect(page.get_by_label("Filter by title")).to_be_focused()
        tile = page.locator("[data-card] a")
        for _ in range(6):
            page.keyboard.press("Tab")
            if tile.evaluate("link => link === document.activeElement"):
                break
        expect(tile).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("The General 1926")
        page.wait_for_load_state()
        button = page.get_by_role("button", name=re.compile("^(Not m|M)onitored$"))
        before = button.get_attribute("aria-pressed")
        button.press("Enter")
        expect(button).not_to_have_attribute("aria-pressed", before or "")
        expect(page.get_by_role("status").filter(has_text="monitored")).to_be_visible()
        expect(button).to_be_focused()
        button.press("Enter")
        expect(button).to_have_attribute("aria-pressed", before or "")


def test_the_focus_stays_on_its_tile_when_the_grid_comes_again(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        page.goto("/films?q=gener")
        expect(page.locator("body")).to_have_attribute("data-live", "live")
        tile = page.locator("[data-card] a")
        tile.focus()
        page.evaluate("""() => {
            const { dataset } = document.body;
            dataset.swaps = 0;
            document.addEventListener("htmx:afterSwap", () => { dataset.swaps = Number(dataset.swaps) + 1; });
        }""")
        title = demo.title("The General")
        body = page.locator("body")
        for _ in range(2):  # something happens to it, and is taken back
            swaps = body.get_attribute("data-swaps") or ""
            monitored = demo.read(queries.get_media, title).monitored
            demo.write(media.update_media, title, monitored=not monitored, actor="test")
            expect(body).not_to_have_attribute("data-swaps", swaps)
            expect(tile).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("The General 1926")


def test_nothing_moves_for_whoever_wants_no_motion(browser: Browser, demo: Place) -> None:
    longest = """() => Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
        const { transitionDuration, animationDuration } = getComputedStyle(element);
        return [transitionDuration, animationDuration].flatMap((all) => all.split(",").map(parseFloat));
    }))"""
    with visiting(browser, demo) as still, visiting(browser, demo, still=False) as moving:
        for page in (still, moving):
            page.goto("/films")
            expect(page.locator("[data-card]").first).to_be_visible()
        assert still.evaluate(longest) <= 0.001
        assert moving.evaluate(longest) > 0.1
