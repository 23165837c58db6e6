"""OpenID Connect against a provider that signs whatever a test wants: only what proves who is there is believed."""

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from mydia.accounts.model import Identity
from mydia.adapters.oidc import KEPT, Attempt, Provider, name_of, read_announced, read_keys
from mydia.demo.fakes import Reply, json_reply
from mydia.errors import Invalid, MydiaError, Unavailable
from tests.support.oidc import CLIENT, KEYS, NOW, SECRET, FakeProvider, open_provider, raw_token, signed

BACK = "http://127.0.0.1:4000/auth/oidc/callback"
MOMENT = int(NOW.timestamp())


def known(fake: FakeProvider, groups: str | None = None) -> Provider:
    return Provider(fake.url, CLIENT, SECRET, ("openid", "profile"), groups)


async def come(
    fake: FakeProvider, provider: Provider | None = None, *, later: timedelta = timedelta(), **claims: Any
) -> Identity:
    """Go to the provider and come back."""
    provider, attempt, now = provider or known(fake), Attempt.new(), NOW + later
    fake.answers(await provider.door(BACK, attempt, now), **claims)
    return await provider.redeem(f"code-{len(fake.codes) - 1}", BACK, attempt, now, sender=fake.url)


async def refusal(fake: FakeProvider, provider: Provider | None = None, **claims: Any) -> str:
    with pytest.raises(MydiaError) as refused:
        await come(fake, provider, **claims)
    said = str(refused.value)
    assert SECRET not in said
    assert "code-" not in said
    return said


async def test_who_comes_back_with_a_code_is_whom_the_provider_signs_for(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    assert await come(fake) == Identity(fake.url, "ada", "ada")
    assert fake.asked("/me") == 0  # nothing was missing


async def test_what_the_token_lacks_is_asked_for_and_must_be_about_the_same_person(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    fake.claims = {"preferred_username": None}
    fake.about = {"preferred_username": "Ada L.", "groups": ["family"], "iss": "elsewhere"}
    assert await come(fake, known(fake, "groups")) == Identity(fake.url, "ada", "Ada L.", frozenset({"family"}))
    fake.about = {"sub": "eve", "preferred_username": "eve"}
    assert "somebody else" in await refusal(fake)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another client"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": [CLIENT, "another"]}, "azp"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"nonce": "another log-in's"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "a" * 256}, "sub"),
        ({"sub": "a\0b"}, "sub"),
        ({"exp": None}, "exp"),
        ({"exp": MOMENT - 61}, "exp: its clock"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": MOMENT + 61}, "iat: its clock"),
        ({"nbf": MOMENT + 61}, "nbf: its clock"),
        ({"at_hash": "of another access token"}, "at_hash"),
    ],
)
async def test_a_token_that_is_not_for_this_log_in_is_refused(
    nursery: trio.Nursery, claims: Mapping[str, Any], why: str
) -> None:
    fake = await open_provider(nursery)
    assert f"not for this log-in ({why}" in await refusal(fake, **claims)


async def test_clocks_may_differ_by_less_than_a_minute(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    assert (await come(fake, exp=MOMENT - 59, iat=MOMENT + 59, nbf=MOMENT + 59)).subject == "ada"


def unsigned(claims: dict[str, Any]) -> str:
    return raw_token({"alg": "none"}, claims, lambda _: b"")


def by_the_public_key(claims: dict[str, Any]) -> str:
    """HMAC with what everybody knows as the secret: who trusts the token's own "alg" takes it for the provider's."""
    pem = KEYS[0].as_pem(private=False)
    return raw_token({"alg": "HS256", "kid": "key-0"}, claims, lambda body: hmac.digest(pem, body, hashlib.sha256))


def by_the_client_secret(claims: dict[str, Any]) -> str:
    return raw_token({"alg": "HS256"}, claims, lambda body: hmac.digest(SECRET.encode(), body, hashlib.sha256))


def by_another_key(claims: dict[str, Any]) -> str:
    return signed(claims, RSAKey.generate_key(2048, {"kid": "key-0"}))


def by_a_key_it_brings(claims: dict[str, Any]) -> str:
    mine = RSAKey.generate_key(2048, {"kid": "mine"})
    return signed(claims, mine, jwk=mine.as_dict(private=False), kid=None)


def with_other_claims(claims: dict[str, Any]) -> str:
    head, _, tail = signed(claims).split(".")
    return f"{head}.{signed({**claims, 'sub': 'admin'}).split('.')[1]}.{tail}"


def in_a_demanding_way(claims: dict[str, Any]) -> str:
    """Rightly signed, with an extension of the format that whoever does not know it must refuse."""
    header = {"alg": "RS256", "kid": "key-0", "crit": ["unheard-of"], "unheard-of": 1}
    return raw_token(header, claims, lambda body: JWSRegistry.algorithms["RS256"].sign(body, KEYS[0]))


@pytest.mark.parametrize(
    "sign",
    [
        unsigned, by_the_public_key, by_the_client_secret, by_another_key, by_a_key_it_brings, with_other_claims,
        in_a_demanding_way, lambda _: "", lambda _: "a.b.c", lambda _: "é", lambda _: "a.b.c.d.e",
    ],
)  # fmt: skip
async def test_a_token_that_the_provider_did_not_sign_is_refused(nursery: trio.Nursery, sign: Any) -> None:
    fake = await open_provider(nursery)
    fake.sign = sign
    assert "signature is not right" in await refusal(fake)


@settings(max_examples=200)
@given(
    token=st.text(max_size=60) | st.lists(st.text("eyJhbGci0{}.-_", max_size=20), min_size=3, max_size=3).map(".".join)
)
def test_whatever_is_sent_as_a_token_is_refused_and_nothing_breaks(token: str) -> None:
    provider = Provider("https://idp.example", CLIENT, None, ("openid",))
    announced = read_announced(METADATA, "https://idp.example")
    provider._announced, provider._keys = (NOW, announced), (NOW, read_keys({"keys": [KEYS[0].as_dict(private=False)]}))
    with pytest.raises(Invalid):
        trio.run(provider._proved, announced, token, None, "nonce", NOW)


async def test_a_new_key_is_fetched_when_a_token_names_it_and_an_unknown_one_is_not_looked_for_all_the_time(
    nursery: trio.Nursery,
) -> None:
    fake = await open_provider(nursery)
    provider = known(fake)
    await come(fake, provider)
    await come(fake, provider)
    assert (fake.asked("/jwks"), fake.asked("/.well-known/openid-configuration")) == (1, 1)
    fake.sign = lambda claims: signed(claims, KEYS[1])
    assert "signature is not right" in await refusal(fake, provider)
    assert "signature is not right" in await refusal(fake, provider)
    assert fake.asked("/jwks") == 1  # it was fetched just now
    fake.keys = [KEYS[1]]
    assert (await come(fake, provider, later=timedelta(seconds=11))).subject == "ada"
    assert fake.asked("/jwks") == 2


async def test_what_the_provider_announces_is_believed_for_an_hour(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    provider = known(fake)
    await provider.announced(NOW)
    await provider.announced(NOW + KEPT - timedelta(seconds=1))
    assert fake.asked("/.well-known/openid-configuration") == 1
    await provider.announced(NOW + KEPT)
    assert fake.asked("/.well-known/openid-configuration") == 2


async def test_a_provider_that_is_down_is_asked_once_in_a_while_and_used_when_it_is_back(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    fake.planned.append(Reply(503))
    provider = known(fake)
    for _ in range(3):
        with pytest.raises(Unavailable, match="fault of its own"):
            await provider.announced(NOW)
    assert len(fake.requests) == 1
    assert (await provider.announced(NOW + timedelta(seconds=10))).issuer == fake.url


async def test_an_answer_that_names_another_issuer_or_none_is_refused(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    provider, attempt = known(fake), Attempt.new()
    fake.answers(await provider.door(BACK, attempt, NOW))
    for sender in ("https://evil.example", None):
        with pytest.raises(Invalid, match="another issuer"):
            await provider.redeem("code-0", BACK, attempt, NOW, sender=sender)
    assert fake.asked("/token") == 0


async def test_a_code_without_its_verifier_or_with_a_wrong_secret_buys_nothing(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    provider = known(fake)
    fake.answers(await provider.door(BACK, Attempt.new(), NOW))
    with pytest.raises(Invalid, match=r"refused the code .*\(invalid_grant\)") as refused:
        await provider.redeem("code-0", BACK, Attempt.new(), NOW, sender=fake.url)
    assert "words" not in str(refused.value)
    mistaken = Provider(fake.url, CLIENT, "wrong", ("openid",))
    assert "check auth.oidc.client_id and client_secret" in await refusal(fake, mistaken)


async def test_the_secret_goes_into_the_form_where_the_provider_takes_it_there_only(nursery: trio.Nursery) -> None:
    fake = await open_provider(nursery)
    fake.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await refusal(fake)  # this fake takes it in the header only
    (request,) = (r for r in fake.requests if r.path == "/token")
    assert "authorization" not in request.headers
    assert b"client_secret=CANARY+client%2Bsecret" in request.body


@pytest.mark.parametrize(
    "reply", [Reply(200, b"{"), Reply(200, b"[]"), Reply(200, b"[" * 200_000), Reply(500), json_reply({"id_token": 7})]
)
async def test_a_token_endpoint_that_talks_nonsense_is_a_refusal(nursery: trio.Nursery, reply: Reply) -> None:
    fake = await open_provider(nursery)
    provider, attempt = known(fake), Attempt.new()
    fake.answers(await provider.door(BACK, attempt, NOW))
    fake.planned.append(reply)
    with pytest.raises(MydiaError):
        await provider.redeem("code-0", BACK, attempt, NOW, sender=fake.url)


METADATA = {
    "issuer": "https://idp.example",
    "authorization_endpoint": "https://idp.example/a",
    "token_endpoint": "https://idp.example/t",
    "jwks_uri": "https://idp.example/k",
}
OPTIONAL = (
    "userinfo_endpoint",
    "end_session_endpoint",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"issuer": "https://evil.example"}, "says that its issuer is 'https://evil.example'"),
        ({"issuer": None}, "says that its issuer is"),
        ({"token_endpoint": None}, "no code flow"),
        ({"jwks_uri": "http://idp.example/k"}, "less safe than its own"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no address"),
        ({"authorization_endpoint": 7}, "no code flow"),
        ({"end_session_endpoint": "ftp://idp.example/"}, "no address"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "no algorithm that is safe"),
    ],
)
def test_a_provider_that_announces_what_can_not_be_used_is_refused(changed: Mapping[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read_announced({**METADATA, **changed}, "https://idp.example")


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
URLS = st.sampled_from(["https://[", "https://", "https://idp.example:port/", "//idp.example", "https://idp.example/x"])


@given(st.dictionaries(st.sampled_from([*METADATA, *OPTIONAL]), JSON | URLS), st.dictionaries(st.just("keys"), JSON))
def test_whatever_is_announced_is_taken_or_refused_and_nothing_breaks(
    changed: dict[str, Any], keys: dict[str, Any]
) -> None:
    with suppress(Invalid):
        assert read_announced({**METADATA, **changed}, "https://idp.example").algorithms
    assert not read_keys(keys)


def test_an_issuer_counts_as_it_names_itself_with_or_without_its_last_stroke() -> None:
    named = {**METADATA, "issuer": "https://idp.example/"}
    assert read_announced(named, "https://idp.example").issuer == "https://idp.example/"


def test_of_a_key_set_the_public_keys_that_can_be_read_are_taken_and_the_rest_spoils_nothing() -> None:
    elliptic = ECKey.generate_key("P-256", {"kid": "ec"})
    entries = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "RSA", "kid": "broken", "n": "?", "e": 3},
        {**KEYS[1].as_dict(private=False), "use": "enc"},
        {"kty": "post-quantum"},
        "words",
        elliptic.as_dict(private=False),
        KEYS[0].as_dict(private=False),
    ]
    assert [key.kid for key in read_keys({"keys": entries})] == ["ec", "key-0"]
    assert not read_keys({"keys": "none"})


@given(st.dictionaries(st.sampled_from(["preferred_username", "nickname", "name", "email"]), st.text() | st.integers()))
def test_whatever_a_provider_calls_somebody_becomes_a_name(claims: dict[str, Any]) -> None:
    name = name_of(claims)
    assert 1 <= len(name) <= 60
    assert name.isprintable()
    assert name == name.strip()
