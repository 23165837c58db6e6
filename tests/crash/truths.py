"""What must be true of a killed house, whenever that was: asked of its database, and of its folders."""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import trio

from mydia.downloads.model import OPEN
from mydia.store.engine import Connection, Row, from_json
from tests.crash.clients import Ledger
from tests.crash.held import Held
from tests.crash.world import Stage
from tests.support.waiting import eventually

OLD_AGE = 120.0
"""Seconds within which a leader must have given back what the dead were doing; it takes ten on a machine that has the time."""


async def broken(held: Held, ledger: Ledger, stage: Stage) -> list[str]:
    """What is not as it must be right after a kill, each in a line."""
    async with held.after_a_kill() as engine:
        wrong = await engine.check()
        told = ledger.so_far()
        wrong += await engine.read(lambda conn: [*promised(conn, told), *half(conn)])
    return wrong + list(on_disk(stage))


async def rest(held: Held, ledger: Ledger, stage: Stage, within: float) -> list[str]:
    """Wait until all that was wished is done; what is not, when the time is up. The house runs meanwhile."""
    left = ["it was not looked at"]
    with trio.move_on_after(within):
        while left:
            await trio.sleep(0.3)
            left = await held.beside(lambda conn: not_at_rest(conn, ledger, stage))
    return [f"not done: {line}" for line in left]


async def given_back(held: Held, since: str) -> None:
    """Wait until no job is left that a daemon was doing which died before this time."""

    def look(conn: Connection) -> bool:
        sql = "select count(*) from jobs where state = 'executing' and attempted_at < :since"
        return bool(conn.value(sql, since=since) == 0)

    await eventually(lambda: held.beside(look), within=OLD_AGE, every=0.3)


async def at_last(held: Held, ledger: Ledger, stage: Stage) -> tuple[list[str], dict[str, Any]]:
    """What is wrong with a house that has come to rest and ended, and how much has happened in it."""
    async with held.at_last() as engine:
        return await engine.check() + await engine.read(all_of_it, ledger, stage), await engine.read(tally)


def promised(conn: Connection, ledger: Ledger) -> Iterator[str]:
    """Every acknowledged write is there, and nothing that was never asked."""
    titles = {row["id"]: row["title"] for row in conn.all("select id, title from media_items order by id")}
    for media_id, counter in ledger.titles.items():
        there = titles.get(media_id, "gone")
        number = int(there.rpartition(" ")[2]) if there.startswith("Number ") else 0
        if there == "gone" or not counter.acknowledged <= number <= counter.asked:
            yield f"a title is called {there!r}; acknowledged was number {counter.acknowledged} of {counter.asked}"
    known = {
        int(r["external_id"]): r["media_item_id"]
        for r in conn.all("select * from external_ids where provider = 'tmdb'")
    }
    for tmdb_id, media_id in ledger.added.items():
        if known.get(tmdb_id) != media_id:
            yield f"the title {tmdb_id} was added as {media_id}; there is {known.get(tmdb_id)}"
    values = {row["key"].rpartition(".")[2]: int(row["value"]) for row in conn.all(_SETTINGS)}
    number = values.get("gone_at_least", 400) - 400
    if not ledger.settings.acknowledged <= number <= ledger.settings.asked:
        yield f"settings: acknowledged was {ledger.settings.acknowledged} of {ledger.settings.asked}, there is {values}"
    if len(set(values.values())) > 1:
        yield f"two settings that were always changed together differ: {values}"
    names = {row["name"] for row in conn.all("select name from custom_formats")}
    for name, state in ledger.formats.items():
        if (state == "there" and name not in names) or (state == "gone" and name in names):
            yield f"the custom format {name} must be {state} and is not"
    jobs = {row["id"] for row in conn.all("select id from jobs")}
    yield from (f"the job {job_id} was acknowledged and is gone" for job_id in ledger.jobs if job_id not in jobs)
    yield from _thrown_away(conn, ledger)


def _thrown_away(conn: Connection, ledger: Ledger) -> Iterator[str]:
    trash = {row["id"]: row["state"] for row in conn.all("select id, state from trash")}
    waiting = {
        from_json(row["args"])["trash_id"]
        for row in conn.all(
            "select args from jobs where kind = 'restore_file'"
            " and state in ('available', 'scheduled', 'retryable', 'executing') order by id"
        )
    }
    for trash_id, state in ledger.trashed.items():
        there = trash.get(trash_id, "gone")
        right = {"trashed": there in ("intent", "trashed"), "restored": there == "restored" or trash_id in waiting}
        if not right.get(state, there in ("intent", "trashed", "restored")):
            yield f"what was {state} is {there}"


_SETTINGS = (
    "select key, value from settings where key like '%jobs.keep_events_days' or key like '%library.gone_at_least'"
)


def half(conn: Connection) -> Iterator[str]:
    """Rows that are written together are there together."""
    events = [{**row, "data": from_json(row["data"])} for row in conn.all("select * from events order by seq")]
    yield from _titles(conn, events)
    yield from _downloads(conn, events)
    yield from _files(conn, events)


def _titles(conn: Connection, events: list[Row]) -> Iterator[str]:
    added = Tally(e["media_item_id"] for e in events if e["type"] == "MediaAdded")
    called = {e["media_item_id"]: e["data"]["title"] for e in events if e["type"] in ("MediaAdded", "MediaUpdated")}
    for row in conn.all(
        """select m.id, m.title, (select count(*) from slots s where s.media_item_id = m.id) as slots,
            (select count(*) from external_ids x where x.media_item_id = m.id) as ids from media_items m order by m.id"""
    ):
        if added[row["id"]] != 1 or row["slots"] != 1 or row["ids"] == 0:
            yield f"{row['title']} was added {added[row['id']]} times, has {row['slots']} slots and {row['ids']} ids"
        if called[row["id"]] != row["title"]:
            yield f"the last event of {row['title']} calls it {called[row['id']]}"
        added.pop(row["id"], None)
    yield from (f"an event tells of the title {gone}, which is not there" for gone in added)


def _downloads(conn: Connection, events: list[Row]) -> Iterator[str]:
    told = {kind: Tally(e["data"].get("download_id") for e in events if e["type"] == kind) for kind in _TOLD}
    claims = Tally(row["download_id"] for row in conn.all("select download_id from open_grabs"))
    waiting = {
        from_json(row["args"])["download_id"]: row["state"]
        for row in conn.all(
            "select args, state from jobs where kind = 'import_download'"
            " and state in ('available', 'scheduled', 'retryable', 'executing') order by id"
        )
    }
    for row in conn.all("select id, title, status from downloads order by id"):
        where = f"the download {row['title']} is {row['status']}"
        if told["Grabbed"][row["id"]] != 1:
            yield f"{where}, and was grabbed {told['Grabbed'][row['id']]} times"
        if (claims[row["id"]] > 0) != (row["status"] in OPEN):
            yield f"{where}, and has {claims[row['id']]} open claims"
        if told["DownloadCompleted"][row["id"]] != (row["status"] in ("completed", "importing", "held", "imported")):
            yield f"{where}, and was completed {told['DownloadCompleted'][row['id']]} times"
        if row["status"] in ("completed", "importing") and row["id"] not in waiting:
            yield f"{where}, and no job imports it"
    taken = conn.all(
        """select title, count(*) as n from downloads where status <> 'cancelled' and status <> 'failed'
        group by title having count(*) > 1 order by title"""
    )
    yield from (f"{row['title']} was grabbed {row['n']} times" for row in taken)


_TOLD = ("Grabbed", "DownloadCompleted")


def _files(conn: Connection, events: list[Row]) -> Iterator[str]:
    imports = Tally((e["data"]["download_id"], e["data"]["path"]) for e in events if e["type"] == "Imported")
    yield from (f"{path} was imported {n} times" for (_, path), n in imports.items() if n != 1)
    journal = {
        (r["download_id"], r["relative_path"]) for r in conn.all("select * from import_journal where state = 'done'")
    }
    yield from (f"{path}: its journal and its event do not agree" for _, path in imports.keys() ^ journal)
    for row in conn.all(
        """select f.relative_path, f.state, f.media_item_id, s.media_item_id as slots from held_files h
        join media_files f on f.id = h.file_id join slots s on s.id = h.slot_id order by f.relative_path"""
    ):
        if row["state"] != "linked" or row["media_item_id"] != row["slots"]:
            yield f"{row['relative_path']} is held, and is {row['state']}"
    moved = Tally(e["data"]["trash_id"] for e in events if e["type"] == "FileTrashed")
    back = Tally(e["data"]["trash_id"] for e in events if e["type"] == "FileRestored")
    for row in conn.all("select id, relative_path, state, reason from trash order by id"):
        if row["state"] == "intent" and moved[row["id"]]:
            yield f"{row['relative_path']} is told to be in the trash, and is not"
        if row["state"] != "intent" and moved[row["id"]] != ("same name" not in row["reason"]):
            yield f"{row['relative_path']} went to the trash {moved[row['id']]} times"
        if back[row["id"]] != (row["state"] == "restored"):
            yield f"{row['relative_path']} is {row['state']} and was restored {back[row['id']]} times"


def on_disk(stage: Stage, *, at_rest: bool = False) -> Iterator[str]:
    """Files are whole wherever they lie, and none is there twice, whatever the moment; half copies bear a name that says so."""
    there = stage.on_disk()
    parts = {path for path in there if Path(path).name.startswith(".mydia-") and path.endswith(".part")}
    for path, content in there.items():
        if (at_rest or path not in parts) and content not in stage.contents:
            yield f"{path} is not whole"
    # A file that one of its own name replaces is called both for an instant, so that it is never called neither.
    passing = set() if at_rest else parts | {path for path in there if path.startswith(".mydia-trash/")}
    counted = [content for path, content in there.items() if path not in passing]
    whole = Tally(counted)
    yield from (f"{stage.contents.get(content)} lies in the library {n} times" for content, n in whole.items() if n > 1)
    for path, content in stage.delivered().items():
        if stage.contents.get(content) is None:
            yield f"{path}: the download was changed"


def not_at_rest(conn: Connection, ledger: Ledger, stage: Stage) -> list[str]:
    """What is still on its way: empty once the house has done all that was wished."""
    jobs = conn.all(_UNFINISHED)
    downloads = conn.all("select title, status, error_message from downloads where status <> 'imported' order by title")
    leaving = conn.all("select relative_path, state from trash where state = 'intent'")
    files = conn.all("select relative_path, state from media_files where state in ('new', 'missing', 'unmatched')")
    wanted = len(ledger.wished) + len(ledger.binned) + len(ledger.upgraded)
    imported = conn.value("select count(*) from downloads where status = 'imported'")
    rows = [f"{' '.join(str(v) for v in row.values())}" for row in (*jobs, *downloads, *leaving, *files)]
    return rows + ([f"{imported} of {wanted} downloads are imported"] if imported != wanted else [])


_UNFINISHED = """select kind, state, attempt, errors from jobs
    where state in ('available', 'scheduled', 'executing', 'retryable') order by kind, id"""


def all_of_it(conn: Connection, ledger: Ledger, stage: Stage) -> list[str]:
    """What is wrong with a house that has come to rest."""
    return [*promised(conn, ledger), *half(conn), *at_the_end(conn, ledger, stage)]


def at_the_end(conn: Connection, ledger: Ledger, stage: Stage) -> Iterator[str]:
    """Every job ran, its effect is there once, and each file is where it must be."""
    yield from on_disk(stage, at_rest=True)
    for row in conn.all("select id, kind, state, attempt, interrupted, errors from jobs order by id"):
        if row["state"] == "discarded":
            yield f"the job {row['kind']} was given up: {row['errors']}"
        if row["state"] == "completed" and row["attempt"] < 1:
            yield f"the job {row['kind']} is completed and never ran"
        # The same wish uttered again while it ran stands for both when it is cut short.
        alone = "superseded by the newer job" not in row["errors"]
        if row["state"] == "cancelled" and ledger.jobs.get(row["id"]) == "asked" and alone:
            yield f"the job {row['kind']} was cancelled, and nobody asked for that: {row['errors']}"
    there = stage.on_disk()
    yield from _places(there, "the library", set(ledger.wished), trash=False)
    yield from _places(there, "the trash", ledger.binned | set(ledger.upgraded.values()), trash=True)
    rows = {row["relative_path"] for row in conn.all("select relative_path from media_files where state = 'linked'")}
    files = {path for path in there if not path.startswith(".mydia-trash/")}
    yield from (f"{path}: its row and its file do not agree" for path in rows ^ files)


def _places(there: Mapping[str, str], name: str, wanted: set[str], *, trash: bool) -> Iterator[str]:
    lies = {content: path for path, content in there.items() if path.startswith(".mydia-trash/") == trash}
    yield from (f"{path} is in {name} and should not be" for content, path in lies.items() if content not in wanted)
    yield from (f"a file is missing in {name}: {content}" for content in wanted if content not in lies)


def tally(conn: Connection) -> dict[str, Any]:
    """How much happened: for the report."""
    return {
        "jobs": conn.value("select count(*) from jobs"),
        "interrupted_jobs": conn.value("select count(*) from jobs where interrupted > 0"),
        "imports": conn.value("select count(*) from events where type = 'Imported'"),
        "copies": conn.value("select count(*) from import_journal where method = 'copy'"),
        "to_the_trash": conn.value("select count(*) from trash"),
        "events": conn.value("select count(*) from events"),
    }
