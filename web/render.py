"""The templates: a synchronous Jinja environment (Quart's own would start a loop per page), autoescaping, strict about what is missing.

There is no "safe" filter: a template cannot decide that a stranger's words are markup.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from web import posters, story, views

HERE = Path(__file__).parent
STATIC = HERE / "static"


def page(template: str, **values: Any) -> str:
    return environment().get_template(template).render(**values)


def block(template: str, name: str, **values: Any) -> str:
    """One block of a page, by itself: what a region refetches."""
    loaded = environment().get_template(template)
    return "".join(loaded.blocks[name](loaded.new_context(values)))


@cache
def manifest() -> Mapping[str, str]:
    """Plain asset name -> hashed name, as the front end's build wrote it."""
    path = STATIC / "manifest.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the front end has not been built. `make setup` builds it.")
    names: dict[str, str] = json.loads(path.read_text("utf-8"))
    return names


def asset(name: str) -> str:
    return f"/static/{manifest()[name]}"


def poster_url(item: Any) -> str:
    """Where a title's poster is: the known one, or the one we draw. Both addresses change when the picture does."""
    if getattr(item, "poster", None):
        return f"/posters/{item.id}?{urlencode({'v': item.poster})}"
    kind = getattr(item, "type", None) or item.kind
    return "/art?" + urlencode({"title": item.title, "year": item.year or "", "kind": kind})


def showable(value: Any) -> Any:
    """File names may hold bytes that are no text; a page can't. They become U+FFFD where they are shown."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isascii():
        return value
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def breakable(name: str) -> Markup:
    """A release name or path that lines break behind its dots, dashes and slashes, rather than in the middle of a word or number."""
    return Markup("<wbr>").join(escape(showable(part)) for part in _WHOLE.findall(name))


_WHOLE = re.compile(r"(?:[^._/-]|(?<=\d)\.(?=\d))+[._/-]*|[._/-]+")


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=showable,
    )
    del env.filters["safe"]
    for name in (
        "size",
        "speed",
        "span",
        "percent",
        "count",
        "day",
        "stamp",
        "clock",
        "browser",
        "codec",
        "hdr",
        "channels",
        "plural",
        "ago",
        "until",
    ):
        env.filters[name] = getattr(views, name)
    env.filters["breakable"] = breakable
    env.globals.update(
        asset=asset,
        poster_url=poster_url,
        tell=story.tell,
        by=story.by,
        badge_of=views.badge,
        CARD=views.CARD,
        EPISODE=views.EPISODE,
        DOWNLOAD=views.DOWNLOAD,
        JOB=views.JOB,
        FILE=views.FILE,
        ROOT=views.ROOT,
        CHILD=views.CHILD,
        MONITOR_SHOW=views.MONITOR_SHOW,
        MONITOR_FILM=views.MONITOR_FILM,
        NEW_SEASONS=views.NEW_SEASONS,
        WHY=views.WHY,
        LONGEST_TITLE=posters.LONGEST_TITLE,
    )
    env.globals["ui"] = env.get_template("parts.html").module
    return env
