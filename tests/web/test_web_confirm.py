"""Deeds that ask first: with and without script nothing is deleted by one press, and what was answered is done as it was sent."""

import html
import re
from pathlib import Path

from mydia.downloads.queries import get_download
from tests.support.web_world import HOSTILE, World, furnish, open_web


def form_of(page: str, action: str) -> dict[str, str]:
    """The fields that are filled in already of a page's one form with this action."""
    (inside,) = re.findall(rf'<form [^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside)
    return {html.unescape(name): html.unescape(value) for name, value in fields}


async def status(world: World, download: str) -> str:
    return (await world.house.read(get_download, download)).status


async def test_a_browser_without_script_is_asked_by_a_page_and_then_obeyed(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        admin = await world.visitor("admin")
        deed = f"/downloads/{shelf.download}/cancel"
        before = await status(world, shelf.download)
        form = form_of((await admin.http.get("/activity")).text, deed)
        asked = await admin.http.post(deed, data=form)
        assert asked.status_code == 200
        assert "Cancel this download? What it fetched so far is deleted." in asked.text
        assert 'href="/activity">No, go back' in asked.text
        assert await status(world, shelf.download) == before
        answer = await admin.http.post(deed, data=form_of(asked.text, deed))
        assert (answer.status_code, answer.headers["Location"]) == (303, "/activity")
        assert await status(world, shelf.download) != before


async def test_where_the_script_has_asked_no_page_asks_again(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        admin = await world.visitor("admin")
        deed = f"/downloads/{shelf.download}/cancel"
        form = form_of((await admin.http.get("/activity")).text, deed)
        assert (await admin.http.post(deed, data=form, headers={"HX-Request": "true"})).status_code == 303


async def test_who_may_not_do_it_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        reader, admin, nobody = await world.visitor("readonly"), await world.visitor("admin"), await world.visitor()
        deed = f"/downloads/{shelf.download}/cancel"
        assert (await reader.post(deed, {"confirm": "Really?"})).status_code == 403
        assert (await nobody.post(deed, {"confirm": "Really?"})).status_code == 303
        wrong = {"confirm": "Really?", "username": "the-admin", "password": "wrong"}
        assert (await nobody.post("/login", wrong)).status_code == 422
        assert (await admin.http.post(deed, data={"confirm": "Really?", "csrf": "wrong"})).status_code == 403


async def test_what_is_asked_and_where_it_leads_back_to_are_only_words(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        for back in (HOSTILE, "//elsewhere.example", "https://elsewhere.example/x", "javascript:alert(1)"):
            asked = await admin.post("/library/scan", {"confirm": HOSTILE, HOSTILE: HOSTILE, "back": back})
            assert asked.status_code == 200
            assert "<img src=x" not in asked.text
            assert 'href="/">No, go back' in asked.text
            assert form_of(asked.text, "/library/scan")[HOSTILE] == HOSTILE
        came = {"Referer": f"{world.base}/activity/files?state=unmatched"}
        asked = await admin.post("/library/scan", {"confirm": "Really?"}, headers=came)
        assert 'href="/activity/files?state=unmatched">No, go back' in asked.text
