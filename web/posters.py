"""The posters we draw where none is known: deterministic SVG, so a title always looks like itself.

A hash of kind, title and year picks one of the palettes, one of the motifs and its proportions; the title is set large over it,
broken into lines and sized to fit. Pure text in, text out. Everything that comes from outside passes through `escape`.
"""

import hashlib
import math
import random
from collections.abc import Callable, Iterator
from html import escape
from typing import NamedTuple

import regex

WIDTH, HEIGHT, MARGIN = 400, 600, 34
LONGEST_TITLE = 160


class Palette(NamedTuple):
    """Sky (top and bottom of the ground), two tones for the motif, and the lamp: the one bright spot."""

    top: str
    bottom: str
    far: str
    near: str
    lamp: str


PALETTES = (
    Palette("#0d1b2a", "#27476b", "#1c3553", "#081220", "#f3c27a"),
    Palette("#2a0f1c", "#7a2b3d", "#571d2f", "#190810", "#ffc9a3"),
    Palette("#0c211d", "#2b6354", "#1a463c", "#06130f", "#f0e0a0"),
    Palette("#1b1535", "#54418a", "#382c66", "#0f0b21", "#ffd1dc"),
    Palette("#2b1a0c", "#8a5526", "#613a18", "#180d05", "#ffe3a8"),
    Palette("#10202b", "#3a6d7d", "#24505f", "#091319", "#ffb997"),
    Palette("#241124", "#763a6c", "#52264c", "#150815", "#ffe0b3"),
    Palette("#14202a", "#55707f", "#384f5d", "#0a1218", "#ffe9c7"),
    Palette("#1d2410", "#5e7030", "#424f20", "#101507", "#fff0b0"),
    Palette("#2a1210", "#94442f", "#692d1f", "#180807", "#ffd49a"),
    Palette("#0f1a33", "#3456a0", "#213c76", "#080e1f", "#ffcfa0"),
    Palette("#1e1e22", "#5a5a66", "#3e3e48", "#0f0f12", "#f7d08a"),
)


def poster(title: str, year: int | None = None, kind: str = "movie") -> str:
    """A 400 x 600 SVG document."""
    title = " ".join(_printable(title).split())[:LONGEST_TITLE].strip() or "Untitled"
    dice = random.Random(hashlib.sha256(f"{kind}\0{title}\0{year or ''}".encode()).digest())  # noqa: S311 - a drawing, not a secret
    palette = dice.choice(PALETTES)
    motif = dice.choice(MOTIFS)
    label = " · ".join(filter(None, ("Series" if kind == "tv_show" else "Film", str(year) if year else "")))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f"<title>{escape(title)}</title>"
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{palette.top}"/>'
        f'<stop offset="1" stop-color="{palette.bottom}"/></linearGradient>'
        f'<linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset=".3" stop-color="{palette.near}" stop-opacity="0"/>'
        f'<stop offset="1" stop-color="{palette.near}" stop-opacity=".94"/></linearGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>'
        f"{''.join(motif(dice, palette))}"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#s)"/>'
        f"{_lettering(title, label, palette)}</svg>"
    )


# -- lettering ---------------------------------------------------------------------------------------------------------


def _lettering(title: str, label: str, palette: Palette) -> str:
    lines, points = set_title(title)
    leading = points * 1.08
    base = HEIGHT - MARGIN - 52
    text = "".join(
        f'<text x="{MARGIN}" y="{base - (len(lines) - 1 - i) * leading:.1f}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    font = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"
    return (
        f'<g fill="#fff" font-family="{font}" font-size="{points:.1f}" font-weight="700" letter-spacing="-.6">{text}</g>'
        f'<rect x="{MARGIN}" y="{HEIGHT - MARGIN - 25}" width="26" height="3" rx="1.5" fill="{palette.lamp}"/>'
        f'<text x="{MARGIN + 38}" y="{HEIGHT - MARGIN - 17}" fill="{palette.lamp}" font-family="{font}" font-size="19" '
        f'font-weight="600" letter-spacing="1.2">{escape(label.upper())}</text>'
    )


def set_title(title: str) -> tuple[list[str], float]:
    """The title's lines and the size they are set in: the largest that fits the measure in at most five lines."""
    for points in (54.0, 48.0, 42.0, 36.0, 31.0, 27.0):
        lines = _wrap(title, (WIDTH - 2 * MARGIN) / points)
        if len(lines) <= (3 if points > 40 else 4):
            return lines, points
    lines = _wrap(title, (WIDTH - 2 * MARGIN) / 24.0)
    return (lines if len(lines) <= 6 else [*lines[:5], lines[5][:-1].rstrip() + "…"]), 24.0


def _wrap(text: str, measure: float) -> list[str]:
    """Greedy lines no wider than `measure` (in ems). A word longer than a line, or a script without spaces, breaks anywhere."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}".strip()
        if _ems(candidate) <= measure:
            line = candidate
            continue
        if line:
            lines.append(line)
        line = ""
        for cluster in regex.findall(r"\X", word):
            if line and _ems(line + cluster) > measure:
                lines.append(line)
                line = ""
            line += cluster
    return [*lines, line] if line else lines


def _ems(text: str) -> float:
    """About how wide a bold sans sets it; generous, since the reader's font is not known here."""
    return sum(_EMS.get(c, 0.68 if c.isupper() or c.isdigit() else 1.05 if ord(c) > 0x2E7F else 0.6) for c in text)


_EMS = {**dict.fromkeys("iljI.,:;'!|", 0.32), **dict.fromkeys("ftr() -", 0.42), **dict.fromkeys("mwMW@&", 0.92)}


def _printable(text: str) -> str:
    """Without what XML 1.0 forbids: control characters and lone surrogates."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff")
    )


# -- motifs: each yields SVG shapes ------------------------------------------------------------------------------------


def _horizon(dice: random.Random, p: Palette) -> Iterator[str]:
    x, y, r = dice.randint(110, 290), dice.randint(130, 240), dice.randint(44, 96)
    yield f'<circle cx="{x}" cy="{y}" r="{r * 2.1:.0f}" fill="{p.lamp}" opacity=".07"/>'
    yield f'<circle cx="{x}" cy="{y}" r="{r}" fill="{p.lamp}" opacity=".92"/>'
    for i, (fill, opacity) in enumerate(((p.far, 0.75), (p.far, 1.0), (p.near, 0.9))):
        y0 = 255 + i * 70
        a, b, c = (dice.randint(-46, 46) for _ in range(3))
        yield (
            f'<path d="M0 {y0 + a} C 90 {y0 + b - 40}, 150 {y0 + c + 30}, 230 {y0 + a - 12} S 350 {y0 + c - 34}, 400 {y0 + b}'
            f' V{HEIGHT} H0 Z" fill="{fill}" opacity="{opacity}"/>'
        )


def _rings(dice: random.Random, p: Palette) -> Iterator[str]:
    x, y, step = dice.randint(90, 310), dice.randint(150, 260), dice.randint(26, 40)
    for i in range(9, 0, -1):
        fill = p.far if i % 2 else p.top
        yield f'<circle cx="{x}" cy="{y}" r="{i * step}" fill="{fill}" opacity=".55"/>'
    yield f'<circle cx="{x}" cy="{y}" r="{step * 0.62:.0f}" fill="{p.lamp}"/>'


def _beams(dice: random.Random, p: Palette) -> Iterator[str]:
    """A projector's light, from a corner."""
    x, y = dice.choice((-30, WIDTH + 30)), dice.randint(40, 130)
    aim = 0.0 if x < 0 else math.pi
    turn = 1 if x < 0 else -1
    for i in range(7):
        a = aim + turn * (0.02 + i * 0.17 + dice.random() * 0.05)
        b = a + turn * (0.06 + dice.random() * 0.05)
        far = 900
        yield (
            f'<path d="M{x} {y} L{x + far * math.cos(a):.0f} {y + far * math.sin(a):.0f}'
            f' L{x + far * math.cos(b):.0f} {y + far * math.sin(b):.0f} Z" fill="{p.lamp}" opacity="{0.09 + 0.05 * (i % 3):.2f}"/>'
        )
    yield f'<circle cx="{x}" cy="{y}" r="74" fill="{p.lamp}" opacity=".85"/>'


def _arches(dice: random.Random, p: Palette) -> Iterator[str]:
    x, w = dice.randint(60, 150), dice.randint(210, 270)
    for i in range(5):
        inset = i * w / 11
        left, width, top = x + inset, w - 2 * inset, 110 + i * 34
        fill = (p.far, p.bottom, p.near, p.far, p.lamp)[i]
        yield (
            f'<path d="M{left:.0f} {HEIGHT} V{top + width / 2:.0f} a{width / 2:.0f} {width / 2:.0f} 0 0 1 {width:.0f} 0'
            f' V{HEIGHT} Z" fill="{fill}" opacity="{0.85 if i < 4 else 0.95}"/>'
        )


def _waves(dice: random.Random, p: Palette) -> Iterator[str]:
    phase, amp = dice.random() * 6, dice.randint(16, 34)
    yield f'<circle cx="{dice.randint(80, 320)}" cy="{dice.randint(96, 150)}" r="{dice.randint(26, 46)}" fill="{p.lamp}"/>'
    for i in range(9):
        y = 190 + i * 40
        points = " ".join(f"{x},{y + amp * math.sin(phase + i * 0.8 + x / 62):.1f}" for x in range(-20, 441, 20))
        yield f'<polyline points="{points}" fill="none" stroke="{p.near if i % 2 else p.far}" stroke-width="{9 + i * 2}"/>'


def _city(dice: random.Random, p: Palette) -> Iterator[str]:
    yield f'<circle cx="{dice.randint(60, 340)}" cy="{dice.randint(90, 170)}" r="{dice.randint(30, 58)}" fill="{p.lamp}" opacity=".9"/>'
    for layer, (fill, low, high) in enumerate(((p.far, 210, 330), (p.near, 290, 400))):
        x = -10
        while x < WIDTH:
            w, top = dice.randint(34, 72), dice.randint(low, high)
            yield f'<rect x="{x}" y="{top}" width="{w}" height="{HEIGHT - top}" fill="{fill}"/>'
            for _ in range(3 if layer else 1):
                wx, wy = x + dice.randint(6, w - 12), top + dice.randint(14, 90)
                yield f'<rect x="{wx}" y="{wy}" width="5" height="8" fill="{p.lamp}" opacity=".75"/>'
            x += w + dice.randint(0, 7)


def _shards(dice: random.Random, p: Palette) -> Iterator[str]:
    x, y = dice.randint(120, 280), dice.randint(170, 280)
    angles = sorted(dice.random() * 2 * math.pi for _ in range(11))
    for i, a in enumerate(angles):
        b = angles[(i + 1) % len(angles)]
        yield (
            f'<path d="M{x} {y} L{x + 700 * math.cos(a):.0f} {y + 700 * math.sin(a):.0f}'
            f' L{x + 700 * math.cos(b):.0f} {y + 700 * math.sin(b):.0f} Z" fill="{(p.far, p.bottom, p.near)[i % 3]}" opacity=".62"/>'
        )
    yield f'<circle cx="{x}" cy="{y}" r="{dice.randint(10, 24)}" fill="{p.lamp}"/>'


def _discs(dice: random.Random, p: Palette) -> Iterator[str]:
    """Two discs in eclipse."""
    x, y, r = dice.randint(130, 270), dice.randint(170, 250), dice.randint(92, 132)
    dx, dy = dice.choice((-1, 1)) * dice.randint(26, 60), dice.randint(-34, 34)
    yield f'<circle cx="{x}" cy="{y}" r="{r + 56}" fill="{p.lamp}" opacity=".06"/>'
    yield f'<circle cx="{x}" cy="{y}" r="{r}" fill="{p.lamp}" opacity=".95"/>'
    yield f'<circle cx="{x + dx}" cy="{y + dy}" r="{r}" fill="{p.near}" opacity=".97"/>'


MOTIFS: tuple[Callable[[random.Random, Palette], Iterator[str]], ...] = (
    _horizon, _rings, _beams, _arches, _waves, _city, _shards, _discs
)  # fmt: skip
