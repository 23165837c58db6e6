"""Titles as keys: what makes two spellings the same title, and where a title stands in a sorted list. Pure."""

import re
from typing import Final

from anyascii import anyascii

_ARTICLE: Final = re.compile(r"^(?:the|a|an|der|die|das|le|la|les|el|los|las|il|lo|gli)\s+(?=\S)")
_APOSTROPHE: Final = re.compile(r"['`´’‘]")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


def title_key(title: str) -> str:
    """One spelling for the many of a title: lower case, transliterated, "&" is "and", no leading article, no punctuation, no spaces.

    `title_key("The Café & Bar") == title_key("cafe.and.bar")`. A title of nothing but signs keeps them, so that it stays findable.
    """
    words = _NOT_WORD.sub(" ", _APOSTROPHE.sub("", anyascii(title).casefold()).replace("&", " and ")).strip()
    return _ARTICLE.sub("", words).replace(" ", "") or title.casefold().strip()


def sort_title(title: str) -> str:
    """Where a title stands in a list: without its leading article, in lower case, transliterated, numbers padded so that 2 < 10."""
    plain = _ARTICLE.sub("", anyascii(title).casefold().strip())
    return re.sub(r"\d+", lambda m: m.group().zfill(6), plain) or title.casefold()
