"""scanner: walks a library folder and compares it with what is known. The watcher gives speed, this walk gives truth.

A folder that is missing, empty where it was full, or on another device means *unknown*: nothing in it is called gone, and neither is
anything when too much vanished at once. A person can confirm that it was meant (a job with `confirmed_by`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import trio
from loguru import logger

from mydia.adapters.disk.roots import RootCheck, check_root
from mydia.adapters.disk.settling import exists
from mydia.adapters.disk.system import printable
from mydia.adapters.disk.walk import Found, Walk
from mydia.house import House
from mydia.jobs.model import Job
from mydia.library import changes, queries
from mydia.library.model import KnownFile, Root, SeenFile
from mydia.messages import SettleFile
from workers.job_actor import JobActor

PORTION = 1000


@dataclass(slots=True)
class Walked:
    """What a walk came to. `seen` holds the hashes of the paths, since the paths of a large library take much memory."""

    walk: Walk
    seen: set[int] = field(default_factory=set)
    added: int = 0


class Scanner(JobActor):
    def __init__(self, house: House, boot: str) -> None:
        super().__init__(house, boot)
        self.kinds = {"scan_root": self.scan_root}

    async def scan_root(self, job: Job) -> None:
        root = await self.house.read(queries.get_root, job.args["root_id"])
        known = await self.house.read(queries.count_known, root.id)
        confirmed = "confirmed_by" in job.args
        check = await self._check(root, 0 if confirmed else known)
        # Another daemon may have on a disk of its own what this one sees as a share: the disk's number is what is remembered.
        device = None if check.network and self.house.engine.shared else check.device
        await self.house.write(changes.set_root_state, root.id, check.state, check.reason, device)
        if check.state in ("unavailable", "suspicious"):
            logger.warning("library folder {}: {}", root.path, check.reason)
            return
        began = trio.current_time()
        walked = await self._walk(job, root)
        gone = await self._gone(root, check, known, walked, confirmed=confirmed)
        await self.house.write(
            changes.scan_finished,
            root.id,
            seen=len(walked.seen),
            added=walked.added,
            gone=gone,
            seconds=trio.current_time() - began,
            problems=[p.message for p in walked.walk.problems],
        )

    async def _check(self, root: Root, known: int) -> RootCheck:
        return await trio.to_thread.run_sync(
            partial(check_root, root.path, known_device=root.device, known_files=known)
        )

    async def _walk(self, job: Job, root: Root) -> Walked:
        """Walk, and write down what is new or changed as it is found; what may still be growing is the watcher's to wait for."""
        walked = Walked(Walk(root.path, batch=PORTION))
        settled_before = int((self.house.clock.now().timestamp() - self.house.config.library.settle_seconds) * 1e9)
        batches = iter(walked.walk)
        while batch := await trio.to_thread.run_sync(next, batches, None):
            videos = [f for f in batch if f.kind == "video"]
            walked.seen.update(hash(f.relative) for f in videos)
            known = await self.house.read(queries.known_at, root.id, [f.relative for f in videos])
            whole, growing = changed(videos, known, settled_before)
            if whole:
                walked.added += await self.house.write(changes.files_seen, root.id, whole)
            for relative in growing:
                await self.house.mail["watcher"].tell(SettleFile(root.id, relative))
            await self.report(job, done=len(walked.seen), text=root.path)
        return walked

    async def _gone(self, root: Root, check: RootCheck, known: int, walked: Walked, *, confirmed: bool) -> int:
        """Call files gone, unless so many vanished at once that a mount or a mistake is likelier than a wish."""
        gone: list[KnownFile] = []
        after = ""
        while page := await self.house.read(queries.known_after, root.id, after, PORTION):
            after = page[-1].relative_path
            unseen = [k for k in page if hash(k.relative_path) not in walked.seen]
            gone += await trio.to_thread.run_sync(vanished, root.path, unseen, walked.walk)
        library = self.house.config.library
        if not confirmed and len(gone) > max(library.gone_at_least, int(known * library.gone_share)):
            reason = f"{len(gone)} of {known} files vanished at once. If that was meant, confirm it; if not, check the disk or share."
            await self.house.write(changes.set_root_state, root.id, "suspicious", reason, check.device)
            return 0
        if gone and (other := await self._went_away(root, check, 0 if confirmed else known)):
            await self.house.write(changes.set_root_state, root.id, "suspicious", other)
            return 0
        for start in range(0, len(gone), PORTION):
            await self.house.write(changes.files_gone, {k.id: k.relative_path for k in gone[start : start + PORTION]})
        return len(gone)

    async def _went_away(self, root: Root, before: RootCheck, known: int) -> str | None:
        """Why what was not seen may be there all the same: its disk was taken away while it was walked."""
        now = await self._check(root, known)
        if now.state in ("unavailable", "suspicious"):
            return now.reason
        if (now.device, now.inode) != (before.device, before.inode):
            return (
                f"{printable(root.path)} became another folder while it was walked: is the right disk or share mounted?"
            )
        return None


def changed(
    videos: Sequence[Found], known: Mapping[str, KnownFile], settled_before: int
) -> tuple[list[SeenFile], list[str]]:
    """What is new or changed: whole files, and the paths of those that were modified after `settled_before` (nanoseconds)."""
    whole, growing = [], []
    for f in videos:
        before = known.get(f.relative)
        if before is not None and before.state != "missing" and (before.size, before.mtime_ns) == (f.size, f.mtime_ns):
            continue
        if f.mtime_ns > settled_before:
            growing.append(f.relative)
        else:
            whole.append(SeenFile(f.relative, f.size, f.mtime_ns, f.inode))
    return whole, growing


def vanished(root: str, unseen: Sequence[KnownFile], walk: Walk) -> list[KnownFile]:
    """Those that are not there: not where nothing could be read, and not what came while the walk was elsewhere."""
    return [k for k in unseen if not walk.is_unread(k.relative_path) and not exists(root, k.relative_path)]
