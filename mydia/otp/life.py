"""One life of a child, from its start to its end; a restart is a new life.

Two things Trio forces are settled here. The child is shielded, so that ambient cancellation reaches it only through its
supervisor, in order. And the kit passes its own task status instead of calling `nursery.start`, which would drop
`started()` when the caller is cancelled meanwhile and leave a shielded child that nobody owns.
"""

import re
from collections.abc import Callable
from typing import Any

import trio
from loguru import logger

from .errors import StartFailed
from .policy import flatten
from .spec import ChildSpec


class Life:
    """Runs `spec.start` once. `settled` is set when it is ready or has ended, `ended` when it has ended; then `error`
    is what it raised, or None. `on_end` is called with this life at its end."""

    def __init__(self, spec: ChildSpec, path: str, on_end: Callable[["Life"], None]) -> None:
        self.spec = spec
        self.path = path
        self.since = trio.current_time()
        self.ready = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.settled = trio.Event()
        self.ended = trio.Event()
        self._on_end = on_end
        self._scope = trio.CancelScope(shield=True)
        self._killed: Exception | None = None

    def started(self, value: object = None) -> None:
        """The child is ready: this life is the task status that `spec.start` is given."""
        if self.ready:
            raise RuntimeError(f"{self.path} called task_status.started() twice")
        self.ready = True
        self.value = value
        self.settled.set()

    def cancel(self) -> None:
        """Ask it to end."""
        self._scope.cancel()

    def kill(self, error: Exception) -> None:
        """Make it end as if it had raised `error`."""
        self._killed = error
        self._scope.cancel()

    async def run(self) -> None:
        """The child's task. Raises nothing but what ends the whole program (KeyboardInterrupt, SystemExit)."""
        try:
            with logger.contextualize(actor=self.path), self._scope:
                await self.spec.start(task_status=self)
            self.error = self._killed
        except BaseException as error:
            self.error = _unwrap(error)
            if any(not isinstance(leaf, Exception) for leaf in flatten(error)):
                raise  # through the nursery: it cancels the supervisor, which stops the others in order
        finally:
            self.ended.set()
            self.settled.set()
        self._on_end(self)

    def start_failed(self) -> StartFailed:
        """Why it is not ready, root cause first: a nested supervisor's failure already names the child it is about."""
        for leaf in flatten(self.error) if self.error else ():
            if isinstance(leaf, StartFailed):
                return leaf
        failed = StartFailed(self.path, one_line(self.error) if self.error else "it ended before it was ready")
        failed.__cause__ = self.error
        return failed


def _unwrap(error: BaseException) -> BaseException:
    """A group of one is that one: the nurseries it passed through add nothing."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


_SECRET = re.compile(
    r"""(?ix) (?P<keep> \b [\w-]*? (?:pass(?:word|wd|phrase)?|secret|token|api_?-?key|authorization|cookie) ["']? \s* [=:] \s* ["']?
              (?:bearer\s+|basic\s+)? | ://[^\s/:@]*: )
        (?P<hide> [^\s"'&,;)@]+ )"""
)


def one_line(error: BaseException, limit: int = 200) -> str:
    """An exception for a person's eye: its first leaf, on one line, secrets masked, at most `limit` characters."""
    leaf = next(flatten(error))
    text = " ".join(f"{type(leaf).__name__}: {leaf}".split()).removesuffix(":")
    text = _SECRET.sub(r"\g<keep>***", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
