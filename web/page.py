"""A page is a template and its regions: named parts that each know how to fill themselves and refetch alone.

`Page.answer` fills all regions for a whole page, and just one when the address says `?region=name`. In the template a region is
a block of the same name, wrapped by `ui.region(...)`, which names the live topics that make it refetch itself (see web/live.py).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quart import Response, request

from mydia.errors import NotFound
from mydia.media.queries import last_seq
from web import render
from web.auth import take_flash
from web.policy import Visit, here

Fill = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """`regions` name -> async function (visit, **parameters of the route) -> what the template's block of that name shows.

    `parts` name further blocks that can be fetched alone, each with the region whose value it shows: the next page of a list.
    """

    template: str
    regions: Mapping[str, Fill]
    parts: Mapping[str, str] = field(default_factory=dict)

    async def answer(
        self, visit: Visit, *, status: int = 200, shown: Mapping[str, Any] | None = None, **parameters: Any
    ) -> Response:
        """`shown` are further values for the template; `parameters` go to every region's function and to the template."""
        name = request.args.get("region")
        values = {**common(visit), **parameters, **(shown or {})}
        if name is not None:
            region = self.parts.get(name, name)
            if region not in self.regions:
                raise NotFound(f"This page has no region {name!r}.")
            values[region] = await self.regions[region](visit, **parameters)
            return html(render.block(self.template, name, **values), status)
        # Read before the regions are: an event that commits in between is told again rather than missed.
        values["live_after"] = await visit.read(last_seq) if visit.person else None
        for region, fill in self.regions.items():
            values[region] = await fill(visit, **parameters)
        return await whole(self.template, visit, status, **values)


def common(visit: Visit) -> dict[str, Any]:
    """What every template may use."""
    return {
        "visit": visit,
        "here": here,
        "path": request.path,
        "args": request.args,
        "now": visit.house.clock.now(),
        "live_after": None,
        "flash": None,
    }


def screenful(least: int, most: int = 200) -> int:
    """How many items of a list to show: `least`, or as many as the list that refetches itself shows by now (?shown=)."""
    text = request.args.get("shown", "")
    shown = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return max(least, min(shown, most))


async def whole(template: str, visit: Visit, status: int = 200, /, **values: Any) -> Response:
    """A whole page, with the notice that the last form left behind."""
    flash = take_flash(visit)
    response = html(render.page(template, **{**common(visit), **values, "flash": flash}), status)
    if flash is not None:
        response.delete_cookie("mydia_flash", path="/")
    return response


def html(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/html; charset=utf-8")
