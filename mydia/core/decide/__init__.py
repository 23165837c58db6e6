"""Deciding: which of the releases that indexers offer may be taken for a target, and why the others may not.

    model       candidate, target, context -> verdict: the values
    engine      decide: every rule asked of every candidate
    bench       lays a candidate beside the target: its facts (facts), whether a line of the blocklist names it (blocklist)
    rules/      the rules, each a function with a name; upgrade says for them whether one thing improves on another
    whatif      what another profile would change
    plain       JSON to these values and back

Nothing here reads a disk, a database or a clock: what bears on the answer is in the arguments.
"""

from mydia.core.decide.engine import decide
from mydia.core.decide.model import (
    FIRST,
    Blocked,
    Candidate,
    ContentFile,
    Context,
    Delay,
    Episode,
    Held,
    Number,
    Past,
    Queued,
    Rejection,
    Settings,
    Target,
    Verdict,
)
from mydia.core.decide.rules import RULE_NAMES
from mydia.core.decide.rules.taste import language_refusal
from mydia.core.decide.whatif import Differences, PastDecision, Turned, what_if

__all__ = [
    "FIRST",
    "RULE_NAMES",
    "Blocked",
    "Candidate",
    "ContentFile",
    "Context",
    "Delay",
    "Differences",
    "Episode",
    "Held",
    "Number",
    "Past",
    "PastDecision",
    "Queued",
    "Rejection",
    "Settings",
    "Target",
    "Turned",
    "Verdict",
    "decide",
    "language_refusal",
    "what_if",
]
