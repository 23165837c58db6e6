"""All that a person chose (custom formats, quality profiles, rules, naming) as one YAML document, out and in again.

JSON is YAML, so the API's document is the same one. Taking one in adds and changes by name and removes nothing; a document of which any
part is wrong changes nothing at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml
from pydantic import BaseModel

from mydia.choosing import changes as choosing
from mydia.choosing import queries
from mydia.choosing.model import Adopted, problems_of
from mydia.core.formats import CustomFormat, read_formats
from mydia.core.quality import QualityProfile
from mydia.errors import Invalid
from mydia.settings.changes import set_settings
from mydia.settings.load import Loaded
from mydia.settings.model import Config
from mydia.store.engine import Connection
from mydia.store.transaction import Transaction

PARTS: Final = ("formats", "profiles", "rules", "naming")
_SECTIONS: Final = {"rules": "downloads.rules", "naming": "media.naming"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A document that was read. `settings` are dotted keys of the configuration with their values."""

    formats: tuple[CustomFormat, ...] = ()
    profiles: tuple[QualityProfile, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def export(conn: Connection, config: Config) -> dict[str, Any]:
    """Everything chosen here, as plain data. Profiles are known by their names, so ids are left out."""
    profiles = [p.to_json() for p in queries.list_profiles(conn)]
    return {
        "formats": [f.to_json() for f in queries.formats(conn)],
        "profiles": [{k: v for k, v in p.items() if k != "id"} for p in profiles],
        "rules": config.downloads.rules.model_dump(mode="json"),
        "naming": config.media.naming.model_dump(mode="json"),
    }


def to_yaml(document: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=120)


def from_yaml(text: str) -> Any:
    """The document in a text. Invalid says where it is no YAML; references are refused, since a few of them can stand for gigabytes."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise Invalid("the document uses YAML references (*name); write them out")
        return yaml.safe_load(text)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise Invalid(f"{where}this is no YAML: {getattr(wrong, 'problem', None) or wrong}") from wrong
    except RecursionError:
        raise Invalid("the document is nested too deeply") from None


def read(document: Any) -> Chosen:
    """What a document says. Invalid names every problem; what is right with the values of settings, taking them in tells."""
    if not isinstance(document, Mapping):
        raise Invalid(f"the document must be a mapping with any of {', '.join(PARTS)}")
    problems = [f"there is no part {key!r}; known are {', '.join(PARTS)}" for key in document if key not in PARTS]
    formats, wrong = read_formats(_list(document, "formats", problems))
    problems += [f"formats: {w}" for w in wrong]
    problems += [f"formats: format {f.name!r}: {p}" for f in formats for p in problems_of(f)]
    profiles = []
    for place, item in enumerate(_list(document, "profiles", problems), 1):
        name = item.get("name") if isinstance(item, Mapping) else None
        try:
            if not isinstance(item, Mapping):
                raise ValueError("it is no mapping")
            profiles.append(replace(QualityProfile.from_json(item), id=""))
        except ValueError as no:
            problems.append(f"profiles: profile {name or place!r}: {no}")
    settings: dict[str, Any] = {}
    for part, prefix in _SECTIONS.items():
        given = document.get(part) or {}
        if isinstance(given, Mapping):
            settings.update(_dotted(given, prefix))
        else:
            problems.append(f"{part}: must be a mapping")
    if problems:
        raise Invalid("the document is wrong:\n" + "\n".join(f"  {p}" for p in problems))
    return Chosen(tuple(formats), tuple(profiles), settings)


def take_in(tx: Transaction, chosen: Chosen, base: Loaded | None, *, actor: str) -> tuple[Adopted, Loaded | None]:
    """Adopt a document: what came of it, and the configuration from now on (None when no setting differs). All of it or nothing.

    Only settings that differ from those in force are put down as changed at run time; the others keep following config.yml.
    """
    adopted = choosing.adopt(tx, chosen.formats, chosen.profiles, actor=actor)
    if not chosen.settings:
        return adopted, None
    if base is None:
        raise Invalid("the configuration is not known here, so its rules and naming cannot be changed")
    now = {**_in_force(base.config, "rules"), **_in_force(base.config, "naming")}
    differing = {key: value for key, value in chosen.settings.items() if key not in now or now[key] != value}
    return adopted, set_settings(tx, base, differing, actor=actor) if differing else None


def _in_force(config: Config, part: str) -> dict[str, Any]:
    model: BaseModel = config.downloads.rules if part == "rules" else config.media.naming
    return dict(_dotted(model.model_dump(mode="json"), _SECTIONS[part]))


def _dotted(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}.{key}")
        else:
            yield f"{prefix}.{key}", value


def _list(document: Mapping[str, Any], key: str, problems: list[str]) -> list[Any]:
    value = document.get(key) or []
    if isinstance(value, list):
        return value
    problems.append(f"{key}: must be a list")
    return []
