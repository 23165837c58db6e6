"""What every test may rely on: loopback only, deterministic laws on request, skips that count as failures on request.

--store=sqlite,postgres         which databases the tests of the store and the contexts run on; all three when not given
--forbid-skips                  a skipped test fails, and so does a whole run in which no peer or no browser test ran
--hypothesis-profile=ci         laws try the same examples on every run
-n 2 --dist loadgroup           two workers, which are handed one test after another; those that take longest come first
"""

from __future__ import annotations

import ipaddress
import sqlite3
import sys
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from mydia.otp import supervisor
from tests.support import plans
from tests.support.postgres import Postgres, running
from tests.support.stores import STORES, chosen, migrated_template

HERE = Path(__file__).parent
OUTSIDE = ("peer", "browser")

# No deadline: a law that is slow on a busy machine is not a law that is broken.
PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("dev", **PATIENT)
hypothesis.settings.register_profile("ci", derandomize=True, print_blob=True, **PATIENT)
hypothesis.settings.load_profile("dev")
# A child that a busy machine is slow to end must not take the process of all tests with it.
supervisor.ABANDON_MARGIN = 60.0


# --- loopback only -------------------------------------------------------------------------------------------------


def stay_home(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse, whatever library it comes from, to connect, send or look a name up beyond this machine.

    pytest's failure is a BaseException: no `except Exception` in the code under test can make it look like a network
    that is down. Programs that a test starts are not covered; each is told to stay on loopback by its own means.
    """
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not (host is None or is_home(host)):
        pytest.fail(f"a test reached for {host!r} ({event}): tests talk to loopback only")


def is_home(host: str) -> bool:
    """Tell whether a host is this machine by its very spelling; nothing is looked up."""
    if host in {"", "localhost"} or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(stay_home)


# --- heavy tests first ----------------------------------------------------------------------------------------------


def is_heavy(item: pytest.Item) -> bool:
    rooms = {HERE / "journeys", HERE / "crash"}
    return any(item.get_closest_marker(name) for name in OUTSIDE) or not rooms.isdisjoint(item.path.parents)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the heavy tests first: the many quick ones fill up what is left of the time, on both workers alike."""
    items.sort(key=lambda item: not is_heavy(item))


# --- every database --------------------------------------------------------------------------------------------------

ROOMS = ("store", "media", "library", "downloads", "jobs", "accounts", "settings", "choosing")


def opens_a_house(metafunc: pytest.Metafunc) -> bool:
    """Tell whether a test stands on a database: it lies in one of these rooms, has a folder, and its module opens houses."""
    room = metafunc.definition.path.relative_to(HERE).parts[0]
    return room in ROOMS and hasattr(metafunc.module, "open_house") and "tmp_path" in metafunc.fixturenames


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what stands on a database on each of them; on those alone that its mark `store` names."""
    if opens_a_house(metafunc):
        wanted = metafunc.config.getoption("store").split(",")
        mark = metafunc.definition.get_closest_marker("store")
        kinds = [kind for kind in (mark.args if mark else STORES) if kind in wanted]
        metafunc.parametrize("store", kinds, indirect=True)


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[None]:
    kind = getattr(request, "param", None)
    if kind is None:
        yield
        return
    server, template = request.getfixturevalue("postgres") if kind == "postgres" else (None, "")
    with chosen(kind, server, template):
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[tuple[Postgres, str]]:
    """A PostgreSQL server, and the name of a database of it that is migrated."""
    with running() as server:
        yield server, migrated_template(server)


# --- no statement reads a large table through -----------------------------------------------------------------------

# What the product opens notes what is asked by it.
sqlite3.connect = partial(sqlite3.connect, factory=plans.Noting)  # type: ignore[assignment]  # as its caller sees it, the same


@pytest.fixture(autouse=True)
def explained() -> Iterator[None]:
    """Fail the test that first asks what would read a large table through, or sort it, in a large library."""
    yield
    asked = plans.noted.copy()
    plans.noted -= asked
    found = plans.walks(asked)
    assert not found, "in a large library this reads all of a table (tests/support/plans.py):\n" + "\n".join(found)


# --- skips that fail ------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--forbid-skips",
        action="store_true",
        help="fail what skips; fail a whole run in which no peer or no browser test ran",
    )
    parser.addoption(
        "--store", default=",".join(STORES), help="the databases to run the store's and contexts' tests on"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.config.getoption("forbid_skips") and report.skipped:
        forbid(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.getoption("forbid_skips") and report.skipped:
        forbid(report)
    return report


def forbid(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that keeps the skip's reason. (pytest also calls an expected failure skipped.)"""
    if hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid} may not be skipped here (--forbid-skips). It said: {reason}"


class Outside:
    """Watches, where the reports of all workers meet, that tests against the outside did run."""

    def __init__(self) -> None:
        self.unseen = set(OUTSIDE)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.unseen -= set(report.keywords)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unseen and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in sorted(self.unseen):
            terminalreporter.write_line(f"FAILED: no test marked {name} ran, which --forbid-skips asks for", red=True)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "store(kind, ...): runs on these databases only, since it is about them")
    whole = not config.option.keyword and not config.option.markexpr and config.args == config.getini("testpaths")
    if config.getoption("forbid_skips") and whole and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outside(), "outside")
