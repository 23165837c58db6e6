"""Log-in by OpenID Connect in a browser, through the pages of the certified provider: what a policy forbids shows here alone."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from playwright.sync_api import Browser, Page, expect

from mydia.accounts import changes as accounts
from mydia.accounts.hashing import hash_secret
from tests.journeys.browser.test_browser_door import PASSWORD, log_in, token_of
from tests.support.browser import Place, fresh_life, living, visiting
from tests.support.oidc import CLIENT, SECRET
from tests.support.oidc_provider import real_provider

pytestmark = [pytest.mark.browser, pytest.mark.peer]
FAVICON = ("favicon.ico",)  # which the provider has none of


async def life(folder: Path, password: str, log: io.StringIO, task_status: "trio.TaskStatus[Place]") -> None:
    async with real_provider() as issuer:
        oidc = {"issuer": issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Our Family"}
        await fresh_life(folder, password, log, task_status, {"auth": {"oidc": oidc}})


@pytest.fixture
def place() -> Iterator[Place]:
    with living(life) as place:
        yield place


def sign_in(page: Page, name: str) -> None:
    """At the provider."""
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def log_out(page: Page) -> None:
    page.get_by_label("Account and appearance").click()
    page.get_by_role("button", name="Log out").click()


def test_a_house_is_claimed_entered_and_linked_by_way_of_the_provider(browser: Browser, place: Place) -> None:
    with visiting(browser, place, inside=False, bears=FAVICON) as page:
        page.goto("/films")
        expect(page).to_have_url(f"{place.base}/setup")
        page.get_by_label("Set-up token").fill(token_of(place))
        page.get_by_role("button", name="Continue with Our Family").click()
        sign_in(page, "olga")
        expect(page).to_have_url(f"{place.base}/")
        page.goto("/account")
        expect(page.get_by_text("olga-at-home · Administrator")).to_be_visible()
        expect(page.get_by_text("Linked: Our Family opens this account.")).to_be_visible()

        # Out here and there, and in again to where one wanted to go.
        log_out(page)
        page.get_by_role("button", name="Yes, sign me out").click()
        expect(page).to_have_url(re.compile(rf"{place.base}/login"))
        page.goto("/films?sort=added")
        page.get_by_role("link", name="Log in with Our Family").click()
        sign_in(page, "olga")
        expect(page).to_have_url(f"{place.base}/films?sort=added")

    hashed = place.do(hash_secret, PASSWORD)
    place.write(accounts.create_user, "rita", hashed, "readonly", actor="test")
    with visiting(browser, place, inside=False, bears=FAVICON) as page:
        page.goto("/login")
        log_in(page, "rita", PASSWORD)
        expect(page).to_have_url(f"{place.base}/")
        page.goto("/account")
        page.get_by_role("button", name="Link with Our Family").click()
        sign_in(page, "kim")
        expect(page.get_by_text("Our Family opens this account from now on.")).to_be_visible()
        page.once("dialog", lambda asked: asked.accept())
        page.get_by_role("button", name="Unlink").click()
        expect(page.get_by_role("button", name="Link with Our Family")).to_be_visible()
