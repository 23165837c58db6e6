"""A webhook: one POST of JSON for each event, signed when there is a secret.

    {"event": "imported", "title": "...", "body": "...", "at": "2026-01-31T12:00:00Z", "data": {...}, "url": null}

The shape is stable: fields are added to it, never changed. With a secret, `X-Mydia-Signature: sha256=<hex>` is the
HMAC-SHA256 of the body as it was sent. Any 2xx is taken for received; redirects are not followed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict

from mydia.adapters.http import fetch
from mydia.errors import Invalid
from mydia.ports import Notice

MAX_ANSWER = 64 * 1024


class Webhook:
    def __init__(
        self,
        *,
        name: str,
        url: str,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 15.0,
    ) -> None:
        self.name = name
        self._url = url
        self._secret = secret
        self._headers = dict(headers or {})
        self._timeout = timeout

    async def send(self, notice: Notice) -> None:
        body = json.dumps(asdict(notice), ensure_ascii=False).encode("utf-8", "surrogatepass")
        headers = {**self._headers, "Content-Type": "application/json"}
        if self._secret:
            headers["X-Mydia-Signature"] = f"sha256={sign(self._secret, body)}"
        answer = await fetch(
            self._url,
            who=self.name,
            method="POST",
            headers=headers,
            content=body,
            timeout=self._timeout,
            max_bytes=MAX_ANSWER,
        )
        if answer.status in (404, 410):
            raise Invalid(
                f"{self.name} ({answer.host}) answered {answer.status}: the webhook is gone; it is not tried again"
            )
        answer.check()


def sign(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest()
