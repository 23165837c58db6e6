"""Ports of loopback that are free, and stay so until whoever was promised one takes it."""

import os
import secrets
import socket
from contextlib import suppress
from itertools import count

# Below the range that the kernel gives to whoever asks for any port: no outgoing connection is given one meanwhile.
# Each worker of pytest-xdist has a part of its own, and goes through it: none is promised twice.
_EACH = 750
_FIRST = 20_000 + _EACH * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16)
_numbers = count(secrets.randbelow(_EACH))


def free_port() -> int:
    while True:
        port = _FIRST + next(_numbers) % _EACH
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
