"""Whether a video is a sample: by what its name says, how long it runs, and what lies beside it.

it runs                    its name says sample      its name does not
shorter than a title can   sample                    sample, if something is beside it; else a person decides
long enough                sample beside a >=5x larger video of the same thing, else not
nobody knows how long      so, beside a >=5x larger video; alone, a person decides / not a sample
"""

from __future__ import annotations

from typing import Final, Literal

Answer = Literal["sample", "unsure", "no"]

TIMES_LARGER: Final = 5
_UNKNOWN_RUNTIME: Final = 90.0
# A file that would need more than this many bytes a second has a wrong duration in its header.
_FASTEST: Final = 50_000_000


def shortest(runtime: float | None) -> float:
    """The least seconds a whole video of so many minutes runs; a modest guess where nobody knows the run time."""
    if not runtime or runtime <= 0:
        return _UNKNOWN_RUNTIME
    if runtime <= 3:
        return 15.0
    if runtime <= 10:
        return 90.0
    return 300.0 if runtime <= 30 else 600.0


def believable(duration: float | None, size: int) -> float | None:
    """The duration, None where a header claims what the file's size makes impossible."""
    if not duration or duration <= 0 or size / duration > _FASTEST:
        return None
    return duration


def judge(
    *, size: int, duration: float | None, runtime: float | None, says_sample: bool, largest_beside: int, special: bool
) -> Answer:
    """`largest_beside` is the size of the largest other video that could be the same title or episode (0: none)."""
    overshadowed = largest_beside >= TIMES_LARGER * max(size, 1)
    runs = believable(duration, size)
    if runs is not None and runs < shortest(runtime) and not special:
        return "sample" if says_sample or overshadowed else "unsure"
    if overshadowed:
        return "sample"
    return "unsure" if says_sample and runs is None else "no"
