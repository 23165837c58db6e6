"""config.yml as Mydia brings it: every key with its default and what it is for, made from the models.

`python -m mydia.settings.document > config.yml` writes it; a test holds the two together.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from mydia.settings.model import Config, needs_restart
from mydia.settings.section import Section

_TOP = """\
# Mydia's configuration.
#
# Every key is here with its default; take the '#' before a key away to set it. The environment stands above this file
# (DATABASE_PATH, PORT, SECRET_KEY_BASE, ... and MYDIA__SECTION__KEY for every key), and what is changed in the pages
# at run time stands between the two. ${VARIABLE} and ${VARIABLE:-default} are filled in from the environment.
# (restart) marks what is read once, at start.
"""
# What a new house uses instead of the default.
_FOLDERS = """
    - path: "./data/library/films"
      type: movie
    - path: "./data/library/shows"
      type: tv_show"""
_SET = {"media.library_paths": _FOLDERS}
_EXAMPLES: dict[str, Any] = {
    "path": "/films",
    "name": "primary",
    "url": "http://host:8080",
    "type": "movie",
}


def document() -> str:
    """The whole file."""
    return _TOP + "\n" + "\n".join(_section(Config, "", ())) + "\n"


def _section(model: type[BaseModel], indent: str, path: tuple[str, ...]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        key = info.alias or name
        here = (*path, key)
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            yield f"{indent}# {info.description}"
            yield f"{indent}{key}:"
            yield from _section(inner, indent + "  ", here)
            if not path:
                yield ""
            continue
        yield f"{indent}# {info.description}{' (restart)' if needs_restart(info) else ''}"
        chosen = _SET.get(".".join(here))
        if chosen is not None:
            yield f"{indent}{key}:{chosen}"
            continue
        items = list(_item_models(inner))
        if items:
            yield f"{indent}#{key}:"
            for item in items:
                yield from _example(item, f"{indent}#  ")
        else:
            yield f"{indent}#{key}:{_plain(info.get_default(call_default_factory=True))}"
        if not path:
            yield ""


def _example(model: type[BaseModel], indent: str) -> Iterator[str]:
    """An item of a list with all its keys, those that it needs first."""
    mark = "- "
    for name, info in sorted(
        model.model_fields.items(), key=lambda field: (not field[1].is_required(), field[0] != "type")
    ):
        value = info.default
        if info.is_required():
            tags = get_args(info.annotation)
            value = tags[0] if tags and isinstance(tags[0], str) else _EXAMPLES[name]
        yield f"{indent}{mark}{name}:{_plain(value)}  # {info.description}"
        mark = "  "


def _item_models(annotation: Any) -> Iterator[type[BaseModel]]:
    for inner in get_args(annotation):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield inner
        else:
            yield from _item_models(inner)


def _plain(value: Any) -> str:
    """A default as YAML behind its colon; JSON is YAML, and quotes what must be quoted."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return ' ""'
    if isinstance(value, Path):
        value = str(value) if value.is_absolute() else f"./{value}"
    return " " + json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(document())
