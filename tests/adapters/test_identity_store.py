"""What the identity store promises, on both databases."""

import asyncio
from dataclasses import replace

import pytest

from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.errors import Conflict
from toolboxai.platform.identity.model import Organization, Role, User
from toolboxai.platform.identity.store import LoginSession, Rotation

SCHOOL = Organization("org_1", "School")
ANNA = User("user_1", "org_1", "Anna", "anna@school.example", "Anna A.", Role.TEACHER)


@pytest.fixture
async def store(identity_store: DatabaseIdentityStore) -> DatabaseIdentityStore:
    await identity_store.add_organization(SCHOOL)
    await identity_store.add_user(ANNA, "a hash")
    return identity_store


async def test_an_organisation_is_found_by_its_name(store: DatabaseIdentityStore) -> None:
    assert await store.organization_named("School") == SCHOOL
    assert await store.organization_named("school") is None
    with pytest.raises(Conflict):
        await store.add_organization(Organization("org_2", "School"))


async def test_an_account_comes_back_as_it_was(store: DatabaseIdentityStore) -> None:
    assert await store.user("user_1") == ANNA
    assert await store.user("user_2") is None
    for name in ("anna", "ANNA", "anna@school.example"):
        found = await store.credentials(name)
        assert found is not None
        assert (found.user, found.password_hash) == (ANNA, "a hash")
        assert "a hash" not in repr(found)
    assert await store.credentials("user_1") is None


async def test_many_accounts_have_no_address(store: DatabaseIdentityStore) -> None:
    for number in (2, 3):
        await store.add_user(User(f"user_{number}", "org_1", f"b{number}", None, "B", Role.STUDENT), "a hash")
    assert (await store.user("user_3")) is not None


async def test_an_account_belongs_to_an_organisation_that_is_there(store: DatabaseIdentityStore) -> None:
    with pytest.raises(Conflict):
        await store.add_user(User("user_2", "org_2", "Ben", None, "Ben", Role.STUDENT), "a hash")


async def test_the_hash_of_one_account_is_replaced(store: DatabaseIdentityStore) -> None:
    await store.set_password_hash("user_1", "better")
    found = await store.credentials("anna")
    assert found is not None
    assert found.password_hash == "better"


async def test_an_account_out_of_use_has_no_logins_and_gets_none(store: DatabaseIdentityStore) -> None:
    ben = User("user_2", "org_1", "Ben", None, "Ben", Role.STUDENT)
    await store.add_user(ben, "a hash")
    assert await store.open_session(LoginSession("login_1", "user_1", "r1", 100.0))
    assert await store.open_session(LoginSession("login_2", "user_1", "r1", 100.0))
    assert await store.open_session(LoginSession("login_3", "user_2", "r1", 100.0))
    await store.add_code("hash", "user_1", expires_at=100.0)
    assert sorted(await store.disable("user_1", at=5.0)) == ["login_1", "login_2"]
    assert await store.disable("user_1", at=6.0) == []
    assert await store.user("user_1") == replace(ANNA, disabled=True)
    assert await store.take_code("hash", now=1.0) is None
    assert not await store.open_session(LoginSession("login_4", "user_1", "r1", 100.0))
    rotated = await store.rotate_session("login_3", "r1", refresh_id="r2", expires_at=100.0)
    assert rotated is Rotation.ROTATED
    await store.enable("user_1")
    assert await store.user("user_1") == ANNA
    assert await store.open_session(LoginSession("login_4", "user_1", "r1", 100.0))
    assert not await store.open_session(LoginSession("login_5", "nobody", "r1", 100.0))


async def test_no_login_slips_by_while_an_account_is_taken_out_of_use(store: DatabaseIdentityStore) -> None:
    opening = (
        store.open_session(LoginSession(f"login_{number}", "user_1", "r1", 100.0)) for number in range(5)
    )
    opened, ended = await asyncio.gather(asyncio.gather(*opening), store.disable("user_1", at=5.0))
    assert len(ended) == opened.count(True)


async def test_a_refresh_id_is_good_once(store: DatabaseIdentityStore) -> None:
    await store.open_session(LoginSession("login_1", "user_1", "r1", 100.0))
    assert await store.rotate_session("login_1", "r1", refresh_id="r2", expires_at=200.0) is Rotation.ROTATED
    assert await store.rotate_session("login_1", "r1", refresh_id="r3", expires_at=200.0) is Rotation.REUSED
    assert await store.rotate_session("login_1", "r2", refresh_id="r3", expires_at=200.0) is Rotation.ROTATED


async def test_of_many_rotations_at_once_one_succeeds(store: DatabaseIdentityStore) -> None:
    await store.open_session(LoginSession("login_1", "user_1", "r0", 100.0))
    results = await asyncio.gather(
        *(store.rotate_session("login_1", "r0", refresh_id=f"r{n}", expires_at=200.0) for n in range(1, 9))
    )
    assert sorted(result.value for result in results) == ["reused"] * 7 + ["rotated"]


async def test_an_ended_session_is_unknown(store: DatabaseIdentityStore) -> None:
    await store.open_session(LoginSession("login_1", "user_1", "r1", 100.0))
    await store.end_session("login_1")
    await store.end_session("login_1")
    assert await store.rotate_session("login_1", "r1", refresh_id="r2", expires_at=200.0) is Rotation.UNKNOWN


async def test_revocations_are_told_from_a_time_on(store: DatabaseIdentityStore) -> None:
    await store.revoke("t1", expires_at=100.0, now=10.0)
    await store.revoke("t1", expires_at=100.0, now=11.0)
    await store.revoke("t2", expires_at=200.0, now=20.0)
    assert await store.revoked_since(0.0) == {"t1": 100.0, "t2": 200.0}
    assert await store.revoked_since(20.0) == {"t2": 200.0}


async def test_a_code_is_taken_once_and_in_time(store: DatabaseIdentityStore) -> None:
    for name in ("c1", "c2"):
        await store.add_code(name, "user_1", expires_at=100.0)
    assert await store.take_code("c1", now=99.0) == "user_1"
    assert await store.take_code("c1", now=99.0) is None
    assert await store.take_code("c2", now=100.0) is None
    assert await store.take_code("c3", now=0.0) is None


async def test_what_is_over_is_removed_and_nothing_else(store: DatabaseIdentityStore) -> None:
    for name, expires_at in (("old", 50.0), ("new", 150.0)):
        await store.open_session(LoginSession(name, "user_1", "r1", expires_at))
        await store.revoke(name, expires_at=expires_at, now=1.0)
        await store.add_code(name, "user_1", expires_at=expires_at)
    await store.forget_expired(100.0)
    assert await store.revoked_since(0.0) == {"new": 150.0}
    assert await store.rotate_session("old", "r1", refresh_id="r2", expires_at=1.0) is Rotation.UNKNOWN
    assert await store.rotate_session("new", "r1", refresh_id="r2", expires_at=1.0) is Rotation.ROTATED
    assert await store.take_code("old", now=0.0) is None
    assert await store.take_code("new", now=0.0) == "user_1"


async def test_times_keep_their_fractions(store: DatabaseIdentityStore) -> None:
    exact = 1_780_000_000.123456
    await store.revoke("t1", expires_at=exact, now=exact)
    assert await store.revoked_since(exact) == {"t1": exact}
