"""Wishing for a title: look it up at the metadata provider, pick one, choose a profile, add it, search."""

from collections.abc import Sequence
from typing import Literal

from quart import Blueprint, request

from mydia.choosing.queries import list_profiles
from mydia.errors import Invalid, MydiaError
from mydia.library.queries import roots
from mydia.media import queries as media
from mydia.media.model import MediaCard
from mydia.messages import AddTitle, FindTitles
from mydia.otp import NoAnswer
from mydia.ports import MediaKind, MetadataMatch
from mydia.store.engine import Connection
from web.auth import back_to
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("add", __name__)
PATIENCE = 20.0  # seconds for the metadata provider
MOST = 24


@route(pages, "/add", Policy.ACT)
async def add(visit: Visit) -> Answer:
    q, year = request.args.get("q", "").strip()[:200], _year(request.args.get("year"))
    kind = _kind(request.args.get("kind"))
    problem, matches = "", list[MetadataMatch]()
    if q:
        try:
            matches = list(await visit.house.mail["librarian"].ask(FindTitles(kind, q, year), timeout=PATIENCE))
        except (MydiaError, NoAnswer) as no:
            problem = f"The title could not be looked up. {no}"
    matches = matches[:MOST]
    return await whole(
        "add.html",
        visit,
        q=q,
        year=year,
        kind=kind,
        matches=matches,
        here_already=await visit.read(here_already, matches),
        problem=problem,
        profiles=await visit.read(list_profiles),
        roots=[r for r in await visit.read(roots) if r.type == kind],
        default_profile=visit.house.config.media.quality_profile,
    )


@route(pages, "/add", Policy.ACT, methods=("POST",))
async def wish(visit: Visit) -> Answer:
    form = await request.form
    if not form.get("provider") or not form.get("id"):
        raise Invalid("Which title? Look it up and pick one.", field="id")
    message = AddTitle(
        kind=_kind(form.get("kind")),
        provider=form["provider"],
        id=form["id"],
        root_id=form.get("root_id") or None,
        quality_profile_id=form.get("quality_profile_id") or None,
        preset=form.get("monitor") or None,
        new_seasons=_policy(form.get("new_seasons")),
        search=form.get("search") == "1",
        actor=visit.name,
    )
    title_id = await visit.house.mail["librarian"].ask(message, timeout=PATIENCE)
    words = "It is on your list, and being searched." if message.search else "It is on your list."
    return await back_to(f"/titles/{title_id}", words)


def here_already(conn: Connection, matches: Sequence[MetadataMatch]) -> dict[str, MediaCard]:
    """By the provider's id, what of it the library has."""
    known = {m.id: media.by_external_id(conn, m.kind, m.provider, m.id) for m in matches}
    return {id_: media.card_of(conn, title) for id_, title in known.items() if title is not None}


def _policy(text: str | None) -> Literal["all", "none"] | None:
    return "all" if text == "all" else "none" if text == "none" else None


def _kind(text: str | None) -> MediaKind:
    return "tv_show" if text == "tv_show" else "movie"


def _year(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) == 4 else None
