"""The door, in a browser: claiming a new house, coming in and going out, and what a house without anything in it says to do."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import NAME, Place, visiting

pytestmark = pytest.mark.browser
PASSWORD = "a lamp in the window"


def token_of(place: Place) -> str:
    """The set-up token, from where a person finds it."""
    found = re.findall(r"set-up token ([\w-]+)", place.log.getvalue())
    assert found, "the log names no set-up token"
    return str(found[-1])


def claim(page: Page, token: str, password: str = PASSWORD) -> None:
    page.get_by_label("Set-up token").fill(token)
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Password again").fill(password)
    page.get_by_role("button", name="Create administrator").click()


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


REFUSED = "status of 422"  # Chromium's console tells of each refusal; the page tells the person


def test_a_new_house_is_claimed_once_with_the_token_from_the_log(browser: Browser, fresh: Place) -> None:
    with visiting(browser, fresh, inside=False, bears=(REFUSED,)) as page:
        page.goto("/films")
        expect(page).to_have_url(f"{fresh.base}/setup")

        claim(page, "not-the-token")
        expect(page.get_by_role("alert")).to_contain_text("not the set-up token")
        expect(page.get_by_label("User name")).to_have_value("ada")

        claim(page, token_of(fresh), "short")
        assert page.get_by_label("Password", exact=True).evaluate("field => field.validity.tooShort")
        # A browser that does not check is refused by the house itself.
        page.locator("form").evaluate("form => { form.noValidate = true }")
        page.get_by_role("button", name="Create administrator").click()
        expect(page.get_by_role("alert")).to_contain_text("at least 10 characters")

        claim(page, token_of(fresh))
        expect(page).to_have_url(f"{fresh.base}/")
        expect(page.get_by_text("Nothing on the shelves yet")).to_be_visible()
        page.goto("/setup")
        expect(page).to_have_url(f"{fresh.base}/")  # claimed: by way of the login, which a visitor inside does not need


def test_whoever_logs_in_comes_to_where_they_wanted_to_go_and_nowhere_else(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo, inside=False, bears=(REFUSED,)) as page:
        page.goto("/films?sort=added")
        expect(page).to_have_url(re.compile(r"/login\?next=%2Ffilms"))

        log_in(page, NAME, "not the password")
        expect(page.get_by_role("alert")).to_contain_text("not the name and password")
        expect(page.get_by_label("User name")).to_have_value(NAME)
        expect(page.get_by_label("Password")).to_have_value("")

        log_in(page, NAME, demo.password)
        expect(page).to_have_url(f"{demo.base}/films?sort=added")

        page.get_by_label("Account and appearance").click()
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{demo.base}/login")
        page.go_back()
        expect(page).to_have_url(re.compile(r"/login"))  # nothing of the house comes out of the browser's cache

        page.goto(f"/login?next={quote('//evil.example/', safe='')}")
        log_in(page, NAME, demo.password)
        expect(page).to_have_url(f"{demo.base}/")


EMPTY = (
    ("/", "Nothing on the shelves yet", "Add a title"),
    ("/", "Titles can't be looked up yet", "metadata.tmdb.api_key"),
    ("/", "Nothing can be searched yet", "downloads.indexers"),
    ("/films", "No films yet", "Put videos into a library folder"),
    ("/films?q=abc", "No title fits", "Add “abc”"),
    ("/shows", "No shows yet", "Put videos into a library folder"),
    ("/add", "Wish for something", "Type a title"),
    ("/add?q=abc", "No metadata provider is set up", "metadata.tmdb.api_key"),
    ("/search?q=abc", "Not in your library", "Add “abc”"),
    ("/search", "Type a title", "Press / anywhere"),
    ("/activity", "The queue is empty", "What is grabbed appears here"),
    ("/activity/blocklist", "Nothing is blocked", "A release that failed"),
    ("/activity/files", "No file yet", "library folder"),
    ("/activity/trash", "The trash is empty", "A file that is replaced"),
    ("/activity/jobs?state=discarded", "No jobs here", "What a person or a schedule asks for"),
    ("/system", "Not asked yet", "Supervision tree"),
    ("/settings", "metadata.tmdb.api_key", "not set"),
)


def test_every_page_of_an_empty_house_says_what_to_do(browser: Browser, fresh: Place) -> None:
    with visiting(browser, fresh, inside=False) as page:
        page.goto("/setup")
        claim(page, token_of(fresh))
        expect(page.get_by_role("heading", name="Recently added")).to_be_visible()
        for path, says, advice in EMPTY:
            page.goto(path)
            main = page.get_by_role("main")
            expect(main.get_by_text(says).first).to_be_visible()
            expect(main.get_by_text(advice).first).to_be_visible()
