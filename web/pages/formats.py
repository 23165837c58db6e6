"""Custom formats: what they say of a name; brought in from files, pasted or written; and all that was chosen as one file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import trio
from quart import Blueprint, Response, request

from mydia import choosing_yaml
from mydia.choosing import changes, queries
from mydia.choosing.model import KeptFormat, read_brought
from mydia.core.formats import Condition, CustomFormat, FormatVerdict, explain, facts_of, words_of
from mydia.core.formats.model import PATTERNS, RANGES
from mydia.core.quality import quality_of
from mydia.core.release import parse
from mydia.errors import Conflict, Invalid
from web.api import choosing as choosing_api
from web.api.formats import checked
from web.auth import back_to
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("formats", __name__)
NEW = "new"
EXAMPLE = CustomFormat("", ())


@dataclass(frozen=True, slots=True)
class Row:
    kept: KeptFormat
    verdict: FormatVerdict | None
    scores: tuple[tuple[str, int], ...]


@route(pages, "/settings/formats", Policy.ADMIN)
async def formats(visit: Visit) -> Answer:
    """`?name=` shows what each format says of a release's name."""
    return await _show(visit)


async def _show(visit: Visit, status: int = 200, problems: Iterable[str] = (), pasted: str = "") -> Answer:
    name = request.args.get("name", "").strip()[:1000]
    kept = await visit.read(queries.list_formats)
    profiles = await visit.read(queries.list_profiles)
    said = await trio.to_thread.run_sync(_tried, kept, name) if name else [None] * len(kept)
    rows = [
        Row(k, v, tuple((p.name, p.scores[k.format.name]) for p in profiles if p.scores.get(k.format.name)))
        for k, v in zip(kept, said, strict=True)
    ]
    rows.sort(key=lambda row: not (row.verdict and row.verdict.matched))
    shown: dict[str, Any] = {"rows": rows, "name": name, "profiles": profiles, "problems": problems, "pasted": pasted}
    return await whole("formats.html", visit, status, **shown)


def _tried(kept: tuple[KeptFormat, ...], name: str) -> list[FormatVerdict | None]:
    release = parse(name)
    kind = "episode" if release.kind == "episode" else "movie"
    facts = facts_of(release, quality_of(release, "episode" if kind == "episode" else "movie"))
    return list(explain([k.format for k in kept], facts))


@route(pages, "/settings/formats/import", Policy.ADMIN, methods=("POST",))
async def bring_in(visit: Visit) -> Answer:
    """JSON that was pasted, and files of it. What is wrong is named; the rest comes in."""
    form, files = await request.form, await request.files
    pasted = form.get("pasted", "")
    texts = [("the pasted text", pasted.encode())] if pasted.strip() else []
    texts += [(f.filename or "a file", f.read()) for f in files.getlist("files") if f.filename]
    if not texts:
        return await _show(visit, 422, ["Paste a format, or choose files of them."])
    documents, problems = _parsed(texts)
    app = form.get("app")
    brought = await trio.to_thread.run_sync(read_brought, documents, app if app in ("radarr", "sonarr") else None)
    adopted = await visit.write(
        changes.adopt,
        brought.formats,
        brought.profiles,
        profile_id=form.get("profile_id") or None,
        score_set=form.get("score_set") or None,
        actor=visit.name,
    )
    problems += brought.problems
    if problems:
        return await _show(visit, 422, problems, pasted)
    words = (
        f"{len(adopted.added)} formats came in, {len(adopted.changed)} changed, {len(adopted.same)} were here already."
    )
    return await back_to("/settings/formats", words)


def _parsed(texts: Iterable[tuple[str, bytes]]) -> tuple[list[tuple[str, Any]], list[str]]:
    documents: list[tuple[str, Any]] = []
    problems: list[str] = []
    for where, text in texts:
        try:
            documents.append((where, json.loads(text)))
        except (ValueError, RecursionError) as wrong:
            problems.append(f"{where}: this is no JSON: {wrong}")
    return documents, problems


# -- one of them, as rows of conditions


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition as its row shows it, all as text as it was filled in; `to` is the end of a range."""

    type: str
    value: str
    to: str = ""
    name: str = ""
    negate: bool = False
    required: bool = False
    others: bool = False

    @property
    def hint(self) -> str:
        return HINTS[self.type]

    @property
    def words(self) -> tuple[str, ...]:
        return words_of(self.type)

    @property
    def is_word(self) -> bool:
        """Whether its value is chosen from a list: unless a word of two parts (bluray/remux), or none that is known, was filled in."""
        return bool(self.words) and self.value in ("", *self.words)

    def of_its_type(self) -> "ConditionRow":
        """Without a value that was filled in for another type, where this one's are words."""
        known = self.value.partition("/")[0] in self.words
        return self if known or not self.words else replace(self, value="")

    def said(self) -> dict[str, Any]:
        """The condition in Mydia's own words; text that is no number stays text, for the reader to refuse."""
        value: Any = self.value.strip()
        if self.type in RANGES:
            value = [_number(value, 0), _number(self.to.strip(), None)]
        elif self.type == "resolution" and value.removesuffix("p").isdecimal():
            value = int(value.removesuffix("p"))
        flags = {"negate": self.negate, "required": self.required, "others": self.others}
        return {"type": self.type, "value": value, "name": self.name.strip(), **flags}


@dataclass(frozen=True, slots=True)
class Form:
    """A format as its form shows it."""

    name: str
    in_names: bool
    rows: tuple[ConditionRow, ...]


HINTS: Mapping[str, str] = {
    "title": "A regular expression that is sought in the release's name.",
    "edition": "A regular expression that is sought in the edition (Director's Cut, IMAX ...).",
    "language": "A language by its code (en, de ...), or original.",
    "indexer_flag": "What the indexer says of it: freeleech, internal ...",
    "source": "Where the picture is from; bluray/remux is a source with its modifier.",
    "resolution": "Lines: 2160, 1080, 720 ...",
    "modifier": "What was done with the source: remux, brdisk ...",
    "size": "Above the first number of GB and up to the second.",
    "release_group": "A regular expression that is sought in the release group's name.",
    "release_type": "How much of a show it is.",
    "year": "From the first year to the second.",
}
EMPTY = ConditionRow("title", "")
MOST_CONDITIONS = 200


@route(pages, "/settings/formats/<format_id>", Policy.ADMIN)
async def format_(visit: Visit, format_id: str) -> Answer:
    """One format; under the id "new" an empty one."""
    if format_id == NEW:
        return await _show_one(visit, format_id, Form("", False, (EMPTY,)))
    chosen = (await visit.read(queries.get_format, format_id)).format
    rows = tuple(_row(c) for c in chosen.conditions)
    return await _show_one(visit, format_id, Form(chosen.name, chosen.in_names, rows))


@route(pages, "/settings/formats/<format_id>", Policy.ADMIN, methods=("POST",))
async def save(visit: Visit, format_id: str) -> Answer:
    """Save it; or show the form again with a row more, a row less, or a row's other type (without script, buttons do the same)."""
    sent = await request.form
    form = _filled(sent)
    if "add" in sent:
        return await _show_one(visit, format_id, replace(form, rows=(*form.rows, EMPTY)))
    if "remove" in sent or "redraw" in sent:
        gone = sent.get("remove", "")
        rows = tuple(row.of_its_type() for n, row in enumerate(form.rows) if str(n) != gone)
        return await _show_one(visit, format_id, replace(form, rows=rows))
    try:
        kept = EXAMPLE if format_id == NEW else (await visit.read(queries.get_format, format_id)).format
        said = {"name": form.name, "in_names": form.in_names, "conditions": [row.said() for row in form.rows]}
        made = await checked({**kept.to_json(), **said})
        known = None if format_id == NEW else format_id
        await visit.write(changes.put_format, made, id=known, actor=visit.name)
    except (Invalid, Conflict) as no:
        field = "name" if isinstance(no, Conflict) else no.field or ""
        return await _show_one(visit, format_id, form, {field: str(no)})
    return await back_to("/settings/formats", f"The format {made.name} is saved.")


async def _show_one(visit: Visit, format_id: str, form: Form, errors: Mapping[str, str] | None = None) -> Answer:
    shown: dict[str, Any] = {"format_id": format_id, "form_": form, "errors": errors or {}, "types": tuple(HINTS)}
    return await whole("format.html", visit, 422 if errors else 200, ranges=RANGES, patterns=PATTERNS, **shown)


def _row(condition: Condition) -> ConditionRow:
    low, high = condition.value if isinstance(condition.value, tuple) else (condition.value, "")
    ends = (
        "" if isinstance(v, float) and v >= 1e9 else f"{v:g}" if isinstance(v, float) else str(v) for v in (low, high)
    )
    value, to = ends
    flags = (condition.negate, condition.required, condition.others)
    return ConditionRow(condition.type, value, to, condition.name, *flags)


def _filled(sent: Mapping[str, str]) -> Form:
    """The form as it was filled in: row n's fields end in "-n"."""
    numbers = [n for n in range(MOST_CONDITIONS) if f"type-{n}" in sent]
    rows = tuple(
        ConditionRow(
            type=sent[f"type-{n}"] if sent[f"type-{n}"] in HINTS else "title",
            value=sent.get(f"value-{n}", "")[:2000],
            to=sent.get(f"to-{n}", "")[:50],
            name=sent.get(f"name-{n}", "")[:200],
            negate=f"negate-{n}" in sent,
            required=f"required-{n}" in sent,
            others=f"others-{n}" in sent,
        )
        for n in numbers
    )
    return Form(sent.get("name", "").strip(), "in_names" in sent, rows)


def _number(text: str, empty: float | None) -> Any:
    try:
        return float(text) if text else empty
    except ValueError:
        return text


@route(pages, "/settings/formats/<format_id>/delete", Policy.ADMIN, methods=("POST",))
async def delete(visit: Visit, format_id: str) -> Answer:
    await visit.write(changes.delete_format, format_id, actor=visit.name)
    return await back_to("/settings/formats", "The format is forgotten, and its scores with it.")


# -- all that was chosen


@route(pages, "/settings/choosing.yml", Policy.ADMIN)
async def take_out(visit: Visit) -> Answer:
    text = choosing_yaml.to_yaml(await visit.read(choosing_yaml.export, visit.house.config))
    headers = {"Content-Disposition": 'attachment; filename="choosing.yml"'}
    return Response(text, content_type="application/yaml; charset=utf-8", headers=headers)


@route(pages, "/settings/choosing", Policy.ADMIN, methods=("POST",))
async def take_in(visit: Visit) -> Answer:
    """The whole of it from a file: all, or nothing and every problem."""
    files = (await request.files).getlist("file")
    if not files or not files[0].filename:
        return await _show(visit, 422, ["Choose a file that was exported here."])
    try:
        text = files[0].read().decode("utf-8")
        document = await trio.to_thread.run_sync(choosing_yaml.from_yaml, text)
        adopted = await choosing_api.take_in(visit, document)
    except UnicodeDecodeError as wrong:
        return await _show(visit, 422, [f"{files[0].filename}: this is no UTF-8 text: {wrong}"])
    except Invalid as no:
        return await _show(visit, 422, str(no).splitlines())
    words = (
        f"Taken in: {len(adopted.added)} formats new, {len(adopted.changed)} changed, {len(adopted.profiles)} profiles."
    )
    return await back_to("/settings/formats", words)
