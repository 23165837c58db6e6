"""An OpenID provider of the tests' own, over real HTTP: honest by itself, and signing whatever a test wants.

provider = await open_provider(nursery)
back = provider.answers(url, sub="ada")      where it sends a browser that came by the address `url`
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import trio
from joserfc import jwt
from joserfc.jwk import RSAKey

from mydia.demo.fakes import Fake, Reply, Request, json_reply, serve
from tests.support.house import FakeClock

NOW = FakeClock().now()
CLIENT, SECRET = "mydia", "CANARY client+secret"
KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{n}", "use": "sig", "alg": "RS256"}) for n in range(2)]
Sign = Callable[[dict[str, Any]], str]


def signed(claims: Mapping[str, Any], key: RSAKey = KEYS[0], **header: Any) -> str:
    named = {"alg": "RS256", "kid": key.kid, **header}
    return jwt.encode({k: v for k, v in named.items() if v is not None}, dict(claims), key, [named["alg"]])


def raw_token(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token put together by hand, as no library would."""
    body = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
    return f"{body}.{_b64(sign(body.encode()))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class FakeProvider(Fake):
    """`metadata`, `claims` and `about` change what it announces, signs and tells; `sign` how."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""
        self.keys = [KEYS[0]]
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.sign: Sign = signed
        self.subject: Any = None  # of the last id_token
        self.codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def answers(self, door: str, **claims: Any) -> str:
        """Somebody logs in: `claims` are added to what the id_token says of them."""
        asked = dict(parse_qsl(urlsplit(door).query))
        assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", CLIENT)
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked, claims
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def answer(self, request: Request) -> Reply:
        if request.path == "/.well-known/openid-configuration":
            announced = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "userinfo_endpoint": f"{self.url}/me",
                "end_session_endpoint": f"{self.url}/bye",
                "authorization_response_iss_parameter_supported": True,
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                **self.metadata,
            }
            return json_reply({k: v for k, v in announced.items() if v is not None})
        if request.path == "/jwks":
            return json_reply({"keys": [key.as_dict(private=False) for key in self.keys]})
        if request.path == "/token":
            return self._tokens(request)
        if request.path == "/me" and request.headers.get("authorization") == "Bearer the-access-token":
            return json_reply({"sub": self.subject, **self.about})
        return json_reply({"error": "not_found"}, 404)

    def _tokens(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        kind, _, pair = request.headers.get("authorization", "").partition(" ")
        client = base64.b64decode(pair).decode().split(":") if kind == "Basic" else []
        if [unquote_plus(part) for part in client] != [CLIENT, SECRET]:
            return json_reply({"error": "invalid_client"}, 401)
        asked, claims = self.codes.get(form["code"], ({}, {}))
        challenge = _b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (asked.get("code_challenge"), asked.get("redirect_uri")) != (challenge, form["redirect_uri"]):
            return json_reply({"error": "invalid_grant", "error_description": "<b>words</b>"}, 400)
        moment = int(NOW.timestamp())
        said = {"iss": self.url, "aud": CLIENT, "sub": "ada", "iat": moment, "exp": moment + 300}
        said |= {"nonce": asked["nonce"], "preferred_username": "ada", **self.claims, **claims}
        self.subject = said["sub"]
        token = self.sign({k: v for k, v in said.items() if v is not None})
        return json_reply({"access_token": "the-access-token", "token_type": "Bearer", "id_token": token})


async def open_provider(nursery: trio.Nursery) -> FakeProvider:
    provider = FakeProvider()
    provider.url = await nursery.start(serve, provider)
    return provider


def oidc_config(issuer: str, **more: Any) -> dict[str, Any]:
    """What config.yml says of a house that logs in by this provider; `more` are keys of `auth`."""
    oidc = {"issuer": issuer, "client_id": CLIENT, "client_secret": SECRET, **more.pop("oidc", {})}
    return {"server": {"host": "127.0.0.1", "port": 0}, "auth": {"oidc": oidc, **more}}
