"""Reads of downloads, searches, the blocklist and provider health. Lists page by cursor, newest first."""

from collections.abc import Sequence
from typing import Any

from mydia.downloads.model import (
    OPEN,
    BlockRow,
    CandidateView,
    Download,
    DownloadView,
    Looked,
    ProviderStatus,
    SearchView,
    Spent,
)
from mydia.errors import Invalid, NotFound
from mydia.store.engine import Connection, among, from_json, quick
from mydia.store.paging import Page, decode_cursor, encode_cursor

_OPEN = ", ".join(f"'{s}'" for s in OPEN)
_VIEW = (
    "select d.id, d.media_item_id as media_id, m.title as media_title, d.title, d.indexer, d.status, d.progress, d.size, d.quality,"
    " d.download_client as client, d.error_message as error, d.estimated_completion,"
    " d.created_at, d.completed_at, d.imported_at from downloads d left join media_items m on m.id = d.media_item_id"
)
# A download's address, and with some indexers its guid, hold the indexer's API key: they never leave for a page.
_SHOWN = ("targets", "infohash", "info_url", "formats", "flags", "languages", "priority")
FIRST = 50
"""Candidates that come with their search; the others a page at a time (`candidates_of`)."""
_STATUSES = {"active": f"d.status in ({_OPEN})", "history": f"d.status not in ({_OPEN})"} | {
    s: f"d.status = '{s}'" for s in (*OPEN, "imported", "failed", "cancelled")
}


@quick
def list_downloads(
    conn: Connection, *, status: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[DownloadView]:
    """`status` is one status, or "active" (the queue), or "history" (what has ended)."""
    where, params = ["1 = 1"], dict[str, Any](limit=limit + 1)
    if status:
        if status not in _STATUSES:
            raise Invalid(f"status must be one of {', '.join(_STATUSES)}, not {status!r}.", field="status")
        where.append(_STATUSES[status])
    if cursor:
        params["after"], params["after_id"] = decode_cursor(cursor, str, str)
        where.append("(d.created_at, d.id) < (:after, :after_id)")
    rows = conn.all(f"{_VIEW} where {' and '.join(where)} order by d.created_at desc, d.id desc limit :limit", **params)
    page = tuple(DownloadView(**r) for r in rows[:limit])
    return Page(page, encode_cursor((page[-1].created_at, page[-1].id)) if len(rows) > limit else None)


def downloads_of(conn: Connection, media_item_id: str, limit: int = 50) -> tuple[DownloadView, ...]:
    rows = conn.all(
        f"{_VIEW} where d.media_item_id = :m order by d.created_at desc, d.id desc limit :n", m=media_item_id, n=limit
    )
    return tuple(DownloadView(**r) for r in rows)


def grabs_of(conn: Connection, media_item_id: str, limit: int = 500) -> tuple[Download, ...]:
    """What was grabbed for a title, whatever became of it, newest first."""
    sql = "select * from downloads where media_item_id = :m order by created_at desc, id desc limit :n"
    return _downloads(conn, conn.all(sql, m=media_item_id, n=limit))


@quick
def download_view(conn: Connection, download_id: str) -> DownloadView:
    row = conn.one(f"{_VIEW} where d.id = :id", id=download_id)
    if row is None:
        raise NotFound(f"There is no download {download_id}.")
    return DownloadView(**row)


@quick
def get_download(conn: Connection, download_id: str) -> Download:
    row = conn.one("select * from downloads where id = :id", id=download_id)
    if row is None:
        raise NotFound(f"There is no download {download_id}.")
    return _downloads(conn, [row])[0]


def with_status(conn: Connection, statuses: Sequence[str]) -> tuple[Download, ...]:
    """Every download in one of these states, oldest first: the download monitor's work list."""
    match, params = among("status", list(statuses))
    return _downloads(conn, conn.all(f"select * from downloads where {match} order by created_at, id", **params))


def to_clean_up(conn: Connection) -> tuple[Download, ...]:
    """Ended downloads that their client may still hold: imported ones seed on until their goals are met, the others go.

    Not while another download is the same one in its client, since its files are the same: one that has not ended; or one that was
    imported and seeds on, which only its own goals end.
    """
    same = "select 1 from downloads o where o.download_client = d.download_client and o.download_client_id = d.download_client_id"
    return _downloads(
        conn,
        conn.all(
            "select d.* from downloads d where d.status in ('imported', 'failed', 'cancelled') and d.removed_at is null"
            f" and d.download_client_id is not null and not exists ({same} and o.status in ({_OPEN}))"
            f" and (d.status = 'imported' or not exists ({same} and o.status = 'imported' and o.removed_at is null"
            " and o.download_client_id is not null))"
            " order by d.created_at, d.id"
        ),
    )


def stranded(conn: Connection) -> tuple[str, ...]:
    """The ids of downloads that are to be imported and whose import no job does any more: it was cancelled, or given up after tries."""
    rows = conn.all(
        "select d.id from downloads d where d.status in ('completed', 'importing') and not exists (select 1 from jobs j"
        " where j.kind = 'import_download' and j.state in ('available', 'scheduled', 'retryable', 'executing')"
        " and j.args like '%\"' || d.id || '\"%') order by d.id"
    )
    return tuple(r["id"] for r in rows)


def episode_downloads(conn: Connection, media_item_id: str) -> dict[str, str]:
    """Episode id -> the open download that is to bring it."""
    rows = conn.all(
        "select g.target, g.download_id from open_grabs g join slots s on s.id = g.slot_id where s.media_item_id = :m order by g.target",
        m=media_item_id,
    )
    return {r["target"]: r["download_id"] for r in rows}


def searches_of(conn: Connection, media_item_id: str, *, limit: int = 10) -> tuple[SearchView, ...]:
    """The latest searches for a title, each with its first candidates and why they were taken or refused."""
    rows = conn.all(
        "select * from searches where media_item_id = :m order by created_at desc, id desc limit :n",
        m=media_item_id,
        n=limit,
    )
    return _searches(conn, rows)


def search_view(conn: Connection, search_id: str) -> SearchView:
    return _searches(conn, [_search_row(conn, search_id)])[0]


def candidates_of(
    conn: Connection, search_id: str, *, cursor: str | None = None, limit: int = 50
) -> Page[CandidateView]:
    """Every candidate of a search: the accepted ones, the best first, then the others. NotFound when there is no such search."""
    _search_row(conn, search_id)
    (after,) = decode_cursor(cursor, int) if cursor else (-1,)
    rows = conn.all(
        "select * from search_candidates where search_id = :s and position > :after order by position limit :n",
        s=search_id,
        after=after,
        n=limit + 1,
    )
    shown = tuple(_candidate(r) for r in rows[:limit])
    return Page(shown, encode_cursor((shown[-1].position,)) if len(rows) > limit else None)


def looked_for(conn: Connection, media_item_id: str) -> tuple[Looked, ...]:
    """How the searches for each thing of a title went, slot by slot."""
    rows = conn.all(
        "select w.slot_id, w.target, w.last_at, w.fruitless, w.next_at from slots s join wanted_searches w on w.slot_id = s.id"
        " where s.media_item_id = :m order by w.slot_id, w.target",
        m=media_item_id,
    )
    return tuple(Looked(**r) for r in rows)


@quick
def spent_on(conn: Connection, day: str) -> dict[str, Spent]:
    """Indexer -> what it was asked on a day ("2026-01-31", UTC)."""
    rows = conn.all("select indexer, automated, asked from indexer_searches where day = :d order by indexer", d=day)
    return {r["indexer"]: Spent(r["automated"], r["asked"]) for r in rows}


@quick
def blocklist(conn: Connection, *, cursor: str | None = None, limit: int = 50) -> Page[BlockRow]:
    where, params = "1 = 1", dict[str, Any](limit=limit + 1)
    if cursor:
        params["after"], params["after_id"] = decode_cursor(cursor, str, str)
        where = "(created_at, id) < (:after, :after_id)"
    rows = conn.all(f"select * from blocklist where {where} order by created_at desc, id desc limit :limit", **params)
    page = tuple(BlockRow(**r) for r in rows[:limit])
    return Page(page, encode_cursor((page[-1].created_at, page[-1].id)) if len(rows) > limit else None)


def blocked_for(conn: Connection, media_item_id: str) -> tuple[BlockRow, ...]:
    return tuple(
        BlockRow(**r) for r in conn.all("select * from blocklist where media_item_id = :m order by id", m=media_item_id)
    )


@quick
def provider_statuses(conn: Connection) -> tuple[ProviderStatus, ...]:
    rows = conn.all(
        "select family, name, failures, disabled_until, last_error, last_success_at from provider_status order by family, name"
    )
    return tuple(ProviderStatus(**r) for r in rows)


def _downloads(conn: Connection, rows: Sequence[dict[str, Any]]) -> tuple[Download, ...]:
    if not rows:
        return ()
    match, params = among("download_id", [r["id"] for r in rows])
    targets: dict[str, list[str]] = {}
    for link in conn.all(
        f"select download_id, episode_id from download_episodes where {match} order by download_id, episode_id",
        **params,
    ):
        targets.setdefault(link["download_id"], []).append(link["episode_id"])
    return tuple(
        Download(
            **{
                **r,
                "metadata": from_json(r["metadata"]) if r["metadata"] else {},
                "targets": tuple(targets.get(r["id"], ("",))),
            }
        )
        for r in rows
    )


def _search_row(conn: Connection, search_id: str) -> dict[str, Any]:
    row = conn.one("select * from searches where id = :id", id=search_id)
    if row is None:
        raise NotFound(f"There is no search {search_id}.")
    return row


def _searches(conn: Connection, rows: Sequence[dict[str, Any]]) -> tuple[SearchView, ...]:
    if not rows:
        return ()
    match, params = among("search_id", [r["id"] for r in rows])
    by_search: dict[str, list[CandidateView]] = {}
    for c in conn.all(
        f"select * from search_candidates where {match} and position < :first order by search_id, position",
        first=FIRST,
        **params,
    ):
        by_search.setdefault(c["search_id"], []).append(_candidate(c))
    return tuple(
        SearchView(
            **{
                **r,
                "targets": tuple(from_json(r["targets"])),
                "indexers": tuple(from_json(r["indexers"])),
                "candidates": tuple(by_search.get(r["id"], ())),
            }
        )
        for r in rows
    )


def _candidate(row: dict[str, Any]) -> CandidateView:
    return CandidateView(
        **{
            **{k: v for k, v in row.items() if k != "search_id"},
            "accepted": bool(row["accepted"]),
            "chosen": bool(row["chosen"]),
            "rejections": tuple(from_json(row["rejections"])),
            "rank": tuple(from_json(row["rank"])) if row["rank"] else (),
            "release": {k: v for k, v in from_json(row["release"]).items() if k in _SHOWN},
        }
    )
