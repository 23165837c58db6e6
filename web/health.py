"""Is it alive, is it ready, and each part by itself. Without an account these say no more than a name and yes or no."""

import json

from quart import Blueprint, Response

from mydia.library.queries import roots
from mydia.otp import ChildInfo
from mydia.settings.alerts import alerts
from mydia.store.engine import Connection
from web.metrics import flat
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("health", __name__)
STEPS = frozenset({"step"})


@route(pages, "/health/live", Policy.PUBLIC)
async def live(visit: Visit) -> Answer:
    """The process answers."""
    return _answer({"status": "ok"}, ok=True)


@route(pages, "/health/ready", Policy.PUBLIC)
async def ready(visit: Visit) -> Answer:
    """Every part runs, the database answers: 200, else 503. What a container's health check asks."""
    return _answer(*_ready(await _parts(visit)))


@route(pages, "/health", Policy.PUBLIC)
async def health(visit: Visit) -> Answer:
    """Each part by itself. A library folder that can't be seen is told, but the house is ready without it."""
    parts = await _parts(visit)
    body, ok = _ready(parts)
    folders = await visit.read(roots)
    body["parts"] = parts
    body["store"] = {"ok": not await visit.read(alerts)}
    if visit.house.engine.shared:
        company = visit.house.company
        body["daemons"] = {"ok": company is not None, "leads": company is not None and company.leads}
    body["library"] = {"ok": all(r.state == "ok" for r in folders), "folders": len(folders)}
    return _answer(body, ok=ok)


async def _parts(visit: Visit) -> dict[str, bool]:
    children = visit.site.tree.children() if visit.site.tree is not None else []
    parts = {c.path: _runs(c) for c in flat(children) if c.kind not in STEPS}
    return {"database": bool(await visit.read(_answers)), **parts}


def _runs(child: ChildInfo) -> bool:
    # A restart takes milliseconds and loses nothing: it is no reason to call the house unready.
    return child.state in ("running", "restarting", "starting", "ignored")


def _answers(conn: Connection) -> int:
    return int(conn.value("select 1"))


def _ready(parts: dict[str, bool]) -> tuple[dict[str, object], bool]:
    ok = all(parts.values())
    return {"status": "ok" if ok else "degraded", "down": sorted(name for name, up in parts.items() if not up)}, ok


def _answer(body: dict[str, object], ok: bool) -> Response:
    return Response(json.dumps(body), 200 if ok else 503, content_type="application/json")
