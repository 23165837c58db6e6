"""The front end comes from this machine alone, fits the strict Content-Security-Policy, and can be read by everyone."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"
STATIC = WEB / "static"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
AA_TEXT = 4.5


class Findings(HTMLParser):
    """Collects what the policy forbids: anything loaded from elsewhere, anything inline that runs or styles."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_script = tag == "script"
        if tag == "style":
            self.bad.append("<style>")
        for name, value in attrs:
            inline = name == "style" or (name.startswith("on") and name != "once") or name.startswith("hx-on")
            loads = name in {"src", "srcset", "data", "poster"} or (name == "href" and tag in {"link", "use", "image"})
            if inline or (loads and re.match(r"\s*(?:https?:)?//", value or "")):
                self.bad.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.bad.append(f"inline script: {data.strip()[:60]}")


def findings(html: str) -> list[str]:
    parser = Findings()
    parser.feed(html)
    return parser.bad


def test_the_finder_finds_what_the_policy_forbids() -> None:
    html = """<style>a{}</style><script src="//cdn.example/x.js"></script><script>alert(1)</script>
              <p style="color:red" onclick="x()"><link rel="stylesheet" href="https://cdn.example/a.css">
              <a href="https://www.themoviedb.org/">fine</a><script src="/static/app.js"></script>"""
    assert len(findings(html)) == 6


def test_no_template_loads_from_elsewhere_or_runs_anything_inline() -> None:
    assert TEMPLATES, "there are no templates to check"
    bad = {path.relative_to(WEB).as_posix(): findings(path.read_text()) for path in TEMPLATES}
    assert {name: found for name, found in bad.items() if found} == {}


def built() -> dict[str, str]:
    manifest: dict[str, str] = json.loads((STATIC / "manifest.json").read_text())
    return manifest


def test_the_manifest_maps_every_built_file_to_the_name_its_content_has() -> None:
    for plain, hashed in built().items():
        digest = hashlib.sha256((STATIC / hashed).read_bytes()).hexdigest()[:10]
        stem, dot, extension = plain.rpartition(".")
        assert hashed == f"{stem}.{digest}{dot}{extension}"
    assert {"app.css", "app.js", "theme.js", "favicon.svg"} <= set(built())
    assert {path.name for path in STATIC.glob("[!.]*")} == {*built().values(), "manifest.json"}


def test_the_built_style_sheet_and_scripts_load_nothing() -> None:
    css = (STATIC / built()["app.css"]).read_text()
    assert [
        url for url in re.findall(r"url\(\s*[\"']?([^)\"']{0,40})", css) if not url.startswith(("data:", "%23"))
    ] == []
    assert "@import" not in css
    for name in ("app.js", "theme.js"):
        js = (STATIC / built()[name]).read_text()
        assert set(re.findall(r"https?://([\w.-]+)", js)) <= {"www.w3.org"}, "only XML namespaces look like addresses"


def test_the_front_end_stays_small() -> None:
    assert (STATIC / built()["app.js"]).stat().st_size < 150_000
    assert (STATIC / built()["app.css"]).stat().st_size < 200_000


def luminance(light: float, chroma: float, hue: float) -> float:
    """Return the relative luminance (WCAG) of an OKLCH colour; raises AssertionError outside what sRGB can show."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    cone = (
        (light + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (light - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (light - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    red = 4.0767416621 * cone[0] - 3.3077115913 * cone[1] + 0.2309699292 * cone[2]
    green = -1.2684380046 * cone[0] + 2.6097574011 * cone[1] - 0.3413193965 * cone[2]
    blue = -0.0041960863 * cone[0] - 0.7034186147 * cone[1] + 1.7076147010 * cone[2]
    assert all(-0.002 <= channel <= 1.002 for channel in (red, green, blue)), "not a colour that a screen shows"
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def themes() -> Iterator[tuple[str, dict[str, float]]]:
    css = (WEB / "assets/css/themes.css").read_text()
    for block in re.findall(r'@plugin "daisyui/theme" \{(.*?)\n\}', css, re.S):
        found = re.findall(r"--color-([\w-]+): oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", block)
        name = re.search(r"name: ([\w-]+);", block)
        assert name is not None
        yield name[1], {color: luminance(float(li) / 100, float(c), float(h)) for color, li, c, h in found}


@pytest.mark.parametrize(("theme", "colors"), list(themes()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_text_colour_is_legible_on_every_surface_and_under_its_content(
    theme: str, colors: dict[str, float]
) -> None:
    text = ("base-content", "muted", "primary", "secondary", "accent", "info", "success", "warning", "error")
    low = [
        (color, surface)
        for color in text
        for surface in ("base-100", "base-200", "base-300")
        if contrast(colors[color], colors[surface]) < AA_TEXT
    ]
    filled = [name.removesuffix("-content") for name in colors if name.endswith("-content") and name != "base-content"]
    low += [
        (f"{color}-content", color) for color in filled if contrast(colors[f"{color}-content"], colors[color]) < AA_TEXT
    ]
    assert len(filled) == 8
    assert low == [], theme


def test_there_is_one_light_and_one_dark_theme_and_dark_follows_the_system() -> None:
    css = (WEB / "assets/css/themes.css").read_text()
    assert [name for name, _ in themes()] == ["mydia-light", "mydia-dark"]
    assert css.count("prefersdark: true") == 1
