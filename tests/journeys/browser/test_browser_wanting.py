"""What a person wants, in the browser: a version beside the main one, a format made of conditions, what is lacking, a profile tried out."""

import re

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from mydia.choosing.queries import list_formats, list_profiles
from mydia.media.queries import slots_of
from tests.support.browser import Place, visiting

pytestmark = pytest.mark.browser
REFUSED = "status of 422"
"""Chromium tells the console of every refusal; the page says it at the field."""


def test_a_version_is_added_stands_on_the_title_s_page_and_goes_without_taking_a_file(
    browser: Browser, demo: Place
) -> None:
    title = demo.title("Sintel")
    with visiting(browser, demo, size=(360, 740), bears=(REFUSED,)) as page:
        page.goto(f"/titles/{title}")
        page.get_by_role("link", name="Add a version").click()
        page.get_by_label("Name", exact=True).fill("Small")
        new = page.locator("section", has=page.get_by_role("heading", name="Another version"))
        new.get_by_label("Quality profile").select_option(label="SD")
        new.get_by_role("button", name="Add the version").click()
        expect(page.get_by_role("heading", name="Small")).to_be_visible()

        new = page.locator("section", has=page.get_by_role("heading", name="Another version"))
        new.get_by_label("Name", exact=True).fill("small")
        new.get_by_role("button", name="Add the version").click()
        expect(page.get_by_role("alert")).to_contain_text("already")
        expect(new.get_by_label("Name", exact=True)).to_have_value("small")

        page.goto(f"/titles/{title}")
        row = page.locator("#r-versions .row", has_text="Small")
        expect(row).to_contain_text("Missing")
        expect(page.locator("#r-versions .row", has_text="Main version")).to_contain_text("In the library")

        page.goto("/activity/wanted?why=missing")
        expect(page.locator("#r-wanted .row", has_text="Sintel")).to_contain_text("Small")

        page.goto(f"/titles/{title}/versions")
        asked: list[str] = []

        def agree(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.accept()

        page.on("dialog", agree)
        page.get_by_role("button", name="Remove Small").click()
        expect(page.get_by_role("status").filter(has_text="wanted no more")).to_be_visible()
        assert "No file is deleted" in asked[0]
    assert [s.name for s in demo.read(slots_of, title)] == ["default"]


def test_a_person_chooses_from_what_the_indexers_have_for_a_season(browser: Browser, demo: Place) -> None:
    title = demo.title("One Step Beyond")
    with visiting(browser, demo, size=(360, 740)) as page:
        page.goto(f"/titles/{title}")
        season = page.locator("#season-2")
        if not season.evaluate("details => details.open"):
            season.locator("summary").click()
        season.get_by_role("button", name="Choose a release for season 2").click()
        page.wait_for_url("**#r-searches")
        searches = page.locator("#r-searches")
        expect(searches).to_contain_text("found to choose from")
        pack = searches.locator(".candidate", has_text="One.Step.Beyond.S02.720p").first
        expect(pack.get_by_role("button", name="Grab")).to_be_visible()


def condition(page: Page, number: int) -> str:
    return str(page.locator(f"#value-{number}").evaluate("field => field.tagName.toLowerCase()"))


def _one_more(page: Page, number: int) -> None:
    """Another page, whose script has to be there before a type is chosen."""
    page.get_by_role("button", name="Add a condition").click()
    expect(page.get_by_label(f"Condition {number}", exact=True)).to_be_visible()
    page.wait_for_load_state()


def test_a_format_is_made_of_conditions_whose_fields_follow_their_type(browser: Browser, demo: Place) -> None:
    with visiting(browser, demo, bears=(REFUSED,)) as page:
        page.goto("/settings/formats/new")
        page.get_by_label("Name", exact=True).fill("Of the browser")
        page.locator("#value-0").fill(r"\bHDR\b")
        _one_more(page, 2)
        page.get_by_label("Condition 2", exact=True).select_option("language")
        expect(page.locator("select#value-1")).to_be_visible()
        assert condition(page, 0) == "input"
        expect(page.locator("#value-0")).to_have_value(r"\bHDR\b")
        page.locator("#value-1").select_option("de")
        _one_more(page, 3)
        page.get_by_label("Condition 3", exact=True).select_option("year")
        expect(page.locator("#to-2")).to_be_visible()
        page.locator("#value-2").fill("the nineties")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#value-2-error")).to_contain_text("expected numbers")
        page.get_by_role("button", name="Remove condition 3").click()
        expect(page.locator("#value-2")).to_have_count(0)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="Of the browser is saved")).to_be_visible()
    (kept,) = [k for k in demo.read(list_formats) if k.format.name == "Of the browser"]
    assert [(c.type, c.value) for c in kept.format.conditions] == [("title", r"\bHDR\b"), ("language", "de")]


def test_a_profile_that_is_tried_out_says_how_many_titles_it_looked_at(browser: Browser, demo: Place) -> None:
    profile = next(p for p in demo.read(list_profiles) if p.name == demo.house.config.media.quality_profile)
    with visiting(browser, demo) as page:
        page.goto(f"/settings/profiles/{profile.id}")
        page.get_by_role("button", name="See what it would change").click()
        expect(page.get_by_text(re.compile(r"^(\d+) of \1 titles? looked at$"))).to_be_visible()
