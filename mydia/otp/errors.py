"""Every exception of the kit. Standard library only: a port's child imports this file.

Refusal               an answer: "no". The asker gets it, the actor lives
├── PortRefusal           ... said by (or about) a port's process
├── AlreadyStarted        start_child: a running child has this id
├── AlreadyPresent        start_child: a stopped child has this id (restart_child or delete_child it)
├── TooManyChildren       start_child: max_children reached
├── NotFound              no child has this id
├── Running               restart_child, delete_child: the child runs
├── Restarting            restart_child, delete_child: the child is being restarted
└── NotRunning            the supervisor itself is not running
NoAnswer              no answer came; whether the work was done is unknown
├── ActorDied             the actor died with the request in hand
│   └── NobodyThere           ... or none ran that could have read it: it was in nobody's hand
└── AskTimeout            the asker's time ran out
    └── Unread                ... before anybody had read the request: it was in nobody's hand
StartFailed           a child could not be started; says which and why
GaveUp                a supervisor met more crashes than its intensity allows
Killed                a crash made from outside, by Supervisor.kill_child
PortDied              a port's process ended, or wrote what is not a frame; the port actor's crash
"""


class Refusal(Exception):
    """An answer "no". An actor's handle() may raise it: it becomes the asker's exception and the actor lives on."""


class PortRefusal(Refusal):
    """A port's "no". `kind` is a short word to branch on ("timeout" when the process was killed for overrunning)."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class AlreadyStarted(Refusal):
    """A running child has this id already."""


class AlreadyPresent(Refusal):
    """A child with this id is listed but does not run: restart_child() or delete_child() it."""


class TooManyChildren(Refusal):
    """The supervisor's max_children is reached."""


class NotFound(Refusal):
    """No child has this id."""


class Running(Refusal):
    """The child runs, so it cannot be restarted by hand or deleted: stop_child() it first."""


class Restarting(Refusal):
    """The child is being restarted; ask again, or stop_child() it."""


class NotRunning(Refusal):
    """The supervisor has not been started, or has ended."""


class NoAnswer(Exception):
    """No answer came to an ask(). Whether the work was done is unknown, so what was asked should be idempotent."""


class ActorDied(NoAnswer):
    """The actor died with the request in hand. Its successor does not see the request again."""


class NobodyThere(ActorDied):
    """No actor ran that could have read the request, which so was in nobody's hand."""


class AskTimeout(NoAnswer):
    """The answer did not come in time. Unread, the request is withdrawn; in hand, its answer is dropped."""


class Unread(AskTimeout):
    """The time ran out before anybody had read the request: it is withdrawn, and nothing of it was done."""


class StartFailed(Exception):
    """A child could not be started. The message names its path and the root cause; `__cause__` is that cause."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} could not be started: {why}")
        self.path = path


class GaveUp(Exception):
    """A supervisor gave up: its children crashed more often than its intensity allows."""


class Killed(Exception):
    """The crash of a child that Supervisor.kill_child() made crash."""


class PortDied(Exception):
    """A port's process ended unasked, or spoke garbage. The message holds its exit status and last words."""
