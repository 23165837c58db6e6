"""Hears what changes below a folder where the kernel tells nothing: on network shares, and where no inotify watches are left.

watchfiles compares the folder with itself every few seconds, in a thread. It tells the same as tree_watch, only later; what changes and
changes back between two looks is not heard.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

import trio
from loguru import logger
from watchfiles import Change, watch

from mydia.adapters.disk.tree_watch import Heard, WatchEnded
from mydia.adapters.disk.walk import is_video

POLL_SECONDS = 5.0
_WAKE_MS = 500  # how long a stopped watch may take to notice


class PolledWatch:
    """As TreeWatch: `with PolledWatch(folder) as watch:`, then `await watch.read()` again and again."""

    def __init__(self, root: str, *, seconds: float = POLL_SECONDS) -> None:
        self.root = root
        os.scandir(root).close()  # refused here and now when it can't be read
        self._seconds = seconds
        self._stop = threading.Event()
        self._send, self._heard = trio.open_memory_channel[list[Heard]](64)

    def __enter__(self) -> Self:
        # A daemon, so that a share that hangs holds up nobody's end.
        threading.Thread(
            target=self._poll, args=(trio.lowlevel.current_trio_token(),), daemon=True, name=f"watch {self.root}"
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._heard.close()

    async def read(self) -> list[Heard]:
        """Wait for the next changes. Raises WatchEnded when the folder can no longer be compared."""
        try:
            return await self._heard.receive()
        except trio.EndOfChannel:
            raise WatchEnded(f"{self.root} can no longer be compared") from None

    def _poll(self, loop: trio.lowlevel.TrioToken) -> None:
        looks = watch(
            self.root,
            watch_filter=None,
            force_polling=True,
            poll_delay_ms=round(self._seconds * 1000),
            stop_event=self._stop,
            rust_timeout=_WAKE_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        with suppress(trio.RunFinishedError):
            try:
                for changes in looks:
                    if changes:
                        trio.from_thread.run(
                            self._send.send, [self._told(c, p) for c, p in sorted(changes)], trio_token=loop
                        )
            except (OSError, RuntimeError, ValueError, trio.BrokenResourceError) as error:
                # RuntimeError: what the system refuses; ValueError: a name that is no text; closed: nobody listens any more.
                logger.debug("comparing {} ended: {}", self.root, error)
            finally:
                trio.from_thread.run_sync(self._send.close, trio_token=loop)

    def _told(self, change: Change, path: str) -> Heard:
        relative = str(Path(path).relative_to(self.root))
        if change is Change.deleted:
            return Heard(relative, "gone" if is_video(relative) else "gone_folder")
        folder = os.path.isdir(path) and not os.path.islink(path)  # noqa: PTH112, PTH114 - may hold surrogates
        return Heard(relative, "new_folder" if folder and change is Change.added else "changed")
