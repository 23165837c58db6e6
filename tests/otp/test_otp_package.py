"""The package as a whole: what it offers, what it needs, and its last resort."""

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import mydia.otp


def test_every_name_the_package_offers_is_there() -> None:
    for name in mydia.otp.__all__:
        assert getattr(mydia.otp, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'GenServer'"):
        mydia.otp.GenServer  # noqa: B018 - the access is the test


def test_the_kit_needs_only_trio_and_loguru_and_knows_nothing_of_the_house() -> None:
    folder = Path(mydia.otp.__file__).parent
    needed: set[str] = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                needed |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                needed.add((node.module or "").partition(".")[0])
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1, f"{file.name} imports from outside the kit"
    assert needed - sys.stdlib_module_names == {"trio", "loguru"}


def test_the_childs_side_of_a_port_loads_nothing_heavy() -> None:
    program = "import sys, mydia.otp.port_child; print(*{'trio', 'loguru', 'asyncio', 'logging'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_child_that_cannot_be_stopped_ends_the_process_with_a_word_in_the_log() -> None:
    """OTP row 11, without a stand-in for the last resort."""
    program = textwrap.dedent(
        """
        import trio
        from mydia.otp import *

        async def deaf(*, task_status):
            task_status.started()
            with trio.CancelScope(shield=True):
                await trio.sleep_forever()

        async def main():
            supervisor = Supervisor("root", children=[ChildSpec(id="deaf", start=deaf, shutdown=0.05)])
            async with trio.open_nursery() as nursery:
                await nursery.start(supervisor.run)
                await supervisor.stop()

        trio.run(main)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 70
    assert "CRITICAL" in done.stderr
    assert "root/deaf ignores cancellation past its shutdown deadline: ending the process" in done.stderr
