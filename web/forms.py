"""Settings as forms: the fields of a section of the configuration, made from its own documentation, and what a person filled in."""

import re
import types
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

import trio
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mydia import logs
from mydia.errors import Unavailable
from mydia.settings.changes import set_settings
from mydia.settings.load import Loaded
from mydia.settings.model import secrets
from web.policy import Visit

Kind = Literal["check", "choice", "lines", "number", "text"]


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as a form shows it. `value` is text (a truth value for a check); `fixed`: the environment sets it; `error`: what is
    wrong with what was filled in."""

    key: str
    label: str
    doc: str
    kind: Kind
    value: str | bool
    choices: tuple[str, ...] = ()
    fixed: str = ""
    error: str = ""


def loaded(visit: Visit) -> Loaded:
    if visit.house.loaded is None:
        raise Unavailable("Where the settings come from is not known here, so they cannot be changed.")
    return visit.house.loaded


@asynccontextmanager
async def settling(visit: Visit) -> AsyncIterator[None]:
    """Within it, what was committed is adopted: one after the other, or a configuration would be lived by that knows nothing of the one
    committed before it; and to the end, also where the browser that asked for it has hung up."""
    with trio.CancelScope(shield=True):
        async with visit.site.settling:
            yield


async def set_now(visit: Visit, values: Mapping[str, Any]) -> Loaded:
    """Set these, by dotted key, as `set_settings` says, and live by them."""
    async with settling(visit):
        new = await visit.write(set_settings, loaded(visit), values, actor=visit.name)
        logs.know_secrets(secrets(new.config))
        visit.house.adopt(new)
    return new


def fields(
    visit: Visit, section: BaseModel, prefix: str, filled: Mapping[str, str] | None = None, problem: str = ""
) -> list[Field]:
    """The fields of a section, as they are in force or, when something was wrong with it, as they were filled in."""
    base = visit.house.loaded
    return [
        _field(
            key, info, value if filled is None else _shown_again(info, filled.get(key)), base, _said_of(key, problem)
        )
        for key, info, value in _leaves(section, prefix)
    ]


def changed(visit: Visit, section: BaseModel, prefix: str, filled: Mapping[str, str]) -> dict[str, Any]:
    """The settings that were filled in otherwise than they are in force, by dotted key; never one that the environment sets."""
    base = loaded(visit)
    return {
        key: value
        for key, info, now in _leaves(section, prefix)
        if not base.fixed(key) and (value := _value(info, filled.get(key))) != now
    }


async def save(visit: Visit, section: BaseModel, prefix: str, filled: Mapping[str, str]) -> int:
    """Set what was filled in otherwise; how many settings that were. Invalid names every one that is wrong, and then none is set."""
    values = changed(visit, section, prefix, filled)
    if values:
        await set_now(visit, values)
    return len(values)


def _leaves(section: BaseModel, prefix: str) -> Iterator[tuple[str, FieldInfo, Any]]:
    for name, info in type(section).model_fields.items():
        value, key = getattr(section, name), f"{prefix}.{name}"
        if isinstance(value, BaseModel):
            yield from _leaves(value, key)
        else:
            yield key, info, value


def _field(key: str, info: FieldInfo, value: Any, base: Loaded | None, error: str) -> Field:
    kind = _kind(info)
    text: str | bool = bool(value) if kind == "check" else _text(value)
    fixed = base.sources[key].where if base is not None and base.fixed(key) else ""
    label = _label(key.rpartition(".")[2])
    choices = tuple(str(c) for c in _literals(info.annotation)) if kind == "choice" else ()
    return Field(key, label, info.description or "", kind, text, choices, fixed, error)


_UNITS = {"gb": "GB", "mb": "MB", "minutes": "minutes", "days": "days", "seconds": "seconds", "percent": "%"}
_WORDS = {"max": "maximum", "min": "minimum", "multi": "several"}


def _label(name: str) -> str:
    """A key as people say it: max_size_gb -> 'Maximum size (GB)'."""
    words = name.split("_")
    unit = _UNITS.get(words[-1]) if len(words) > 1 else None
    said = " ".join(_WORDS.get(word, word) for word in (words[:-1] if unit else words))
    return f"{said.capitalize()} ({unit})" if unit else said.capitalize()


def _kind(info: FieldInfo) -> Kind:
    annotation = _plain(info.annotation)
    if annotation is bool:
        return "check"
    if get_origin(annotation) is list:
        return "lines"
    if _literals(annotation):
        return "choice"
    return "number" if annotation in (int, float) else "text"


def _plain(annotation: Any) -> Any:
    """The annotation without "or None" and without what validates it."""
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [a for a in get_args(annotation) if a is not type(None)]
        return _plain(inner[0]) if len(inner) == 1 else annotation
    return annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation


def _literals(annotation: Any) -> tuple[Any, ...]:
    plain = _plain(annotation)
    return get_args(plain) if get_origin(plain) is Literal else ()


def _optional(info: FieldInfo) -> bool:
    return type(None) in get_args(info.annotation)


def _value(info: FieldInfo, text: str | None) -> Any:
    """What was filled in, as the setting holds it; text that fits nothing stays text, for the model to refuse."""
    match _kind(info):
        case "check":
            return text is not None
        case "lines":
            return [line.strip() for line in (text or "").splitlines() if line.strip()]
        case _ if not text and _optional(info):
            return None
        case "number":
            return _number(text or "")
        case _:
            return text or ""


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _shown_again(info: FieldInfo, text: str | None) -> Any:
    return text is not None if _kind(info) == "check" else text or ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return "\n".join(str(v) for v in value) if isinstance(value, list) else str(value)


def _said_of(key: str, problem: str) -> str:
    """Of a refusal of the configuration, one problem a line, what it says of this key or of an item of its list."""
    said = re.compile(rf"(?:^|\s){re.escape(key)}(?:\.\d+)?: *(.*)")
    return "; ".join(found.group(1) for line in problem.splitlines() if (found := said.search(line)))


def unplaced(problem: str, shown: list[Field]) -> str:
    """What a refusal says beside the fields."""
    lines = problem.splitlines()
    rest = [line.strip() for line in lines if not any(_said_of(f.key, line) for f in shown)]
    return "" if len(rest) <= 1 and any(f.error for f in shown) else "; ".join(rest)
