"""Specs and flags: defaults, reading back, and an error that names the field for each thing that is wrong."""

from dataclasses import replace
from typing import Any

import pytest

from mydia.otp import (
    BRUTAL_KILL,
    INFINITY,
    Actor,
    AutoShutdown,
    ChildSpec,
    Mailbox,
    Port,
    Restart,
    Strategy,
    Supervisor,
    actor,
    pool,
    step,
)
from tests.otp.otp_stage import Player


async def start(**_: Any) -> None: ...


def test_a_spec_has_otps_defaults_and_can_be_read_back() -> None:
    """OTP row 7."""
    spec = ChildSpec(id="a", start=start)
    assert (spec.restart, spec.shutdown, spec.significant, spec.kind) == (Restart.PERMANENT, 5.0, False, "worker")
    assert replace(spec) == spec
    assert replace(spec, shutdown=BRUTAL_KILL).grace == 0.0
    assert replace(spec, shutdown=INFINITY).grace == INFINITY


def test_a_supervisor_as_a_child_is_waited_for_for_ever() -> None:
    """OTP row 7."""
    spec = Supervisor("branch").child_spec(Restart.TRANSIENT)
    assert (spec.id, spec.restart, spec.shutdown, spec.kind) == ("branch", Restart.TRANSIENT, INFINITY, "supervisor")


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("id", "", "a name without '/'"),
        ("id", "a/b", "a name without '/'"),
        ("id", 7, "a name without '/'"),
        ("start", None, "an async function that takes task_status"),
        ("restart", "permanent", "a Restart"),
        ("shutdown", -1, "seconds >= 0, BRUTAL_KILL or INFINITY"),
        ("shutdown", "5", "seconds >= 0, BRUTAL_KILL or INFINITY"),
        ("shutdown", float("nan"), "seconds >= 0, BRUTAL_KILL or INFINITY"),
        ("startup", 0, "seconds > 0 or INFINITY"),
        ("startup", True, "seconds > 0 or INFINITY"),
        ("significant", 1, "a bool"),
        ("significant", True, "False for a permanent child, which never ends by itself"),
        ("kind", "thread", "one of ('worker', 'supervisor', 'port', 'step')"),
        ("mailbox", "box", "a Mailbox or None"),
        ("inside", 3, "a function or None"),
    ],
)
def test_a_wrong_field_of_a_spec_is_named(field: str, value: Any, wanted: str) -> None:
    """OTP row 8."""
    with pytest.raises(ValueError, match=r"^child spec ") as caught:
        ChildSpec(**{"id": "a", "start": start, field: value})
    assert str(caught.value).endswith(f": {field} must be {wanted}, not {value!r}")


def test_an_unknown_or_missing_field_of_a_spec_is_named() -> None:
    """OTP row 8; a misspelt field is an error here, which OTP ignores."""
    with pytest.raises(TypeError, match="'shutdwon'"):
        ChildSpec(id="a", start=start, shutdwon=3)  # type: ignore[call-arg] # the point
    with pytest.raises(TypeError, match="'start'"):
        ChildSpec(id="a")  # type: ignore[call-arg] # the point


@pytest.mark.parametrize(
    ("flag", "value", "wanted"),
    [
        ("strategy", "one_for_one", "a Strategy"),
        ("max_restarts", -1, "a whole number >= 0"),
        ("max_restarts", 1.5, "a whole number >= 0"),
        ("max_seconds", 0, "finite seconds > 0"),
        ("max_seconds", INFINITY, "finite seconds > 0"),
        ("auto_shutdown", True, "an AutoShutdown"),
        ("max_children", -2, "a whole number >= 0, or None"),
    ],
)
def test_a_wrong_flag_of_a_supervisor_is_named(flag: str, value: Any, wanted: str) -> None:
    """OTP row 9."""
    with pytest.raises(ValueError, match=r"^supervisor 'root': ") as caught:
        Supervisor("root", **{flag: value})
    assert str(caught.value) == f"supervisor 'root': {flag} must be {wanted}, not {value!r}"


def test_two_children_of_one_id_are_refused() -> None:
    """OTP row 8."""
    with pytest.raises(ValueError, match="supervisor 'root': children: two have the id 'a'"):
        Supervisor("root", children=[Player("a").spec, Player("a").spec])


def test_a_significant_child_where_nothing_shuts_down_is_refused() -> None:
    """OTP row 9."""
    child = Player("a", restart=Restart.TRANSIENT, significant=True)
    with pytest.raises(ValueError, match="significant must be False where auto_shutdown is NEVER"):
        Supervisor("root", children=[child.spec])
    Supervisor("root", children=[child.spec], auto_shutdown=AutoShutdown.ANY_SIGNIFICANT, strategy=Strategy.ONE_FOR_ALL)


def test_makers_of_specs_say_what_they_make() -> None:
    box = Mailbox("box")
    assert actor("a", Actor, mailbox=box).mailbox is box
    assert actor("a", Actor).mailbox is not None
    assert actor("a", Port).kind == "port"  # type: ignore[arg-type] # only looked at
    assert pool("p", Actor, size=2, mailbox=box).kind == "supervisor"
    assert (step("s", start).kind, step("s", start).restart) == ("step", Restart.TEMPORARY)
    with pytest.raises(ValueError, match="pool 'p': size must be at least 1, not 0"):
        pool("p", Actor, size=0, mailbox=box)
    with pytest.raises(ValueError, match="mailbox 'm': capacity must be at least 1, not 0"):
        Mailbox("m", capacity=0)
