"""Pages that are told what happens: when the line is cut, when the house's own parts crash and come back."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from mydia.media import changes as media
from mydia.media import queries
from mydia.otp import ChildInfo
from tests.support.browser import Place, visiting

pytestmark = pytest.mark.browser
# What Chromium's console says of a line that the test itself has cut.
CUT = ("net::ERR_", "htmx:sendError", "htmx:afterRequest")


def is_live(page: Page, state: str = "live") -> None:
    expect(page.locator("body")).to_have_attribute("data-live", state)


def toggle(place: Place) -> None:
    """Something happens to a title: it is monitored no more, or again."""
    title = place.title("Nosferatu")
    item = place.read(queries.get_media, title)
    place.write(media.update_media, title, monitored=not item.monitored, actor="test")


def restarts_of(place: Place, path: str) -> int:
    def find(children: "list[ChildInfo] | tuple[ChildInfo, ...]") -> int | None:
        for child in children:
            found = child.restarts if child.path == path else find(child.children)
            if found is not None:
                return found
        return None

    found = find(place.tree.children())
    assert found is not None, f"no child at {path}"
    return found


def test_a_page_whose_line_is_cut_says_so_and_catches_up_without_a_reload(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo, bears=CUT) as page:
        page.goto(f"/titles/{demo.title('Nosferatu')}")
        is_live(page)
        page.evaluate("window.sameDocument = true")
        button = page.get_by_role("button", name=re.compile("^(Not m|M)onitored$"))
        before = button.inner_text()

        page.context.set_offline(True)
        is_live(page, "lost")
        expect(page.get_by_text("Reconnecting…")).to_be_visible()
        toggle(demo)
        expect(button).to_have_text(before)

        page.context.set_offline(False)
        is_live(page)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(button).not_to_have_text(before)
        assert page.evaluate("window.sameDocument === true")


def test_a_page_outlives_the_web_actor_that_rendered_it(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo, bears=CUT) as page:
        page.goto(f"/titles/{demo.title('Nosferatu')}")
        is_live(page)
        # Attributes are watched: the page is back sooner than anybody could look.
        page.evaluate("""() => {
            const { dataset } = document.body;
            const watch = new MutationObserver(() => { dataset.states = [dataset.states, dataset.live].join(" ").trim(); });
            watch.observe(document.body, { attributeFilter: ["data-live"] });
        }""")
        button = page.get_by_role("button", name=re.compile("^(Not m|M)onitored$"))
        before = button.inner_text()
        demo.kill("mydia/web")
        toggle(demo)
        expect(page.locator("body")).to_have_attribute("data-states", "lost live")
        expect(button).not_to_have_text(before)


def test_the_system_page_shows_a_crash_and_the_new_life(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo) as page:
        page.goto("/system")
        node = page.locator(".node", has=page.locator("> .node-line > .node-name", has_text="searcher")).last
        expect(node).to_contain_text("worker")
        page.evaluate("window.sameDocument = true")
        for _ in range(2):
            path = "mydia/acquisition/searcher"
            before = restarts_of(demo, path)
            demo.kill(path)
            words = "1 restart" if before == 0 else f"{before + 1} restarts"
            expect(node.locator(".node-facts")).to_contain_text(words)
        expect(node).to_contain_text("killed from outside")
        assert page.evaluate("window.sameDocument === true")
