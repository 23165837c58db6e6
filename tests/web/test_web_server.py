"""The web actor: opens on its address or says in one line why not, and can be brought back."""

import socket
from pathlib import Path

import httpx
import pytest
import trio
from loguru import logger

from mydia.errors import Invalid, Unavailable
from mydia.otp import StartFailed, Supervisor, actor
from tests.support.house import open_house
from tests.support.ports import free_port
from tests.support.web_world import SECRETS, open_web, tree_running
from web.server import Web, listen_on


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            Unavailable, match=f"^Port {port} on 127.0.0.1 is in use. Stop what uses it, or set server.port"
        ):
            listen_on("127.0.0.1", port)


def test_an_address_of_another_machine_is_said_so() -> None:
    with pytest.raises(Invalid, match=r"no address of this machine"):
        listen_on("127.0.0.1.1.invalid.localhost", 0)


async def test_a_house_whose_port_is_taken_does_not_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = {"server": {"host": "127.0.0.1", "port": taken.getsockname()[1]}}
        async with open_house(tmp_path, config) as house:
            tree = Supervisor("mydia", children=[actor("web", lambda: Web(house), mailbox=house.mail["web"])])
            with pytest.RaisesGroup(pytest.RaisesExc(StartFailed, match="in use"), flatten_subgroups=True):
                async with tree_running(tree):
                    raise AssertionError("the house started on a port that is taken")


async def test_the_web_actor_can_be_brought_back_on_the_same_port(tmp_path: Path) -> None:
    config = {"server": {"host": "127.0.0.1", "port": free_port()}}
    async with open_web(tmp_path, config) as world:
        visitor = await world.visitor()
        for _ in range(3):
            assert (await visitor.http.get("/login")).status_code == 200
            await world.tree.stop_child("web")
            await world.tree.restart_child("web")
        assert (await visitor.http.get("/login")).status_code == 200


async def test_a_request_that_is_being_answered_when_the_house_closes_is_answered(tmp_path: Path) -> None:
    async with open_web(tmp_path) as world:
        visitor = await world.visitor()
        answers: list[int] = []

        async def log_in() -> None:
            form = {"username": "the-admin", "password": "not it"}  # its hash takes a while
            answers.append((await visitor.http.post("/login", data=form)).status_code)

        await visitor.http.get("/login")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(log_in)
            with trio.fail_after(60):
                while not world.web.app.answering:  # noqa: ASYNC110 - the other side of a socket gives no event
                    await trio.sleep(0.001)
            nursery.start_soon(world.web.stop)
        assert answers == [422]


async def test_the_set_up_token_of_a_new_house_is_logged_and_only_then(tmp_path: Path) -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{message}")
    try:
        async with open_web(tmp_path / "new", SECRETS, claimed=False) as world:
            token = next(line for line in lines if "set-up token" in line).split()[-1]
            form = {
                "token": token,
                "username": "ada",
                "password": "a lamp in the window",
                "again": "a lamp in the window",
            }
            async with httpx.AsyncClient(base_url=world.base, verify=False, timeout=60) as http:  # noqa: S501 - no TLS here at all
                assert (await http.post("/setup", data=form)).headers["Location"] == "/"
        lines.clear()
        async with open_web(tmp_path / "claimed", SECRETS):
            assert not [line for line in lines if "set-up token" in line]
    finally:
        logger.remove(sink)
