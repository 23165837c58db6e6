"""Quality profiles: listed, made of a wish, edited as a whole, tried out before they are saved.

A quality's place is a number: the higher the better, equal numbers are one group, no number is "not allowed". So the whole order is
edited by plain fields, with or without script.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from quart import Blueprint, request

from mydia.choosing import changes, queries
from mydia.choosing.model import KeptFormat
from mydia.core.quality import PRESETS, PROPERS, QUALITIES, QualityProfile, wizard
from mydia.errors import Conflict, Invalid
from mydia.store.transaction import Transaction
from mydia.trying import PORTION, HeldChange, TurnedDecision, WhatIf
from web import render
from web.api.choosing import what_if
from web.auth import back_to
from web.page import common, html, whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("profiles", __name__)
NEW = "new"
SHOWN = 200
"""Changes that are listed; those beyond are counted."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One quality in the form; all but the name as it was filled in."""

    name: str
    place: str
    min: str
    preferred: str
    max: str


@dataclass(frozen=True, slots=True)
class Scored:
    id: str
    name: str
    score: str


@dataclass(frozen=True, slots=True)
class Form:
    """A profile as its form shows it; numbers as text, as they were filled in."""

    name: str
    rungs: tuple[Rung, ...]
    cutoff: str
    upgrades: bool
    scores: tuple[Scored, ...]
    min_score: str
    cutoff_score: str
    min_gain: str
    propers: str
    languages: str


# -- the list


@route(pages, "/settings/profiles", Policy.ADMIN)
async def profiles(visit: Visit) -> Answer:
    return await whole(
        "profiles.html",
        visit,
        profiles=await visit.read(queries.list_profiles),
        uses=await visit.read(queries.profile_uses),
        default=visit.house.config.media.quality_profile,
        wishes=PRESETS,
    )


@route(pages, "/settings/profiles/wish", Policy.ADMIN, methods=("POST",))
async def wish(visit: Visit) -> Answer:
    """A full profile from a wish in plain words, to be refined from there."""
    try:
        made = wizard((await request.form).get("wish", ""))
    except ValueError as wrong:
        raise Invalid(str(wrong), field="wish") from None
    profile_id = await visit.write(_add, made, actor=visit.name)
    return await back_to(f"/settings/profiles/{profile_id}", "The profile is made. Refine it here, or use it as it is.")


def _add(tx: Transaction, made: QualityProfile, *, actor: str) -> str:
    """Under a name that is still free."""
    taken = {p.name for p in queries.list_profiles(tx)}
    names = (made.name, *(f"{made.name} {n}" for n in range(2, len(taken) + 3)))
    name = next(n for n in names if n not in taken)
    return changes.put_profile(tx, replace(made, id="", name=name), actor=actor)


# -- one of them


@route(pages, "/settings/profiles/<profile_id>", Policy.ADMIN)
async def profile(visit: Visit, profile_id: str) -> Answer:
    """Under the id "new" a new one, like `?like=` another."""
    if profile_id == NEW:
        like = request.args.get("like")
        base = await visit.read(queries.get_profile, like) if like else await visit.read(queries.default_profile)
        base = replace(base, id="", name=f"{base.name} (copy)" if like else "")
    else:
        base = await visit.read(queries.get_profile, profile_id)
    return await _show(visit, profile_id, _form(base, await visit.read(queries.list_formats)))


@route(pages, "/settings/profiles/<profile_id>", Policy.ADMIN, methods=("POST",))
async def save(visit: Visit, profile_id: str) -> Answer:
    filled = {key: value for key, value in (await request.form).items() if isinstance(value, str)}
    formats = await visit.read(queries.list_formats)
    old = None if profile_id == NEW else await visit.read(queries.get_profile, profile_id)
    form = _refilled(filled, formats)
    try:
        made = profile_in(form, old)
        if "try" in filled:
            # Without script the button holds the cursor of the next page; the first one's is empty.
            trial = await _trial(visit, made, filled["try"]) if old else None
            return await _show(visit, profile_id, form, trial=trial)
        await visit.write(changes.replace_profile if old else changes.put_profile, made, actor=visit.name)
    except (Invalid, Conflict) as no:
        field = "name" if isinstance(no, Conflict) else no.field
        return await _show(visit, profile_id, form, {field or "": str(no)})
    return await back_to("/settings/profiles", f"The profile {made.name} is saved.")


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found on the pages so far: titles looked at, files and decisions by what becomes of them, and how many are shown."""

    titles: int = 0
    wanting: int = 0
    at_rest: int = 0
    rescored: int = 0
    taken: int = 0
    refused: int = 0
    shown: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """A page of what would change, with the counts up to it. Only the first SHOWN changes are listed; the others are counted."""

    page: WhatIf
    counts: Counts

    @property
    def listed(self) -> int:
        """How many changes are listed so far."""
        return min(self.counts.shown, SHOWN)

    @property
    def held(self) -> tuple[HeldChange, ...]:
        return self.page.held[: self._room]

    @property
    def turned(self) -> tuple[TurnedDecision, ...]:
        return self.page.turned[: max(self._room - len(self.page.held), 0)]

    @property
    def _room(self) -> int:
        """How many changes of this page are still listed."""
        return max(SHOWN - (self.counts.shown - len(self.page.held) - len(self.page.turned)), 0)


async def _trial(visit: Visit, made: QualityProfile, cursor: str, before: Counts | None = None) -> Trial:
    before = before or Counts()
    page = await what_if(visit, made, cursor or None, PORTION)
    became = [h.becomes for h in page.held]
    taken = sum(t.accepted for t in page.turned)
    counts = Counts(
        before.titles + page.looked_at,
        before.wanting + became.count("wanting"),
        before.at_rest + became.count("at_rest"),
        before.rescored + became.count("rescored"),
        before.taken + taken,
        before.refused + len(page.turned) - taken,
        before.shown + len(page.held) + len(page.turned),
    )
    return Trial(page, counts)


@route(pages, "/settings/profiles/<profile_id>/trial", Policy.ADMIN, methods=("POST",))
async def try_further(visit: Visit, profile_id: str) -> Answer:
    """The next page of what a filled-in profile would change, for the list that is open."""
    filled = {key: value for key, value in (await request.form).items() if isinstance(value, str)}
    old = await visit.read(queries.get_profile, profile_id)
    made = profile_in(_refilled(filled, await visit.read(queries.list_formats)), old)
    before = Counts(*(_whole(filled.get(f"so-far-{f.name}") or "0", "counts") for f in fields(Counts)))
    trial = await _trial(visit, made, filled.get("cursor", ""), before)
    values = {**common(visit), "trial": trial, "profile_id": profile_id}
    return html(render.block("profile.html", "more_trial", **values), 200)


@route(pages, "/settings/profiles/<profile_id>/delete", Policy.ADMIN, methods=("POST",))
async def delete(visit: Visit, profile_id: str) -> Answer:
    await visit.write(changes.delete_profile, profile_id, actor=visit.name)
    return await back_to("/settings/profiles", "The profile is deleted.")


async def _show(
    visit: Visit, profile_id: str, form: Form, errors: Mapping[str, str] | None = None, trial: Trial | None = None
) -> Answer:
    shown: dict[str, Any] = {
        "profile_id": profile_id,
        "filled": form,
        "errors": errors or {},
        "trial": trial,
        "propers": PROPERS,
        "is_new": profile_id == NEW,
    }
    return await whole("profile.html", visit, 422 if errors else 200, **shown)


def _form(profile: QualityProfile, formats: tuple[KeptFormat, ...]) -> Form:
    def rung(name: str) -> Rung:
        place, size = profile.rank(name), profile.sizes.get(name)
        sizes = ("", "", "") if size is None else tuple(_short(n) for n in (size.min, size.preferred, size.max))
        return Rung(name, "" if place is None else str(place + 1), *sizes)

    cutoff = profile.rank(profile.cutoff)
    names = [n for n in profile.flat() if profile.rank(n) == cutoff]
    return Form(
        name=profile.name,
        rungs=tuple(rung(name) for name in reversed(tuple(QUALITIES))),
        cutoff=names[0] if names else "",
        upgrades=profile.upgrades,
        scores=tuple(Scored(k.id, k.format.name, str(profile.scores.get(k.format.name, 0))) for k in formats),
        min_score=str(profile.min_score),
        cutoff_score=str(profile.cutoff_score),
        min_gain=str(profile.min_gain),
        propers=profile.propers,
        languages=", ".join(profile.languages),
    )


def _refilled(filled: Mapping[str, str], formats: tuple[KeptFormat, ...]) -> Form:
    def said(key: str) -> str:
        return filled.get(key, "").strip()

    return Form(
        name=said("name"),
        rungs=tuple(
            Rung(n, said(f"place-{n}"), said(f"min-{n}"), said(f"preferred-{n}"), said(f"max-{n}"))
            for n in reversed(tuple(QUALITIES))
        ),
        cutoff=said("cutoff"),
        upgrades="upgrades" in filled,
        scores=tuple(Scored(k.id, k.format.name, said(f"score-{k.id}")) for k in formats),
        min_score=said("min_score"),
        cutoff_score=said("cutoff_score"),
        min_gain=said("min_gain"),
        propers=said("propers"),
        languages=said("languages"),
    )


def profile_in(form: Form, old: QualityProfile | None) -> QualityProfile:
    """The profile that a form describes. Invalid names the first field that is wrong; groups that stay as they were keep their names."""
    data: dict[str, Any] = {
        "id": old.id if old else "",
        "name": form.name,
        "qualities": _qualities(form, old),
        "cutoff": form.cutoff,
        "upgrades": form.upgrades,
        "sizes": {r.name: _size(r) for r in form.rungs if r.min or r.preferred or r.max},
        "scores": {s.name: n for s in form.scores if (n := _whole(s.score or "0", "scores"))},
        "min_score": _whole(form.min_score, "min_score"),
        "cutoff_score": _whole(form.cutoff_score, "cutoff_score"),
        "min_gain": _whole(form.min_gain, "min_gain"),
        "propers": form.propers,
        "languages": [word.strip() for word in form.languages.split(",") if word.strip()],
    }
    try:
        return QualityProfile.from_json(data)
    except ValueError as wrong:
        raise changes.refusal(wrong) from None


def _qualities(form: Form, old: QualityProfile | None) -> list[Any]:
    places: dict[int, list[str]] = {}
    for rung in reversed(form.rungs):
        if rung.place:
            places.setdefault(_whole(rung.place, "qualities"), []).append(rung.name)
    known = {g.qualities: g.name for g in old.qualities if not isinstance(g, str)} if old else {}
    named = {frozenset(members): name for members, name in known.items()}
    return [
        names[0] if len(names) == 1 else {"group": named.get(frozenset(names), " | ".join(names)), "qualities": names}
        for _, names in sorted(places.items())
    ]


def _size(rung: Rung) -> dict[str, float | None]:
    return {
        "min": _number(rung.min, rung.name) or 0.0,
        "preferred": _number(rung.preferred, rung.name),
        "max": _number(rung.max, rung.name),
    }


def _whole(text: str, field: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Invalid(f"{field}: {text!r} is no whole number", field=field) from None


def _number(text: str, name: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise Invalid(f"sizes: {name}: {text!r} is no number of MB a minute", field="sizes") from None


def _short(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
