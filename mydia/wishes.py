"""What is wished for one title, gathered for `core.decide`. The reads here span contexts, which contexts themselves never do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from mydia.appraise import formats_of, revision_of
from mydia.choosing import queries as choosing
from mydia.core import decide
from mydia.core.decide import model as decide_model
from mydia.core.formats import CustomFormat, score
from mydia.core.quality import QUALITIES, QualityProfile, Revision
from mydia.core.release import parse
from mydia.core.wanted import LONG_AGO, Budget, Plan, Searched, Wanted, Why, due_at, plan_searches, wanted
from mydia.core.wanted import Slot as WantedSlot
from mydia.downloads import queries as downloads
from mydia.downloads.model import OPEN, Download, Looked
from mydia.library import queries as library
from mydia.library.model import FileView
from mydia.media import queries as media
from mydia.media.model import Episode, MediaItem, Slot
from mydia.settings.rules import Rules
from mydia.store.engine import Connection
from mydia.store.paging import Page
from mydia.store.transaction import to_text

LOOK_AGAIN: Final = timedelta(days=7)
"""When it is asked again whether something can exist by now that had no date, or a far one."""
LOOKED_AT: Final = 4
"""So many times as many titles as may be searched are looked at for what is due."""
MANY_TITLES: Final = 50
"""More titles than these are gathered in a process of its own (`databases.read_apart`): in a thread they would keep the loop waiting."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One slot of one title, for deciding. `wanted` is what it lacks, or holds below its cutoff, and what can exist by now; `lacks` all of
    it, with when each is due for a search of the house's own accord. `held` are the files that the slot holds."""

    item: MediaItem
    slot: Slot
    profile: QualityProfile
    episodes: tuple[Episode, ...]
    target: decide.Target
    formats: tuple[CustomFormat, ...]
    queue: tuple[decide.Queued, ...]
    history: tuple[decide.Past, ...]
    blocklist: tuple[decide.Blocked, ...]
    wanted: tuple[Wanted, ...]
    lacks: tuple[Wanted, ...]
    looked: Mapping[str, Looked]
    held: frozenset[str]

    def target_of(self, thing: Wanted) -> str:
        """The thing as rows name it: an episode's id, '' for the film."""
        return "" if thing.number is None else self.episode_ids((thing.number,))[0]

    def episode_ids(self, numbers: tuple[decide.Number, ...]) -> tuple[str, ...]:
        by_number = {(e.season, e.number): e.id for e in self.episodes}
        return tuple(by_number[n] for n in numbers if n in by_number)

    def context(self, now: datetime, mode: decide_model.Mode, settings: decide.Settings) -> decide.Context:
        """What bears on what is found for it. A search for several episodes is one for their seasons."""
        return decide.Context(
            now=now,
            mode=mode,
            season_search=len(self.target.wanted) > 1,
            profile=self.profile,
            formats=self.formats,
            settings=settings,
            blocklist=self.blocklist,
            queue=self.queue,
            history=self.history,
        )


def gather(
    conn: Connection,
    media_item_id: str,
    now: datetime,
    rules: Rules,
    slot_id: str | None = None,
    *,
    asked: bool = False,
    due_only: bool = False,
) -> tuple[Wish, ...]:
    """One wish per slot of the title, or of the one slot. Raises NotFound when the title is gone.

    `asked`: by a person, so that it is wanted whether it is monitored and known to be out, or not. `due_only`: of time, so that only
    what is due is.
    """
    item = media.get_media(conn, media_item_id)
    episodes = media.episodes_of(conn, item.id) if item.type == "tv_show" else ()
    files = library.files_of(conn, item.id)
    blocked = tuple(
        decide.Blocked(infohash=b.infohash, title=b.title, size=b.size, guid=b.guid)
        for b in downloads.blocked_for(conn, item.id)
    )
    grabs = downloads.grabs_of(conn, item.id)
    formats = choosing.formats(conn)
    numbers = {e.id: (e.season, e.number) for e in episodes}
    looked = downloads.looked_for(conn, item.id)
    wishes = []
    for slot in media.slots_of(conn, item.id):
        if slot_id is not None and slot.id != slot_id:
            continue
        profile = choosing.get_profile(conn, slot.quality_profile_id)
        held_ids = library.held_by(conn, slot.id)
        held = tuple(_held(f, item, numbers, profile, formats) for f in files if f.id in held_ids)
        own = [g for g in grabs if g.slot_id in (None, slot.id)]
        queue = tuple(_queued(g, numbers) for g in own if g.status in OPEN)
        history = tuple(p for g in own for p in _past(g, numbers, files))
        target = _target(item, episodes, held, rules, now)
        core_slot = WantedSlot(slot.name, profile, held)
        own_looks = {w.target: w for w in looked if w.slot_id == slot.id}
        lacks = _lacks(item, target, core_slot, rules, own_looks, numbers) if slot.monitored else ()
        if due_only:
            lacking = tuple(w for w in lacks if w.due is not None and w.due <= now)
        elif slot.monitored or slot_id is not None:
            lacking = _lacking(item, target, core_slot, rules, now, asked)
        else:
            lacking = ()
        target = replace(target, wanted=frozenset(w.number for w in lacking if w.number is not None))
        wishes.append(
            Wish(
                *(item, slot, profile, episodes, target, formats, queue, history, blocked),
                wanted=lacking,
                lacks=lacks,
                looked=own_looks,
                held=held_ids,
            )
        )
    return tuple(wishes)


def narrowed(wish: Wish, season: int | None, episode: int | None, *, look: bool = False) -> Wish:
    """The wish for one season of a show, or one episode of it. `look`: for all of that, whether it is lacking or not, since a person
    looks for themselves what there is."""
    if season is None or wish.item.type == "movie":
        return wish
    meant = {(e.season, e.number) for e in wish.episodes if e.season == season and episode in (None, e.number)}
    lacking = tuple(thing for thing in wish.wanted if thing.number in meant)
    numbers = meant if look else {thing.number for thing in lacking if thing.number is not None}
    return replace(wish, wanted=lacking, target=replace(wish.target, wanted=frozenset(numbers)))


def next_searches(conn: Connection, now: datetime, limit: int, why: Why | None = None) -> tuple[str, ...]:
    """The titles to search for next, the longest unsearched first: what lacks something, or holds less than its profile would have."""
    return media.longest_unsearched(conn, now=to_text(now), below_cutoff=below_cutoff(conn), limit=limit, why=why)


def below_cutoff(conn: Connection) -> dict[str, list[str]]:
    """Profile id -> the qualities of which something better is sought, as far as a quality alone can tell."""
    profiles = (p for p in choosing.list_profiles(conn) if p.upgrades)
    return {p.id: [q for q in QUALITIES if p.scores or p.standing(q) < p.effective_cutoff()] for p in profiles}


@dataclass(frozen=True, slots=True)
class Round:
    """What the house would search for now. `not_yet`: things that no search can find before a later time, to be looked at again then."""

    plan: Plan
    not_yet: tuple[Looked, ...]


def plan_round(
    conn: Connection, now: datetime, rules: Rules, budgets: Sequence[Budget], limit: int, why: Why | None = None
) -> Round:
    """The next searches, at most `limit`, within the budgets: for what is missing, for something better, or both."""
    things: list[Wanted] = []
    not_yet: list[Looked] = []
    for item_id in next_searches(conn, now, limit * LOOKED_AT, why):
        for wish in gather(conn, item_id, now, rules, due_only=True):
            things += (thing for thing in wish.lacks if why in (None, thing.why))
            not_yet += (_look_again(wish, thing, now) for thing in wish.lacks if thing.due is None or thing.due > now)
    return Round(plan_searches(things, budgets, now, limit), tuple(not_yet))


def _look_again(wish: Wish, thing: Wanted, now: datetime) -> Looked:
    target = wish.target_of(thing)
    known, latest = wish.looked.get(target), now + LOOK_AGAIN
    at = min(thing.due or latest, latest)
    return Looked(wish.slot.id, target, known.last_at if known else None, known.fruitless if known else 0, to_text(at))


def after_search(
    wish: Wish, found: Iterable[decide.Number], now: datetime, *, film: bool = False
) -> tuple[Looked, ...]:
    """How the searches for what was wanted stand after one that found releases for these episodes (or the `film`) and grabbed them."""
    got = frozenset(found)
    rows = []
    for thing in wish.wanted:
        target = wish.target_of(thing)
        known = wish.looked.get(target)
        hit = film if thing.number is None else thing.number in got
        fruitless = 0 if hit else (known.fruitless if known else 0) + 1
        next_at = due_at(thing.why, now, Searched(now, fruitless))
        rows.append(Looked(wish.slot.id, target, to_text(now), fruitless, to_text(next_at)))
    return tuple(rows)


def wanting(
    conn: Connection,
    now: datetime,
    rules: Rules,
    *,
    why: Why | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 25,
) -> Page[Wish]:
    """The slots that lack something, title by title: what each lacks, when it is due. A page is of `limit` titles that may: it holds fewer
    where the scores of what is held, which no index knows, leave nothing to be sought."""
    page = media.wanting(conn, why=why, below_cutoff=below_cutoff(conn), kind=kind, cursor=cursor, limit=limit)
    found = []
    for item_id in page.items:
        for wish in gather(conn, item_id, now, rules):
            lacks = tuple(w for w in wish.lacks if why in (None, w.why))
            if lacks:
                found.append(replace(wish, lacks=lacks))
    return Page(tuple(found), page.next)


def _lacks(
    item: MediaItem,
    target: decide.Target,
    slot: WantedSlot,
    rules: Rules,
    looked: Mapping[str, Looked],
    numbers: Mapping[str, decide.Number],
) -> tuple[Wanted, ...]:
    """Everything monitored that the slot lacks, with the time at which its next search is due."""
    past = {
        (slot.name, numbers.get(w.target)): Searched(datetime.fromisoformat(w.last_at), w.fruitless)
        for w in looked.values()
        if w.last_at is not None
    }
    things = wanted(item.id, target, [slot], past, rules.availability_delay_days)
    if not _undated(item, target):
        return things
    return tuple(replace(w, due=due_at(w.why, LONG_AGO, past.get((slot.name, None)))) for w in things)


def _undated(item: MediaItem, target: decide.Target) -> bool:
    """Whether a film is known to be out, and no date says since when."""
    dated = any((target.in_cinemas, target.digital, target.physical))
    return item.type == "movie" and not dated and target.availability == "released"


def _lacking(
    item: MediaItem, target: decide.Target, slot: WantedSlot, rules: Rules, now: datetime, asked: bool
) -> tuple[Wanted, ...]:
    if asked and not target.monitored:
        episodes = tuple(replace(e, monitored=e.season > 0) for e in target.episodes)
        target = replace(target, monitored=True, episodes=episodes)
    # Without past searches: pauses between two searches are for those that time asks for.
    things = wanted(item.id, target, [slot], {}, rules.availability_delay_days)
    if (item.type == "movie" and asked) or _undated(item, target):
        return things
    return tuple(w for w in things if w.due is not None and w.due <= now)


def _target(
    item: MediaItem, episodes: tuple[Episode, ...], held: tuple[decide.Held, ...], rules: Rules, now: datetime
) -> decide.Target:
    return decide.Target(
        kind="movie" if item.type == "movie" else "episode",
        title=item.title,
        year=item.year,
        aliases=item.aliases,
        ids=dict(item.ids),
        runtime=item.runtime,
        original_language=item.original_language,
        monitored=item.monitored,
        held=held,
        series_type=item.metadata.get("series_type", "standard"),
        episodes=tuple(
            decide.Episode(
                e.season,
                e.number,
                absolute=e.absolute,
                air_date=e.air_date,
                airs_at=_day(e.air_date),
                runtime=e.runtime,
                monitored=e.monitored,
            )
            for e in episodes
        ),
        availability=_availability(item, now),
        min_availability=rules.min_availability,
        in_cinemas=_day(item.metadata.get("in_cinemas")),
        digital=_day(item.metadata.get("digital")),
        physical=_day(item.metadata.get("physical")),
    )


# The metadata provider's words for how far a film is. "canceled" and the like never become available.
_AVAILABILITY: Mapping[str, decide_model.Availability] = {
    "released": "released",
    "post production": "announced",
    "rumored": "tba",
}


def _availability(item: MediaItem, now: datetime) -> decide_model.Availability | None:
    """How far a film is, for where no date tells: as its provider says, else a film of an earlier year is taken to be out."""
    if item.status is not None:
        return _AVAILABILITY.get(item.status.lower(), "announced")
    return None if item.year is None else "released" if item.year < now.year else "announced"


def _held(
    file: FileView,
    item: MediaItem,
    numbers: Mapping[str, decide.Number],
    profile: QualityProfile,
    formats: Sequence[CustomFormat],
) -> decide.Held:
    names = formats_of(file, item, formats)
    return decide.Held(
        quality=file.quality or "Unknown",
        revision=revision_of(file),
        score=score(names, profile),
        size=file.size,
        episodes=tuple(numbers[e] for e in file.episode_ids if e in numbers),
        release_group=file.release_group,
        added=datetime.fromisoformat(file.created_at),
        formats=names,
        name=file.relative_path,
    )


def _queued(grab: Download, numbers: Mapping[str, decide.Number]) -> decide.Queued:
    return decide.Queued(
        title=grab.title,
        quality=grab.quality or "Unknown",
        revision=_revision(grab),
        score=grab.score,
        episodes=tuple(numbers[t] for t in grab.targets if t in numbers),
    )


def _past(grab: Download, numbers: Mapping[str, decide.Number], files: Sequence[FileView]) -> Iterator[decide.Past]:
    """That it was grabbed; and that it was imported, as what its file turned out to be, while that file is known."""
    grabbed = decide.Past(
        event="grabbed",
        title=grab.title,
        at=datetime.fromisoformat(grab.created_at),
        quality=grab.quality or "Unknown",
        revision=_revision(grab),
        score=grab.score,
        episodes=tuple(numbers[t] for t in grab.targets if t in numbers),
        download_id=grab.infohash or grab.id,
    )
    yield grabbed
    file = next((f for f in files if f.scene_name == grab.title), None)
    if grab.imported_at is not None and file is not None:
        at, quality = datetime.fromisoformat(grab.imported_at), file.quality or "Unknown"
        yield replace(grabbed, event="imported", at=at, quality=quality, revision=revision_of(file))


def _revision(grab: Download) -> Revision:
    release = parse(grab.title)
    return Revision(release.version, release.real, release.repack)


def _day(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
