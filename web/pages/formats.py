"""Custom formats: what they say of a name; brought in from files, pasted or written; and all that was chosen as one file."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import trio
from quart import Blueprint, Response, request

from mydia import choosing_yaml
from mydia.choosing import changes, queries
from mydia.choosing.model import KeptFormat, read_brought
from mydia.core.formats import CustomFormat, FormatVerdict, explain, facts_of
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


@route(pages, "/settings/formats/<format_id>", Policy.ADMIN)
async def format_(visit: Visit, format_id: str) -> Answer:
    """One format as text; under the id "new" an empty one."""
    chosen = EXAMPLE if format_id == NEW else (await visit.read(queries.get_format, format_id)).format
    return await _show_one(visit, format_id, chosen.name, chosen.in_names, _text(chosen))


@route(pages, "/settings/formats/<format_id>", Policy.ADMIN, methods=("POST",))
async def save(visit: Visit, format_id: str) -> Answer:
    form = await request.form
    name, in_names, text = form.get("name", "").strip(), "in_names" in form, form.get("conditions", "")
    try:
        kept = EXAMPLE if format_id == NEW else (await visit.read(queries.get_format, format_id)).format
        made = await checked({**kept.to_json(), "name": name, "in_names": in_names, "conditions": _conditions(text)})
        known = None if format_id == NEW else format_id
        await visit.write(changes.put_format, made, id=known, actor=visit.name)
    except (Invalid, Conflict) as no:
        return await _show_one(visit, format_id, name, in_names, text, str(no))
    return await back_to("/settings/formats", f"The format {made.name} is saved.")


@route(pages, "/settings/formats/<format_id>/delete", Policy.ADMIN, methods=("POST",))
async def delete(visit: Visit, format_id: str) -> Answer:
    await visit.write(changes.delete_format, format_id, actor=visit.name)
    return await back_to("/settings/formats", "The format is forgotten, and its scores with it.")


async def _show_one(visit: Visit, format_id: str, name: str, in_names: bool, text: str, problem: str = "") -> Answer:
    shown: dict[str, Any] = {"format_id": format_id, "name": name, "in_names": in_names, "text": text}
    return await whole("format.html", visit, 422 if problem else 200, problem=problem, **shown)


def _conditions(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise Invalid(f"conditions: this is no JSON: {wrong}", field="conditions") from None


def _text(chosen: CustomFormat) -> str:
    conditions = chosen.to_json()["conditions"] or [{"type": "title", "value": r"\bHDR10\b"}]
    plain = [{k: v for k, v in c.items() if v not in ("", False)} for c in conditions]
    return "[\n" + ",\n".join(f"  {json.dumps(c, ensure_ascii=False)}" for c in plain) + "\n]"


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
