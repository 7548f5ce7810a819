"""Classes and their members, on SQLite and on Postgres."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.classes import DatabaseClassStore
from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.platform.classes.model import Classroom, KeptCode, Member
from toolboxai.platform.classes.store import Entry, Place
from toolboxai.platform.identity.model import Organization, Role, User
from toolboxai.platform.identity.policy import Ownership

NOW = 1_780_000_000.0
CODE = KeptCode("h" * 64, "salt", NOW + 60)


@pytest.fixture
async def store(database: AsyncEngine) -> DatabaseClassStore:
    people = DatabaseIdentityStore(database)
    await people.add_organization(Organization("org_1", "North"))
    await people.add_user(a_user("user_anna", "Anna A.", Role.TEACHER), "none")
    return DatabaseClassStore(database)


def a_user(user_id: str, name: str = "", role: Role = Role.STUDENT) -> User:
    return User(user_id, "org_1", user_id, None, name or user_id, role, guest=role is Role.STUDENT)


def a_class(number: int = 1, owner_id: str = "user_anna") -> Classroom:
    return Classroom(f"class_{number}", "org_1", owner_id, f"{number}b", False, NOW + number)


def a_member(number: int, class_id: str = "class_1", pseudonym: str | None = None) -> Member:
    return Member(class_id, f"user_{number}", pseudonym or f"Pupil {number}", True, NOW + number)


async def enters(store: DatabaseClassStore, member: Member, most: int = 9) -> Entry:
    return await store.enter(member, most=most, account=a_user(member.user_id))


async def test_classes_are_kept_changed_and_paged_for_owner_and_members(store: DatabaseClassStore) -> None:
    for number in (3, 1, 2):
        assert await store.add(a_class(number, "user_anna" if number < 3 else "user_ben"), most=2)
    assert not await store.add(a_class(4), most=2)
    assert await store.classroom("class_4") is None
    await enters(store, a_member(1, "class_3"))
    await store.change("class_2", name="2c", names_shown=True)
    await store.change("class_1")
    two = replace(a_class(2), name="2c", names_shown=True)
    assert await store.classes_of("user_anna", limit=9) == [a_class(1), two]
    assert await store.classes_of("user_anna", after=Place(NOW + 1, "class_1"), limit=1) == [two]
    assert await store.classes_of("user_1", limit=9) == [replace(a_class(3, "user_ben"), members=1)]


async def test_a_class_is_found_by_its_code_while_that_holds_and_no_two_have_one(
    store: DatabaseClassStore,
) -> None:
    for number in (1, 2):
        await store.add(a_class(number), most=9)
    assert await store.set_code("class_1", CODE)
    assert not await store.set_code("class_2", CODE)
    assert await store.by_code(["x", CODE.hash], now=NOW) == replace(a_class(1), code=CODE)
    assert await store.by_code([CODE.hash], now=NOW + 60) is None
    assert await store.by_code([], now=NOW) is None
    assert await store.set_code("class_1", None)
    assert await store.by_code([CODE.hash], now=NOW) is None


async def test_who_comes_in_is_made_with_it_or_not_at_all(
    database: AsyncEngine, store: DatabaseClassStore
) -> None:
    await store.add(a_class(), most=9)
    assert await enters(store, a_member(1)) is Entry.IN
    assert await enters(store, a_member(1)) is Entry.THERE
    assert await enters(store, a_member(2, pseudonym="PUPIL 1")) is Entry.TAKEN
    assert await enters(store, a_member(3), most=1) is Entry.FULL
    assert await enters(store, a_member(4, "class_none")) is Entry.THERE
    people = DatabaseIdentityStore(database)
    assert [await people.user(f"user_{number}") for number in (2, 3, 4)] == [None] * 3
    assert await people.user("user_1") == a_user("user_1")


async def test_of_many_who_come_at_once_so_many_come_in(store: DatabaseClassStore) -> None:
    await store.add(a_class(), most=9)
    entries = await asyncio.gather(*(enters(store, a_member(number), most=3) for number in range(6)))
    assert sorted(entry.value for entry in entries) == ["full"] * 3 + ["in"] * 3


async def test_members_are_renamed_and_leave(store: DatabaseClassStore) -> None:
    await store.add(a_class(), most=9)
    for number in (2, 1):
        await enters(store, a_member(number))
    assert await store.rename("class_1", "user_1", "Pupil 2") is Entry.TAKEN
    assert await store.rename("class_1", "user_1", "Otter") is Entry.IN
    assert await store.rename("class_1", "user_9", "Newt") is None
    one = replace(a_member(1, pseudonym="Otter"), display_name="Otter")  # a guest has no other name
    two = replace(a_member(2), display_name="user_2")
    assert await store.members("class_1") == [one, two]
    assert await store.members("class_1", after=Place(one.joined_at, one.user_id), limit=5) == [two]
    assert await store.member("class_1", "user_1") == one
    assert await store.made_for("user_1") == replace(a_class(), members=2)
    assert await store.leave("class_1", "user_1")
    assert not await store.leave("class_1", "user_1")
    assert (await store.member("class_1", "user_1"), await store.made_for("user_1")) == (None, None)


async def test_whose_a_class_is_who_is_in_it_and_what_they_are_called(store: DatabaseClassStore) -> None:
    await store.add(a_class(), most=9)
    nobody_in_it = Ownership("org_1", "user_anna", frozenset(), names={"user_anna": "Anna A."})
    assert await store.ownership("class", "class_1") == nobody_in_it
    await enters(store, a_member(1, pseudonym="Otter"))
    owned = await store.ownership("class", "class_1")
    names = {"user_anna": "Anna A.", "user_1": "Otter"}
    assert owned == Ownership("org_1", "user_anna", frozenset({"user_1"}), names=names)
    await store.change("class_1", names_shown=True)
    owned = await store.ownership("class", "class_1")
    assert owned is not None
    assert owned.names["user_1"] == "user_1"
    await store.remove("class_1")
    for kind, class_id in (("class", "class_1"), ("environment", "class_1")):
        assert await store.ownership(kind, class_id) is None
    assert await store.members("class_1") == []
