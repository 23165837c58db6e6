"""Writes of titles. Every function is a transaction: `(tx, ...) -> value`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

from mydia.core.decide.model import Episode, Number
from mydia.core.titles import sort_title, title_key
from mydia.core.wanted import (
    FILM_PRESETS,
    SHOW_PRESETS,
    NewSeasons,
    Preset,
    ShowPreset,
    monitored_by,
    new_episode_monitored,
    policy_of,
)
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import MediaAdded, MediaDeleted, MediaUpdated
from mydia.lacking import reckon
from mydia.media.model import MAIN
from mydia.media.queries import get_slot
from mydia.ports import EpisodeDetails, MediaDetails
from mydia.store.engine import to_json
from mydia.store.transaction import Transaction, parse_time

_FURTHER = frozenset(
    {
        "genres",
        "rating",
        "certification",
        "in_cinemas",
        "digital",
        "physical",
        "images",
        "provider",
        "collection",
        "collection_id",
    }
)


def add_media(
    tx: Transaction,
    details: MediaDetails,
    *,
    root_id: str | None = None,
    quality_profile_id: str | None = None,
    default_profile: str = "HD-1080p",
    monitored: bool = True,
    preset: Preset | None = None,
    new_seasons: NewSeasons | None = None,
    also_held: Iterable[Number] = (),
    search: bool = False,
    actor: str = "system",
) -> str:
    """The new title's id; the existing one's where any of its ids is known already (adding twice is one title).

    `default_profile` names the quality profile of the default slot where `quality_profile_id` is None. `preset` says what of it is
    wanted (all of it when None), `new_seasons` what of it is when more comes (as the preset has it when None), `also_held` the
    episodes whose files are known, but not looked at yet; with `monitored` False none of it is.
    """
    known = find_by_ids(tx, details.kind, details.ids)
    if known is not None:
        return known
    _check_choice(tx, details.kind, root_id, quality_profile_id)
    preset = checked_preset(details.kind, preset) if monitored else "none"
    item_id = tx.new_id()
    tx.insert(
        "media_items",
        {
            "id": item_id,
            "type": details.kind,
            "root_id": root_id or _root_for(tx, details.kind),
            "created_at": tx.now,
            **_facts(tx, details),
        },
    )
    tx.insert(
        "slots",
        {
            "id": tx.new_id(),
            "media_item_id": item_id,
            "name": MAIN,
            "quality_profile_id": quality_profile_id or _profile_named(tx, default_profile),
            "created_at": tx.now,
        },
    )
    _put_ids_and_titles(tx, item_id, details)
    _put_episodes(tx, item_id, details.episodes)
    wants = _monitor(tx, item_id, details.kind, preset, new_seasons, also_held)
    tx.emit(MediaAdded(media_item_id=item_id, actor=actor, title=details.title, kind=details.kind, year=details.year))
    if details.images.get("poster"):
        tx.enqueue("refresh_metadata", {"media_item_id": item_id, "what": "poster"}, media_item_id=item_id)
    if preset == "collection":
        tx.enqueue(
            "refresh_metadata",
            {"media_item_id": item_id, "what": "collection", "search": search},
            media_item_id=item_id,
        )
    if search and wants:
        tx.enqueue("search_media", {"media_item_id": item_id, "asked": True}, media_item_id=item_id, priority=-1)
    return item_id


def checked_preset(kind: str, preset: Preset | None) -> Preset:
    """The preset, or the one that means all of it. Invalid where this kind of title has none of that name."""
    known: tuple[Preset, ...] = FILM_PRESETS if kind == "movie" else SHOW_PRESETS
    if preset is None:
        return known[0]
    if preset not in known:
        raise Invalid(f"What is monitored of it must be one of {', '.join(known)}, not {preset!r}.", field="monitor")
    return preset


def monitor_by(tx: Transaction, item_id: str, preset: Preset, *, actor: str = "system") -> None:
    """Want of a title what a preset says, from now on."""
    title = _must_exist(tx, item_id)
    kind = tx.value("select type from media_items where id = :id", id=item_id)
    policy = tx.value("select new_seasons from media_items where id = :id", id=item_id)
    _monitor(tx, item_id, kind, checked_preset(kind, preset), policy)
    if preset == "collection":
        tx.enqueue("refresh_metadata", {"media_item_id": item_id, "what": "collection"}, media_item_id=item_id)
    tx.emit(MediaUpdated(media_item_id=item_id, actor=actor, title=title, changed=("monitored",)))


def _monitor(
    tx: Transaction,
    item_id: str,
    kind: str,
    preset: Preset,
    new_seasons: NewSeasons | None,
    also_held: Iterable[Number] = (),
) -> bool:
    """Whether anything of it is wanted, now or once it comes. A show of which nothing is, and nothing new, is not monitored itself."""
    if kind == "movie":
        tx.update("media_items", item_id, monitored=int(preset != "none"))
        reckon(tx, item_id)
        return preset != "none"
    by_preset = cast(ShowPreset, preset)
    policy = new_seasons or policy_of(by_preset)
    rows = tx.all(
        "select e.id, e.season_number, e.episode_number, e.air_date, e.monitored, exists (select 1 from held_files h where h.target = e.id)"
        " as held from episodes e where e.media_item_id = :id order by e.season_number, e.episode_number",
        id=item_id,
    )
    held = {(r["season_number"], r["episode_number"]) for r in rows if r["held"]} | set(also_held)
    chosen = monitored_by(by_preset, [_aired(r) for r in rows], held, parse_time(tx.now))
    changed = [
        {"id": r["id"], "m": int(not r["monitored"]), "now": tx.now}
        for r in rows
        if ((r["season_number"], r["episode_number"]) in chosen) != bool(r["monitored"])
    ]
    tx.execute_many("update episodes set monitored = :m, updated_at = :now where id = :id", changed)
    wants = bool(chosen) or policy == "all"
    tx.update("media_items", item_id, monitored=int(wants), new_seasons=policy, updated_at=tx.now)
    reckon(tx, item_id)
    return wants


def _aired(row: dict[str, Any]) -> Episode:
    """An episode as the core's presets look at it."""
    day = row["air_date"]
    airs_at = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    return Episode(row["season_number"], row["episode_number"], airs_at=airs_at, monitored=bool(row["monitored"]))


def refresh(tx: Transaction, item_id: str, details: MediaDetails) -> None:
    """Bring a title up to what its provider says now. Episodes appear, monitored as their season or the show's policy has it, and change;
    none ever goes."""
    _must_exist(tx, item_id)
    tx.update("media_items", item_id, **_facts(tx, details))
    _put_ids_and_titles(tx, item_id, details)
    _put_episodes(tx, item_id, details.episodes)
    reckon(tx, item_id)
    tx.emit(MediaUpdated(media_item_id=item_id, title=details.title, changed=("metadata",)))


def set_poster(tx: Transaction, item_id: str, poster: str) -> None:
    """`poster` is the file's name in the data folder's posters."""
    title = _must_exist(tx, item_id)
    tx.update("media_items", item_id, poster=poster, updated_at=tx.now)
    tx.emit(MediaUpdated(media_item_id=item_id, title=title, changed=("poster",)))


def update_media(
    tx: Transaction,
    item_id: str,
    *,
    monitored: bool | None = None,
    quality_profile_id: str | None = None,
    title: str | None = None,
    preset: Preset | None = None,
    new_seasons: NewSeasons | None = None,
    actor: str = "system",
) -> None:
    """Change what a person may change. Monitoring a show sets its episodes too (but for specials); a preset says which; a new profile
    goes to the default slot."""
    old_title = _must_exist(tx, item_id)
    changed = []
    if title is not None:
        if not title.strip():
            raise Invalid("A title can't be empty.", field="title")
        tx.update("media_items", item_id, title=title.strip(), sort_title=sort_title(title), updated_at=tx.now)
        _put_title(tx, item_id, title)
        changed.append("title")
    if new_seasons is not None:
        tx.update("media_items", item_id, new_seasons=new_seasons, updated_at=tx.now)
        changed.append("new_seasons")
    if monitored is not None:
        tx.update("media_items", item_id, monitored=int(monitored), updated_at=tx.now)
        tx.execute(
            "update episodes set monitored = :m, updated_at = :now where media_item_id = :id and (:m = 0 or season_number > 0)",
            m=int(monitored),
            now=tx.now,
            id=item_id,
        )
        reckon(tx, item_id)
        changed.append("monitored")
    if preset is not None:
        monitor_by(tx, item_id, preset, actor=actor)
    if quality_profile_id is not None:
        _check_choice(tx, "", None, quality_profile_id)
        tx.execute(
            "update slots set quality_profile_id = :p where media_item_id = :id and name = :main",
            p=quality_profile_id,
            main=MAIN,
            id=item_id,
        )
        reckon(tx, item_id)
        changed.append("quality_profile")
    if changed:
        tx.emit(MediaUpdated(media_item_id=item_id, actor=actor, title=title or old_title, changed=tuple(changed)))


def set_episode_monitored(tx: Transaction, episode_id: str, monitored: bool, *, actor: str = "system") -> None:
    row = tx.one(
        "select e.media_item_id as item, m.title as title from episodes e join media_items m on m.id = e.media_item_id where e.id = :id",
        id=episode_id,
    )
    if row is None:
        raise NotFound(f"There is no episode {episode_id}.")
    tx.update("episodes", episode_id, monitored=int(monitored), updated_at=tx.now)
    reckon(tx, row["item"])
    tx.emit(MediaUpdated(media_item_id=row["item"], actor=actor, title=row["title"], changed=("monitored",)))


def set_season_monitored(tx: Transaction, item_id: str, season: int, monitored: bool, *, actor: str = "system") -> int:
    """Want every episode of a season, or none of it any more: how many it has. NotFound where it has none."""
    title = _must_exist(tx, item_id)
    episodes = tx.execute(
        "update episodes set monitored = :m, updated_at = :now where media_item_id = :id and season_number = :s",
        m=int(monitored),
        now=tx.now,
        id=item_id,
        s=season,
    )
    if not episodes:
        raise NotFound(f"{title} has no season {season}.")
    reckon(tx, item_id)
    tx.emit(MediaUpdated(media_item_id=item_id, actor=actor, title=title, changed=("monitored",)))
    return episodes


def delete_media(tx: Transaction, item_id: str, *, actor: str = "system") -> None:
    """Forget a title. Its files stay on disk and in the library, unmatched; a running download must be cancelled first."""
    title = _must_exist(tx, item_id)
    if tx.value(
        "select 1 from open_grabs g join slots s on s.id = g.slot_id where s.media_item_id = :id limit 1", id=item_id
    ):
        raise Conflict(f"{title} is being downloaded. Cancel the download first, then delete the title.")
    tx.execute(
        "update media_files set media_item_id = null, state = 'unmatched', reason = :why, updated_at = :now where media_item_id = :id",
        why="Its title was deleted",
        now=tx.now,
        id=item_id,
    )
    tx.execute("delete from media_items where id = :id", id=item_id)
    tx.emit(MediaDeleted(media_item_id=item_id, actor=actor, title=title))


def request_search(
    tx: Transaction,
    item_id: str,
    *,
    slot_id: str | None = None,
    season: int | None = None,
    episode: int | None = None,
    grab: bool = True,
) -> str:
    """A person's "search now", for all its versions or one, for all that is lacking or one season or episode: the id of the job that
    will do it. Without `grab` what is found is kept to choose from, and nothing is taken."""
    title = _must_exist(tx, item_id)
    if season is None and episode is not None:
        raise Invalid("Of which season is the episode?", field="season")
    if season is not None and not tx.value(
        "select 1 from episodes where media_item_id = :id and season_number = :s and (:any = 1 or episode_number = :e) limit 1",
        id=item_id,
        s=season,
        any=int(episode is None),
        e=-1 if episode is None else episode,
    ):
        raise NotFound(f"{title} has no season {season}" + ("." if episode is None else f" with an episode {episode}."))
    said = {
        "slot_id": get_slot(tx, item_id, slot_id).id if slot_id is not None else None,
        "season": season,
        "episode": episode,
        "look": None if grab else True,
    }
    wish = {"media_item_id": item_id, "mode": "user", **{k: v for k, v in said.items() if v is not None}}
    return tx.enqueue("search_media", wish, media_item_id=item_id, priority=-2, hurry=True)


def searched(tx: Transaction, item_id: str) -> None:
    """Its turn is over, so that others get theirs, although there was nothing to search for."""
    tx.execute("update media_items set last_search_at = :now where id = :id", now=tx.now, id=item_id)


def request_round(tx: Transaction, limit: int) -> str:
    """A person's "search all": what is due, within the indexers' tokens of today; the id of the job that will do it."""
    return tx.enqueue("search_missing", {"limit": limit}, priority=-1, hurry=True)


def request_refresh(tx: Transaction, item_id: str, *, hurry: bool = False) -> str:
    """Ask the metadata provider about a title again; the job's id. `hurry`: somebody waits for it."""
    _must_exist(tx, item_id)
    wish = {"media_item_id": item_id, "what": "details"}
    return tx.enqueue("refresh_metadata", wish, media_item_id=item_id, priority=-1 if hurry else None, hurry=hurry)


def find_by_ids(tx: Transaction, kind: str, ids: Mapping[str, str]) -> str | None:
    for provider, external in ids.items():
        found = tx.value(
            "select media_item_id from external_ids where type = :t and provider = :p and external_id = :e",
            t=kind,
            p=provider,
            e=str(external),
        )
        if found is not None:
            return str(found)
    return None


def _facts(tx: Transaction, details: MediaDetails) -> dict[str, object]:
    further = {k: v for k, v in asdict(details).items() if k in _FURTHER and v}
    return {
        "title": details.title,
        "sort_title": sort_title(details.title),
        "original_title": details.original_title,
        "original_language": details.original_language,
        "year": details.year,
        "overview": details.overview,
        "runtime": details.runtime,
        "status": details.status,
        "metadata": to_json(further),
        "metadata_refreshed_at": tx.now,
        "updated_at": tx.now,
    }


def _put_ids_and_titles(tx: Transaction, item_id: str, details: MediaDetails) -> None:
    for provider, external in details.ids.items():
        tx.execute(
            "insert into external_ids (type, provider, external_id, media_item_id) values (:t, :p, :e, :id)"
            " on conflict (type, provider, external_id) do nothing",
            t=details.kind,
            p=provider,
            e=str(external),
            id=item_id,
        )
    for title in (details.title, details.original_title, *details.aliases):
        if title:
            _put_title(tx, item_id, title)


def _put_title(tx: Transaction, item_id: str, title: str) -> None:
    tx.execute(
        "insert into media_titles (media_item_id, clean_title, title) values (:id, :key, :title)"
        " on conflict (media_item_id, clean_title) do nothing",
        id=item_id,
        key=title_key(title),
        title=title,
    )


def _put_episodes(tx: Transaction, item_id: str, episodes: Sequence[EpisodeDetails]) -> None:
    """Bring episodes up to what is said of them; those that are new are monitored as their season is, or by the show's policy."""
    policy: NewSeasons = (
        tx.value("select new_seasons from media_items where id = :id and monitored = 1", id=item_id) or "none"
    )
    rows = tx.all(
        "select season_number as season, max(monitored) as m from episodes where media_item_id = :id"
        " group by season_number order by season",
        id=item_id,
    )
    known = {r["season"]: bool(r["m"]) for r in rows}
    for e in episodes:
        tx.execute(
            "insert into episodes (id, media_item_id, season_number, episode_number, absolute_number, title, air_date, runtime, overview,"
            " monitored, created_at, updated_at)"
            " values (:id, :item, :season, :number, :absolute, :title, :air, :runtime, :overview, :m, :now, :now)"
            " on conflict (media_item_id, season_number, episode_number) do update set absolute_number = excluded.absolute_number,"
            " title = excluded.title, air_date = excluded.air_date, runtime = excluded.runtime, overview = excluded.overview,"
            " updated_at = excluded.updated_at",
            id=tx.new_id(),
            item=item_id,
            season=e.season,
            number=e.episode,
            absolute=e.absolute,
            title=e.title,
            air=e.air_date,
            runtime=e.runtime,
            overview=e.overview,
            m=int(new_episode_monitored(e.season, known, policy)),
            now=tx.now,
        )


def _check_choice(tx: Transaction, kind: str, root_id: str | None, profile_id: str | None) -> None:
    """Invalid when a folder or profile that was asked for does not exist, or the folder is for the other kind of title."""
    if root_id is not None and tx.value("select type from library_roots where id = :r", r=root_id) != kind:
        raise Invalid(f"There is no library folder {root_id!r} for titles of the type {kind}.", field="root_id")
    if profile_id is not None and tx.value("select 1 from quality_profiles where id = :p", p=profile_id) is None:
        raise Invalid(f"There is no quality profile {profile_id!r}.", field="quality_profile_id")


def _root_for(tx: Transaction, kind: str) -> str | None:
    found = tx.value("select id from library_roots where type = :t order by created_at, id limit 1", t=kind)
    return None if found is None else str(found)


def _profile_named(tx: Transaction, name: str) -> str:
    found = tx.value("select id from quality_profiles where name = :n", n=name) or tx.value(
        "select id from quality_profiles order by created_at, id limit 1"
    )
    if found is None:
        raise Invalid("There is no quality profile yet; make one in the settings first.", field="quality_profile_id")
    return str(found)


def _must_exist(tx: Transaction, item_id: str) -> str:
    title = tx.value("select title from media_items where id = :id", id=item_id)
    if title is None:
        raise NotFound(f"There is no title {item_id}.")
    return str(title)
