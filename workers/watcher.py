"""watcher: hears what changes in the library folders, and waits until each new file is whole.

One thread per folder runs watchfiles. It reports new folders without what is in them, so those are walked; it goes silent when the folder
itself is replaced, so the folder's identity is looked at now and then. What it misses all the same, the scanner's walk finds.
"""

import math
import os
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

import trio
from loguru import logger
from watchfiles import Change, watch

from mydia.adapters.disk.roots import RootCheck, check_root
from mydia.adapters.disk.walk import Walk, is_skipped, is_video, signed
from mydia.adapters.disk.writers import has_writer
from mydia.core.stability import Look, Waiting, judge
from mydia.errors import MydiaError
from mydia.house import House
from mydia.library import changes, queries
from mydia.library.model import Root, SeenFile
from mydia.messages import SettleFile
from mydia.otp import Actor

IDENTITY_EVERY = 15.0
"""Seconds between two looks at whether a folder is still the same one."""
DEBOUNCE_MS, STEP_MS = 100, 20
POLL_MS = 2000
"""Between two looks where the kernel tells no changes (network shares)."""

Key = tuple[str, str]  # root id, relative path


class Watcher(Actor):
    def __init__(self, house: House) -> None:
        self.house = house
        self.roots: dict[str, Root] = {}
        self.waiting: dict[Key, Waiting | None] = {}
        self.due_changed = trio.Event()

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
        """Watch one folder; again from the start whenever it was replaced, vanished, or its thread failed."""
        while True:
            check = await trio.to_thread.run_sync(check_root, root.path)
            if check.state == "unavailable":
                await self.house.write(changes.set_root_state, root.id, "unavailable", check.reason)
                await trio.sleep(IDENTITY_EVERY)
                continue
            await self._watch(root, check)
            # Whatever ended the watch may have hidden changes: the walk finds them.
            await self.house.write(changes.request_scan, root.id)

    async def _watch(self, root: Root, check: RootCheck) -> None:
        stop = threading.Event()
        send, receive = trio.open_memory_channel[set[tuple[Change, str]]](256)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(partial(self._run_thread, root, check.network, stop, send))
                nursery.start_soon(self._until_replaced, root, check, nursery.cancel_scope)
                async with receive:
                    async for batch in receive:
                        await self._heard(root, batch)
                nursery.cancel_scope.cancel()
        finally:
            stop.set()

    async def _run_thread(
        self, root: Root, polling: bool, stop: threading.Event, send: trio.MemorySendChannel[set[tuple[Change, str]]]
    ) -> None:
        def run() -> None:
            for batch in watch(
                root.path,
                watch_filter=None,
                debounce=DEBOUNCE_MS,
                step=STEP_MS,
                stop_event=stop,
                rust_timeout=1000,
                yield_on_timeout=True,
                raise_interrupt=False,
                force_polling=polling or None,
                poll_delay_ms=POLL_MS,
                ignore_permission_denied=True,
            ):
                if batch:
                    trio.from_thread.run(send.send, batch)

        async with send:
            try:
                # Left behind when cancelled: `stop` ends it within its own time-out, and nobody waits for that.
                await trio.to_thread.run_sync(run, abandon_on_cancel=True)
            except (FileNotFoundError, trio.BrokenResourceError):
                return
            except OSError as error:
                # No inotify watches left, most likely. Polling sees everything, later.
                logger.warning("watching {} by polling: {}", root.path, error)
                polling = True
            if polling and not stop.is_set():
                with suppress(FileNotFoundError, trio.BrokenResourceError):
                    await trio.to_thread.run_sync(run, abandon_on_cancel=True)

    async def _until_replaced(self, root: Root, before: RootCheck, scope: trio.CancelScope) -> None:
        while True:
            await trio.sleep(IDENTITY_EVERY)
            now = await trio.to_thread.run_sync(check_root, root.path)
            if (now.device, now.inode) != (before.device, before.inode):
                scope.cancel()

    async def _heard(self, root: Root, batch: set[tuple[Change, str]]) -> None:
        deleted: list[str] = []
        for change, path in sorted(batch):
            relative = str(Path(path).relative_to(root.path))
            if is_skipped(relative):
                continue
            if change is Change.deleted:
                deleted.append(relative)
            elif is_video(relative):
                self._await_settling(root.id, relative)
            else:
                for found in await trio.to_thread.run_sync(videos_below, root.path, relative):
                    self._await_settling(root.id, found)
        if deleted:
            await self._gone(root, deleted)

    async def _gone(self, root: Root, deleted: list[str]) -> None:
        """Single files that went are gone. A folder, or a lot at once, is for the scanner's walk with its circuit breaker."""
        known = []
        for relative in deleted[: self.house.config.library.gone_at_least + 1]:
            if is_video(relative):
                file = await self.house.read(queries.file_at, root.id, relative)
                known += [file] if file is not None and file.state != "missing" else []
        if len(known) < len(deleted) or len(deleted) > self.house.config.library.gone_at_least:
            await self.house.write(changes.request_scan, root.id)
            return
        check = await trio.to_thread.run_sync(partial(check_root, root.path, known_device=root.device))
        if check.state in ("ok", "readonly"):
            left = await trio.to_thread.run_sync(lambda: [f.id for f in known if not Path(f.path).exists()])
            await self.house.write(changes.files_gone, left)

    # -- waiting until it is whole -------------------------------------------------------------------------------------------

    def _await_settling(self, root_id: str, relative: str) -> None:
        if root_id in self.roots:
            self.waiting.setdefault((root_id, relative), None)
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
        due = [k for k, w in self.waiting.items() if w is None or w.due <= now]
        looks = await trio.to_thread.run_sync(look_at_all, [(k, self.roots[k[0]].path) for k in due])
        whole: dict[str, list[SeenFile]] = {}
        for key, (look, seen) in looks.items():
            verdict = judge(self.waiting[key], look, now, quiet=self.house.config.library.settle_seconds)
            if isinstance(verdict, Waiting):
                self.waiting[key] = verdict
                continue
            del self.waiting[key]
            if verdict == "stable" and seen is not None:
                whole.setdefault(key[0], []).append(seen)
        for root_id, files in whole.items():
            await self.house.write(changes.files_seen, root_id, await self._changed(root_id, files))

    async def _changed(self, root_id: str, files: list[SeenFile]) -> list[SeenFile]:
        """Without those that are known as they are: what the importer placed is told here too."""
        changed = []
        for f in files:
            known = await self.house.read(queries.file_at, root_id, f.relative_path)
            if known is None or known.state == "missing" or (known.size, known.mtime_ns) != (f.size, f.mtime_ns):
                changed.append(f)
        return changed


def videos_below(root: str, relative: str) -> list[str]:
    """The videos of a folder that appeared; nothing when it is no folder, or a link to one."""
    if not is_plain(root, relative) or not Path(root, relative).is_dir():
        return []
    try:
        return [
            f"{relative}/{f.relative}" for batch in Walk(str(Path(root, relative))) for f in batch if f.kind == "video"
        ]
    except MydiaError:
        return []  # gone again; its deletion is told too


def is_plain(root: str, relative: str) -> bool:
    """Whether a path is reached without a link: the walk follows none, so the watch must not either."""
    return os.path.realpath(Path(root, relative)) == str(Path(os.path.realpath(root), relative))


def look_at_all(keys: list[tuple[Key, str]]) -> dict[Key, tuple[Look | None, SeenFile | None]]:
    return {key: _look_at(root, key[1]) for key, root in keys}


def _look_at(root: str, relative: str) -> tuple[Look | None, SeenFile | None]:
    if not is_plain(root, relative):
        return None, None
    path = str(Path(root, relative))
    try:
        status = Path(path).lstat()
        look = Look(status.st_size, status.st_mtime, has_writer(path))
    except OSError:
        return None, None
    return look, SeenFile(relative, status.st_size, status.st_mtime_ns, signed(status.st_ino))
