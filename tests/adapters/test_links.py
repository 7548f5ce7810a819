"""Which account somebody of an identity provider has; on both databases."""

import asyncio

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.identity import DatabaseIdentityStore, UserRow
from toolboxai.adapters.database.links import DatabaseLinkStore
from toolboxai.errors import Conflict
from toolboxai.platform.identity.links import Link
from toolboxai.platform.identity.model import Organization, Role, User

LINK = Link("https://login.school.example", "s-1")


def user(number: int, name: str = "anna") -> User:
    return User(f"user_{number}", "org_1", name, None, "Anna", Role.TEACHER)


@pytest.fixture
async def links(database: AsyncEngine) -> DatabaseLinkStore:
    await DatabaseIdentityStore(database).add_organization(Organization("org_1", "High"))
    return DatabaseLinkStore(database)


async def test_a_link_leads_to_its_account_and_no_other_does(
    links: DatabaseLinkStore, database: AsyncEngine
) -> None:
    await links.add_user(user(1), "hash", LINK, at=1.0)
    await links.add("user_1", Link(LINK.issuer, "s-2"), at=2.0)
    for subject, found in (("s-1", user(1)), ("s-2", user(1)), ("S-1", None), ("s-1 ", None), ("s-3", None)):
        assert await links.linked(Link(LINK.issuer, subject)) == found
    assert await links.linked(Link("https://login.evil.example", "s-1")) is None
    await links.change_role("user_1", Role.STUDENT)
    there = await links.linked(LINK)
    assert there is not None
    assert there.role is Role.STUDENT
    async with database.begin() as connection:
        await connection.execute(delete(UserRow))
    assert await links.linked(LINK) is None


async def test_of_two_first_sign_ins_at_once_one_makes_the_account_and_nothing_is_left_of_the_other(
    links: DatabaseLinkStore, database: AsyncEngine
) -> None:
    made = await asyncio.gather(
        links.add_user(user(1, "anna"), "hash", LINK, at=1.0),
        links.add_user(user(2, "anna-2"), "hash", LINK, at=1.0),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in made) == ["Conflict", "NoneType"]
    there = await links.linked(LINK)
    assert there is not None
    store = DatabaseIdentityStore(database)
    assert len([name for name in ("user_1", "user_2") if await store.user(name)]) == 1
    with pytest.raises(Conflict, match="has an account already"):
        await links.add(there.id, LINK, at=3.0)


async def test_a_name_that_is_taken_is_a_conflict_and_links_nobody(links: DatabaseLinkStore) -> None:
    await links.add_user(user(1), "hash", LINK, at=1.0)
    other = Link(LINK.issuer, "s-2")
    with pytest.raises(Conflict):
        await links.add_user(user(2), "hash", other, at=1.0)
    assert await links.linked(other) is None
