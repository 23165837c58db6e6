"""What is wished for one title, gathered for `core.decide`. The reads here span contexts, which contexts themselves never do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mydia.appraise import formats_of, revision_of
from mydia.choosing import queries as choosing
from mydia.core import decide
from mydia.core.decide import model as decide_model
from mydia.core.formats import CustomFormat, score
from mydia.core.quality import QUALITIES, QualityProfile, Revision
from mydia.core.release import parse
from mydia.core.wanted import Slot as WantedSlot
from mydia.core.wanted import Wanted, wanted
from mydia.downloads import queries as downloads
from mydia.downloads.model import OPEN, Download
from mydia.library import queries as library
from mydia.library.model import FileView
from mydia.media import queries as media
from mydia.media.model import Episode, MediaItem, Slot
from mydia.settings.rules import Rules
from mydia.store.engine import Connection
from mydia.store.transaction import to_text

PAUSE = timedelta(hours=6)
"""Between two searches that time asks for, for what is missing."""
UPGRADE_PAUSE = timedelta(days=1)
"""... and for something better than what is held."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One slot of one title, for deciding. `wanted` is what it lacks, or holds below its cutoff, and what can exist by now."""

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

    def episode_ids(self, numbers: tuple[decide.Number, ...]) -> tuple[str, ...]:
        by_number = {(e.season, e.number): e.id for e in self.episodes}
        return tuple(by_number[n] for n in numbers if n in by_number)


def gather(
    conn: Connection,
    media_item_id: str,
    now: datetime,
    rules: Rules,
    slot_id: str | None = None,
    *,
    asked: bool = False,
) -> tuple[Wish, ...]:
    """One wish per slot of the title, or of the one slot. Raises NotFound when the title is gone.

    `asked`: by a person, so that it is wanted whether it is monitored and known to be out, or not.
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
        lacking = _lacking(item, target, WantedSlot(slot.name, profile, held), rules, now, asked)
        target = replace(target, wanted=frozenset(w.number for w in lacking if w.number is not None))
        wishes.append(Wish(item, slot, profile, episodes, target, formats, queue, history, blocked, lacking))
    return tuple(wishes)


def next_searches(conn: Connection, now: datetime, limit: int) -> tuple[str, ...]:
    """The titles to search for next, the longest unsearched first: what lacks something, or holds less than its profile would have."""
    profiles = (p for p in choosing.list_profiles(conn) if p.upgrades)
    below = {p.id: [q for q in QUALITIES if p.scores or p.standing(q) < p.effective_cutoff()] for p in profiles}
    return media.longest_unsearched(
        conn,
        today=now.date().isoformat(),
        missing_before=to_text(now - PAUSE),
        below_cutoff=below,
        upgrades_before=to_text(now - UPGRADE_PAUSE),
        limit=limit,
    )


def _lacking(
    item: MediaItem, target: decide.Target, slot: WantedSlot, rules: Rules, now: datetime, asked: bool
) -> tuple[Wanted, ...]:
    if asked and not target.monitored:
        episodes = tuple(replace(e, monitored=e.season > 0) for e in target.episodes)
        target = replace(target, monitored=True, episodes=episodes)
    # Without past searches: the pause between two searches is next_searches' concern, not that of a search that was asked for.
    things = wanted(item.id, target, [slot], {}, rules.availability_delay_days)
    undated = not any((target.in_cinemas, target.digital, target.physical))
    if item.type == "movie" and (asked or (undated and target.availability == "released")):
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
