"""How long to leave something alone after it failed. Seconds everywhere; chance is passed in."""

from __future__ import annotations

from typing import Final

_MINUTE: Final = 60.0
_HOUR: Final = 60 * _MINUTE
_LADDER: Final = (
    0.0,
    1 * _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    30 * _MINUTE,
    1 * _HOUR,
    3 * _HOUR,
    6 * _HOUR,
    12 * _HOUR,
    24 * _HOUR,
)
_JITTER: Final = 0.1
_LONGEST_EXPONENT: Final = 20  # about twelve days: what comes later is no sooner


def provider_backoff(failures: int) -> float:
    """How long an indexer, client or other outside service rests after that many failures in a row, a day at most.

    The first failure costs nothing: most are a moment's trouble.
    """
    if failures < 1:
        return 0.0
    return _LADDER[min(failures, len(_LADDER)) - 1]


def job_backoff(attempt: int, jitter: float) -> float:
    """How long a job waits after its failed `attempt` (from 1): 15 s and a doubling, give or take a tenth.

    `jitter` in 0..1 says where in that tenth, so that jobs that failed together do not return together.
    """
    base = 15.0 + 2.0 ** min(max(attempt, 1), _LONGEST_EXPONENT)
    return base * (1 + _JITTER * (2 * min(max(jitter, 0.0), 1.0) - 1))
