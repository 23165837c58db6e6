"""scanner: walks a library folder and compares it with what is known. The watcher gives speed, this walk gives truth.

A folder that is missing, empty where it was full, or on another device means *unknown*: nothing in it is called gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import trio
from loguru import logger

from mydia.adapters.disk.roots import RootCheck, check_root
from mydia.adapters.disk.walk import Found, Walk
from mydia.house import House
from mydia.jobs.model import Job
from mydia.library import changes, queries
from mydia.library.model import KnownFile, Root, SeenFile
from mydia.messages import SettleFile
from workers.job_actor import JobActor

BATCH = 200


@dataclass(slots=True)
class Comparison:
    """What a walk found against what was known."""

    seen: int = 0
    new: list[SeenFile] = field(default_factory=list)
    moving: list[str] = field(
        default_factory=list
    )  # younger than the settling time: the watcher waits until they are whole
    gone: list[str] = field(default_factory=list)  # ids
    problems: list[str] = field(default_factory=list)


class Scanner(JobActor):
    def __init__(self, house: House, boot: str) -> None:
        super().__init__(house, boot)
        self.kinds = {"scan_root": self.scan_root}

    async def scan_root(self, job: Job) -> None:
        root = await self.house.read(queries.get_root, job.args["root_id"])
        known = await self.house.read(queries.known_files, root.id)
        alive = sum(1 for k in known.values() if k.state != "missing")
        check = await trio.to_thread.run_sync(
            lambda: check_root(root.path, known_device=root.device, known_files=alive)
        )
        await self.house.write(changes.set_root_state, root.id, check.state, check.reason, check.device)
        if check.state in ("unavailable", "suspicious"):
            logger.warning("library folder {}: {}", root.path, check.reason)
            return
        began = trio.current_time()
        settled_before = int((self.house.clock.now().timestamp() - self.house.config.library.settle_seconds) * 1e9)
        found = await trio.to_thread.run_sync(compare, root.path, known, settled_before)
        gone = await self._gone(root, check, alive, found)
        for start in range(0, len(found.new), BATCH):
            await self.house.write(changes.files_seen, root.id, found.new[start : start + BATCH])
        for relative in found.moving:
            await self.house.mail["watcher"].tell(SettleFile(root.id, relative))
        await self.house.write(
            changes.scan_finished,
            root.id,
            seen=found.seen,
            added=len(found.new),
            gone=gone,
            seconds=trio.current_time() - began,
            problems=found.problems,
        )

    async def _gone(self, root: Root, check: RootCheck, alive: int, found: Comparison) -> int:
        """Call files gone, unless so many vanished at once that a mount or a mistake is likelier than a wish."""
        limit = max(self.house.config.library.gone_at_least, int(alive * self.house.config.library.gone_share))
        if len(found.gone) > limit:
            reason = f"{len(found.gone)} of {alive} files vanished at once. If that was meant, confirm it; if not, check the disk or share."
            await self.house.write(changes.set_root_state, root.id, "suspicious", reason, check.device)
            return 0
        for start in range(0, len(found.gone), BATCH):
            await self.house.write(changes.files_gone, found.gone[start : start + BATCH])
        return len(found.gone)


def compare(path: str, known: Mapping[str, KnownFile], settled_before: int) -> Comparison:
    """Walk a root and hold it against what is known of it. Runs in a thread: it stats every video.

    `settled_before`: modification time, in nanoseconds, from which on a new file may still be growing.
    """
    result = Comparison()
    walk = Walk(path)
    left = {relative: k for relative, k in known.items() if k.state != "missing"}
    for batch in walk:
        for f in batch:
            if f.kind != "video":
                continue
            result.seen += 1
            before = left.pop(f.relative, None)
            if before is not None and (before.size, before.mtime_ns) == (f.size, f.mtime_ns):
                continue
            if f.mtime_ns > settled_before:
                result.moving.append(f.relative)
            else:
                result.new.append(_seen(f))
    result.gone = [k.id for relative, k in sorted(left.items()) if not walk.is_unread(relative)]
    result.problems = [p.message for p in walk.problems]
    return result


def _seen(f: Found) -> SeenFile:
    return SeenFile(f.relative, f.size, f.mtime_ns, f.inode)
