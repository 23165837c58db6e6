"""A Discord channel, by its webhook: one embed for each event, cut to Discord's limits, mentioning nobody."""

import json
from collections.abc import Mapping
from typing import Any

from mydia.adapters.http import Answer, fetch
from mydia.errors import Invalid, Unavailable
from mydia.ports import Notice

# Of one embed: title, description, fields, a field's name and value; and all of its text together.
TITLE, DESCRIPTION, FIELDS, FIELD_NAME, FIELD_VALUE, ALL = 256, 4096, 25, 256, 1024, 6000

_COLOURS = {
    "imported": 0x2ECC71,
    "download_completed": 0x2ECC71,
    "grabbed": 0x3498DB,
    "download_failed": 0xE74C3C,
    "health": 0xE67E22,
}


class Discord:
    def __init__(self, *, name: str, url: str, username: str = "Mydia", timeout: float = 15.0) -> None:
        self.name = name
        self._url = url
        self._username = username
        self._timeout = timeout

    async def send(self, notice: Notice) -> None:
        body = {
            "username": self._username,
            "embeds": [embed(notice)],
            "allowed_mentions": {"parse": []},  # a title may say @everyone
        }
        answer = await fetch(
            self._url,
            who=self.name,
            method="POST",
            headers={"Content-Type": "application/json"},
            content=json.dumps(body).encode("ascii"),
            timeout=self._timeout,
            max_bytes=256 * 1024,
        )
        if answer.status == 429:
            raise Unavailable(f"{self.name} asked Mydia to slow down", retry_after=_wait(answer))
        if answer.status in (401, 404):
            raise Invalid(
                f"{self.name}: Discord says that this webhook was deleted; make a new one in the channel's settings"
            )
        if answer.status == 400:
            raise Invalid(f"{self.name}: Discord refused the message")
        answer.check()


def embed(notice: Notice) -> dict[str, Any]:
    """One embed. Facts that are plain values become fields, as long as there is room."""
    made: dict[str, Any] = {"title": _cut(notice.title, TITLE), "timestamp": notice.at}
    if notice.body:
        made["description"] = _cut(notice.body, DESCRIPTION)
    if notice.url:
        made["url"] = notice.url
    if notice.event in _COLOURS:
        made["color"] = _COLOURS[notice.event]
    left = ALL - len(made["title"]) - len(made.get("description", ""))
    fields: list[dict[str, Any]] = []
    for name, value in _plain(notice.data):
        field: dict[str, Any] = {
            "name": _cut(name, FIELD_NAME),
            "value": _cut(value, FIELD_VALUE),
            "inline": len(value) < 40,
        }
        left -= len(field["name"]) + len(field["value"])
        if len(fields) == FIELDS or left < 0:
            break
        fields.append(field)
    if fields:
        made["fields"] = fields
    return made


def _plain(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = []
    for name, value in data.items():
        text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        if value is not None and not isinstance(value, Mapping) and not name.endswith("_id") and text:
            shown.append((name.replace("_", " ").capitalize(), text))
    return shown


def _cut(text: str, most: int) -> str:
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _wait(answer: Answer) -> float:
    """Seconds: in the body as a fraction, in the header rounded."""
    try:
        return max(0.5, float(json.loads(answer.body)["retry_after"]))
    except (ValueError, KeyError, TypeError):
        return answer.retry_after or 5.0
