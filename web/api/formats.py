"""Custom formats: one by one, and as other programs and the guides write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import trio
from pydantic import Field
from quart import Blueprint

from mydia.choosing import changes, queries
from mydia.choosing.model import Brought, KeptFormat, problem_of, read_brought
from mydia.core.formats import Condition, CustomFormat, condition_of, parse_formats
from mydia.core.formats.model import ConditionType
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

    type: ConditionType
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
class FormatOut:
    id: str
    name: str
    conditions: list[Condition]
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


async def checked(data: Mapping[str, Any]) -> CustomFormat:
    """One format in Mydia's own words, with its patterns tried. Invalid names the field that is wrong, by its condition's place."""
    conditions = []
    for place, item in enumerate(data["conditions"]):
        try:
            conditions.append(condition_of(item))
            wrong = await trio.to_thread.run_sync(problem_of, conditions[-1])
        except ValueError as no:
            wrong = str(no)
        if wrong is not None:
            said = item.get("name") or place + 1
            raise Invalid(f"condition {said!r}: {wrong}", field=f"conditions.{place}.value")
    if not conditions:
        raise Invalid("A format needs a condition; without one it would never match.", field="conditions")
    try:
        (made,) = parse_formats(data)
    except ValueError as no:
        raise Invalid(str(no), field="name") from None
    return made


def format_out(kept: KeptFormat) -> FormatOut:
    made = kept.format
    return FormatOut(kept.id, made.name, list(made.conditions), made.in_names, made.trash_id, dict(made.trash_scores))
