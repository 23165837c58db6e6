"""analyzer: media facts and release names, read in an OS process of its own. Two of them share one mailbox (a pool).

A file that makes the process hang or die costs that process: the asker gets Invalid or ActorDied, the rest goes on.
"""

import sys
from typing import Any

from mydia.errors import Invalid, Unavailable
from mydia.house import House
from mydia.messages import ParseNames, ProbeFile
from mydia.otp import Port
from mydia.otp.errors import PortRefusal
from mydia.ports import Probe, probe_from

TIMEOUT = 60.0
PATIENCE = 300.0
"""Of who asks: longer than the probes that may wait before its own, since the analyzer itself gives up on one."""
MEMORY = 2 << 30
OPEN_FILES = 64


class Analyzer(Port):
    def __init__(self) -> None:
        super().__init__(
            [sys.executable, "-m", "mydia.adapters.disk.probe_process"],
            timeout=TIMEOUT,
            rlimits={"RLIMIT_AS": MEMORY, "RLIMIT_NOFILE": OPEN_FILES, "RLIMIT_CORE": 0},
        )

    async def handle(self, message: ProbeFile | ParseNames) -> Any:
        try:
            match message:
                case ProbeFile(path):
                    return await self.request({"op": "probe", "path": path})
                case ParseNames(names, input_):
                    return await self.request({"op": "parse", "names": list(names), "input": input_})
        except PortRefusal as no:
            if no.kind == "timeout":
                raise Invalid(f"Reading it took more than {TIMEOUT:g} s, so it is taken for damaged") from no
            raise (Invalid if no.kind == "invalid" else Unavailable)(str(no)) from no


async def probe(house: House, path: str) -> Probe:
    """Ask for a video's media facts. Invalid: it can't be read; ActorDied, AskTimeout: the process that read it is being restarted."""
    return probe_from(await house.mail["analyzer"].ask(ProbeFile(path), timeout=PATIENCE))
