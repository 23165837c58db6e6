"""Jobs, queues and schedules as pages and as an API: looked at, filtered, changed, refused."""

from pathlib import Path
from typing import Any

import httpx

from mydia.downloads.model import Look
from mydia.jobs import changes, cron, queries
from mydia.jobs.model import Job
from mydia.schedules import entries
from mydia.settings.alerts import clear_alert, set_alert
from mydia.settings.load import load_config
from mydia.store import growth
from mydia.store.transaction import Transaction
from tests.support.api_world import ApiWorld, open_api
from tests.support.hands import hands
from tests.support.house import clock_of
from tests.support.web_world import HOSTILE, Visitor, World, open_web
from web.api.kit import ROOT


async def page(visitor: Visitor, path: str, status: int = 200) -> str:
    response = await visitor.http.get(path)
    assert response.status_code == status, path
    return response.text


async def failed_job(world: World | ApiWorld) -> Job:
    """A job of which two attempts failed and that waits for its third."""
    house = world.house
    mine = hands("test:Tester:1", "prune")
    job_id = await house.write(Transaction.enqueue, "prune", {"why": HOSTILE})
    for n in (1, 2):
        await house.write(changes.claim, mine)
        await house.write(changes.retry_later, job_id, mine.owner, f"boom {n}", f"the stack of {n}", 0.0)
    return await house.read(queries.get_job, job_id)


async def test_a_job_is_looked_into_its_stacks_by_administrators_only(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        job = await failed_job(world)
        admin, reader = await world.visitor("admin"), await world.visitor("readonly")
        full, short = [await page(v, f"/activity/jobs/{job.id}") for v in (admin, reader)]
        assert "the stack of 1" in full and "the stack of 2" in full
        assert "the stack of" not in short and "boom 1" in short and "boom 2" in short
        assert HOSTILE not in full and "onerror" in full
        assert "/retry" in full and "/retry" not in short
        await page(admin, "/activity/jobs/nobody", 404)


async def test_a_running_job_shows_how_far_it_is(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        mine = hands("test:Tester:1", "prune")
        job_id = await world.house.write(Transaction.enqueue, "prune", {})
        await world.house.write(changes.claim, mine)
        await world.house.write(changes.set_progress, job_id, mine.owner, {"done": 3, "total": 9, "text": "counting"})
        admin = await world.visitor("admin")
        for path in ("/activity/jobs", f"/activity/jobs/{job_id}"):
            shown = await page(admin, path)
            assert 'max="9" value="3"' in shown and "counting" in shown
        await admin.post(f"/jobs/{job_id}/cancel")
        assert "Is told to stop" in await page(admin, "/activity/jobs")


async def test_jobs_are_filtered_and_a_filter_that_is_none_is_refused(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        await world.house.write(Transaction.enqueue, "notify", {"n": 1})
        await world.house.write(Transaction.enqueue, "check_store", {})
        admin = await world.visitor("admin")
        rows = {
            "queue=notifications": {"notify"},
            "kind=check_store": {"check_store"},
            "state=available": {"notify", "check_store"},
            "state=completed": set[str](),
            "queue=critical&kind=notify": set[str](),
        }
        for query, kinds in rows.items():
            shown = await page(admin, f"/activity/jobs?{query}&region=jobs")
            assert {k for k in ("notify", "check_store") if f'<span class="path">{k}</span>' in shown} == kinds, query
        for wrong in ("state=unheard-of", "queue=unheard-of", "kind=unheard-of"):
            await page(admin, f"/activity/jobs?{wrong}", 422)


async def test_a_queue_is_paused_and_resumed_from_the_page_and_everybody_sees_it(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin, reader = await world.visitor("admin"), await world.visitor("readonly")
        assert (await admin.post("/queues/media/pause")).status_code == 303
        assert "Paused by the-admin" in await page(reader, "/activity/jobs")
        assert "Queue paused" in await page(reader, "/activity/history")
        assert (await reader.post("/queues/media/resume")).status_code == 403
        assert (await admin.post("/queues/media/resume")).status_code == 303
        assert "Paused by" not in await page(reader, "/activity/jobs")
        assert (await admin.post("/queues/nobody/pause")).status_code == 404


async def test_how_each_schedule_went_is_seen_at_a_glance(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        house, admin = world.house, await world.visitor("admin")
        await house.write(cron.plan_entries, entries(house.config))
        for name in ("prune", "metadata_refresh"):
            assert (await admin.post(f"/activity/schedules/{name}/run")).status_code == 303
        mine = hands("test:Tester:1", "prune")
        (job,) = await house.write(changes.claim, mine)
        clock_of(house).advance(90)
        await house.write(changes.discard, job.id, mine.owner, "the trash is gone")
        house.last_look = Look("2026-01-31T12:01:29.000000Z", 0.2, "2026-01-31T12:01:44.000000Z", ("qbittorrent",))
        shown = await page(admin, "/activity/schedules")
        rows = {part.partition('"')[0]: part for part in shown.split('id="s-')[1:]}
        assert "the trash is gone" in rows["prune"] and "took 1 min" in rows["prune"]
        assert "there was nothing to do" in rows["metadata_refresh"]
        assert "no answer from qbittorrent" in rows["download_monitor"]
        assert "Next" in rows["download_monitor"] and "Next" in rows["prune"]


async def test_what_is_wrong_stays_on_the_dashboard_the_system_page_and_in_the_health_until_it_is_solved(
    tmp_path: Path,
) -> None:
    async with open_web(tmp_path) as world:
        reader, admin = await world.visitor("readonly"), await world.visitor("admin")
        await world.house.write(set_alert, "database", "The database is damaged: row 7")
        assert "row 7" in await page(reader, "/")
        assert "row 7" in await page(admin, "/system")
        told = (await reader.http.get("/health")).json()
        assert told["store"] == {"ok": False}
        assert "row 7" not in str(told)
        await world.house.write(clear_alert, "database", "sound")
        assert "row 7" not in await page(admin, "/system?region=alerts")
        assert (await reader.http.get("/health")).json()["store"] == {"ok": True}


async def test_growth_is_shown_by_day_and_table(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")
        assert "nothing was noted yet" in await page(admin, "/system")
        for size in (1 << 20, 3 << 20):
            await world.house.write(growth.keep_sample, size, 4096, {"jobs": size >> 10, "events": 0})
            clock_of(world.house).advance(days=1)
        shown = await page(await world.visitor("admin"), "/system")
        assert "from 1.0 MiB to 3.0 MiB" in shown
        assert "3\u202f072" in shown and "1\u202f024" in shown


# -- the API


async def ask(world: ApiWorld, method: str, path: str, status: int = 200, **more: Any) -> Any:
    answer: httpx.Response = await world.http.request(method, ROOT + path, **more)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_stacks_are_for_administrators_in_the_api_too(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        job = await failed_job(world)
        full = await ask(world, "GET", f"/jobs/{job.id}")
        short = await ask(world, "GET", f"/jobs/{job.id}", headers=world.of("readonly"))
        assert [e["stack"] for e in full["errors"]] == ["the stack of 1", "the stack of 2"]
        assert [(e["error"], e["stack"]) for e in short["errors"]] == [("boom 1", None), ("boom 2", None)]


async def test_jobs_are_the_administrators_to_cancel_and_to_run_again(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        job_id = await world.house.write(Transaction.enqueue, "prune", {})
        for role in ("user", "readonly"):
            visitor = await world.visitor(role)
            assert [(await visitor.post(f"/jobs/{job_id}/{deed}")).status_code for deed in ("cancel", "retry")] == [
                403,
                403,
            ]
        assert (await world.house.read(queries.get_job, job_id)).state == "available"


async def test_they_are_in_the_api_too(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        job_id = await world.house.write(Transaction.enqueue, "prune", {})
        for role in ("user", "readonly"):
            for deed in ("cancel", "retry"):
                await ask(world, "POST", f"/jobs/{job_id}/{deed}", 403, headers=world.of(role))
        assert await ask(world, "POST", f"/jobs/{job_id}/cancel") == {"state": "cancelled"}
        assert await ask(world, "POST", f"/jobs/{job_id}/retry", 202) == {"job_id": job_id}


async def test_a_filter_that_is_none_is_refused_by_the_api_too(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        for name in ("state", "queue", "kind"):
            refused = await ask(world, "GET", "/jobs", 422, params={name: "unheard-of"})
            assert [e["field"] for e in refused["errors"]] == [name]


async def test_queues_are_listed_with_their_numbers_paused_and_resumed(tmp_path: Path) -> None:
    async with open_api(tmp_path, {"MYDIA__JOBS__QUEUES__MEDIA": "7"}) as world:
        before = {q["name"]: q for q in (await ask(world, "GET", "/queues"))["items"]}
        assert {name: q["limit"] for name, q in before.items()} == {
            "critical": 10,
            "default": 5,
            "media": 7,
            "search": 2,
            "notifications": 1,
        }
        assert before["default"]["waiting"] == 1
        await ask(world, "POST", "/queues/media/pause", 204)
        media = next(q for q in (await ask(world, "GET", "/queues"))["items"] if q["name"] == "media")
        assert (media["paused"], media["paused_by"]) == (True, "the-admin")
        await ask(world, "POST", "/queues/media/resume", 204)
        await ask(world, "POST", "/queues/nobody/pause", 404)
        await ask(world, "POST", "/queues/media/pause", 403, headers=world.of("user"))


async def test_every_schedule_of_the_house_is_listed_in_words_with_its_next_runs(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        found = {s["name"]: s for s in (await ask(world, "GET", "/schedules"))["items"]}
        assert {name: s["words"] for name, s in found.items()} == {
            "library_scan": "every day at 02:00",
            "automated_search": "every 6 hours",
            "quality_upgrade": "every 6 hours, 30 minutes past",
            "metadata_refresh": "every day at 04:30",
            "prune": "every day at 03:00",
            "optimize_store": "every day at 03:30",
            "vacuum_store": "Sundays at 04:30",
            "check_store": "Sundays at 03:45",
            "backup_store": "every day at 03:15",
            "download_monitor": "every second while something moves, every 15 seconds otherwise",
        }
        assert found["download_monitor"]["schedule"] is None
        assert found["check_store"]["next_runs"] == [
            *("2026-02-01T03:45:00Z", "2026-02-08T03:45:00Z", "2026-02-15T03:45:00Z")
        ]


async def test_a_schedule_that_is_changed_counts_at_once_and_one_that_is_wrong_changes_nothing(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        changed = await ask(world, "PUT", "/schedules/prune", json={"schedule": " 0  5 * * 1"})
        assert (changed["schedule"], changed["words"], changed["enabled"]) == ("0 5 * * 1", "Mondays at 05:00", True)
        assert world.house.config.schedules.prune == "0 5 * * 1"
        for wrong in ("99 5 * * 1", "every day", "off", "0 0 31 2 *"):
            refused = await ask(world, "PUT", "/schedules/prune", 422, json={"schedule": wrong})
            assert refused["detail"]
        await ask(world, "PUT", "/schedules/download_monitor", 422, json={"schedule": "0 5 * * 1"})
        await ask(world, "PUT", "/schedules/nobody", 404, json={"enabled": False})
        await ask(world, "PUT", "/schedules/prune", 403, json={"enabled": False}, headers=world.of("user"))
        assert world.house.config.schedules.prune == "0 5 * * 1"


async def test_a_schedule_is_switched_off_and_on_again_as_it_was(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        await ask(world, "PUT", "/schedules/prune", json={"schedule": "0 5 * * 1"})
        await world.house.write(cron.plan_entries, entries(world.house.config))
        off = await ask(world, "PUT", "/schedules/prune", json={"enabled": False})
        assert (off["enabled"], off["next_runs"], off["schedule"]) == (False, [], "0 5 * * 1")
        await world.house.write(cron.plan_entries, entries(world.house.config))
        on = await ask(world, "PUT", "/schedules/prune", json={"enabled": True})
        assert (on["enabled"], on["schedule"]) == (True, "0 5 * * 1")


async def test_what_the_environment_sets_is_not_changed_from_here(tmp_path: Path) -> None:
    async with open_api(tmp_path, {"MYDIA__SCHEDULES__PRUNE": "0 6 * * *"}) as world:
        refused = await ask(world, "PUT", "/schedules/prune", 422, json={"schedule": "0 5 * * 1"})
        assert "environment" in refused["detail"]
        listed = {s["name"]: s["set_by_environment"] for s in (await ask(world, "GET", "/schedules"))["items"]}
        assert listed["prune"] is True
        assert listed["check_store"] is False


async def test_a_schedule_is_previewed_before_it_is_set(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        sketch = {"schedule": "30 2 * * *", "timezone": "Europe/Berlin"}
        seen = await ask(world, "GET", "/schedule-preview", params=sketch)
        assert seen["words"] == "every day at 02:30"
        assert seen["next_runs"][0] == "2026-02-01T01:30:00Z"
        for wrong in ({"schedule": "x"}, {"schedule": "0 2 * * *", "timezone": "Middle/Earth"}):
            await ask(world, "GET", "/schedule-preview", 422, params=wrong)


async def test_a_schedule_is_run_now_and_says_how_it_went(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:
        await world.house.write(cron.plan_entries, entries(world.house.config))
        begun = await ask(world, "POST", "/schedules/check_store/run", 202)
        assert await ask(world, "POST", "/schedules/check_store/run", 202) == begun  # it waits already
        mine = hands("test:Tester:1", "check_store")
        await world.house.write(changes.claim, mine)
        assert await ask(world, "POST", "/schedules/check_store/run", 202) == begun  # it runs already
        clock_of(world.house).advance(4.5)
        await world.house.write(changes.complete, begun["job_ids"][0], mine.owner)
        found = {s["name"]: s for s in (await ask(world, "GET", "/schedules"))["items"]}
        assert found["check_store"]["last_run"] == {"jobs": 1, "state": "completed", "seconds": 4.5, "error": None}
        assert found["check_store"]["last_run_at"] == "2026-01-31T12:00:00.000000Z"
        assert found["prune"]["last_run"] is None
        assert await ask(world, "POST", "/schedules/download_monitor/run", 202) == {"job_ids": []}
        await ask(world, "POST", "/schedules/nobody/run", 404)


async def test_the_download_monitor_shows_its_last_look_and_the_next(tmp_path: Path) -> None:
    async with open_api(tmp_path) as world:

        async def monitor() -> dict[str, Any]:
            items = (await ask(world, "GET", "/schedules"))["items"]
            return next(s for s in items if s["name"] == "download_monitor")

        unseen = await monitor()
        assert (unseen["last_run_at"], unseen["last_run"], unseen["next_runs"]) == (None, None, [])
        now, then = "2026-01-31T12:00:00.000000Z", "2026-01-31T12:00:15.000000Z"
        world.house.last_look = Look(now, 0.25, then, ())
        seen = await monitor()
        assert (seen["last_run_at"], seen["next_runs"]) == (now, [then])
        assert seen["last_run"] == {"jobs": 0, "state": "completed", "seconds": 0.25, "error": None}
        world.house.last_look = Look(now, 5.0, then, ("qbittorrent",))
        assert (await monitor())["last_run"]["error"] == "no answer from qbittorrent"


async def test_a_time_zone_that_is_none_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with open_web(tmp_path) as web:
        admin, web.house.loaded = await web.visitor("admin"), load_config(None, {})
        refused = await admin.post("/activity/schedules/timezone", {"timezone": "Middle/Earth"})
        assert refused.status_code == 422
        assert "no time zone" in refused.text and "Europe/Berlin" in refused.text
        assert web.house.config.schedules.timezone == "UTC"


async def test_a_schedule_is_tried_and_saved_from_its_page(tmp_path: Path) -> None:
    async with open_web(tmp_path) as web:
        admin = await web.visitor("admin")
        tried = await admin.post("/activity/schedules/prune", {"schedule": "15 4 * * sun", "enabled": "on", "try": "1"})
        assert "Sundays at 04:15" in tried.text and "Sun 2026-02-01 04:15" in tried.text
        wrong = await admin.post("/activity/schedules/prune", {"schedule": HOSTILE, "enabled": "on"})
        assert wrong.status_code == 422
        assert HOSTILE not in wrong.text and "takes five fields" in wrong.text
        wrong = await admin.post("/activity/schedules/prune", {"schedule": "0 25 * * *", "enabled": "on"})
        assert wrong.status_code == 422 and "is no hour (0-23)" in wrong.text and 'value="0 25 * * *"' in wrong.text
        assert web.house.config.schedules.prune == "0 3 * * *"
