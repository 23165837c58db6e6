"""Choosing, tried out and carried about: why a release would be taken, what a change would turn, all that was chosen as one document."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import trio
from pydantic import Field
from quart import Blueprint

from mydia import choosing_yaml, renaming, trying
from mydia.choosing import changes
from mydia.choosing.model import Adopted
from mydia.choosing.queries import get_profile
from mydia.core.decide import Candidate
from mydia.core.explain import Explanation
from mydia.core.naming import PRESETS as NAMING_PRESETS
from mydia.core.quality import PRESETS, QualityProfile, wizard
from mydia.databases import read_apart
from mydia.errors import Invalid, NotFound
from mydia.settings.naming import Naming, preset
from mydia.wishes import MANY_TITLES
from web.api.kit import Body, Query, operation
from web.api.models import Cursor
from web.api.settings import ProfileIn, ProfileOut, profile_of, profile_out
from web.forms import settling
from web.policy import Policy, Visit

api = Blueprint("choosing_api", __name__)


# -- why


class Question(Body):
    """A release that might be offered, and the title it would be for. What is not said counts as not known."""

    release: Annotated[str, Field(min_length=1, max_length=1000)]
    media_id: str
    profile_id: Annotated[str | None, Field(description="Another quality profile than the title's own")] = None
    mode: Literal["rss", "search", "user"] = "search"
    protocol: Literal["torrent", "usenet"] = "torrent"
    size: Annotated[int | None, Field(ge=0, description="Bytes")] = None
    seeders: Annotated[int | None, Field(ge=0)] = None
    age_minutes: Annotated[float | None, Field(ge=0)] = None
    indexer: str = ""
    flags: Annotated[list[str], Field(default_factory=list)]
    languages: Annotated[list[str], Field(default_factory=list)]


@dataclass(frozen=True, slots=True)
class SpanOut:
    """Where in the name a fact was read: characters from `start` up to, but not with, `end`."""

    fact: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RuleOut:
    """What a rule says; `reason` when it refuses, `permanent` unless time can cure that."""

    rule: str
    passes: bool
    permanent: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class KeyOut:
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ExplanationOut:
    release: str
    accepted: bool
    quality: str
    score: int
    formats: list[str]
    facts: list[KeyOut]
    spans: list[SpanOut]
    rules: list[RuleOut]
    rank: list[KeyOut]


@operation(api, "/explain", Policy.READ, method="POST", body=Question, answers=ExplanationOut)
async def explain_release(visit: Visit, body: Question) -> ExplanationOut:
    """Why a release would be taken for a title now, or not: what was read from its name, every rule's answer, its place in the ranking."""
    return explanation_out(await explanation(visit, body))


async def explanation(visit: Visit, asked: Question) -> Explanation:
    """The first slot's answer."""
    candidate = Candidate(
        asked.release,
        protocol=asked.protocol,
        size=asked.size,
        seeders=asked.seeders,
        age_minutes=asked.age_minutes,
        indexer=asked.indexer,
        flags=tuple(asked.flags),
        languages=tuple(asked.languages),
    )
    rules = visit.house.config.downloads.rules
    now = visit.house.clock.now()
    (found,) = await visit.read(
        trying.explain_for,
        asked.media_id,
        (candidate,),
        now,
        rules,
        profile_id=asked.profile_id or None,
        mode=asked.mode,
    )
    return found


def explanation_out(found: Explanation) -> ExplanationOut:
    said = trying.told(found)
    return ExplanationOut(
        **{
            **said,
            "facts": [KeyOut(**f) for f in said["facts"]],
            "spans": [SpanOut(**s) for s in said["spans"]],
            "rules": [RuleOut(**r) for r in said["rules"]],
            "rank": [KeyOut(**k) for k in said["rank"]],
        }
    )


# -- what if


class WhatIfQuery(Query):
    """Which page."""

    cursor: Cursor = None
    limit: Annotated[int, Field(ge=1, le=500, description="How many titles to look at")] = trying.PORTION


@operation(
    api,
    "/quality-profiles/<profile_id>/what-if",
    Policy.READ,
    method="POST",
    query=WhatIfQuery,
    body=ProfileIn,
    answers=trying.WhatIf,
)
async def try_quality_profile(visit: Visit, profile_id: str, query: WhatIfQuery, body: ProfileIn) -> trying.WhatIf:
    """What putting this profile in its place would change, without doing it: held files, and the latest decisions; a page of titles at a
    time."""
    return await what_if(visit, profile_of(body, profile_id), query.cursor, query.limit)


async def what_if(visit: Visit, new: QualityProfile, cursor: str | None, limit: int) -> trying.WhatIf:
    """One page of what a profile would change that has an id here already."""
    asked = (new.id, new, visit.house.clock.now(), visit.house.config.downloads.rules)
    if limit > MANY_TITLES and await visit.read(trying.titles_of, new.id) > MANY_TITLES:
        return await read_apart(visit.house, trying.what_if, *asked, cursor=cursor, portion=limit)
    return await visit.read(trying.what_if, *asked, cursor=cursor, portion=limit)


# -- wishes in plain words


class WishIn(Body):
    wish: Annotated[str, Field(description=f"One of: {', '.join(PRESETS)}")]
    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None


@dataclass(frozen=True, slots=True)
class Wishes:
    items: list[str]


@operation(api, "/profile-wishes", Policy.READ, answers=Wishes)
async def list_wishes(visit: Visit) -> Wishes:
    """Wishes in plain words of which a quality profile can be made."""
    return Wishes(list(PRESETS))


@operation(api, "/profile-wishes", Policy.ADMIN, method="POST", body=WishIn, answers=ProfileOut, status=201)
async def add_wished_profile(visit: Visit, body: WishIn) -> ProfileOut:
    """Make a quality profile of a wish."""
    try:
        made = wizard(body.wish)
    except ValueError as wrong:
        raise Invalid(str(wrong), field="wish") from None
    profile = replace(made, id="", name=body.name or made.name)
    profile_id = await visit.write(changes.put_profile, profile, actor=visit.name)
    return profile_out(await visit.read(get_profile, profile_id))


# -- names


class NamingTrial(Body):
    """`naming` as under media.naming, what is not given as it is in force; or the name of a preset."""

    naming: Annotated[dict[str, Any], Field(default_factory=dict)]
    preset: str | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one of the two names or both: "=" kept, "-" removed, "+" added."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class RenamingOut:
    file_id: str
    media_id: str
    before: str
    after: str
    clashes: bool
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class RenamingPage:
    items: list[RenamingOut]
    next: str | None


@operation(api, "/naming/preview", Policy.ADMIN, method="POST", body=NamingTrial, answers=RenamingPage)
async def preview_naming(visit: Visit, body: NamingTrial) -> RenamingPage:
    """Which files other naming templates would give another name, and how. Nothing is renamed."""
    if body.preset is not None and body.preset not in NAMING_PRESETS:
        raise NotFound(f"There is no preset {body.preset!r}; known are {', '.join(NAMING_PRESETS)}.")
    chosen = preset(body.preset) if body.preset else {}
    naming = naming_of(visit, {**chosen, **body.naming})
    page = await visit.read(renaming.preview, naming, cursor=body.cursor, limit=body.limit)
    items = [
        RenamingOut(r.file_id, r.media_item_id, r.before, r.after, r.clashes, [Piece(*p) for p in r.pieces])
        for r in page.items
    ]
    return RenamingPage(items, page.next)


def naming_of(visit: Visit, values: dict[str, Any]) -> Naming:
    """The naming in force with these values in its place. Invalid names the first that is wrong."""
    in_force = visit.house.config.media.naming.model_dump()
    unknown = [key for key in values if key not in in_force]
    if unknown:
        raise Invalid(f"naming: there is no setting {unknown[0]!r}", field=f"naming.{unknown[0]}")
    try:
        return Naming.model_validate({**in_force, **values})
    except ValueError as wrong:
        first = wrong.errors(include_url=False)[0] if hasattr(wrong, "errors") else {"loc": (), "msg": str(wrong)}
        field = ".".join(("naming", *map(str, first["loc"])))
        raise Invalid(f"{field}: {first['msg']}", field=field) from None


# -- all of it


class ChosenIn(Body):
    """Any part of what GET answers. Formats and profiles are added or changed by name; nothing is removed."""

    formats: Annotated[list[dict[str, Any]], Field(default_factory=list)]
    profiles: Annotated[list[dict[str, Any]], Field(default_factory=list)]
    rules: Annotated[dict[str, Any], Field(default_factory=dict)]
    naming: Annotated[dict[str, Any], Field(default_factory=dict)]


@dataclass(frozen=True, slots=True)
class ChosenOut:
    """Custom formats, quality profiles, rules and naming. JSON is YAML: the command line reads and writes the same document."""

    formats: list[dict[str, Any]]
    profiles: list[dict[str, Any]]
    rules: dict[str, Any]
    naming: dict[str, Any]


@operation(api, "/choosing", Policy.ADMIN, answers=ChosenOut)
async def get_choosing(visit: Visit) -> ChosenOut:
    """All that was chosen, as one document."""
    return ChosenOut(**await visit.read(choosing_yaml.export, visit.house.config))


@operation(api, "/choosing", Policy.ADMIN, method="PUT", body=ChosenIn, answers=ChosenOut)
async def put_choosing(visit: Visit, body: ChosenIn) -> ChosenOut:
    """Take such a document in. When any part of it is wrong, nothing is changed and every problem is named."""
    await take_in(visit, body.model_dump(exclude_unset=True))
    return ChosenOut(**await visit.read(choosing_yaml.export, visit.house.config))


async def take_in(visit: Visit, document: Any) -> Adopted:
    """A parsed document, and the configuration from then on."""
    chosen = await trio.to_thread.run_sync(choosing_yaml.read, document)
    async with settling(visit):
        adopted, loaded = await visit.write(choosing_yaml.take_in, chosen, visit.house.loaded, actor=visit.name)
        if loaded is not None:
            visit.house.adopt(loaded)
    return adopted
