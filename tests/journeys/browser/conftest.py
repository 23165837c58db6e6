"""What the browser tests share: one demo house for the session, one Chromium for each module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Place, chromium, demo_life, fresh_life, living


@pytest.fixture(scope="session")
def demo() -> Iterator[Place]:
    with living(demo_life) as place:
        yield place


@pytest.fixture
def fresh() -> Iterator[Place]:
    with living(fresh_life) as place:
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the session: while Playwright lives, its asyncio loop counts as running on this thread.
    with chromium() as opened:
        yield opened
