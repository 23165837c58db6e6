"""A finished download on its way into the library: where it goes, what its files are measured by, and the facts that its import is
decided on. The reads here span contexts; looking at the files and moving them is the importer's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mydia.adapters.disk.incoming import Folder
from mydia.choosing import queries as choosing
from mydia.core.importing import ImportFacts
from mydia.core.release import Candidate
from mydia.downloads.model import Download
from mydia.errors import Invalid
from mydia.incoming import Incoming, Wants, found_file, import_target
from mydia.library import queries as files
from mydia.library.model import FileView, Root
from mydia.media import queries as media
from mydia.media.model import Episode, MediaItem
from mydia.store.engine import Connection


@dataclass(frozen=True, slots=True)
class Delivery:
    """`known`: its title, as names are matched with it; `episodes`: all of it. `held`: target -> what its slot holds of it.

    `done`: source -> destination of the files that an earlier attempt brought in.
    """

    download: Download
    item: MediaItem
    root: Root
    folder: Folder
    wants: Wants
    known: Candidate
    episodes: tuple[Episode, ...]
    held: Mapping[str, FileView]
    done: Mapping[str, str]

    @property
    def files(self) -> dict[str, Incoming]:
        return {file.path: file for file in self.folder.files}


def home_of(conn: Connection, download: Download) -> Root:
    """The library folder a download goes to. Invalid where there is none, or its title was deleted meanwhile."""
    if download.media_item_id is None or download.slot_id is None:
        raise Invalid("The title it was grabbed for was deleted meanwhile")
    item, roots = media.get_media(conn, download.media_item_id), files.roots(conn)
    for root in (*(r for r in roots if r.id == item.root_id), *(r for r in roots if r.type == item.type)):
        return root
    raise Invalid(f"There is no library folder for {item.title}; add one under media.library_paths")


def gather(conn: Connection, download: Download, root: Root, folder: Folder) -> Delivery:
    """All that the plan of an import needs to know beside the disks. Invalid where what it was grabbed for was deleted meanwhile."""
    item = media.get_media(conn, download.media_item_id or "")
    slot = next((s for s in media.slots_of(conn, item.id) if s.id == download.slot_id), None)
    if slot is None:
        raise Invalid("The slot it was grabbed for was deleted meanwhile")
    profile = choosing.get_profile(conn, slot.quality_profile_id)
    done = {row.source: row.relative_path for row in files.journal_of(conn, download.id) if row.state == "done"}
    held = {target: files.held_file(conn, slot.id, target) for target in download.targets}
    return Delivery(
        download,
        item,
        root,
        folder,
        Wants.of_slot(slot, profile, choosing.formats(conn), download.metadata),
        media.candidate(conn, item.id),
        media.episodes_of(conn, item.id),
        # Without what an earlier attempt at this very download brought in.
        {t: f for t, f in held.items() if f and not (f.root_id == root.id and f.relative_path in done.values())},
        done,
    )


def import_facts(of: Delivery, *, can_link: bool, free_space: int, min_free_space: int, forced: bool) -> ImportFacts:
    """What the plan is made from, but for what stands in the library already."""
    episodes, targets = {e.id: e for e in of.episodes}, of.download.targets
    return ImportFacts(
        kind="movie" if of.item.type == "movie" else "episode",
        profile=of.wants.profile,
        files=tuple(
            found_file(f, of.item, of.known, of.episodes, of.download.title, of.wants) for f in of.folder.files
        ),
        targets=tuple(
            import_target(t, episodes.get(t), of.item, of.held.get(t), of.wants, of.root.id) for t in targets
        ),
        release_claims=targets if len(targets) == 1 else (),
        can_link=can_link,
        free_space=free_space,
        min_free_space=min_free_space,
        forced=forced,
    )
