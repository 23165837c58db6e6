"""OpenID Connect, the protocol: what a provider announces, where a browser is sent, and what must be proved when it comes back.

    provider = Provider("https://auth.example.org/realms/home", "mydia", "secret", ("openid", "profile"))
    attempt = Attempt.new()                                               kept with the browser until it comes back
    url = await provider.door(redirect_uri, attempt, now)                 the browser goes there and returns with a code
    identity = await provider.redeem(code, redirect_uri, attempt, now)    whom the provider vouches for

Authorization code with PKCE (S256), state and nonce; the id_token counts only with a signature by a key that the provider
publishes, in an asymmetric algorithm that it announces, and with our client, our nonce and a time that is now. What the provider
announces is kept for an hour, and its keys are asked for again when a token names one that is not known. A provider that is down
is asked again after a few seconds, not at every click.

Every refusal is Invalid (its answer proves nothing) or Unavailable (it gives none), and names the provider's host, no secret.
"""

import json
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import trio
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet

from mydia.accounts.model import Identity
from mydia.adapters.http import Answer, fetch
from mydia.errors import Invalid, MydiaError, Unavailable

ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 Ed25519".split()
"""Asymmetric ones alone: "none" proves nothing, and for HS256 a public key would do as the secret."""
SKEW = 60  # seconds that two clocks may differ
KEPT = timedelta(hours=1)
ASK_AGAIN = timedelta(seconds=10)  # after the provider did not answer; between two looks for a key that nobody knows
PATIENCE = 5.0  # seconds: a person waits
MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Attempt:
    """What ties the way out to the way back: `state` to the browser, `nonce` to the id_token, `verifier` to the code."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Attempt":
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Announced:
    """What of a provider's metadata is used here."""

    issuer: str
    authorize: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    algorithms: tuple[str, ...]
    secret_in_body: bool
    names_itself: bool  # it says with each answer who it is (RFC 9207)


class Provider:
    """One provider, for one client. `groups_claim`: where groups stand, if they are wanted."""

    def __init__(
        self, issuer: str, client_id: str, secret: str | None, scopes: Sequence[str], groups_claim: str | None = None
    ) -> None:
        self.issuer, self.client_id, self.scopes, self.groups_claim = issuer, client_id, tuple(scopes), groups_claim
        self.host = urlsplit(issuer).hostname or issuer
        self._secret = secret
        self._asking = trio.Lock()
        self._announced: tuple[datetime, Announced] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._failed: tuple[datetime, MydiaError] | None = None

    async def announced(self, now: datetime) -> Announced:
        """Invalid or Unavailable, and the same again for a few seconds, when the provider is not to be had."""
        async with self._asking:
            if self._announced is not None and now - self._announced[0] < KEPT:
                return self._announced[1]
            if self._failed is not None and now - self._failed[0] < ASK_AGAIN:
                raise type(self._failed[1])(str(self._failed[1]))
            try:
                found = read_announced(await self._get(get_well_known_url(self.issuer, external=True)), self.issuer)
            except MydiaError as error:
                self._failed = now, error
                raise
            self._announced, self._keys, self._failed = (now, found), None, None
            return found

    async def door(self, redirect_uri: str, attempt: Attempt, now: datetime) -> str:
        """The address at which the provider asks who is there."""
        address: str = prepare_grant_uri(
            (await self.announced(now)).authorize,
            self.client_id,
            "code",
            redirect_uri,
            list(self.scopes),
            attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return address

    async def redeem(
        self, code: str, redirect_uri: str, attempt: Attempt, now: datetime, *, sender: str | None = None
    ) -> Identity:
        """Whom the provider vouches for with this code. `sender`: who the answer that brought the code says it is from."""
        known = await self.announced(now)
        if sender != known.issuer and (sender is not None or known.names_itself):
            raise Invalid(f"The answer is not from {self.host}: it names another issuer.")
        tokens = await self._exchange(known, code, redirect_uri, attempt.verifier)
        access = _text(tokens, "access_token")
        claims = await self._proved(known, _text(tokens, "id_token") or "", access, attempt.nonce, now)
        if known.userinfo and access and not self._told(claims):
            claims = {**await self._userinfo(known.userinfo, access, claims["sub"]), **claims}
        return Identity(claims["iss"], claims["sub"], name_of(claims), self._groups(claims))

    async def farewell(self, back: str, now: datetime) -> str | None:
        """Where a browser ends its session at the provider, to return to `back`; None where the provider has no such place."""
        end = (await self.announced(now)).end_session
        query = urlencode({"client_id": self.client_id, "post_logout_redirect_uri": back})
        return f"{end}{'&' if '?' in end else '?'}{query}" if end else None

    # -- asking

    async def _ask(self, url: str, **more: Any) -> Answer:
        return await fetch(url, who="The provider", timeout=PATIENCE, max_bytes=MAX_BYTES, **more)

    async def _get(self, url: str, **headers: str) -> dict[str, Any]:
        return _document((await self._ask(url, headers=headers)).check())

    async def _exchange(self, known: Announced, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if self._secret is None or known.secret_in_body:
            form |= {"client_id": self.client_id} | ({"client_secret": self._secret} if self._secret else {})
        else:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self._secret)}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        answer = await self._ask(known.token, method="POST", headers=headers, content=urlencode(form).encode())
        if answer.status in (400, 401):
            why = error_code(_document(answer).get("error"))
            hint = "; check auth.oidc.client_id and client_secret" if why == "invalid_client" else ""
            raise Invalid(f"{self.host} refused the code that it had given ({why}){hint}.")
        return _document(answer.check())

    async def _userinfo(self, url: str, access: str, subject: str) -> dict[str, Any]:
        about = await self._get(url, authorization=f"Bearer {access}", accept="application/json")
        if about.get("sub") != subject:
            raise Invalid(f"{self.host} tells about somebody else than it vouched for.")
        return about

    # -- proving

    async def _proved(
        self, known: Announced, token: str, access: str | None, nonce: str, now: datetime
    ) -> dict[str, Any]:
        try:
            try:
                proved = jwt.decode(token, await self._key_set(known, now), list(known.algorithms))
            except InvalidKeyIdError:
                proved = jwt.decode(token, await self._key_set(known, now, ASK_AGAIN), list(known.algorithms))
        # Beside its own errors joserfc lets those of reading through, where the other side sent what is no token at all.
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise Invalid(f"{self.host} sent an id_token whose signature is not right ({_kind(error)}).") from None
        options: Any = {
            "iss": {"essential": True, "value": known.issuer},
            "sub": {"essential": True},
            "aud": {"essential": True, "value": self.client_id},
        }
        params = {"nonce": nonce, "client_id": self.client_id, "access_token": access}
        claims = CodeIDToken(proved.claims, proved.header, options, params)
        try:
            claims.validate(int(now.timestamp()), SKEW)
        except (JoseError, ValueError, TypeError) as error:
            name = getattr(error, "claim", None) or _kind(error)
            clocks = name in ("exp", "iat", "nbf", "expired_token")
            why = f"{name}: its clock and this machine's differ, or the answer is old" if clocks else name
            raise Invalid(f"{self.host} sent an id_token that is not for this log-in ({why}).") from None
        if len(claims["sub"]) > 255 or not claims["sub"].isprintable():
            raise Invalid(f"{self.host} sent an id_token that is not for this log-in (sub).")
        return dict(claims)

    async def _key_set(self, known: Announced, now: datetime, at_most: timedelta = KEPT) -> KeySet:
        """Its keys, no older than `at_most`."""
        async with self._asking:
            if self._keys is None or now - self._keys[0] >= at_most:
                self._keys = now, read_keys(await self._get(known.keys))
            return self._keys[1]

    # -- what it tells

    def _told(self, claims: Mapping[str, Any]) -> bool:
        wanted = self.groups_claim is None or self.groups_claim in claims
        return wanted and any(_text(claims, name) for name in ("preferred_username", "nickname"))

    def _groups(self, claims: Mapping[str, Any]) -> frozenset[str]:
        found = claims.get(self.groups_claim) if self.groups_claim else None
        return frozenset(g for g in (found if isinstance(found, list) else [found]) if isinstance(g, str))


def read_announced(document: Mapping[str, Any], issuer: str) -> Announced:
    """A provider's metadata. Invalid where it is somebody else's, or lacks what is needed here."""
    named = _text(document, "issuer") or ""
    if named.rstrip("/") != issuer.rstrip("/"):
        raise Invalid(f"{issuer} says that its issuer is {named[:200]!r}; set auth.oidc.issuer to exactly that.")

    def place(name: str) -> str | None:
        url = _text(document, name)
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            fits = parts.hostname and parts.scheme in ("https", urlsplit(issuer).scheme) and not parts.fragment
        except ValueError:
            fits = False
        if not fits:
            raise Invalid(f"{issuer} announces a {name} that is no address, or less safe than its own.")
        return url

    needed = [place(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if None in needed:
        raise Invalid(f"{issuer} announces no code flow; it is no OpenID provider that Mydia can use.")
    authorize, token, keys = (url or "" for url in needed)
    offered = _list(document, "id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = tuple(a for a in ALGORITHMS if a in offered)
    if not algorithms:
        raise Invalid(f"{issuer} signs in no algorithm that is safe here; let it use RS256 or ES256.")
    methods = _list(document, "token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Announced(
        named, authorize, token, keys, place("userinfo_endpoint"), place("end_session_endpoint"), algorithms,
        "client_secret_basic" not in methods and "client_secret_post" in methods,
        document.get("authorization_response_iss_parameter_supported") is True,
    )  # fmt: skip


def read_keys(document: Mapping[str, Any]) -> KeySet:
    """The public keys of a key set that can be read; one that can't spoils none of the others."""
    keys = []
    for entry in _list(document, "keys"):
        if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC", "OKP") and entry.get("use") != "enc":
            try:
                keys.append(JWKRegistry.import_key(entry))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    return KeySet(keys)


def name_of(claims: Mapping[str, Any]) -> str:
    """What to call somebody here: 1 to 60 printable characters, whatever the provider says."""
    mail = (_text(claims, "email") or "").partition("@")[0]
    for text in (*(_text(claims, n) for n in ("preferred_username", "nickname", "name")), mail):
        name = "".join(c for c in text or "" if c.isprintable()).strip()[:60].strip()
        if name:
            return name
    return "guest"


def error_code(value: Any) -> str:
    """A provider's error code, if it looks like one: anything else could be words that somebody wants to be read here."""
    return value if isinstance(value, str) and re.fullmatch(r"[a-z_]{1,40}", value) else "an error that has no name"


def _text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) and value else None


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    value = values.get(name)
    return value if isinstance(value, list) else []


def _kind(error: Exception) -> str:
    return str(getattr(error, "error", "") or "damaged")


def _document(answer: Answer) -> dict[str, Any]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Unavailable(f"{answer.who} ({answer.host}) did not answer with a JSON object")
    return document
