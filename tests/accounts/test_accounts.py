"""Who may enter: the house is claimed once, only hashes are kept, what is revoked is out at once, guessing is slow."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations import MIGRATIONS
from mydia.accounts import changes, hashing, queries
from mydia.accounts.model import (
    FREE_TRIES,
    LONGEST_WAIT,
    check_password,
    check_username,
    client_network,
    login_wait,
    new_key,
    new_token,
    split_key,
    token_hash,
)
from mydia.errors import Conflict, Forbidden, Invalid, MydiaError, NotFound
from mydia.house import House
from mydia.store.engine import Connection
from mydia.store.schema import schema_of
from tests.support.house import clock_of, open_house


async def person(house: House, name: str = "ada", role: Any = "user") -> str:
    return await house.write(changes.create_user, name, "hash", role, actor="test")


def everything(conn: Connection) -> str:
    """All text of all tables, as a thief with the file sees it."""
    return "\n".join(str(row) for table in schema_of(MIGRATIONS) for row in conn.all("select * from " + table.name))  # noqa: S608 - its own tables


# -- claiming the house


async def test_the_first_administrator_needs_the_token_from_the_log(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        token = await house.write(changes.setup_token)
        assert token is not None
        with pytest.raises(Forbidden, match="not the set-up token"):
            await house.write(changes.claim_house, "guess", "eve", "hash")
        user_id = await house.write(changes.claim_house, token, "ada", "hash")
        assert (await house.read(queries.get_user, user_id)).role == "admin"
        assert await house.read(queries.count_admins) == 1


async def test_a_house_is_claimed_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        token = await house.write(changes.setup_token)
        assert token is not None
        await house.write(changes.claim_house, token, "ada", "hash")
        with pytest.raises(Conflict):
            await house.write(changes.claim_house, token, "eve", "hash")
        with pytest.raises(Conflict):
            await house.write(changes.create_first_admin, "eve", "hash")
        assert await house.write(changes.setup_token) is None


async def test_a_new_start_makes_the_token_of_the_last_one_void(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        old, new = await house.write(changes.setup_token), await house.write(changes.setup_token)
        assert old is not None
        assert new is not None
        with pytest.raises(Forbidden):
            await house.write(changes.claim_house, old, "eve", "hash")
        await house.write(changes.claim_house, new, "ada", "hash")


async def test_nothing_secret_stands_in_the_database(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        setup = await house.write(changes.setup_token)
        user_id = await person(house)
        token, key = new_token(), new_key()
        await house.write(changes.open_session, user_id, token.hash, "Browser", 30)
        await house.write(
            changes.add_key, user_id, "script", key.prefix, await hashing.hash_secret(key.secret), actor="ada"
        )
        text = await house.read(everything)
        assert key.prefix in text
        for secret in (setup, token.token, key.secret):
            assert secret is not None
            assert secret not in text


# -- people


async def test_names_are_one_persons_in_any_case(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        user_id = await person(house, "Ada")
        with pytest.raises(Conflict, match="'ADA' already"):
            await person(house, "ADA")
        found = await house.read(queries.credentials_of, " aDa ")
        assert found is not None
        assert (found.user.id, found.user.name, found.password_hash) == (user_id, "Ada", "hash")
        assert await house.read(queries.credentials_of, "nobody") is None


async def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ada, bob = await person(house, "ada", "admin"), await person(house, "bob", "readonly")
        with pytest.raises(Conflict, match="only administrator"):
            await house.write(changes.set_role, ada, "user", actor="ada")
        with pytest.raises(Conflict, match="only administrator"):
            await house.write(changes.delete_user, ada, actor="ada")
        await house.write(changes.set_role, bob, "admin", actor="ada")
        await house.write(changes.delete_user, ada, actor="bob")
        assert [user.name for user in await house.read(queries.list_users)] == ["bob"]
        with pytest.raises(Invalid, match="no role 'god'"):
            await house.write(changes.set_role, bob, cast(Any, "god"), actor="bob")
        with pytest.raises(NotFound):
            await house.write(changes.set_password, ada, "hash", actor="bob")


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\x00b", "a\u202eb"])
def test_a_name_that_would_fool_a_reader_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        check_username(name)


def test_passwords_have_a_length_that_can_be_remembered_and_hashed() -> None:
    assert check_password("correct horse battery") == "correct horse battery"
    for wrong in ("short", "x" * 1025):
        with pytest.raises(Invalid) as refused:
            check_password(wrong)
        assert refused.value.field == "password"
        assert wrong not in str(refused.value)


# -- sessions


async def test_a_session_opens_until_it_expires_and_every_use_prolongs_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        token = new_token()
        session = await house.write(changes.open_session, await person(house), token.hash, "Browser", 30)
        clock_of(house).advance(days=29)
        await house.write(changes.session_seen, session, 30)
        clock_of(house).advance(days=29)
        login = await house.read(queries.login_of, token.hash, house.clock.now())
        assert login is not None
        assert (login.session_id, login.user.name) == (session, "ada")
        assert house.clock.now() - login.seen == timedelta(days=29)
        clock_of(house).advance(days=1)
        assert await house.read(queries.login_of, token.hash, house.clock.now()) is None
        assert await house.write(changes.prune_sessions) == 1


async def test_a_new_password_ends_every_session(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        user_id, token = await person(house), new_token()
        await house.write(changes.open_session, user_id, token.hash, None, 30)
        await house.write(changes.set_password, user_id, "other", actor="ada")
        assert await house.read(queries.login_of, token.hash, house.clock.now()) is None


async def test_a_password_that_was_changed_meanwhile_opens_and_changes_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        user_id, token = await person(house), new_token()
        user = await house.read(queries.get_user, user_id)
        known = await house.read(queries.credentials_of, user.username)
        assert known is not None
        old = known.password_hash
        assert old is not None
        await house.write(changes.set_password, user_id, "new", by=old, actor="ada")
        with pytest.raises(Conflict, match="log in by the new one"):
            await house.write(changes.open_session, user_id, token.hash, None, 30, by=old)
        with pytest.raises(Conflict, match="log in by the new one"):
            await house.write(changes.rehash_password, user_id, "the old one again", by=old)
        with pytest.raises(Conflict, match="log in by the new one"):
            await house.write(changes.set_password, user_id, "a thief's", by=old, actor="ada")
        assert await house.read(queries.credentials_of, user.username) == replace(known, password_hash="new")
        assert await house.read(queries.sessions_of, user_id, house.clock.now()) == ()


async def test_a_person_ends_their_own_sessions_and_nobody_elses(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        ada, eve = await person(house, "ada"), await person(house, "eve")
        one, two = [await house.write(changes.open_session, ada, new_token().hash, None, 30) for _ in range(2)]
        assert not await house.write(changes.close_session, one, user_id=eve)
        assert await house.write(changes.close_other_sessions, ada, one) == 1
        assert [s.id for s in await house.read(queries.sessions_of, ada, house.clock.now())] == [one]
        assert two != one
        assert await house.write(changes.close_session, one, user_id=ada)


async def test_who_is_deleted_is_out(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        user_id, token, key = await person(house), new_token(), new_key()
        await house.write(changes.open_session, user_id, token.hash, None, 30)
        await house.write(changes.add_key, user_id, "script", key.prefix, "hash", actor="ada")
        await house.write(changes.delete_user, user_id, actor="admin")
        assert await house.read(queries.login_of, token.hash, house.clock.now()) is None
        assert await house.read(queries.key_owner, key.prefix, house.clock.now()) is None


# -- API keys


async def test_a_key_opens_until_it_is_revoked_or_expires(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        user_id, key, brief = await person(house), new_key(), new_key()
        kept = await hashing.hash_secret(key.secret)
        key_id = await house.write(changes.add_key, user_id, "script", key.prefix, kept, actor="ada")
        await house.write(changes.add_key, user_id, "brief", brief.prefix, "hash", days=1, actor="ada")
        verified = hashing.VerifiedKeys()

        async def opens(text: str) -> bool:
            halves = split_key(text)
            owner = await house.read(queries.key_owner, halves[0], house.clock.now()) if halves else None
            return owner is not None and halves is not None and await verified.fits(owner.key_hash, halves[1])

        assert await opens(key.text)
        assert await opens(key.text)  # from memory now
        assert not await opens(key.text[:-1] + ("x" if key.text[-1] != "x" else "y"))
        with pytest.raises(NotFound):
            await house.write(changes.delete_key, key_id, user_id="somebody else", actor="eve")
        await house.write(changes.delete_key, key_id, user_id=user_id, actor="ada")
        assert not await opens(key.text)  # at the next request, whatever is remembered
        clock_of(house).advance(days=1)
        assert await house.read(queries.key_owner, brief.prefix, house.clock.now()) is None


@pytest.mark.parametrize(
    "text", ["", "myd_", "myd_abcdefgh", "myd_abc_" + "x" * 43, "other_abcdefgh_" + "x" * 43, "myd_abcdefgh_x"]
)
def test_what_is_no_key_of_ours_is_known_without_looking(text: str) -> None:
    assert split_key(text) is None


def test_a_key_splits_into_the_halves_it_was_made_of() -> None:
    for _ in range(50):
        key = new_key()
        assert split_key(key.text) == (key.prefix, key.secret)


# -- hashing


async def test_a_password_fits_its_own_hash_and_nobody_fits_nothing() -> None:
    kept = await hashing.hash_secret("correct horse")
    assert kept.startswith("$argon2id$")
    assert await hashing.fits(kept, "correct horse")
    assert not await hashing.fits(kept, "correct hors")
    assert not await hashing.fits(None, "correct horse")
    assert not await hashing.fits("no hash at all", "correct horse")
    assert not hashing.outdated(kept)


async def test_what_no_encoding_takes_is_a_password_all_the_same() -> None:
    assert await hashing.fits(await hashing.hash_secret("\udc80 horse"), "\udc80 horse")


async def test_nobodys_password_costs_as_much_as_somebodys() -> None:
    """Not by the clock: what nobody's password is held against has the same algorithm, version and cost."""
    kept = await hashing.hash_secret("correct horse")
    assert hashing._nobodys().split("$")[1:4] == kept.split("$")[1:4]


# -- slowing down


def test_mistyping_costs_nothing_and_guessing_ever_more() -> None:
    assert [login_wait([0.0] * n, 0.0) for n in range(FREE_TRIES)] == [0.0] * FREE_TRIES
    assert [login_wait([0.0] * n, 0.0) for n in range(FREE_TRIES, FREE_TRIES + 4)] == [1.0, 2.0, 4.0, 8.0]
    assert login_wait([0.0] * 60, 0.0) == LONGEST_WAIT


def test_a_wait_passes_and_is_forgotten() -> None:
    failures = [float(n) for n in range(FREE_TRIES + 2)]
    last = failures[-1]
    assert login_wait(failures, last) == 4.0
    assert login_wait(failures, last + 1.5) == 2.5
    assert login_wait(failures, last + 4) == 0.0
    assert login_wait(failures, last + 4000) == 0.0


@given(st.lists(st.floats(0, 1e6)), st.floats(0, 2e6))
def test_a_wait_is_never_negative_nor_longer_than_the_longest(failures: list[float], now: float) -> None:
    assert 0.0 <= login_wait([f for f in failures if f <= now], now) <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix", "unix"),
    ],
)
def test_a_household_counts_as_one_client(address: str, network: str) -> None:
    assert client_network(address) == network


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token().token for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) >= 43 for token in tokens)
    assert token_hash("\udc80") != token_hash("?")


async def test_every_refusal_is_one_the_web_knows(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(MydiaError):
            await house.read(queries.get_user, "nobody")
        with pytest.raises(MydiaError):
            await house.write(changes.add_key, "nobody", "x", "prefix00", "hash", actor="x")
