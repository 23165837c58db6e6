"""People whom an OpenID provider vouches for: kept by issuer and subject, never made one with anybody by a name."""

from pathlib import Path

import pytest

from mydia.accounts import changes, queries
from mydia.accounts.model import Identity, WaysIn, token_hash
from mydia.errors import Conflict, Forbidden
from mydia.house import House
from tests.support.house import open_house

ISSUER = "https://auth.example.org"
ADA = Identity(ISSUER, "1", "ada")


async def claimed(house: House) -> str:
    return await house.write(changes.create_first_admin, "root", "hash")


async def come_in(house: House, identity: Identity, role: str = "user", *, decided: bool = False) -> str:
    return await house.write(changes.come_in, identity, role, decided=decided)  # type: ignore[arg-type]  # each test's own


async def role_of(house: House, user_id: str) -> str:
    return (await house.read(queries.get_user, user_id)).role


async def test_somebody_is_their_issuer_and_subject_whatever_they_are_called(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await claimed(house)
        ada = await come_in(house, ADA)
        assert await come_in(house, Identity(ISSUER, "1", "now called eve")) == ada
        others = [Identity(ISSUER, "2", "ada"), Identity("https://other.example.org", "1", "Ada")]
        names = [(await house.read(queries.get_user, await come_in(house, other))).username for other in others]
        assert names == ["ada-2", "Ada-3"]
        assert await house.read(queries.ways_in, ada) == WaysIn(password=False, issuer=ISSUER)


async def test_nobody_comes_into_a_house_that_nobody_has_claimed(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        with pytest.raises(Conflict, match="no administrator yet"):
            await come_in(house, ADA, "admin", decided=True)
        assert await house.read(queries.list_users) == ()


async def test_the_set_up_token_makes_one_identity_the_first_administrator(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        token = await house.write(changes.setup_token)
        assert token is not None
        with pytest.raises(Forbidden):
            await house.write(changes.claim_house_as, token_hash("guess"), ADA)
        ada = await house.write(changes.claim_house_as, token_hash(token), ADA)
        assert await role_of(house, ada) == "admin"
        with pytest.raises(Conflict):
            await house.write(changes.claim_house_as, token_hash(token), Identity(ISSUER, "2", "eve"))
        assert await house.write(changes.setup_token) is None


async def test_a_role_is_given_once_or_decided_each_time_and_the_last_administrator_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        root, ada = await claimed(house), await come_in(house, ADA, "readonly")
        await come_in(house, ADA, "admin")
        assert await role_of(house, ada) == "readonly"
        await come_in(house, ADA, "admin", decided=True)
        assert await role_of(house, ada) == "admin"
        await house.write(changes.delete_user, root, actor="test")
        await come_in(house, ADA, "user", decided=True)
        assert await role_of(house, ada) == "admin"


async def test_an_account_is_linked_to_one_identity_and_an_identity_to_one_account(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        root = await claimed(house)
        rita = await house.write(changes.create_user, "rita", "hash", "user", actor="test")
        await house.write(changes.link_identity, rita, ADA, actor="rita")
        assert await house.read(queries.ways_in, rita) == WaysIn(password=True, issuer=ISSUER)
        assert await come_in(house, ADA) == rita
        await house.write(changes.link_identity, rita, ADA, actor="rita")  # again: it is so already
        with pytest.raises(Conflict, match="opens the account 'rita' already"):
            await house.write(changes.link_identity, root, ADA, actor="root")
        with pytest.raises(Conflict, match="unlink that first"):
            await house.write(changes.link_identity, rita, Identity(ISSUER, "2", "ada"), actor="rita")


async def test_a_link_goes_where_a_password_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        root = await claimed(house)
        await house.write(changes.link_identity, root, ADA, actor="root")
        await house.write(changes.unlink_identity, root, actor="root")
        assert await house.read(queries.ways_in, root) == WaysIn(password=True, issuer=None)
        ada = await come_in(house, ADA)
        assert ada != root
        with pytest.raises(Conflict, match="no password"):
            await house.write(changes.unlink_identity, ada, actor="ada")
        assert await come_in(house, ADA) == ada
