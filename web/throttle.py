"""How often a login may be tried: failures are counted by account and by client network, each by itself."""

import math
from collections import OrderedDict

import trio

from mydia.accounts.model import FORGOTTEN_AFTER, login_wait
from mydia.errors import MydiaError

MOST_REMEMBERED = 10_000  # accounts and networks whose failures are counted


class TooOften(MydiaError):
    """Too many failed logins; `seconds` until the next is heard (HTTP 429)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(f"Too many failed attempts. Please wait {self.seconds} s.")


class Throttle:
    """When logins failed, by account and by client network, each by itself. In memory: a restart forgives."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, *keys: str) -> None:
        """Raises TooOften."""
        now = trio.current_time()
        wait = max(login_wait(self._failures.get(key, ()), now) for key in keys)
        if wait > 0:
            raise TooOften(wait)

    def failed(self, *keys: str) -> None:
        now = trio.current_time()
        for key in keys:
            recent = [at for at in self._failures.pop(key, ()) if now - at < FORGOTTEN_AFTER]
            self._failures[key] = [*recent[-31:], now]
        while len(self._failures) > MOST_REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        for key in keys:
            self._failures.pop(key, None)
