"""Custom formats: one by one, and as other programs and the guides write them."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import trio
from pydantic import Field
from quart import Blueprint

from mydia.choosing import changes, queries
from mydia.choosing.model import Brought, KeptFormat, problems_of, read_brought
from mydia.core.formats import CustomFormat, parse_formats
from mydia.errors import Invalid
from mydia.store.transaction import Transaction
from web.api.kit import Body, operation
from web.policy import Policy, Visit

api = Blueprint("formats_api", __name__)


class ConditionIn(Body):
    """One question about a release.

    `value` is a regular expression (title, edition, release_group), a word (language, indexer_flag, source, modifier, release_type),
    lines (resolution), or a range of two numbers (size in GB, year).
    """

    type: Literal[
        "title",
        "edition",
        "language",
        "indexer_flag",
        "source",
        "resolution",
        "modifier",
        "size",
        "release_group",
        "release_type",
        "year",
    ]
    value: str | int | list[float]
    name: Annotated[str, Field(max_length=200)] = ""
    negate: bool = False
    required: bool = False
    others: Annotated[bool, Field(description="Of a language: any but this one")] = False


class FormatIn(Body):
    """Of each type of condition one must hold, and all that are required."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    conditions: Annotated[list[ConditionIn], Field(min_length=1)]
    in_names: Annotated[bool, Field(description="Whether {Custom Formats} writes it into file names")] = False
    trash_id: str | None = None
    trash_scores: Annotated[dict[str, int], Field(default_factory=dict)]


class FormatImport(Body):
    """Formats and quality profiles as the guides publish them, or as Radarr and Sonarr export them.

    `app` says whose numbers sources and flags are, where a document cannot tell. `profile_id` names a quality profile that gets the
    guide's scores, from `score_set`.
    """

    documents: Annotated[list[dict[str, Any] | list[Any]], Field(min_length=1)]
    app: Literal["radarr", "sonarr"] | None = None
    profile_id: str | None = None
    score_set: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionOut:
    type: str
    name: str
    value: str | int | list[float]
    negate: bool
    required: bool
    others: bool


@dataclass(frozen=True, slots=True)
class FormatOut:
    id: str
    name: str
    conditions: list[ConditionOut]
    in_names: bool
    trash_id: str | None
    trash_scores: dict[str, int]


@dataclass(frozen=True, slots=True)
class FormatList:
    items: list[FormatOut]


@dataclass(frozen=True, slots=True)
class ImportedFormats:
    """By name; `problems` are what could not be read, one sentence each."""

    added: list[str]
    changed: list[str]
    same: list[str]
    profiles: list[str]
    problems: list[str]


@operation(api, "/custom-formats", Policy.READ, answers=FormatList)
async def list_custom_formats(visit: Visit) -> FormatList:
    """The custom formats, by name."""
    return FormatList([format_out(k) for k in await visit.read(queries.list_formats)])


@operation(api, "/custom-formats", Policy.ADMIN, method="POST", body=FormatIn, answers=FormatOut, status=201)
async def add_custom_format(visit: Visit, body: FormatIn) -> FormatOut:
    """Add a custom format. Its patterns are checked: one that is wrong, or could hang a search, is refused."""
    format_id = await visit.write(changes.put_format, await _wanted(body), actor=visit.name)
    return format_out(await visit.read(queries.get_format, format_id))


@operation(api, "/custom-formats/<format_id>", Policy.READ, answers=FormatOut)
async def get_custom_format(visit: Visit, format_id: str) -> FormatOut:
    """One custom format."""
    return format_out(await visit.read(queries.get_format, format_id))


@operation(api, "/custom-formats/<format_id>", Policy.ADMIN, method="PUT", body=FormatIn, answers=FormatOut)
async def change_custom_format(visit: Visit, format_id: str, body: FormatIn) -> FormatOut:
    """Put another in a custom format's place; its scores follow its name."""
    await visit.write(changes.put_format, await _wanted(body), id=format_id, actor=visit.name)
    return format_out(await visit.read(queries.get_format, format_id))


@operation(api, "/custom-formats/<format_id>", Policy.ADMIN, method="DELETE")
async def delete_custom_format(visit: Visit, format_id: str) -> None:
    """Forget a custom format, and its score in every quality profile."""
    await visit.write(changes.delete_format, format_id, actor=visit.name)


@operation(api, "/format-imports", Policy.ADMIN, method="POST", body=FormatImport, answers=ImportedFormats)
async def import_custom_formats(visit: Visit, body: FormatImport) -> ImportedFormats:
    """Take in formats, and quality profiles, by name; a wrong one costs only itself and is named."""
    documents = [(f"document {n}", document) for n, document in enumerate(body.documents, 1)]
    brought: Brought = await trio.to_thread.run_sync(read_brought, documents, body.app)
    return await take_in(visit, brought, body.profile_id, body.score_set)


async def take_in(visit: Visit, brought: Brought, profile_id: str | None, score_set: str | None) -> ImportedFormats:
    adopted = await visit.write(_adopt, brought, profile_id, score_set, actor=visit.name)
    return ImportedFormats(
        list(adopted.added),
        list(adopted.changed),
        list(adopted.same),
        list(adopted.profiles),
        list(brought.problems),
    )


def _adopt(tx: Transaction, brought: Brought, profile_id: str | None, score_set: str | None, *, actor: str) -> Any:
    return changes.adopt(tx, brought.formats, brought.profiles, profile_id=profile_id, score_set=score_set, actor=actor)


async def _wanted(body: FormatIn) -> CustomFormat:
    return await checked(body.model_dump())


async def checked(data: Any) -> CustomFormat:
    """One format in Mydia's own words (or another program's), with its patterns tried. Invalid says what is wrong with it."""
    try:
        formats = parse_formats(data)
    except ValueError as wrong:
        raise Invalid(str(wrong), field="conditions") from None
    if len(formats) != 1:
        raise Invalid(f"expected one custom format, not {len(formats)}")
    problems = await trio.to_thread.run_sync(problems_of, formats[0])
    if problems:
        raise Invalid("; ".join(problems), field="conditions")
    return formats[0]


def format_out(kept: KeptFormat) -> FormatOut:
    data = kept.format.to_json()
    conditions = [ConditionOut(**c) for c in data.pop("conditions")]
    return FormatOut(id=kept.id, conditions=conditions, **data)
