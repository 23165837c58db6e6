"""Argon2, off the loop: one hash takes 64 MiB for some 50 ms, so one at a time, and never twice for the same API key in a row.

The answer for an account that does not exist takes as long as for one that does: it is held against a hash that nothing fits.
"""

import hashlib
import secrets
from collections import OrderedDict
from functools import cache

import trio
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_hasher = PasswordHasher()
_one_at_a_time = trio.CapacityLimiter(1)
REMEMBERED = 256


async def hash_secret(text: str) -> str:
    """The Argon2id hash of a password or an API key's secret."""
    return await trio.to_thread.run_sync(_hasher.hash, text.encode("utf-8", "surrogatepass"), limiter=_one_at_a_time)


async def fits(kept: str | None, text: str) -> bool:
    """Whether a password fits its hash. None, for nobody or for no password, never fits and takes as long."""

    def verify() -> bool:
        try:
            return _hasher.verify(kept or _nobodys(), text.encode("utf-8", "surrogatepass")) and kept is not None
        except (Argon2Error, InvalidHashError):
            return False

    return await trio.to_thread.run_sync(verify, limiter=_one_at_a_time)


def outdated(kept: str) -> bool:
    """Whether a hash was made at a lower cost than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_bytes(32))


class VerifiedKeys:
    """Remembers which secrets fitted which hashes, so that a key costs its 50 ms once, not at each request.

    What is remembered is the pair, not the key: a revoked or changed key has no such hash in the database, so it is out at once.
    Only a keyed digest of the secret is held, under a key of this process.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._fitted: OrderedDict[bytes, None] = OrderedDict()

    async def fits(self, kept: str | None, secret: str) -> bool:
        pair = f"{kept}\n{secret}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(pair, key=self._key, digest_size=32).digest()
        if digest in self._fitted:
            self._fitted.move_to_end(digest)
            return True
        if not await fits(kept, secret):
            return False
        self._fitted[digest] = None
        if len(self._fitted) > REMEMBERED:
            self._fitted.popitem(last=False)
        return True
