"""The pages: each renders empty and full, pages by cursor, shows strangers' words as words and secrets not at all."""

import html
import re
from pathlib import Path

import httpx
import pytest
import trio

from mydia.downloads import changes as downloads
from mydia.downloads.queries import search_view
from mydia.jobs.queries import list_jobs
from mydia.library.changes import set_root_state
from mydia.library.queries import roots
from mydia.media.changes import set_poster
from mydia.media.queries import list_media
from tests.support.web_world import CANARIES, HOSTILE, Visitor, World, furnish, open_web
from web.app import SECURITY_HEADERS

PAGES = (
    "/", "/films", "/shows", "/films?state=missing&q=a&sort=added", "/search", "/search?q=i", "/add", "/add?q=x&year=1963",
    "/activity/wanted", "/activity/wanted?why=missing&kind=movie",
    "/activity", "/activity/history", "/activity/jobs", "/activity/jobs?state=available",
    "/activity/jobs?state=completed&queue=media&kind=scan_root", "/activity/schedules", "/activity/schedules/prune",
    "/activity/schedules/download_monitor", "/activity/blocklist",
    "/activity/files", "/activity/files?state=unmatched", "/activity/trash", "/system", "/settings",
)  # fmt: skip


async def read(visitor: Visitor, path: str) -> str:
    response = await visitor.http.get(path)
    assert response.status_code == 200, path
    return response.text


@pytest.mark.parametrize("full", [False, True], ids=["empty", "full"])
async def test_every_page_renders(tmp_path: Path, full: bool) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        pages = list(PAGES)
        if full:
            shelf = await furnish(world.house)
            pages += [f"/titles/{shelf.film}", f"/titles/{shelf.show}", f"/titles/{shelf.show}/versions"]
        for path in pages:
            page = await read(admin, path)
            assert page.count("<main") == 1, path
            assert page.count("<h1") == 1, path
            assert "skip-link" in page, path


async def test_an_empty_house_says_what_to_do(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        user = await world.visitor("user")
        assert "library_paths" in await read(user, "/")
        assert 'href="/add?kind=movie"' in await read(user, "/films")
        assert "Show all" in await read(user, "/films?q=nothing")


async def test_strangers_words_are_words_wherever_they_come_in(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house, name=HOSTILE)
        await world.house.write(downloads.failed, shelf.download, HOSTILE)
        admin = await world.visitor("admin")
        titles = (f"/titles/{shelf.film}", f"/titles/{shelf.film}/versions", f"/titles/{shelf.show}")
        for path in (*PAGES, *titles, f"/search?q={HOSTILE}"):
            page = (await admin.http.get(path)).text
            assert "<img src=x" not in page, path
            assert not re.search(r"<[^>]*\sonerror\s*=", re.sub(r'"[^"]*"', '""', page)), path
            assert "49" not in re.findall(r"\{\{7\*7\}\}|'`(49)", page), path
            # No script, style or handler is inline: the policy would refuse it, and so a page that needs one is broken.
            assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", page) == [], path
            assert re.findall(r"<style|\sstyle=|\son[a-z]+=\"", page) == [], path


async def test_a_drawn_poster_of_a_hostile_title_is_a_picture_that_may_do_nothing(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        user = await world.visitor("readonly")
        response = await user.http.get("/art", params={"title": "</text><script>alert(1)</script>", "year": "x"})
        assert response.headers["Content-Type"] == "image/svg+xml"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert "<script" not in response.text


async def test_no_secret_is_in_any_page(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        admin = await world.visitor("admin")
        for path in (*PAGES, f"/titles/{shelf.film}", "/api/v1/config", "/api/v1/downloads", "/health", "/metrics"):
            page = (await admin.http.get(path)).text
            assert [c for c in CANARIES if c in page] == [], path
        assert "set, not shown" in await read(admin, "/settings")


async def test_every_answer_is_guarded(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        user = await world.visitor("user")
        for path in ("/", "/login", "/nothing-here", "/static/nothing", "/settings", "/api/v1/media"):
            response = await user.http.get(path)
            for name, value in SECURITY_HEADERS.items():
                assert response.headers[name] == value, (path, name)
            assert response.headers["X-Request-Id"]
            assert "server" not in response.headers
        assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]


async def test_a_region_refetches_itself_alone(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        await furnish(world.house)
        user = await world.visitor("user")
        fragment = await read(user, "/?region=counts")
        assert fragment.lstrip().startswith('<section id="r-counts"')
        assert "<html" not in fragment
        assert (await user.http.get("/?region=main")).status_code == 404
        assert (await user.http.get("/?region=__class__")).status_code == 404


async def test_every_region_of_every_page_can_be_fetched_at_the_address_it_names(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        admin = await world.visitor("admin")
        found = 0
        for path in (*PAGES, f"/titles/{shelf.show}"):
            for address in re.findall(r'data-region[^>]*hx-get="([^"]+)"', await read(admin, path)):
                found += 1
                assert (await read(admin, address.replace("&amp;", "&"))).strip(), address
        assert found > 20


async def all_titles(visitor: Visitor, path: str) -> list[str]:
    """The titles of a grid, page after page, by the links that the pages give."""
    seen: list[str] = []
    address: str | None = path
    while address:
        page = await read(visitor, address)
        seen += re.findall(r'<li class="tile" data-card[^>]*>\s*<a href="/titles/([^"]+)"', page)
        link = re.search(r'<li class="more"><a [^>]*href="([^"]+)"', page)
        address = link.group(1).replace("&amp;", "&") if link else None
    return seen


async def test_a_grid_pages_by_cursor_without_a_gap_or_a_repeat(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        await furnish(world.house, name="Film", films=150)
        user = await world.visitor("readonly")
        for path in ("/films", "/films?sort=added"):
            seen = await all_titles(user, path)
            assert len(seen) == 150
            assert len(set(seen)) == 150
        wanted = await world.house.read(list_media, type="movie", limit=150)
        assert await all_titles(user, "/films") == [card.id for card in wanted.items]


async def test_a_grid_that_refetches_itself_keeps_what_was_scrolled_to(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        await furnish(world.house, name="Film", films=150)
        user = await world.visitor("readonly")
        assert (await read(user, "/films?region=grid&shown=120")).count("data-card") == 120
        assert (await read(user, "/films?region=grid&shown=-5")).count("data-card") == 60
        assert (await read(user, "/films?region=grid&shown=99999")).count("data-card") == 150


async def test_a_history_that_refetches_itself_keeps_what_was_scrolled_to(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        await furnish(world.house, name="Film", films=150)
        user = await world.visitor("readonly")
        assert (await read(user, "/activity/history?region=history")).count('class="happening"') == 50
        assert (await read(user, "/activity/history?region=history&shown=90")).count('class="happening"') == 90


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/films?cursor=broken", 422),
        ("/films?state=unheard-of", 422),
        ("/activity/jobs?state=unheard-of", 422),
        ("/activity/files?state=unheard-of", 422),
        ("/titles/nothing", 404),
        ("/nothing", 404),
        ("/posters/nothing", 404),
    ],
)
async def test_what_makes_no_sense_is_said_so_on_a_page(tmp_path: Path, path: str, status: int) -> None:
    async with open_web(tmp_path) as world:
        user = await world.visitor("user")
        response = await user.http.get(path)
        assert response.status_code == status
        assert "<h1>" in response.text
        assert f"Request {response.headers['X-Request-Id']}" in response.text


@pytest.mark.parametrize(
    "name",
    [
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "..\\app.py",
        "%252e%252e/app.py",
        "/etc/passwd",
        "C:%5Cwindows",
        "manifest.json%00",
        "manifest.json",
    ],
)
async def test_only_the_front_ends_own_files_are_served(tmp_path: Path, name: str) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        assert (await visitor.http.get(f"/static/{name}")).status_code in (404, 303)


async def test_a_poster_never_leaves_its_folder(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        (tmp_path / "posters").mkdir()
        (tmp_path / "posters" / "link.png").symlink_to("/etc/passwd")
        (tmp_path / "posters" / "good.png").write_bytes(b"\x89PNG good")
        user = await world.visitor("user")
        for poster, kind in {
            "../mydia.db": "image/svg+xml",
            "/etc/passwd": "image/svg+xml",
            "link.png": "image/svg+xml",
            "good.png": "image/png",
        }.items():
            await world.house.write(set_poster, shelf.film, poster)
            response = await user.http.get(f"/posters/{shelf.film}")
            assert (response.status_code, response.headers["Content-Type"]) == (200, kind), poster


async def test_more_than_a_megabyte_is_refused(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        url = httpx.URL(world.base)
        async with await trio.open_tcp_stream(url.host, url.port or 80) as sock:
            head = f"POST /login HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 1100000\r\n"
            await sock.send_all(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode())
            with trio.fail_after(60):
                assert (await sock.receive_some()).startswith(b"HTTP/1.1 413 ")


async def post(visitor: Visitor, path: str, **data: str) -> httpx.Response:
    response = await visitor.post(path, data)
    assert response.status_code == 303, (path, response.text)
    return response


async def test_a_person_does_what_the_pages_offer(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        admin = await world.visitor("admin")
        await post(admin, f"/titles/{shelf.film}/search")
        assert "The search is on its way" in await read(admin, f"/titles/{shelf.film}")
        assert "The search is on its way" not in await read(admin, f"/titles/{shelf.film}")
        assert "search_media" in await read(admin, "/activity/jobs")
        job = re.findall(r"/jobs/([^/]+)/cancel", await read(admin, "/activity/jobs"))[0]
        await post(admin, f"/jobs/{job}/cancel", back="/activity/jobs")
        await post(admin, f"/jobs/{job}/retry")
        await post(admin, "/library/scan")
        await post(admin, f"/downloads/{shelf.download}/cancel")
        assert "Cancelled by the-admin" in await read(admin, "/activity")
        assert (await admin.post(f"/downloads/{shelf.download}/cancel")).status_code == 409
        await post(admin, f"/searches/{shelf.search}/grab/0")
        assert (await post(admin, f"/titles/{shelf.film}/delete")).headers["Location"] == "/films"


async def test_a_search_with_many_candidates_leads_to_a_page_of_them_all(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        shelf = await furnish(world.house)
        reader = await world.visitor("readonly")
        row = (await world.house.read(lambda conn: conn.all("select * from search_candidates order by position")))[0]
        more = [{**row, "position": n, "title": f"Another.{n}.1080p"} for n in range(2, 102)]
        await world.house.write(lambda tx: tx.insert_many("search_candidates", more))
        await world.house.write(lambda tx: tx.update("searches", shelf.search, found=102))
        item = (await world.house.read(search_view, shelf.search)).media_item_id
        title = await read(reader, f"/titles/{item}")
        assert f"/searches/{shelf.search}" in title
        assert "Show all 102 with their verdicts" in title
        assert "Another.101.1080p" not in title
        page = await read(reader, f"/searches/{shelf.search}")
        assert "102 found" in page
        pages = [page]
        while follow := re.search(r'<li class="more"><a [^>]*href="([^"]+)"', pages[-1]):
            pages.append(await read(reader, html.unescape(follow[1])))
        assert [f"Another.{n}.1080p" in "".join(pages).replace("<wbr>", "") for n in range(2, 102)] == [True] * 100
        assert (await reader.http.get("/searches/nothing")).status_code == 404


async def test_a_suspicious_folder_is_believed_when_a_person_says_so(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        await furnish(world.house)
        (root, *_) = await world.house.read(roots)
        await world.house.write(set_root_state, root.id, "suspicious", "It is empty: is its disk mounted?")
        admin, reader = await world.visitor("admin"), await world.visitor("readonly")
        assert "is its disk mounted?" in await read(reader, "/")
        assert "It is right as it is" not in await read(reader, "/")
        shown = await read(admin, "/")
        assert f"/library/roots/{root.id}/confirm" in shown
        assert "It is right as it is" in shown
        assert "Nothing in it is called missing" in shown
        await post(admin, f"/library/roots/{root.id}/confirm")
        jobs = await world.house.read(list_jobs, kind="scan_root")
        assert any(job.args == {"root_id": root.id, "confirmed_by": "the-admin"} for job in jobs.items)


async def test_a_title_is_looked_up_and_added_by_the_librarian(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        user = await world.visitor("user")
        page = await read(user, "/add?q=charade&kind=movie")
        assert 'name="provider" value="tmdb"' in page
        assert (await user.post("/add", {"kind": "movie"})).status_code == 422
        shelf = await furnish(world.house)
        known = await read(user, "/add?q=charade&kind=movie")
        assert 'name="provider"' not in known, "what is in the library already is opened, not added"
        assert re.search(r'<a class="link" href="/titles/([^"]+)">Open it', known)
        assert f"/titles/{shelf.film}" not in known


async def shows_words(world: World, path: str, words: str) -> bool:
    visitor = await world.visitor("admin")
    return words in await read(visitor, path)


async def test_the_system_page_shows_the_tree_with_its_mailboxes(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        assert await shows_words(world, "/system", "unread letters")
        assert await shows_words(world, "/system?region=tree", "librarian")
