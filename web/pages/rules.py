"""What releases must meet, and how files are named: two sections of the configuration as forms. Names are shown before they count."""

from dataclasses import dataclass
from typing import Any

from quart import Blueprint, request

from mydia import renaming
from mydia.core.naming import PRESETS
from mydia.errors import Invalid, NotFound
from mydia.settings.naming import Naming, preset
from web import forms
from web.auth import back_to
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("rules", __name__)
RULES, NAMING = "downloads.rules", "media.naming"
SHOWN_RENAMINGS = 50


@dataclass(frozen=True, slots=True)
class Trial:
    """What templates would rename; None of them was asked for yet."""

    items: tuple[renaming.Renaming, ...]
    more: bool


async def _filled() -> dict[str, str]:
    return {key: value for key, value in (await request.form).items() if isinstance(value, str)}


@route(pages, "/settings/rules", Policy.ADMIN)
async def rules(visit: Visit) -> Answer:
    return await _show_rules(visit)


@route(pages, "/settings/rules", Policy.ADMIN, methods=("POST",))
async def set_rules(visit: Visit) -> Answer:
    filled = await _filled()
    try:
        count = await forms.save(visit, visit.house.config.downloads.rules, RULES, filled)
    except Invalid as no:
        return await _show_rules(visit, filled, str(no))
    return await back_to("/settings/rules", "The rules are changed." if count else "Nothing was changed.")


async def _show_rules(visit: Visit, filled: dict[str, str] | None = None, problem: str = "") -> Answer:
    shown = forms.fields(visit, visit.house.config.downloads.rules, RULES, filled, problem)
    rest = forms.unplaced(problem, shown)
    return await whole("rules.html", visit, 422 if problem else 200, fields=shown, problem=rest)


@route(pages, "/settings/naming", Policy.ADMIN)
async def naming(visit: Visit) -> Answer:
    """`?preset=` fills the form with a preset's templates; nothing counts before it is saved."""
    wanted = request.args.get("preset")
    if not wanted:
        return await _show_naming(visit)
    if wanted not in PRESETS:
        raise NotFound(f"There is no preset {wanted!r}; known are {', '.join(PRESETS)}.")
    made = Naming.model_validate({**visit.house.config.media.naming.model_dump(), **preset(wanted)})
    return await _show_naming(visit, section=made, trial=await _trial(visit, made), chosen=wanted)


@route(pages, "/settings/naming", Policy.ADMIN, methods=("POST",))
async def set_naming(visit: Visit) -> Answer:
    filled = await _filled()
    section = visit.house.config.media.naming
    try:
        if "try" in filled:
            values = forms.changed(visit, section, NAMING, filled)
            made = _tried(section, {k.removeprefix(f"{NAMING}."): v for k, v in values.items()})
            return await _show_naming(visit, section=made, trial=await _trial(visit, made))
        count = await forms.save(visit, section, NAMING, filled)
    except Invalid as no:
        return await _show_naming(visit, filled, str(no))
    return await back_to("/settings/naming", "The naming is changed." if count else "Nothing was changed.")


def _tried(section: Naming, values: dict[str, Any]) -> Naming:
    try:
        return Naming.model_validate({**section.model_dump(), **values})
    except ValueError as wrong:
        errors = wrong.errors(include_url=False) if hasattr(wrong, "errors") else []
        lines = [f"{'.'.join((NAMING, *map(str, e['loc'])))}: {e['msg']}" for e in errors]
        raise Invalid("\n".join(lines) or str(wrong)) from None


async def _trial(visit: Visit, made: Naming) -> Trial:
    page = await visit.read(renaming.preview, made, limit=SHOWN_RENAMINGS)
    return Trial(page.items[:SHOWN_RENAMINGS], page.next is not None or len(page.items) > SHOWN_RENAMINGS)


async def _show_naming(
    visit: Visit,
    filled: dict[str, str] | None = None,
    problem: str = "",
    *,
    section: Naming | None = None,
    trial: Trial | None = None,
    chosen: str = "",
) -> Answer:
    shown = forms.fields(visit, section or visit.house.config.media.naming, NAMING, filled, problem)
    return await whole(
        "naming.html",
        visit,
        422 if problem else 200,
        fields=shown,
        problem=forms.unplaced(problem, shown),
        trial=trial,
        presets=tuple(PRESETS),
        chosen=chosen,
    )
