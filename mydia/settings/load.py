"""Where a setting comes from: environment over run-time changes over config.yml over defaults, each value's source kept.

Every problem is named with its place, all of them in one message: a person fixes a file in one go.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ValidationError

from mydia.errors import Invalid
from mydia.settings.model import Config
from mydia.settings.yaml_lines import Document, parse

Keys = tuple[str | int, ...]

# The mission's own names; everything else is MYDIA__SECTION__KEY.
VARIABLES: dict[str, Keys] = {
    "DATABASE_PATH": ("database", "path"),
    "DATABASE_URL": ("database", "url"),
    "DATABASE_KEY": ("database", "key"),
    "POOL_SIZE": ("database", "pool_size"),
    "SECRET_KEY_BASE": ("server", "secret_key_base"),
    "PORT": ("server", "port"),
    "OIDC_ISSUER": ("auth", "oidc", "issuer"),
    "OIDC_CLIENT_ID": ("auth", "oidc", "client_id"),
    "OIDC_CLIENT_SECRET": ("auth", "oidc", "client_secret"),
    "TZ": ("schedules", "timezone"),
}
PREFIX = "MYDIA__"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: "DATABASE_PATH", "config.yml:12", "run time" or "default"."""

    kind: Literal["env", "runtime", "file", "default"]
    where: str


DEFAULT = Source("default", "default")
RUNTIME = Source("runtime", "run time")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and the source of each value by dotted key ("downloads.clients.0.url")."""

    config: Config
    sources: Mapping[str, Source]
    file: Document = field(repr=False)
    environment: Mapping[Keys, tuple[str, Any]] = field(repr=False)

    def fixed(self, key: str) -> bool:
        """Whether the environment sets this key, so that nothing else can."""
        return any(_dotted(keys) == key for keys in self.environment)


def load_config(path: Path | None, env: Mapping[str, str]) -> Loaded:
    """The configuration of the file at `path` (None: no file) and the environment.

    Invalid names every problem: unknown keys with what was probably meant, wrong types, variables that are not set.
    """
    document = Document({}, {}, "")
    problems: list[str] = []
    if path is not None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(
                f"the configuration {path} cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from error
        try:
            document, problems = parse(text, path.name, env)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path.name}:{mark.line + 1}" if mark is not None else path.name
            raise Invalid(f"{where}: this is no YAML: {getattr(error, 'problem', None) or error}") from error
    return _merge(document, dict(_from_environment(env)), {}, problems)


def with_overrides(base: Loaded, overrides: Mapping[str, Any]) -> Loaded:
    """The same with what a person set at run time: dotted key -> value."""
    return _merge(base.file, base.environment, overrides, [])


def with_fitting(base: Loaded, overrides: Mapping[str, Any]) -> tuple[Loaded, dict[str, Any], str]:
    """The same, without those that do not go with the file and the environment any more: (configuration, what went into it, what is wrong
    with the others)."""
    try:
        return with_overrides(base, overrides), dict(overrides), ""
    except Invalid as wrong:
        told = str(wrong)
    fitting: dict[str, Any] = {}
    for key, value in overrides.items():
        try:
            with_overrides(base, {**fitting, key: value})
        except Invalid:
            continue
        fitting[key] = value
    return with_overrides(base, fitting), fitting, told


def dotted_values(model: BaseModel, prefix: Keys = ()) -> Iterator[tuple[str, Any]]:
    """Every value of a configuration by dotted key; secrets stay secret."""
    for name, info in type(model).model_fields.items():
        keys = (*prefix, info.alias or name)
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from dotted_values(value, keys)
        elif isinstance(value, list) and value and all(isinstance(v, BaseModel) for v in value):
            for i, inner in enumerate(value):
                yield from dotted_values(inner, (*keys, i))
        else:
            yield _dotted(keys), value


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[Keys, tuple[str, Any]]]:
    for name, value in sorted(env.items()):
        if not value:  # compose files pass variables on as empty when they are not set
            continue
        if name == "TZ" and value not in available_timezones():  # "CET-1CEST" is a zone too, but none that we can show
            continue
        if name in VARIABLES:
            yield VARIABLES[name], (name, value)
        elif name.startswith(PREFIX):
            keys = tuple(
                int(k) if k.isascii() and k.isdigit() else k.lower() for k in name.removeprefix(PREFIX).split("__")
            )
            # Lists and mappings are written as YAML ("[a, b]"); anything else is text, which the model reads.
            yield keys, (name, _structure(value) if value[0] in "[{" else value)


def _structure(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _merge(
    document: Document,
    environment: Mapping[Keys, tuple[str, Any]],
    overrides: Mapping[str, Any],
    problems: list[str],
) -> Loaded:
    data: Any = _copy(document.data)
    sources: dict[Keys, Source] = {
        keys: Source("file", f"{document.name}:{line}") for keys, line in document.lines.items()
    }
    layers = [(_keys(key), value, RUNTIME) for key, value in overrides.items()]
    layers += [(keys, value, Source("env", name)) for keys, (name, value) in environment.items()]
    for keys, value, source in layers:
        if not _put(data, keys, value):
            problems.append(f"{source.where}: there is no {_dotted(keys)} to set")
            continue
        sources = {k: s for k, s in sources.items() if k[: len(keys)] != keys}
        sources[keys] = source
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        problems += [_problem(e, data, sources) for e in error.errors(include_url=False)]
        config = None
    if config is None or problems:
        said = f" {problems[0]}" if len(problems) == 1 else "".join(f"\n  {p}" for p in problems)
        raise Invalid(f"the configuration is wrong:{said}")
    named = {key: _source_of(_keys(key), sources) for key, _ in dotted_values(config)}
    return Loaded(config, named, document, environment)


def _put(data: Any, keys: Keys, value: Any) -> bool:
    """Set a value deep inside; sections that are missing are made, items of lists are not."""
    for key in keys[:-1]:
        if isinstance(data, dict):
            data = data.setdefault(key, {})
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return False
    match data, keys[-1]:
        case dict(), last:
            data[last] = value
        case list(), int(last) if last < len(data):
            data[last] = value
        case _:
            return False
    return True


def _source_of(keys: Keys, sources: Mapping[Keys, Source]) -> Source:
    """The source of a value: its own, or that of the list or mapping it was given with, but not that of a section around it."""
    if keys in sources:
        return sources[keys]
    inside = [s for k, s in sources.items() if k[: len(keys)] == keys]
    if inside:
        return inside[0]
    for length in range(len(keys) - 1, 0, -1):
        around = sources.get(keys[:length])
        if around is not None and around.kind != "file":
            return around
    return DEFAULT


# -- problems in words


def _problem(error: Any, data: Any, sources: Mapping[Keys, Source]) -> str:
    keys = _without_tags(error["loc"], data)
    around = (sources[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in sources)
    inside = (source for k, source in sources.items() if k[: len(keys)] == keys)
    where = next((source.where for source in (*around, *inside)), None)
    return f"{f'{where}: ' if where else ''}{_dotted(keys) or 'the configuration'}: {_words(error, keys)}"


def _without_tags(loc: Sequence[str | int], data: Any) -> Keys:
    """Pydantic names the chosen member of a union in the path of an error; the file does not."""
    keys: list[str | int] = []
    for i, key in enumerate(loc):
        if isinstance(data, dict) and (key in data or i == len(loc) - 1):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        elif isinstance(data, dict):
            continue
        keys.append(key)
    return tuple(keys)


def _words(error: Any, keys: Keys) -> str:
    match error["type"]:
        case "extra_forbidden":
            meant = difflib.get_close_matches(str(keys[-1]), _siblings(error["loc"]), n=1)
            return f"there is no such key{f'; did you mean {meant[0]!r}?' if meant else ''}"
        case "missing":
            return "this key is needed"
        case "union_tag_not_found":
            return "this needs a type"
        case "union_tag_invalid":
            return f"there is no type {error['ctx']['tag']!r}; known are {error['ctx']['expected_tags'].replace(chr(39), '')}"
        case "string_type":
            return "this must be text; put it in quotes"
        case "model_type" | "dict_type" | "model_attributes_type":
            return "this must be a section with keys of its own"
        case "list_type":
            return "this must be a list"
        case "literal_error":
            return f"this must be one of {error['ctx']['expected'].replace(chr(39), '')}"
        case "value_error":
            return str(error["ctx"]["error"])
    return str(error["msg"]).replace("Input should be", "this must be", 1)


def _siblings(loc: Sequence[str | int]) -> list[str]:
    """The keys that exist where an unknown one stands."""
    models: list[type[BaseModel]] = [Config]
    for key in loc[:-1]:
        if isinstance(key, str):
            inner = [m for model in models for m in _models_at(model, key)]
            models = inner or [m for m in models if key in get_args(m.model_fields["type"].annotation)]
    return sorted({info.alias or name for model in models for name, info in model.model_fields.items()})


def _models_at(model: type[BaseModel], key: str) -> Iterator[type[BaseModel]]:
    for name, info in model.model_fields.items():
        if key in (name, info.alias):
            yield from _models_in(info.annotation)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list) else value


def _keys(dotted: str) -> Keys:
    return tuple(int(k) if k.isascii() and k.isdigit() else k for k in dotted.split("."))


def _dotted(keys: Sequence[str | int]) -> str:
    return ".".join(map(str, keys))
