"""Reads of titles. Every function is `(conn, ...) -> value`; lists page by cursor on an indexed order."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mydia.core.release import Candidate
from mydia.core.titles import title_key
from mydia.core.wanted import Why
from mydia.errors import Invalid, NotFound
from mydia.lacking import lacks
from mydia.media.model import CardState, Counts, Episode, EventRow, MediaCard, MediaItem, Slot
from mydia.store.engine import Connection, among, containing, from_json, quick
from mydia.store.paging import Page, decode_cursor, encode_cursor

OPEN = "('pending', 'downloading', 'completed', 'importing', 'held')"

# Whether nothing is held of what is monitored and out; as SQL because a grid filters by it. (What may lack something stands in an index.)
_MISSING = """m.lacking = 1 and m.lacks_from <= :today and m.monitored = 1 and case when m.type = 'movie'
    then not exists (select 1 from slots s join held_files h on h.slot_id = s.id where s.media_item_id = m.id)
    else exists (select 1 from episodes e where e.media_item_id = m.id and e.monitored = 1 and e.air_date <= :today
        and not exists (select 1 from slots s join held_files h on h.slot_id = s.id and h.target = e.id where s.media_item_id = m.id))
    end"""
_HELD = "exists (select 1 from slots s join held_files h on h.slot_id = s.id where s.media_item_id = m.id)"
_FILTERS = {
    "missing": _MISSING,
    "held": _HELD,
    "unmonitored": "m.monitored = 0",
    # The few that are on their way are found first, not asked of each title.
    "downloading": f"m.id in (select d.media_item_id from downloads d where d.status in {OPEN})",
}

# A card in one statement of scalar subqueries, since a grid shows fifty. (As joins, SQLite may look at every slot there is first.)
_SLOT = "from slots s join held_files h on h.slot_id = s.id {} where s.media_item_id = m.id and s.name = 'default'"
_CARDS = f"""select m.id, m.type, m.title, m.year, m.poster, m.monitored, m.created_at,
    case when m.type = 'movie' then
        (select coalesce(f.quality, '') {_SLOT.format("and h.target = '' join media_files f on f.id = h.file_id")}) end as film,
    case when m.type = 'tv_show' then
        (select count(*) from episodes e where e.media_item_id = m.id and e.season_number > 0) end as total,
    case when m.type = 'tv_show' then
        (select count(*) {_SLOT.format("join episodes e on e.id = h.target and e.season_number > 0")}) end as held,
    (select max(d.progress) from downloads d where d.media_item_id = m.id and d.status in {OPEN}) as progress, m.sort_title
    from media_items m"""


def list_media(
    conn: Connection,
    *,
    type: str | None = None,  # noqa: A002 - the field's own name, as in the API
    state: str | None = None,
    q: str | None = None,
    sort: Literal["title", "added"] = "title",
    cursor: str | None = None,
    limit: int = 50,
    today: str = "9999-12-31",
) -> Page[MediaCard]:
    """A page of the poster grid. `state` is one of missing, held, unmonitored, downloading; `q` a part of any of the title's names."""
    where, params = ["1 = 1"], dict[str, Any](limit=limit + 1)
    if type is not None:
        where.append("m.type = :type")
        params["type"] = type
    if state:
        if state not in _FILTERS:
            raise Invalid(f"state must be one of {', '.join(_FILTERS)}, not {state!r}.", field="state")
        where.append(_FILTERS[state])
        if state == "missing":
            params["today"] = today
    if q:
        # Every name is looked at once; `coalesce`, so that the titles are still walked in their order, of which few may be shown.
        named = "select t.media_item_id from media_titles t where t.clean_title like :q escape '!'"
        where.append(f"coalesce(m.id, '') in ({named})")
        params["q"] = containing(title_key(q))
    column, compare, order = ("m.sort_title", ">", "") if sort == "title" else ("m.created_at", "<", " desc")
    if cursor:
        params["after"], params["after_id"] = decode_cursor(cursor, str, str)
        where.append(f"({column}, m.id) {compare} (:after, :after_id)")
    rows = conn.rows(
        f"{_CARDS} where {' and '.join(where)} order by {column}{order}, m.id{order} limit :limit", **params
    )
    page = tuple([_card(row) for row in rows[:limit]])
    if len(rows) <= limit:
        return Page(page, None)
    *_, last_sort_title = rows[limit - 1]
    return Page(page, encode_cursor((last_sort_title if sort == "title" else page[-1].created_at, page[-1].id)))


@quick
def grid_page(
    conn: Connection,
    *,
    type: str | None = None,  # noqa: A002 - the field's own name, as in the API
    cursor: str | None = None,
    limit: int = 50,
) -> Page[MediaCard]:
    """`list_media` in the order of the titles and nothing more: it walks an index, so it is short enough for the loop."""
    return list_media(conn, type=type, cursor=cursor, limit=min(limit, 100))


def recent(conn: Connection, limit: int = 12) -> tuple[MediaCard, ...]:
    return tuple(list_media(conn, sort="added", limit=limit).items)


def card_of(conn: Connection, item_id: str) -> MediaCard:
    rows = conn.rows(f"{_CARDS} where m.id = :id", id=item_id)
    if not rows:
        raise NotFound(f"There is no title {item_id}.")
    return _card(rows[0])


def search_titles(conn: Connection, q: str, limit: int = 20) -> tuple[MediaCard, ...]:
    """Titles whose name starts with `q` first, then those that contain it."""
    key = title_key(q)
    if not key:
        return ()
    ids: list[str] = []
    # The prefix is a range on the index; only when that finds too little is every name looked at.
    for condition in ("t.clean_title >= :key and t.clean_title < :key_end", "t.clean_title like :part escape '!'"):
        if len(ids) >= limit:
            break
        params = {"key": key, "key_end": key + "\U0010ffff"} if ":key" in condition else {"part": containing(key)}
        for row in conn.all(
            f"select distinct t.media_item_id as id from media_titles t where {condition} order by id limit :limit",
            limit=limit,
            **params,
        ):
            if row["id"] not in ids:
                ids.append(row["id"])
    if not ids:
        return ()
    match, params2 = among("m.id", ids[:limit])
    return tuple(map(_card, conn.rows(f"{_CARDS} where {match} order by m.sort_title, m.id", **params2)))


@quick
def get_media(conn: Connection, item_id: str) -> MediaItem:
    row = conn.one("select * from media_items where id = :id", id=item_id)
    if row is None:
        raise NotFound(f"There is no title {item_id}.")
    ids = conn.all(
        "select provider, external_id from external_ids where media_item_id = :id order by provider, external_id",
        id=item_id,
    )
    titles = conn.all("select title from media_titles where media_item_id = :id order by clean_title", id=item_id)
    return MediaItem(
        **{
            **{k: row[k] for k in MediaItem.__slots__ if k in row},
            "metadata": from_json(row["metadata"]) or {},
            "monitored": bool(row["monitored"]),
            "ids": {r["provider"]: r["external_id"] for r in ids},
            "aliases": tuple(r["title"] for r in titles if r["title"] != row["title"]),
        }
    )


def episodes_of(conn: Connection, item_id: str) -> tuple[Episode, ...]:
    rows = conn.all(
        "select * from episodes where media_item_id = :id order by season_number, episode_number, id", id=item_id
    )
    return tuple(_episode(r) for r in rows)


def slots_of(conn: Connection, item_id: str) -> tuple[Slot, ...]:
    rows = conn.all(
        "select s.id, s.media_item_id, s.name, s.quality_profile_id, p.name as profile_name, s.suffix, s.monitored from slots s"
        " join quality_profiles p on p.id = s.quality_profile_id where s.media_item_id = :id order by s.created_at, s.id",
        id=item_id,
    )
    return tuple(Slot(**{**r, "monitored": bool(r["monitored"])}) for r in rows)


def get_slot(conn: Connection, item_id: str, slot_id: str) -> Slot:
    """One slot of a title. NotFound where it has no such slot."""
    for slot in slots_of(conn, item_id):
        if slot.id == slot_id:
            return slot
    get_media(conn, item_id)
    raise NotFound(f"There is no slot {slot_id} of this title.")


def known_titles(conn: Connection, titles: Sequence[str], kind: str | None = None) -> tuple[Candidate, ...]:
    """The titles that one of these spellings may mean, as the matcher takes them."""
    keys = sorted({title_key(t) for t in titles if t})
    if not keys:
        return ()
    match, params = among("t.clean_title", keys)
    only = " and m.type = :kind" if kind else ""
    rows = conn.all(
        # "cross": by their names, never by their kind, also in a new house whose tables nobody has looked through yet.
        "select distinct m.id, m.type, m.title, m.year from media_titles t cross join media_items m where m.id = t.media_item_id"
        f" and {match}{only} order by m.id",
        **params,
        **({"kind": kind} if kind else {}),
    )
    return tuple(candidate(conn, r["id"]) for r in rows)


def candidate(conn: Connection, item_id: str) -> Candidate:
    """One known title as the matcher takes it."""
    item = get_media(conn, item_id)
    kind = "movie" if item.type == "movie" else "episode"
    return Candidate(
        item.id, kind, item.title, item.year, item.aliases, dict(item.ids), item.metadata.get("series_type", "standard")
    )


@quick
def history(
    conn: Connection, item_id: str | None = None, *, cursor: str | None = None, limit: int = 50
) -> Page[EventRow]:
    """What happened, newest first: to one title, or everywhere."""
    where, params = ["1 = 1"], dict[str, Any](limit=limit + 1)
    if item_id is not None:
        where.append("media_item_id = :id")
        params["id"] = item_id
    if cursor:
        (params["after"],) = decode_cursor(cursor, int)
        where.append("seq < :after")
    rows = conn.all(
        f"""select e.*, m.title as media_title from events e left join media_items m on m.id = e.media_item_id
        where {" and ".join(where)} order by e.seq desc limit :limit""",
        **params,
    )
    page = tuple(_event(r) for r in rows[:limit])
    return Page(page, encode_cursor((page[-1].seq,)) if len(rows) > limit else None)


@quick
def last_seq(conn: Connection) -> int:
    """How far the house's history goes: where a live page that is rendered now starts to listen."""
    return conn.value("select max(seq) from events") or 0


def events_after(conn: Connection, seq: int, limit: int = 500) -> tuple[EventRow, ...]:
    """What happened after `seq`, oldest first: how a live page that missed something catches up."""
    rows = conn.all("select * from events where seq > :seq order by seq limit :limit", seq=seq, limit=limit)
    return tuple(_event(r) for r in rows)


def counts(conn: Connection, *, today: str = "9999-12-31") -> Counts:
    one = conn.value
    movies = one("select count(*) from media_items where type = 'movie'")
    shows = one("select count(*) from media_items where type = 'tv_show'")
    lacking = one(
        "select count(*) from media_items m where m.lacking = 1 and m.type = 'movie' and m.monitored = 1"
        " and not exists (select 1 from slots s join held_files h on h.slot_id = s.id where s.media_item_id = m.id)"
    ) + one(
        "select count(*) from media_items m cross join episodes e where e.media_item_id = m.id and m.lacking = 1"
        " and m.lacks_from <= :today and e.monitored = 1 and e.air_date <= :today"
        " and not exists (select 1 from held_files h where h.target = e.id)",
        today=today,
    )
    # State by state, which reads the index alone.
    sums = "select count(*), coalesce(sum(size), 0) from media_files where state = :s"
    files = {state: conn.rows(sums, s=state)[0] for state in ("new", "linked", "unmatched", "invalid")}
    return Counts(
        movies=movies,
        shows=shows,
        episodes=one("select count(*) from episodes where season_number > 0"),
        files=files["linked"][0],
        missing=lacking,
        unmatched=files["unmatched"][0],
        bytes=sum(size for _, size in files.values()),
    )


def _card(row: Any) -> MediaCard:
    """A row of `_CARDS`: as a tuple, since a dictionary of each of fifty costs as much again as all the rest of this."""
    id_, kind, title, year, poster, monitored, created_at, film, total, held, progress, _ = row
    if kind == "movie":
        held, total = int(film is not None), 1
    state: CardState
    if progress is not None:
        state = "downloading"
    elif held:
        state = "held" if held == total else "partial"
    else:
        state = "missing" if monitored else "unmonitored"
    return MediaCard(
        id_, kind, title, year, poster, bool(monitored), state, held, total, film or None, progress, created_at
    )


def _episode(row: dict[str, Any]) -> Episode:
    return Episode(
        id=row["id"],
        media_item_id=row["media_item_id"],
        season=row["season_number"],
        number=row["episode_number"],
        absolute=row["absolute_number"],
        title=row["title"],
        air_date=row["air_date"],
        runtime=row["runtime"],
        overview=row["overview"],
        monitored=bool(row["monitored"]),
    )


def _event(row: dict[str, Any]) -> EventRow:
    data = from_json(row["data"])
    return EventRow(
        row["seq"], row["at"], row["type"], row["media_item_id"], row["actor"], data, row.get("media_title")
    )


_LATER = (
    "and not exists (select 1 from wanted_searches w where w.slot_id = s.id and w.target = {} and w.next_at > :now)"
)
_FEW = 2000
"""So many titles or fewer are looked up among the others; of more, the first are soon met on the way along an index."""


def longest_unsearched(
    conn: Connection, *, now: str, below_cutoff: Mapping[str, Sequence[str]], limit: int, why: Why | None = None
) -> tuple[str, ...]:
    """The ids of titles of which something is lacking that is out, or held in a quality of `below_cutoff` (profile id -> qualities), and
    that is not to wait for its next search; those never searched first, then the longest unsearched. `why`: only one of the two."""
    lacking = lacks(
        "and s.monitored = 1", film=_LATER.format("''"), episode=f"and e.air_date <= :today {_LATER.format('e.id')}"
    )
    better, params = _better(conn, below_cutoff)
    due = f"""exists (select 1 from slots s join held_files h on h.slot_id = s.id join media_files f on f.id = h.file_id
        left join episodes e on e.id = h.target where s.media_item_id = m.id and s.monitored = 1 and coalesce(e.monitored, 1) = 1
        and ({_pairs(below_cutoff, "s.quality_profile_id", "coalesce(f.quality, 'Unknown')")[0]}) {_LATER.format("h.target")})"""
    found = []
    # Each by itself, so that each has its index.
    for each, condition, own in (
        ("missing", f"m.lacking = 1 and m.lacks_from <= :today and {lacking}", {"today": now[:10]}),
        ("cutoff_unmet", f"{better} and {due}", params),
    ):
        if why in (None, each):
            found += conn.rows(
                f"select coalesce(m.last_search_at, ''), m.id from media_items m where {condition}"
                " order by coalesce(m.last_search_at, ''), m.id limit :limit",
                now=now,
                limit=limit,
                **own,
            )
    return tuple(id_ for _, id_ in sorted({tuple(row) for row in found})[:limit])


def wanting(
    conn: Connection,
    *,
    why: Why | None,
    below_cutoff: Mapping[str, Sequence[str]],
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[str]:
    """Ids of the titles that lack something, or hold something of a quality of `below_cutoff` (as above), in the order of their names."""
    better, params = _better(conn, below_cutoff)
    of_kind = "m.type = :kind and" if kind else ""
    after, after_id = decode_cursor(cursor, str, str) if cursor else ("", "")
    walk = {"after": after, "after_id": after_id, "limit": limit + 1, **({"kind": kind} if kind else {})}
    found: set[tuple[str, str]] = set()
    for each, condition, own in (
        ("missing", f"m.lacking = 1 and {lacks('and s.monitored = 1')}", {}),
        ("cutoff_unmet", better, params),
    ):
        if why in (None, each):
            rows = conn.rows(
                f"select m.sort_title, m.id from media_items m where {of_kind} (m.sort_title, m.id) > (:after, :after_id)"
                f" and {condition} order by m.sort_title, m.id limit :limit",
                **walk,
                **own,
            )
            found |= {tuple(row) for row in rows}
    page = sorted(found)[: limit + 1]
    following = encode_cursor(page[limit - 1]) if len(page) > limit else None
    return Page(tuple(id_ for _, id_ in page[:limit]), following)


def _better(conn: Connection, below_cutoff: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """SQL: the title m holds something of a quality of `below_cutoff`, as it is quickly found."""
    pairs, params = _pairs(below_cutoff, "q.quality_profile_id", "q.quality")
    counted = f"select count(*) from (select 1 as found from held_qualities q where {pairs} limit :most) few"
    if conn.value(counted, most=_FEW + 1, **params) <= _FEW:
        return f"m.id in (select q.media_item_id from held_qualities q where {pairs})", params
    return f"exists (select 1 from held_qualities q where q.media_item_id = m.id and ({pairs}))", params


def _pairs(below_cutoff: Mapping[str, Sequence[str]], profile: str, quality: str) -> tuple[str, dict[str, Any]]:
    """SQL: these columns are a profile, and a quality that is not good enough for it."""
    clauses, params = [], dict[str, Any]()
    for i, (each, qualities) in enumerate(below_cutoff.items()):
        match, values = among(quality, qualities, f"q{i}")
        clauses.append(f"{profile} = :p{i} and {match}")
        params |= values | {f"p{i}": each}
    return " or ".join(clauses) or "1 = 0", params


def longest_unrefreshed(conn: Connection, *, limit: int) -> tuple[str, ...]:
    """The ids of the titles whose metadata is oldest, those never refreshed first."""
    rows = conn.all(
        "select id from media_items order by coalesce(metadata_refreshed_at, ''), id limit :limit", limit=limit
    )
    return tuple(r["id"] for r in rows)


@quick
def get_event(conn: Connection, seq: int) -> EventRow:
    row = conn.one("select * from events where seq = :s", s=seq)
    if row is None:
        raise NotFound(f"There is no event {seq}.")
    return _event(row)


@quick
def title_of(conn: Connection, item_id: str) -> str | None:
    title = conn.value("select title from media_items where id = :id", id=item_id)
    return None if title is None else str(title)


@quick
def by_external_id(conn: Connection, kind: str, provider: str, external_id: str) -> str | None:
    """The title that a provider's id means, where it is known here."""
    found = conn.value(
        "select media_item_id from external_ids where type = :t and provider = :p and external_id = :e",
        t=kind,
        p=provider,
        e=external_id,
    )
    return None if found is None else str(found)
