"""Backups in the browser: made, looked at, put back; the page finds back to the house that opens anew."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from playwright.sync_api import Browser, Page, expect

from mydia.accounts import changes as accounts
from mydia.accounts.hashing import hash_secret
from mydia.accounts.queries import list_users
from tests.support.browser import NAME, Place, fresh_life, living, visiting

pytestmark = pytest.mark.browser
# What the console is told of by Chromium and by htmx while the house is closed.
CLOSED = ("Failed to load resource", "net::ERR_", "htmx:")


async def life(folder: Path, password: str, log: io.StringIO, task_status: "trio.TaskStatus[Place]") -> None:
    """None of its backups is made because it is a quarter past three."""
    await fresh_life(folder, password, log, task_status, {"schedules": {"backup_store": "off"}})


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with living(life) as house:
        hashed = house.do(hash_secret, house.password)
        house.write(accounts.create_first_admin, NAME, hashed)
        yield house


def names(place: Place) -> list[str]:
    return sorted(user.name for user in place.read(list_users))


def row(page: Page, reason: str) -> str:
    """The name of the first backup that was made for this reason."""
    found = page.locator("#r-backups .row", has_text=reason).first.locator(".row-title")
    return found.inner_text()


def test_a_backup_is_made_compared_and_put_back(browser: Browser, place: Place) -> None:
    with visiting(browser, place, bears=CLOSED) as page:
        page.goto("/system")
        page.get_by_role("link", name="Backups").click()
        expect(page.locator("#r-backups")).to_contain_text("No backup yet")
        page.wait_for_load_state()
        page.get_by_role("button", name="Back up now").click()
        expect(page.locator(".flash")).to_contain_text("is written and verified")
        kept = row(page, "by hand")
        assert re.fullmatch(r"mydia-by-hand-\d{8}T\d{6}Z\.db", kept)
        with page.expect_download() as fetched:
            page.get_by_role("link", name=f"Download {kept}").click()
        assert fetched.value.suggested_filename == kept
        assert fetched.value.path().read_bytes().startswith(b"SQLite format 3\0")

        place.write(accounts.create_user, "anna", None, "user", actor="tests")
        page.get_by_role("link", name=f"Restore … {kept}").click()
        users = page.locator("tr", has_text="Users").locator("td")
        expect(users).to_have_text(["1", "0"])
        expect(page.locator("tr", has_text="Users")).to_contain_text("anna")
        page.wait_for_load_state()
        expect(page.locator("main")).to_contain_text("what Mydia knows now is kept as a backup first")
        assert names(place) == ["anna", NAME]
        page.get_by_role("button", name="Restore it").click()
        # The log-in was before the backup, so this browser is known to the house that opens anew.
        expect(page.locator("#r-backups")).to_contain_text("before a restore")
        expect(page.locator("#r-backups .flash")).to_have_count(0)
        assert names(place) == [NAME]
        page.goto("/system/backups")
        expect(page.locator("#r-backups .row")).to_have_count(2)


def test_what_the_command_line_laid_ready_is_seen_and_taken_back(browser: Browser, place: Place) -> None:
    keeper = place.house.engine.keeper
    assert keeper is not None
    keeper.stage(keeper.make("2026-01-30T03:00:00.000000Z").path)
    with visiting(browser, place) as page:
        page.goto("/system/backups")
        expect(page.locator("#r-ready")).to_contain_text("A backup was laid ready")
        page.get_by_role("button", name="Take it back").click()
        expect(page.locator(".flash")).to_contain_text("is taken back; the database stays as it is")
        expect(page.locator("#r-ready")).not_to_contain_text("laid ready")
        assert keeper.ready_since() is None


def test_everything_is_exported_as_one_file_and_a_backup_is_deleted(browser: Browser, place: Place) -> None:
    with visiting(browser, place) as page:
        page.goto("/system/backups")
        with page.expect_download() as fetched:
            page.get_by_role("link", name="Export everything").click()
        assert re.fullmatch(r"mydia-\d{8}T\d{6}Z\.export\.gz", fetched.value.suggested_filename)
        assert fetched.value.path().read_bytes().startswith(b"\x1f\x8b")
        page.get_by_role("button", name="Back up now").click()
        expect(page.locator(".flash")).to_contain_text("is written and verified")
        before = page.locator("#r-backups .row").count()
        page.on("dialog", lambda asked: asked.accept())
        page.locator("#r-backups .row", has_text="by hand").first.get_by_role("button").click()
        expect(page.locator("#r-backups .row")).to_have_count(before - 1)
