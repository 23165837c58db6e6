"""A port's process for the tests: what it does is what it is asked."""

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

from mydia.otp.errors import PortRefusal
from mydia.otp.port_child import port_main, send_event


def handle(request: Any) -> Any:
    match request:
        case {"refuse": why}:
            raise PortRefusal("unreadable", why)
        case {"raise": why}:
            raise ValueError(why)
        case {"sleep": seconds}:
            time.sleep(seconds)
            return "slept"
        case {"print": text}:
            print(text)  # noqa: T201 - the stray print that a test is about
            os.write(1, b"raw bytes on fd 1\n")
            return "printed"
        case {"exit": status}:
            os._exit(status)
        case {"write": garbage}:
            os.write(_frames(), garbage.encode())
            time.sleep(60)
        case {"close stdout": _}:
            os.close(_frames())
            time.sleep(60)
        case {"allocate": size}:
            return len(bytearray(size))
        case {"grandchild": seconds}:
            return subprocess.Popen(["sleep", str(seconds)]).pid
        case {"event": payload}:
            send_event(payload)
            threading.Thread(target=send_event, args=("from a thread",)).start()
            return "sent"
        case {"modules": names}:
            return [name for name in names if name in sys.modules]
    return request


def _frames() -> int:
    from mydia.otp import port_child

    return port_child._frames_fd


def main(mode: str) -> None:
    polls = iter(range(10**9))
    match mode:
        case "serve":
            port_main(handle, on_start=lambda: {"pid": os.getpid()}, on_stop=lambda: sys.stderr.write("goodbye\n"))
        case "poll":
            port_main(handle, poll=lambda: send_event({"poll": next(polls)}), interval=0.02)
        case "fails":
            port_main(handle, on_start=lambda: json.loads("no json"))
        case "deaf":  # hears neither the end of stdin nor SIGTERM
            import signal

            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            port_main(handle)
            time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1])
