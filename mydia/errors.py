"""Every expected "no", by who can do something about it.

    Refusal (mydia.otp)     an answer, not a crash: it travels to whoever asked
    └─ MydiaError           message says what was wrong, where, and what to do
       ├─ Invalid           the asker's input is wrong; `field` names the part (HTTP 400/422)
       ├─ NotFound          no such thing (404)
       ├─ Conflict          it exists already, or has changed meanwhile (409)
       ├─ Forbidden         this person may not (401/403)
       └─ Unavailable       the outside is down or says "later"; `retry_after` in seconds when it said (503)

Anything else that is raised is a bug: the actor crashes and its supervisor brings it back.
"""

from mydia.otp.errors import Refusal


class MydiaError(Refusal):
    """Base of every refusal Mydia itself gives."""


class Invalid(MydiaError):
    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(MydiaError):
    pass


class Conflict(MydiaError):
    pass


class Forbidden(MydiaError):
    pass


class Unavailable(MydiaError):
    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
