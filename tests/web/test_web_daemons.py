"""Where daemons share a database, each says whether it leads, and whether it sees the others."""

from pathlib import Path

import pytest

from mydia.house import Company
from tests.support.web_world import open_web


async def test_the_health_and_the_system_page_say_who_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_web(tmp_path) as world:
        admin = await world.visitor("admin")

        async def health() -> object:
            return (await admin.http.get("/health")).json().get("daemons")

        async def store() -> str:
            return (await admin.http.get("/system?region=store")).text

        assert await health() is None
        assert "Daemons" not in await store()
        monkeypatch.setattr(world.house.engine, "shared", True)
        for company, told, shown in (
            (Company(3, leads=True), {"ok": True, "leads": True}, "3 daemons on this database; this one leads"),
            (Company(3, leads=False), {"ok": True, "leads": False}, "3 daemons on this database; another one leads"),
            (None, {"ok": False, "leads": False}, "takes no jobs"),
        ):
            world.house.company = company
            assert await health() == told
            assert shown in await store()
