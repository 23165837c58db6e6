"""The configuration that is in force: each value, what it is for, where it comes from. Secrets are shown as set or not set."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, SecretStr
from quart import Blueprint, request

from mydia.logs import mask
from mydia.settings.load import DEFAULT, Source
from web.page import whole
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("settings", __name__)


@dataclass(frozen=True, slots=True)
class Setting:
    key: str
    value: str
    doc: str
    source: str  # kind of Source
    where: str


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    words: str
    settings: tuple[Setting, ...]


def sections(config: BaseModel, sources: Mapping[str, Source]) -> tuple[Section, ...]:
    """One section for each part of the configuration, the loose values first."""
    loose: list[Setting] = []
    parts: list[Section] = []
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            words = (field.description or name).rstrip(".")
            parts.append(Section(name, words, tuple(_leaves(value, name, sources))))
        else:
            loose.append(_setting(name, value, field.description, sources))
    return (Section("general", "General", tuple(loose)), *parts)


def _leaves(model: BaseModel, prefix: str, sources: Mapping[str, Source]) -> Iterator[Setting]:
    for name, field in type(model).model_fields.items():
        key, value = f"{prefix}.{name}", getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, key, sources)
        elif isinstance(value, list) and value and all(isinstance(v, BaseModel) for v in value):
            for i, each in enumerate(value):
                yield from _leaves(each, f"{key}.{i}", sources)
        else:
            yield _setting(key, value, field.description, sources)


def _setting(key: str, value: Any, doc: str | None, sources: Mapping[str, Source]) -> Setting:
    source = sources.get(key) or _above(key, sources)
    return Setting(key, shown(value), doc or "", source.kind, source.where)


def _above(key: str, sources: Mapping[str, Source]) -> Source:
    # A list or mapping that was set as a whole is the source of what is in it.
    while "." in key:
        key = key.rpartition(".")[0]
        if key in sources:
            return sources[key]
    return DEFAULT


def shown(value: Any) -> str:
    """A value as the page shows it: never a secret."""
    if isinstance(value, SecretStr):
        return "•••••• (set, not shown)"
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} → {shown(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple | set):
        return ", ".join(shown(v) for v in value) or "none"
    return mask(str(value))  # an address may hold a key or a password although it is no secret as a whole


@route(pages, "/settings", Policy.ADMIN)
async def settings(visit: Visit) -> Answer:
    """`?q=`: those whose key, purpose or value holds it."""
    q = request.args.get("q", "").strip()[:100]
    found = sections(visit.house.config, visit.house.loaded.sources if visit.house.loaded else {})
    return await whole("settings.html", visit, sections=holding(found, q) if q else found, q=q)


def holding(found: Iterable[Section], q: str) -> tuple[Section, ...]:
    words = q.casefold()
    kept = (
        replace(s, settings=tuple(x for x in s.settings if words in f"{x.key} {x.doc} {x.value}".casefold()))
        for s in found
    )
    return tuple(s for s in kept if s.settings)
