"""Files for the browser: the front end's own, posters that are known, posters that we draw. By id or listed name, never by path."""

from pathlib import Path

import trio
from quart import Blueprint, Response, redirect, request

from mydia.errors import NotFound
from mydia.media.queries import get_media
from web import posters, render
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("pictures", __name__)

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
TYPES |= {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
FOR_EVER = "public, max-age=31536000, immutable"
MINE_FOR_EVER = "private, max-age=31536000, immutable"
# What a picture may do when it is opened by itself: nothing.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@route(pages, "/static/<name>", Policy.PUBLIC)
async def static(visit: Visit, name: str) -> Answer:
    if name not in render.manifest().values():
        raise NotFound("There is no such file in the front end.")
    content = await trio.to_thread.run_sync((render.STATIC / name).read_bytes)
    return _file(content, Path(name).suffix, FOR_EVER)


@route(pages, "/favicon.ico", Policy.PUBLIC)
async def favicon(visit: Visit) -> Answer:
    return redirect(render.asset("favicon.svg"), 302)


@route(pages, "/art", Policy.READ)
async def art(visit: Visit) -> Answer:
    """The poster we draw for a title: ?title=&year=&kind="""
    year = request.args.get("year", "")
    known = int(year) if year.isascii() and year.isdigit() and len(year) <= 4 else None
    kind = "tv_show" if request.args.get("kind") == "tv_show" else "movie"
    return _picture(posters.poster(request.args.get("title", ""), known, kind))


@route(pages, "/posters/<title_id>", Policy.READ)
async def poster(visit: Visit, title_id: str) -> Answer:
    """A title's poster: the file the metadata provider gave, or the drawn one where it is missing."""
    item = await visit.read(get_media, title_id)
    if item.poster:
        # The name comes from our own row, and still only its last part counts.
        path = visit.house.config.poster_dir / Path(item.poster).name
        content = await trio.to_thread.run_sync(_read, path)
        if content is not None and path.suffix.lower() in TYPES:
            return _file(content, path.suffix.lower(), MINE_FOR_EVER)
    return _picture(posters.poster(item.title, item.year, item.type), "no-store")


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def _picture(svg: str, caching: str = MINE_FOR_EVER) -> Response:
    return _file(svg.encode("utf-8", "replace"), ".svg", caching)


def _file(content: bytes, suffix: str, caching: str) -> Response:
    response = Response(content, content_type=TYPES[suffix])
    response.headers["Cache-Control"] = caching
    if suffix not in (".css", ".js"):
        response.headers["Content-Security-Policy"] = PICTURE_POLICY
    return response
