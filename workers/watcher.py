"""watcher: hears what changes in the library folders, and waits until each new file is whole.

What it can't hear (a folder that was replaced, a full queue, a network share's other users) it leaves to the scanner's walk, which it asks
for whenever something may have been missed. Deletions are taken together: a lot at once is for the walk with its circuit breaker.
"""

import math
from collections import deque
from dataclasses import replace
from functools import partial

import trio
from loguru import logger

from mydia.adapters.disk.polled_watch import PolledWatch
from mydia.adapters.disk.roots import RootCheck, check_root
from mydia.adapters.disk.settling import exists, look_at_all, videos_below
from mydia.adapters.disk.tree_watch import Heard, TreeWatch, WatchEnded
from mydia.adapters.disk.walk import is_skipped, is_video
from mydia.core.stability import Waiting, judge
from mydia.house import House
from mydia.library import changes, queries
from mydia.library.model import KnownFile, Root, SeenFile
from mydia.messages import SettleFile
from mydia.otp import Actor

IDENTITY_EVERY = 15.0
"""Seconds between two looks at whether a folder is still the same one."""
LOSS_WINDOW = 60.0
"""Seconds within which losses are counted together."""

Key = tuple[str, str]  # root id, relative path


def open_watch(path: str, network: bool) -> TreeWatch | PolledWatch:
    """The kernel's word where it gives one; a comparison every few seconds on network shares and where no watches are left."""
    if not network:
        try:
            return TreeWatch(path)
        except OSError as error:
            logger.warning("{} is compared now and then: it can't be watched ({})", path, error.strerror)
    return PolledWatch(path)


class Watcher(Actor):
    """`missed`: an earlier life may have heard of files that it did not come to pass on."""

    def __init__(self, house: House, *, missed: bool = False, identity_every: float = IDENTITY_EVERY) -> None:
        self.house = house
        self.missed = missed
        self.identity_every = identity_every
        self.roots: dict[str, Root] = {}
        self.waiting: dict[Key, Waiting | None] = {}
        self.heard_since: set[Key] = set()
        self.due_changed = trio.Event()
        self.lost: dict[str, set[str]] = {}
        self.losses: dict[str, deque[float]] = {}

    async def start(self) -> None:
        self.roots = {r.id: r for r in await self.house.read(queries.roots)}
        for root in self.roots.values():
            self.spawn(self._watch_for_ever, root)
        self.spawn(self._settle_for_ever)

    async def handle(self, message: object) -> None:
        match message:
            case SettleFile(root_id, relative_path):
                self._await_settling(root_id, relative_path)

    # -- hearing -------------------------------------------------------------------------------------------------------------

    async def _watch_for_ever(self, root: Root) -> None:
        """Watch one folder; again from the start whenever it was replaced or vanished."""
        missed = self.missed
        while True:
            check = await trio.to_thread.run_sync(check_root, root.path)
            if check.state == "unavailable":
                await self.house.insist(changes.set_root_state, root.id, "unavailable", check.reason)
                await trio.sleep(self.identity_every)
            else:
                await self._watch(root, check, missed)
            missed = True

    async def _watch(self, root: Root, check: RootCheck, missed: bool) -> None:
        """Watch until it ends. `missed`: something may have happened before."""
        with await trio.to_thread.run_sync(open_watch, root.path, check.network) as watch:
            if missed or self.house.config.library.scan_on_start:
                await self.house.insist(changes.request_scan, root.id)  # what came before the watch stood
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_replaced, root, check, nursery.cancel_scope)
                try:
                    while True:
                        await self._heard(root, await watch.read())
                except (WatchEnded, OSError) as ended:
                    logger.info("{} is watched anew: {}", root.path, ended)
                nursery.cancel_scope.cancel()

    async def _until_replaced(self, root: Root, before: RootCheck, scope: trio.CancelScope) -> None:
        while True:
            await trio.sleep(self.identity_every)
            now = await trio.to_thread.run_sync(check_root, root.path)
            if (now.device, now.inode) != (before.device, before.inode):
                scope.cancel()

    async def _heard(self, root: Root, batch: list[Heard]) -> None:
        for told in batch:
            if is_skipped(told.relative):
                continue
            match told.what:
                case "new_folder":
                    for found in await trio.to_thread.run_sync(videos_below, root.path, told.relative):
                        self._await_settling(root.id, found)
                case "changed" if is_video(told.relative):
                    self._await_settling(root.id, told.relative)
                case "gone_folder":
                    self._lost(root, told.relative)
                case "gone" if is_video(told.relative):
                    self._lost(root, told.relative)

    # -- losses --------------------------------------------------------------------------------------------------------------

    def _lost(self, root: Root, relative: str) -> None:
        if root.id not in self.lost:
            self.lost[root.id] = set()
            self.spawn(self._count_losses, root)
        self.lost[root.id].add(relative)

    async def _count_losses(self, root: Root) -> None:
        """Once no more is lost: single files are gone. More than may go without a question is for the scanner's walk."""
        library, count = self.house.config.library, -1
        while count != len(self.lost[root.id]):
            count = len(self.lost[root.id])
            await trio.sleep(library.settle_seconds)
        known: list[KnownFile] = []
        for relative in self.lost.pop(root.id):
            known += await self.house.read(queries.known_below, root.id, relative, library.gone_at_least + 1)
        now, lately = trio.current_time(), self.losses.setdefault(root.id, deque())
        while lately and lately[0] < now - LOSS_WINDOW:
            lately.popleft()
        lately.extend([now] * len(known))
        if len(lately) > library.gone_at_least:
            await self.house.insist(changes.request_scan, root.id)
            return
        left = await trio.to_thread.run_sync(
            lambda: {k.id: k.relative_path for k in known if not exists(root.path, k.relative_path)}
        )
        if not left:
            return
        # Looked at after its files were, and as it is known by now: a first scan may have told which disk it is.
        now_known = await self.house.read(queries.get_root, root.id)
        check = await trio.to_thread.run_sync(
            partial(check_root, root.path, known_device=now_known.device, known_files=len(known))
        )
        if check.state in ("ok", "readonly"):
            await self.house.insist(changes.files_gone, left)
        else:
            await self.house.insist(changes.request_scan, root.id)

    # -- waiting until it is whole -------------------------------------------------------------------------------------------

    def _await_settling(self, root_id: str, relative: str) -> None:
        if root_id in self.roots:
            self.waiting.setdefault((root_id, relative), None)
            self.heard_since.add((root_id, relative))
            self.due_changed.set()

    async def _settle_for_ever(self) -> None:
        while True:
            self.due_changed = trio.Event()
            if self.waiting:
                await self._look_at_due()
            earliest = min((w.due if w else 0.0 for w in self.waiting.values()), default=None)
            pause = math.inf if earliest is None else max(0.01, earliest - self.house.clock.now().timestamp())
            with trio.move_on_after(pause):
                await self.due_changed.wait()

    async def _look_at_due(self) -> None:
        now = self.house.clock.now().timestamp()
        due = [k for k, w in self.waiting.items() if w is None or w.due <= now or k in self.heard_since]
        self.heard_since.clear()
        looks = await trio.to_thread.run_sync(look_at_all, [(k, self.roots[k[0]].path) for k in due])
        late = self.house.clock.now().timestamp() - now  # a disk may take its time to answer
        whole: dict[str, list[SeenFile]] = {}
        for key, (look, seen) in looks.items():
            verdict = judge(self.waiting[key], look, now, quiet=self.house.config.library.settle_seconds)
            if isinstance(verdict, Waiting):
                # What looks new is as it is since it was looked at, which may be long after we asked.
                new = verdict.since == now
                self.waiting[key] = replace(verdict, since=now + late, due=verdict.due + late) if new else verdict
            elif key not in self.heard_since:  # else it changed while it was looked at: look again
                del self.waiting[key]
                if verdict == "stable" and seen is not None:
                    whole.setdefault(key[0], []).append(seen)
        for root_id, files in whole.items():
            await self.house.insist(changes.files_seen, root_id, files)
