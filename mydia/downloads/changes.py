"""Writes of downloads, searches, the blocklist and provider health."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from mydia.core.backoff import provider_backoff
from mydia.downloads.model import OPEN, Looked
from mydia.downloads.queries import stranded
from mydia.errors import Conflict, NotFound
from mydia.events import (
    DownloadCancelled,
    DownloadChanged,
    DownloadCompleted,
    DownloadFailed,
    Grabbed,
    HealthChanged,
    ImportHeld,
    LookWished,
    SearchFinished,
)
from mydia.store.engine import from_json, to_json
from mydia.store.names import readable
from mydia.store.transaction import Transaction

SEARCHES_KEPT = 10
"""Of one title, the newest; beyond them only those of which something was grabbed."""
SPENT_DAYS = 31
"""Days that an indexer's searches stay counted."""


def record_search(
    tx: Transaction,
    media_item_id: str,
    *,
    mode: str,
    targets: Sequence[str],
    indexers: Sequence[Mapping[str, Any]],
    candidates: Sequence[Mapping[str, Any]],
    chosen: str | None,
    summary: str,
    slot_id: str | None = None,
    download_id: str | None = None,
    found: int | None = None,
    accepted: int | None = None,
) -> str:
    """Keep a search for a slot of a title, with its candidates and their verdicts. `candidates` are search_candidates rows without id and
    position; `found` and `accepted` how many there were in all, where more than those."""
    search_id = tx.new_id()
    found = len(candidates) if found is None else found
    accepted = sum(1 for c in candidates if c["accepted"]) if accepted is None else accepted
    tx.insert(
        "searches",
        {
            "id": search_id,
            "media_item_id": media_item_id,
            "slot_id": slot_id,
            "mode": mode,
            "targets": to_json(list(targets)),
            "indexers": to_json(list(indexers)),
            "found": found,
            "accepted": accepted,
            "chosen": chosen,
            "download_id": download_id,
            "summary": summary,
            "created_at": tx.now,
        },
    )
    tx.insert_many(
        "search_candidates",
        [
            {
                **c,
                "search_id": search_id,
                "position": i,
                "accepted": int(c["accepted"]),
                "chosen": int(c["chosen"]),
                "rejections": to_json(c["rejections"]),
                "rank": to_json(c["rank"]) if c.get("rank") else None,
                "release": to_json(c["release"]),
            }
            for i, c in enumerate(candidates)
        ],
    )
    tx.execute("update media_items set last_search_at = :now where id = :id", now=tx.now, id=media_item_id)
    tx.emit(
        SearchFinished(
            media_item_id=media_item_id,
            search_id=search_id,
            found=found,
            accepted=accepted,
            chosen=chosen,
            summary=summary,
        )
    )
    # What nothing came of tells less the older it is; what a download came of tells why it did.
    tx.execute(
        "delete from searches where media_item_id = :m and download_id is null and id in"
        " (select id from searches where media_item_id = :m order by created_at desc, id desc limit 1000 offset :keep)",
        m=media_item_id,
        keep=SEARCHES_KEPT,
    )
    return search_id


def looked(tx: Transaction, rows: Sequence[Looked]) -> None:
    """How the searches for these things stand, from now on."""
    tx.execute_many(
        "insert into wanted_searches (slot_id, target, last_at, fruitless, next_at)"
        " values (:slot_id, :target, :last_at, :fruitless, :next_at)"
        " on conflict (slot_id, target) do update set last_at = excluded.last_at, fruitless = excluded.fruitless,"
        " next_at = excluded.next_at",
        [asdict(row) for row in rows],
    )


def spend(tx: Transaction, cost: int, limits: Mapping[str, int], *, asked: bool) -> frozenset[str]:
    """Take `cost` tokens of each of these indexers, by their limits of a day (0 is none): those that had them. What somebody `asked` for
    is counted, and never refused."""
    day = tx.now[:10]
    tx.execute("delete from indexer_searches where day < :d", d=tx.later(-SPENT_DAYS * 86400)[:10])
    gave = set()
    for indexer, limit in sorted(limits.items()):
        used = tx.value(
            "select automated + asked from indexer_searches where indexer = :i and day = :d", i=indexer, d=day
        )
        if not asked and limit and (used or 0) + cost > limit:
            continue
        gave.add(indexer)
        tx.execute(
            "insert into indexer_searches (indexer, day, automated, asked) values (:i, :d, :automated, :asked)"
            " on conflict (indexer, day) do update set automated = indexer_searches.automated + excluded.automated,"
            " asked = indexer_searches.asked + excluded.asked",
            i=indexer,
            d=day,
            automated=0 if asked else cost,
            asked=cost if asked else 0,
        )
    return frozenset(gave)


def grab(
    tx: Transaction,
    media_item_id: str,
    slot_id: str,
    targets: Sequence[str],
    release: Mapping[str, Any],
    *,
    actor: str = "searcher",
) -> str:
    """Take a release for these targets (episode ids, or ('',) for a film): a pending download that the download monitor hands to a client.

    `release`: title, indexer, guid, infohash, protocol, size, quality, score, download_url, formats, flags. Raises Conflict when an open
    download has claimed one of the targets, so two searches that race grab once.
    """
    for target in targets:
        taken = tx.one(
            "select d.title from open_grabs g join downloads d on d.id = g.download_id where g.slot_id = :s and g.target = :t",
            s=slot_id,
            t=target,
        )
        if taken is not None:
            raise Conflict(f"{taken['title']} is being downloaded for it already.")
    download_id = tx.new_id()
    tx.insert(
        "downloads",
        {
            "id": download_id,
            "media_item_id": media_item_id,
            "slot_id": slot_id,
            "status": "pending",
            **{k: release.get(k) for k in ("title", "indexer", "guid", "infohash", "size", "quality", "download_url")},
            "protocol": release.get("protocol", "torrent"),
            "score": release.get("score", 0),
            "metadata": to_json({k: release[k] for k in ("formats", "flags") if release.get(k)}),
            "created_at": tx.now,
            "updated_at": tx.now,
        },
    )
    tx.insert_many("open_grabs", [{"slot_id": slot_id, "target": t, "download_id": download_id} for t in targets])
    tx.insert_many("download_episodes", [{"download_id": download_id, "episode_id": t} for t in targets if t])
    tx.emit(
        Grabbed(
            media_item_id=media_item_id,
            actor=actor,
            download_id=download_id,
            release=release["title"],
            indexer=release.get("indexer") or "",
            quality=release.get("quality") or "Unknown",
            size=release.get("size"),
        )
    )
    return download_id


def grab_candidate(tx: Transaction, search_id: str, position: int, *, actor: str) -> str:
    """A person takes a candidate of a kept search, whatever was decided of it. Conflict when something is under way for the same."""
    row = tx.one(
        "select c.*, s.media_item_id, s.slot_id, s.targets from search_candidates c join searches s on s.id = c.search_id"
        " where c.search_id = :s and c.position = :p",
        s=search_id,
        p=position,
    )
    if row is None:
        raise NotFound(f"The search {search_id} has no candidate {position}.")
    release = from_json(row["release"])
    slot = row["slot_id"] or tx.value(
        "select id from slots where media_item_id = :m and name = 'default'", m=row["media_item_id"]
    )
    if slot is None:
        raise NotFound("Its title was deleted meanwhile.")
    targets = release.get("targets") or [""]
    facts = {**{k: row[k] for k in ("title", "indexer", "protocol", "size", "quality", "score")}, **release}
    download_id = grab(tx, row["media_item_id"], slot, targets, facts, actor=actor)
    tx.execute(
        "update search_candidates set chosen = 1 where search_id = :s and position = :p", s=search_id, p=position
    )
    tx.execute("update searches set download_id = coalesce(download_id, :d) where id = :s", d=download_id, s=search_id)
    return download_id


def handed_over(tx: Transaction, download_id: str, *, client: str, client_id: str) -> None:
    """The client has it."""
    row = _row(tx, download_id)
    tx.update(
        "downloads",
        download_id,
        download_client=client,
        download_client_id=client_id,
        error_message=None,
        updated_at=tx.now,
    )
    if row["status"] == "pending":
        tx.update("downloads", download_id, status="downloading")
    _tell(tx, row)


def waiting(tx: Transaction, download_id: str, reason: str) -> None:
    """It could not be handed over yet, and why."""
    if row := _standing(tx, download_id, "pending"):
        tx.update("downloads", download_id, error_message=readable(reason), updated_at=tx.now)
        _tell(tx, row)


def observed(tx: Transaction, download_id: str, *, progress: float, eta: str | None) -> None:
    """How far it is (percent): kept now and then, so that a restart shows about the truth; pages are told by DownloadProgressed."""
    tx.execute(
        "update downloads set progress = :p, estimated_completion = :e, updated_at = :now where id = :id and status = 'downloading'",
        p=max(0.0, min(100.0, progress)),
        e=eta,
        now=tx.now,
        id=download_id,
    )


def warned(tx: Transaction, download_id: str, message: str | None) -> None:
    """What people should know of it while it runs; None takes the warning back."""
    row = _standing(tx, download_id, "downloading")
    if row and row["error_message"] != message:
        tx.update("downloads", download_id, error_message=message)
        _tell(tx, row)


def completed(tx: Transaction, download_id: str) -> None:
    """The client has all of it: its import is wanted, in the same transaction. Telling it twice is telling it once."""
    row = _row(tx, download_id)
    if row["status"] not in ("pending", "downloading"):
        return
    tx.update(
        "downloads",
        download_id,
        status="completed",
        progress=100.0,
        completed_at=tx.now,
        updated_at=tx.now,
        error_message=None,
    )
    tx.enqueue("import_download", {"download_id": download_id}, media_item_id=row["media_item_id"])
    tx.emit(DownloadCompleted(media_item_id=row["media_item_id"], download_id=download_id, release=row["title"]))


def importing(tx: Transaction, download_id: str) -> bool:
    """Claim the import; False when it has ended meanwhile."""
    row = _row(tx, download_id)
    if row["status"] not in ("completed", "importing", "held"):
        return False
    tx.update("downloads", download_id, status="importing", updated_at=tx.now)
    _tell(tx, row)
    return True


def import_waits(tx: Transaction, download_id: str, reason: str) -> None:
    """Time must pass (no room, a folder that is not there): it may be cancelled meanwhile, and its import is tried again."""
    if row := _standing(tx, download_id, "importing"):
        tx.update("downloads", download_id, status="completed", error_message=readable(reason), updated_at=tx.now)
        _tell(tx, row)


def imported(tx: Transaction, download_id: str) -> None:
    """Every file it was to bring is in the library: its claim ends, its client seeds on."""
    row = _row(tx, download_id)
    tx.update("downloads", download_id, status="imported", imported_at=tx.now, error_message=None, updated_at=tx.now)
    tx.execute("delete from open_grabs where download_id = :d", d=download_id)
    _tell(tx, row)  # its files were told of before, when it was still open


def held(tx: Transaction, download_id: str, reason: str) -> None:
    """A person must look: nothing of it is removed, its claim stays."""
    row, reason = _row(tx, download_id), readable(reason)
    tx.update("downloads", download_id, status="held", error_message=reason, updated_at=tx.now)
    tx.emit(
        ImportHeld(
            media_item_id=row["media_item_id"],
            actor="importer",
            download_id=download_id,
            release=row["title"],
            reason=reason,
        )
    )


def import_given_up(tx: Transaction, download_id: str) -> None:
    """Nobody imports it any more, and it is not imported: a person must say what becomes of it."""
    if download_id in stranded(tx):
        why = _row(tx, download_id)["error_message"]
        held(
            tx,
            download_id,
            f"Its import was called off; import it again, or cancel it{f'. It waited: {why}' if why else ''}",
        )


def failed(tx: Transaction, download_id: str, reason: str, *, block: bool = True, search_again: bool = True) -> None:
    """It will not come: the release is blocklisted, its claim ends, another is searched for."""
    row, reason = _row(tx, download_id), readable(reason)
    if row["status"] not in OPEN:
        return
    tx.update("downloads", download_id, status="failed", error_message=reason, updated_at=tx.now)
    tx.execute("delete from open_grabs where download_id = :d", d=download_id)
    if block:
        _block(tx, row, reason)
    tx.emit(
        DownloadFailed(media_item_id=row["media_item_id"], download_id=download_id, release=row["title"], reason=reason)
    )
    if search_again and row["media_item_id"]:
        tx.enqueue(
            "search_media", {"media_item_id": row["media_item_id"]}, media_item_id=row["media_item_id"], in_seconds=5
        )


def cancel_download(
    tx: Transaction, download_id: str, *, actor: str, block: bool = False, search_again: bool = False
) -> None:
    """A person's cancel: the claim ends; the download monitor takes it from its client. `block`: the release is not grabbed again;
    `search_again`: another is searched for."""
    row = _row(tx, download_id)
    if row["status"] not in OPEN:
        raise Conflict(f"{row['title']} is {row['status']} already.")
    if row["status"] == "importing":
        raise Conflict(f"{row['title']} is being imported just now; wait a moment.")
    tx.update("downloads", download_id, status="cancelled", error_message=f"Cancelled by {actor}", updated_at=tx.now)
    tx.execute("delete from open_grabs where download_id = :d", d=download_id)
    if block:
        _block(tx, row, f"Cancelled by {actor}")
    tx.emit(
        DownloadCancelled(
            media_item_id=row["media_item_id"], actor=actor, download_id=download_id, release=row["title"]
        )
    )
    if search_again and row["media_item_id"]:
        wish = {"media_item_id": row["media_item_id"], "asked": True}
        tx.enqueue("search_media", wish, media_item_id=row["media_item_id"], priority=-1)


def look_now(tx: Transaction, *, actor: str) -> None:
    """Have the download monitor look at once."""
    tx.emit(LookWished(actor=actor))


def client_lost(tx: Transaction, download_id: str, reason: str) -> None:
    """Its client no longer has it, by somebody's hand: the claim ends, and there is nothing to take from the client."""
    cancel_download(tx, download_id, actor="its download client")
    tx.update("downloads", download_id, error_message=reason, removed_at=tx.now)


def retry_import(tx: Transaction, download_id: str, *, actor: str, force: bool = False) -> str:
    """Try a held or completed download's import again. `force`: a person wants it, whatever was said against it, as far as nothing is
    lost or endangered by it."""
    row = _row(tx, download_id)
    if row["status"] not in ("held", "completed", "importing"):
        raise Conflict(f"{row['title']} is {row['status']}; only a held or completed download can be imported again.")
    return tx.enqueue(
        "import_download",
        {"download_id": download_id, "asked_by": actor, **({"forced": True} if force else {})},
        media_item_id=row["media_item_id"],
        priority=-12,
        hurry=True,
    )


def removed(tx: Transaction, download_id: str) -> None:
    """Its client no longer has it."""
    tx.update("downloads", download_id, removed_at=tx.now, updated_at=tx.now)


def unblock(tx: Transaction, block_id: str) -> None:
    if tx.execute("delete from blocklist where id = :id", id=block_id) == 0:
        raise NotFound(f"There is no blocklist entry {block_id}.")


def provider_ok(tx: Transaction, family: str, name: str) -> None:
    """It answered: its back-off ends. Written only when there was something to end, since success is the ordinary case."""
    row = tx.one("select failures from provider_status where family = :f and name = :n", f=family, n=name)
    if row is not None and row["failures"] == 0:
        return
    tx.execute(
        "insert into provider_status (family, name, failures, last_success_at, updated_at) values (:f, :n, 0, :now, :now)"
        " on conflict (family, name) do update set failures = 0, disabled_until = null, last_error = null,"
        " last_success_at = excluded.last_success_at, updated_at = excluded.updated_at",
        f=family,
        n=name,
        now=tx.now,
    )
    if row is not None:
        tx.emit(HealthChanged(part=f"{family}:{name}", ok=True, message=f"{name} answers again"))


def clock_set_back(tx: Transaction) -> int:
    """Who was left alone by a clock that was ahead is asked again now; how many."""
    return tx.execute(
        "update provider_status set disabled_until = null where disabled_until > :now and updated_at > :ahead",
        now=tx.now,
        ahead=tx.later(60),
    )


def provider_failed(tx: Transaction, family: str, name: str, error: str, *, retry_after: float | None = None) -> None:
    """It did not answer, or said no: it is left alone for a while, longer each time."""
    row = tx.one("select failures from provider_status where family = :f and name = :n", f=family, n=name)
    failures = (row["failures"] if row else 0) + 1
    wait = retry_after if retry_after is not None else provider_backoff(failures)
    until = (
        (datetime.fromisoformat(tx.now) + timedelta(seconds=wait)).isoformat().replace("+00:00", "Z") if wait else None
    )
    tx.execute(
        "insert into provider_status (family, name, failures, disabled_until, last_error, updated_at) values (:f, :n, :c, :u, :e, :now)"
        " on conflict (family, name) do update set failures = excluded.failures, disabled_until = excluded.disabled_until,"
        " last_error = excluded.last_error, updated_at = excluded.updated_at",
        f=family,
        n=name,
        c=failures,
        u=until,
        e=error,
        now=tx.now,
    )
    if failures == 1:
        tx.emit(HealthChanged(part=f"{family}:{name}", ok=False, message=f"{name}: {error}"))


def _block(tx: Transaction, row: Mapping[str, Any], reason: str) -> None:
    tx.insert(
        "blocklist",
        {
            "id": tx.new_id(),
            **{k: row[k] for k in ("media_item_id", "infohash", "guid", "title", "size", "indexer")},
            "reason": reason,
            "created_at": tx.now,
        },
    )


def _standing(tx: Transaction, download_id: str, status: str) -> dict[str, Any] | None:
    """The row, where there is one and it is in this status."""
    return tx.one("select * from downloads where id = :id and status = :s", id=download_id, s=status)


def _tell(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Pages that show it ask again."""
    tx.emit(DownloadChanged(media_item_id=row["media_item_id"], download_id=row["id"]))


def _row(tx: Transaction, download_id: str) -> dict[str, Any]:
    row = tx.one("select * from downloads where id = :id", id=download_id)
    if row is None:
        raise NotFound(f"There is no download {download_id}.")
    return row
