"""File names that are no text, as text.

A file name is bytes. Python shows bytes that are no UTF-8 as lone surrogates, which no database, page or JSON parser takes. Here each
is written as SUB (U+001A, "substitute") and four hex digits, and so are SUB itself and NUL, which PostgreSQL refuses: reversible, and
ordinary names stay as they are.
"""

import re

_UNSAFE = re.compile("[\ud800-\udfff\x1a\x00]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")


def to_text(name: str) -> str:
    """A name as the file system gives it (os.fsdecode) -> text that is valid UTF-8 everywhere."""
    return _UNSAFE.sub(lambda m: f"\x1a{ord(m[0]):04x}", name)


def from_text(text: str) -> str:
    """The name that `to_text` was given."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)


def readable(text: str) -> str:
    """Text that quotes such names, for people: what is no text is shown as \\udcff. Not reversible."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x1a", "\ufffd").replace("\x00", "\ufffd")
