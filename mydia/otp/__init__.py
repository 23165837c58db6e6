"""The supervision kit: Erlang/OTP's words, with OTP's meaning, on Trio. It knows nothing of media.

    Mailbox      an actor's address and its unread letters; both outlive the actor       mailbox.py, timeouts.py
    Actor        start, handle, tick, stop: one trade, which may crash                   actors.py
    Port         an OS process as an actor, fed framed JSON over pipes                   port.py, process.py, port_child.py
    ChildSpec    how to start, restart and stop one child, as plain data                 spec.py
    Supervisor   starts children left to right, stops them right to left, and brings     supervisor.py, children.py, life.py
                 back what crashes, until it happens too often; decides in               policy.py
    pool         several like actors behind one mailbox                                  pools.py
    apart        one call in an OS process of its own                                    apart.py, apart_child.py
    Bus          publish never waits; a subscriber that lags is cut off                  bus.py
    Watchdog     ends the process when its loop hangs                                    watchdog.py

What Trio makes different: a task cannot be killed, so a child that ignores cancellation past its deadline ends the
whole process (and the container runtime restarts it); BRUTAL_KILL is only truly brutal to a port. A blocking call
stalls every actor, hence the watchdog. A restarted child whose start() is slow holds up its supervisor, as in OTP.

What of OTP is left out, and why: links and monitors (nurseries own tasks; ask() reports a death), registered names and
`global` (a mailbox object is the address), code change (a new version is a new process; live limits are
`Supervisor.reconfigure`), hibernation, selective receive, simple_one_for_one (start_child on a one_for_one
supervisor does it), partition supervisors (a pool shares one mailbox instead).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .actors import Actor as Actor
    from .actors import actor as actor
    from .apart import apart as apart
    from .bus import Bus as Bus
    from .bus import Lagged as Lagged
    from .bus import Subscription as Subscription
    from .errors import ActorDied as ActorDied
    from .errors import AlreadyPresent as AlreadyPresent
    from .errors import AlreadyStarted as AlreadyStarted
    from .errors import AskTimeout as AskTimeout
    from .errors import GaveUp as GaveUp
    from .errors import Killed as Killed
    from .errors import NoAnswer as NoAnswer
    from .errors import NotFound as NotFound
    from .errors import NotRunning as NotRunning
    from .errors import PortDied as PortDied
    from .errors import PortRefusal as PortRefusal
    from .errors import Refusal as Refusal
    from .errors import Restarting as Restarting
    from .errors import Running as Running
    from .errors import StartFailed as StartFailed
    from .errors import TooManyChildren as TooManyChildren
    from .mailbox import Letter as Letter
    from .mailbox import Mailbox as Mailbox
    from .mailbox import correlation as correlation
    from .pools import pool as pool
    from .port import Port as Port
    from .port_child import port_main as port_main
    from .port_child import send_event as send_event
    from .spec import BRUTAL_KILL as BRUTAL_KILL
    from .spec import IGNORE as IGNORE
    from .spec import INFINITY as INFINITY
    from .spec import AutoShutdown as AutoShutdown
    from .spec import ChildCounts as ChildCounts
    from .spec import ChildInfo as ChildInfo
    from .spec import ChildSpec as ChildSpec
    from .spec import Restart as Restart
    from .spec import Strategy as Strategy
    from .spec import SupervisorEvent as SupervisorEvent
    from .spec import step as step
    from .supervisor import Supervisor as Supervisor
    from .watchdog import Watchdog as Watchdog

# Loaded on first use (PEP 562): a port's child imports mydia.otp.port_child, and must not pay for Trio.
_HOME = {
    "actors": ("Actor", "actor"),
    "apart": ("apart",),
    "bus": ("Bus", "Lagged", "Subscription"),
    "errors": (
        *("ActorDied", "AlreadyPresent", "AlreadyStarted", "AskTimeout", "GaveUp", "Killed", "NoAnswer", "NotFound"),
        *(
            "NotRunning",
            "PortDied",
            "PortRefusal",
            "Refusal",
            "Restarting",
            "Running",
            "StartFailed",
            "TooManyChildren",
        ),
    ),
    "mailbox": ("Letter", "Mailbox", "correlation"),
    "port": ("Port",),
    "port_child": ("port_main", "send_event"),
    "spec": (
        *("AutoShutdown", "BRUTAL_KILL", "ChildCounts", "ChildInfo", "ChildSpec", "IGNORE", "INFINITY", "Restart"),
        *("Strategy", "SupervisorEvent", "step"),
    ),
    "pools": ("pool",),
    "supervisor": ("Supervisor",),
    "watchdog": ("Watchdog",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 - the table above is the list; typing sees the imports


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(f"{__name__}.{module}"), name)
    return found
