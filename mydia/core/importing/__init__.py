"""From the files of a finished download to what is done with each: a plan, made from facts, that a worker carries out.

model     the facts a plan is made from, its steps and the whole
contents  what a file is by its name, its first bytes and its place
sample    whether a video is only a taste of one
extras    which subtitles and side files go with a video, and under which name
planning  the rules, and `plan`, which gives every file exactly one outcome
"""

from mydia.core.importing.contents import HEAD, category, magic_of, unfinished
from mydia.core.importing.model import (
    DEFAULT_EXTRAS,
    Existing,
    FoundFile,
    HeldFile,
    ImportFacts,
    ImportPlan,
    ImportTarget,
    Outcome,
    Step,
)
from mydia.core.importing.planning import plan
from mydia.core.importing.sample import shortest

__all__ = [
    "DEFAULT_EXTRAS",
    "HEAD",
    "Existing",
    "FoundFile",
    "HeldFile",
    "ImportFacts",
    "ImportPlan",
    "ImportTarget",
    "Outcome",
    "Step",
    "category",
    "magic_of",
    "plan",
    "shortest",
    "unfinished",
]
