"""A school's accounts in the database, and welcome codes; on SQLite and Postgres."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.adapters.database.school import DatabaseSchoolStore
from toolboxai.errors import Conflict
from toolboxai.platform.identity.model import Organization, Role, User
from toolboxai.platform.identity.passwords import NO_PASSWORD
from toolboxai.platform.identity.store import LoginSession
from toolboxai.platform.school.store import Change, ClassPlan, Invitation, LastAdmin

NORTH, SOUTH = "org_north", "org_south"


def a_user(name: str, role: Role = Role.STUDENT, school: str = NORTH) -> User:
    return User(f"user_{name}", school, name, f"{name}@{school}.example", f"{name.title()} N.", role)


@pytest.fixture
async def store(database: AsyncEngine, identity_store: DatabaseIdentityStore) -> DatabaseSchoolStore:
    for school in (NORTH, SOUTH):
        await identity_store.add_organization(Organization(school, school))
    for user in (
        a_user("ada", Role.ADMIN),
        a_user("bea", Role.ADMIN),
        a_user("anna", Role.TEACHER),
        a_user("sam_50"),
        a_user("olga", Role.ADMIN, SOUTH),
    ):
        await identity_store.add_user(user, "a hash")
    return DatabaseSchoolStore(database)


async def names(store: DatabaseSchoolStore, school: str = NORTH, **wanted: object) -> Sequence[str]:
    options = {"role": None, "text": None, "after": None, "limit": 9, **wanted}
    return [user.username for user in await store.users(school, **options)]  # type: ignore[arg-type]


async def test_accounts_are_listed_by_name_of_one_school_alone(store: DatabaseSchoolStore) -> None:
    assert await names(store) == ["ada", "anna", "bea", "sam_50"]
    assert await names(store, SOUTH) == ["olga"]
    assert await names(store, role=Role.ADMIN) == ["ada", "bea"]
    assert await names(store, after="anna", limit=1) == ["bea"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ADA", ["ada"]),
        ("north.EXAMPLE", ["ada", "anna", "bea", "sam_50"]),
        ("anna n", ["anna"]),
        ("_50", ["sam_50"]),
        ("%", []),
        ("olga", []),
    ],
)
async def test_accounts_are_found_by_a_part_of_name_or_address(
    store: DatabaseSchoolStore, text: str, found: list[str]
) -> None:
    assert await names(store, text=text) == found


async def test_anothers_account_is_not_there(store: DatabaseSchoolStore) -> None:
    assert await store.user(NORTH, "user_olga") is None
    assert await store.change(NORTH, "user_olga", Change(disabled=True), at=1.0) is None
    assert await store.reset(Invitation(a_user("olga"), "hash", 9.0)) is None
    assert await store.user(SOUTH, "user_olga") == a_user("olga", Role.ADMIN, SOUTH)


async def test_another_role_and_being_out_of_use_end_logins_and_a_name_does_not(
    store: DatabaseSchoolStore, identity_store: DatabaseIdentityStore
) -> None:
    for change, ends in (
        (Change(display_name=" Anna "), False),
        (Change(role=Role.TEACHER, disabled=False), False),
        (Change(role=Role.STUDENT), True),
        (Change(disabled=True), True),
        (Change(disabled=False), False),
    ):
        await identity_store.open_session(LoginSession("login_1", "user_anna", "r", 9.0))
        changed = await store.change(NORTH, "user_anna", change, at=1.0)
        assert changed is not None
        assert list(changed.ended) == (["login_1"] if ends else []), change
        await identity_store.end_session("login_1")
    user = await store.user(NORTH, "user_anna")
    assert user is not None
    assert (user.display_name, user.role, user.disabled) == ("Anna", Role.STUDENT, False)


async def test_of_two_admins_who_take_each_other_out_one_stays(store: DatabaseSchoolStore) -> None:
    done = await asyncio.gather(
        store.change(NORTH, "user_ada", Change(role=Role.TEACHER), at=1.0),
        store.change(NORTH, "user_bea", Change(disabled=True), at=1.0),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["Changed", "LastAdmin"]
    left = await store.users(NORTH, role=Role.ADMIN, text=None, after=None, limit=9)
    assert [user.disabled for user in left].count(False) == 1
    last = next(user for user in left if not user.disabled)
    for change in (Change(role=Role.PARENT), Change(disabled=True)):
        with pytest.raises(LastAdmin):
            await store.change(NORTH, last.id, change, at=1.0)
    assert await store.user(NORTH, last.id) == last


async def test_many_are_made_with_their_codes_and_classes_or_nobody_is(
    store: DatabaseSchoolStore, identity_store: DatabaseIdentityStore
) -> None:
    new = [Invitation(a_user(f"new{number}"), f"hash_{number}", 9.0) for number in range(3)]
    plan = ClassPlan("class_1", "7b", "user_anna", True, {"user_new0": "Pupil 1", "user_new1": "Pupil 2"})
    taken = Invitation(a_user("SAM_50"), "hash_x", 9.0)
    with pytest.raises(Conflict):
        await store.invite([*new, taken], [plan], at=1.0)
    twice = ClassPlan("class_1", "7b", "user_anna", False, {"user_new2": "Pupil 1"})
    with pytest.raises(Conflict):
        await store.invite(new, [plan, twice], at=1.0)
    assert await names(store, text="new") == []
    assert await store.classes(NORTH) == []
    await store.invite(new, [plan], at=1.0)
    assert await names(store, text="new") == ["new0", "new1", "new2"]
    assert await store.classes(NORTH) == [("class_1", "7b", "user_anna")]
    assert await store.classes(SOUTH) == []
    assert await store.pseudonyms(["class_1"]) == {"class_1": {"pupil 1", "pupil 2"}}
    found = await identity_store.credentials("new0")
    assert found is not None
    assert found.password_hash == NO_PASSWORD


async def test_taken_names_and_addresses_are_known_across_schools(store: DatabaseSchoolStore) -> None:
    keys = {"ada", "olga@org_south.example", "nobody", *(f"free{number}" for number in range(1200))}
    assert await store.taken(keys) == {"ada", "olga@org_south.example"}


async def test_a_welcome_code_sets_a_password_once_and_in_time(
    store: DatabaseSchoolStore, identity_store: DatabaseIdentityStore
) -> None:
    await store.invite([Invitation(a_user("kim"), "code", 10.0)], at=1.0)
    assert await store.holder("code", now=10.0) is None
    assert await store.redeem("code", "new hash", now=10.0) is None
    assert await store.holder("code", now=9.0) == "user_kim"
    done = await asyncio.gather(*(store.redeem("code", "new hash", now=9.0) for _ in range(3)))
    assert sorted(map(str, done)) == ["None", "None", "user_kim"]
    found = await identity_store.credentials("kim")
    assert found is not None
    assert (found.password_hash, await store.holder("code", now=9.0)) == ("new hash", None)


async def test_a_reset_voids_password_logins_and_codes(
    store: DatabaseSchoolStore, identity_store: DatabaseIdentityStore
) -> None:
    await identity_store.open_session(LoginSession("login_1", "user_anna", "r", 9.0))
    first, second = (Invitation(a_user("anna", Role.TEACHER), f"code{number}", 9.0) for number in (1, 2))
    assert await store.reset(first) == ["login_1"]
    assert await store.reset(second) == []
    assert (await store.holder("code1", now=1.0), await store.holder("code2", now=1.0)) == (None, "user_anna")
    found = await identity_store.credentials("anna")
    assert found is not None
    assert found.password_hash == NO_PASSWORD
    await store.change(NORTH, "user_anna", Change(disabled=True), at=1.0)
    assert await store.holder("code2", now=1.0) is None
    assert await store.reset(first) is None
