"""Writes of titles. Every function is a transaction: `(tx, ...) -> value`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from mydia.core.titles import sort_title, title_key
from mydia.errors import Conflict, Invalid, NotFound
from mydia.events import MediaAdded, MediaDeleted, MediaUpdated
from mydia.ports import EpisodeDetails, MediaDetails
from mydia.store.engine import to_json
from mydia.store.transaction import Transaction


def add_media(
    tx: Transaction,
    details: MediaDetails,
    *,
    root_id: str | None = None,
    quality_profile_id: str | None = None,
    default_profile: str = "HD-1080p",
    monitored: bool = True,
    search: bool = False,
    actor: str = "system",
) -> str:
    """The new title's id; the existing one's where any of its ids is known already (adding twice is one title).

    `default_profile` names the quality profile of the default slot where `quality_profile_id` is None.
    """
    known = find_by_ids(tx, details.kind, details.ids)
    if known is not None:
        return known
    _check_choice(tx, details.kind, root_id, quality_profile_id)
    item_id = tx.new_id()
    tx.insert(
        "media_items",
        {
            "id": item_id,
            "type": details.kind,
            "monitored": int(monitored),
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
            "name": "default",
            "quality_profile_id": quality_profile_id or _profile_named(tx, default_profile),
            "created_at": tx.now,
        },
    )
    _put_ids_and_titles(tx, item_id, details)
    _put_episodes(tx, item_id, details.episodes, monitored=monitored)
    tx.emit(MediaAdded(media_item_id=item_id, actor=actor, title=details.title, kind=details.kind, year=details.year))
    if details.images.get("poster"):
        tx.enqueue("refresh_metadata", {"media_item_id": item_id, "what": "poster"}, media_item_id=item_id)
    if search and monitored:
        tx.enqueue("search_media", {"media_item_id": item_id}, media_item_id=item_id, priority=-1)
    return item_id


def refresh(tx: Transaction, item_id: str, details: MediaDetails) -> None:
    """Bring a title up to what its provider says now. Episodes appear and change; one that a file or a download hangs on never goes."""
    _must_exist(tx, item_id)
    tx.update("media_items", item_id, **_facts(tx, details))
    _put_ids_and_titles(tx, item_id, details)
    monitored = bool(tx.value("select monitored from media_items where id = :id", id=item_id))
    _put_episodes(tx, item_id, details.episodes, monitored=monitored)
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
    actor: str = "system",
) -> None:
    """Change what a person may change. Monitoring a show sets its episodes too; a new profile goes to the default slot."""
    old_title = _must_exist(tx, item_id)
    changed = []
    if title is not None:
        if not title.strip():
            raise Invalid("A title can't be empty.", field="title")
        tx.update("media_items", item_id, title=title.strip(), sort_title=sort_title(title), updated_at=tx.now)
        _put_title(tx, item_id, title)
        changed.append("title")
    if monitored is not None:
        tx.update("media_items", item_id, monitored=int(monitored), updated_at=tx.now)
        tx.execute(
            "update episodes set monitored = :m, updated_at = :now where media_item_id = :id",
            m=int(monitored),
            now=tx.now,
            id=item_id,
        )
        changed.append("monitored")
    if quality_profile_id is not None:
        _check_choice(tx, "", None, quality_profile_id)
        tx.execute(
            "update slots set quality_profile_id = :p where media_item_id = :id and name = 'default'",
            p=quality_profile_id,
            id=item_id,
        )
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
    tx.emit(MediaUpdated(media_item_id=row["item"], actor=actor, title=row["title"], changed=("monitored",)))


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


def request_search(tx: Transaction, item_id: str, *, actor: str = "system") -> str | None:
    """A person's "search now": the id of the job that will do it."""
    _must_exist(tx, item_id)
    return tx.enqueue("search_media", {"media_item_id": item_id, "mode": "user"}, media_item_id=item_id, priority=-2)


def searched(tx: Transaction, item_id: str) -> None:
    """Its turn is over, so that others get theirs, although there was nothing to search for."""
    tx.execute("update media_items set last_search_at = :now where id = :id", now=tx.now, id=item_id)


def request_refresh(tx: Transaction, item_id: str, *, actor: str = "system") -> str | None:
    _must_exist(tx, item_id)
    return tx.enqueue(
        "refresh_metadata", {"media_item_id": item_id, "what": "details"}, media_item_id=item_id, priority=-1
    )


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
    further = {
        k: v
        for k, v in asdict(details).items()
        if k in ("genres", "rating", "certification", "in_cinemas", "digital", "physical", "images", "provider") and v
    }
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


def _put_episodes(tx: Transaction, item_id: str, episodes: Sequence[EpisodeDetails], *, monitored: bool) -> None:
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
            # Specials are wanted only when a person asks for them, as both incumbents have it.
            m=int(monitored and e.season > 0),
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
