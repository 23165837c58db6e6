"""What becomes of a job, by what its handler raised.

    nothing                              completed
    Unavailable                          postponed: the outside said "later"; not counted as an attempt
    Discard, Invalid, NotFound           discarded, with the reason: another attempt would end alike
    ActorDied, AskTimeout                retried, sooner than after a bug: another part of the house was being restarted
    anything else                        a bug or worse: retried after its back-off, with its stack, until its attempts are used up

Of a group (a handler's nurseries wrap what they raise) the worst counts.
"""

import traceback

from mydia import logs
from mydia.core.backoff import job_backoff
from mydia.errors import Invalid, NotFound, Unavailable
from mydia.jobs import changes
from mydia.jobs.model import Discard, Ended, Job
from mydia.otp import NoAnswer
from mydia.otp.policy import flatten


def came_to(job: Job, error: Exception | None, jitter: float) -> Ended:
    """`error`: what its handler raised; `jitter` in 0..1, so that jobs that failed together do not return together."""
    if error is None:
        return Ended(job.id, changes.complete)
    causes = list(flatten(error))
    reason = logs.mask("; ".join(dict.fromkeys(str(c) or type(c).__name__ for c in causes)))
    if all(isinstance(c, Unavailable) for c in causes):
        asked = [c.retry_after for c in causes if isinstance(c, Unavailable) and c.retry_after is not None]
        wait = max(asked) if asked else job_backoff(job.snoozed + 1, jitter)
        return Ended(job.id, changes.snooze, (wait, reason))
    if all(isinstance(c, Discard | Invalid | NotFound) for c in causes):
        return Ended(job.id, changes.discard, (reason,))
    wait = job_backoff(job.attempt, jitter)
    if all(isinstance(c, NoAnswer) for c in causes):
        wait = min(wait, 0.5 * 4 ** (job.attempt - 1))
    stack = logs.mask("".join(traceback.format_exception(error)))
    return Ended(job.id, changes.retry_later, (reason, stack, wait))
