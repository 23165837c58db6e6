"""Language codes as file names show them, and the filter a language token may carry (":EN+DE", ":-EN", ":EN+")."""

from __future__ import annotations

from typing import Final

import langcodes
from langcodes.tag_parser import LanguageTagError

# Written languages that players know only by the code of the language they belong to.
_FILED_UNDER: Final = {"gsw": "de", "khk": "mn", "mvf": "mn", "cmn": "zh", "yue": "zh"}


def short(code: str) -> str:
    """The upper-case ISO 639-1 code for any ISO 639 code or tag ("ger", "deu", "de-AT" are all "DE").

    A language without a two-letter code keeps the code it has; "" is no language at all.
    """
    code = code.strip().lower()
    if code in ("", "und", "mul", "zxx", "mis"):
        return ""
    try:
        language = langcodes.standardize_tag(code).split("-")[0]
    except LanguageTagError:
        return code.upper()
    return _FILED_UNDER.get(language, language).upper()


def listed(codes: tuple[str, ...], wanted: str, *, hide_english_only: bool) -> str:
    """The languages as "[EN+DE]", "" for none.

    `wanted` keeps only those it names, in its order; with a leading "-" it leaves those out; with a trailing "+" it
    says by "--" that there are others. A lone English says nothing where `hide_english_only`.
    """
    spoken = list(dict.fromkeys(s for s in map(short, codes) if s))
    shown, wanted = spoken, wanted.upper()
    if wanted.startswith("-"):
        shown = [s for s in spoken if s not in wanted.split("-")]
    elif wanted:
        shown = [w for w in dict.fromkeys(wanted.split("+")) if w in spoken]
        if wanted.endswith("+") and len(shown) != len(spoken):
            shown.append("--")
    if hide_english_only and shown == ["EN"]:
        return ""
    return f"[{'+'.join(shown)}]" if shown else ""
