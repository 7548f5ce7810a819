"""Signing in, staying signed in, signing out; on both databases."""

import asyncio
import logging
import random
import time

import pytest

from identity_parts import PASSWORD
from toolboxai.adapters.argon2_hashes import Argon2Hashes
from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.adapters.passwords import Argon2Passwords
from toolboxai.errors import (
    AuthenticationRequired,
    Conflict,
    InsufficientPermissions,
    InvalidToken,
    RateLimitExceeded,
    ResourceNotFound,
    TokenExpired,
    ValidationError,
)
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.keys import KeyRing, TokenKey
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import PERMISSIONS, Role, User
from toolboxai.platform.identity.revocations import REFRESH_S
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.tokens import LEEWAY_S, TokenService
from toolboxai.testing.clock import ManualClock

HERE = "10.0.0.1"


@pytest.fixture
async def anna(identity: IdentityService) -> User:
    return await identity.create_user("Anna", Role.TEACHER, PASSWORD, email="Anna@School.example")


@pytest.mark.parametrize("name", ["Anna", "anna", " ANNA ", "anna@school.example", "ANNA@school.EXAMPLE"])
async def test_one_signs_in_by_name_or_address_whatever_the_capitals(
    identity: IdentityService, anna: User, name: str
) -> None:
    session = await identity.login(name, PASSWORD, HERE)
    assert session.user == anna
    assert session.expires_in == 900
    principal = await identity.authenticate(session.access_token)
    assert (principal.user_id, principal.role) == (anna.id, Role.TEACHER)
    assert principal.organization_id == anna.organization_id
    assert principal.permissions == PERMISSIONS[Role.TEACHER]


async def test_two_accounts_sign_in_as_themselves(identity: IdentityService, anna: User) -> None:
    ben = await identity.create_user("ben", Role.STUDENT, "another password")
    assert (await identity.login("ben", "another password", HERE)).user == ben
    with pytest.raises(InvalidToken):
        await identity.login("ben", PASSWORD, HERE)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", "wrong password"),
        ("nobody", PASSWORD),
        ("nobody", "wrong password"),
        ("", ""),
        ("anna", ""),
        ("anna", "\ud800" * 8),
        ("anna", "x" * 2000),
        ("anna\x00", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 10_000, PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
async def test_an_unknown_name_and_a_wrong_password_get_one_answer(
    identity: IdentityService, anna: User, name: str, password: str
) -> None:
    with pytest.raises(InvalidToken, match=r"^user name or password is wrong$"):
        await identity.login(name, password, HERE)


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    identity_store: DatabaseIdentityStore,
    tokens: TokenService,
    limiter: AttemptLimiter,
    clock: ManualClock,
    audit: Audit,
) -> None:
    passwords = Argon2Passwords(Argon2Hashes(memory_kib=16384, time_cost=2))  # dear enough to see
    identity = IdentityService(identity_store, tokens, passwords, limiter, clock, random.Random(3), audit)
    await identity.create_user("anna", Role.TEACHER, PASSWORD)
    least: dict[str, float] = {}
    for _ in range(5):
        for name in ("anna", "nobody"):
            began = time.process_time()  # work, not waiting: the machine may be busy
            with pytest.raises(InvalidToken):
                await identity.login(name, "wrong password", HERE)
            least[name] = min(least.get(name, 9.0), time.process_time() - began)
            clock.advance(60)
    passwords.close()
    assert least["nobody"] == pytest.approx(least["anna"], rel=0.5)


async def test_guessing_is_slowed_down_and_the_right_password_has_to_wait_too(
    identity: IdentityService, anna: User, clock: ManualClock
) -> None:
    waits = []
    for _ in range(9):
        try:
            with pytest.raises(InvalidToken):
                await identity.login("anna", "wrong password", HERE)
        except RateLimitExceeded as refusal:
            waits.append(refusal.retry_after_s)
            clock.advance(refusal.retry_after_s)
    assert waits == [1, 2]
    with pytest.raises(RateLimitExceeded):
        await identity.login("ANNA", PASSWORD, "10.0.0.2")
    clock.advance(60)
    await identity.login("anna", PASSWORD, HERE)
    with pytest.raises(InvalidToken):  # and the count has started anew
        await identity.login("anna", "wrong password", HERE)


async def test_names_that_do_not_exist_are_slowed_down_alike(identity: IdentityService) -> None:
    for _ in range(5):
        with pytest.raises(InvalidToken):
            await identity.login("nobody", "wrong password", HERE)
    with pytest.raises(RateLimitExceeded):
        await identity.login("nobody", "wrong password", HERE)


async def test_a_kept_hash_that_is_weaker_than_todays_is_replaced_at_the_next_login(
    identity_store: DatabaseIdentityStore,
    tokens: TokenService,
    limiter: AttemptLimiter,
    audit: Audit,
    clock: ManualClock,
    identity: IdentityService,
    anna: User,
) -> None:
    stronger = Argon2Passwords(Argon2Hashes(memory_kib=64, time_cost=2))
    today = IdentityService(identity_store, tokens, stronger, limiter, clock, random.Random(3), audit)
    await today.login("anna", PASSWORD, HERE)
    stronger.close()
    kept = await identity_store.credentials("anna")
    assert kept is not None
    assert "m=64,t=2" in kept.password_hash
    await identity.login("anna", PASSWORD, HERE)


# ---- refresh ----------------------------------------------------------------------------------------------------


async def test_a_refresh_gives_a_new_pair_for_the_same_account(identity: IdentityService, anna: User) -> None:
    first = await identity.login("anna", PASSWORD, HERE)
    second = await identity.refresh(first.refresh_token, HERE)
    assert second.user == anna
    assert second.refresh_token != first.refresh_token
    assert (await identity.authenticate(second.access_token)).user_id == anna.id
    third = await identity.refresh(second.refresh_token, HERE)
    await identity.authenticate(third.access_token)


async def test_a_refresh_token_that_comes_twice_ends_the_session_for_both_holders(
    identity: IdentityService, anna: User
) -> None:
    first = await identity.login("anna", PASSWORD, HERE)
    other = await identity.login("anna", PASSWORD, HERE)
    second = await identity.refresh(first.refresh_token, HERE)
    with pytest.raises(InvalidToken):
        await identity.refresh(first.refresh_token, HERE)
    with pytest.raises(InvalidToken):
        await identity.refresh(second.refresh_token, HERE)
    for token in (first.access_token, second.access_token):
        with pytest.raises(InvalidToken):
            await identity.authenticate(token)
    await identity.refresh(other.refresh_token, HERE)  # another login of the same person goes on


async def test_of_two_refreshes_at_once_one_succeeds(identity: IdentityService, anna: User) -> None:
    session = await identity.login("anna", PASSWORD, HERE)
    both = await asyncio.gather(
        *(identity.refresh(session.refresh_token, HERE) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in both) == ["InvalidToken", "Session"]


async def test_no_other_token_refreshes(identity: IdentityService, anna: User, tokens: TokenService) -> None:
    session = await identity.login("anna", PASSWORD, HERE)
    made_up = tokens.issue_refresh(subject=anna.id, session_id="login_of_nobody").text
    for token in (session.access_token, made_up, "", "a.b.c", "\ud800"):
        with pytest.raises(InvalidToken):
            await identity.refresh(token, HERE)


async def test_a_login_that_is_not_used_for_long_is_over(
    identity: IdentityService, anna: User, clock: ManualClock
) -> None:
    session = await identity.login("anna", PASSWORD, HERE)
    clock.advance(15 * 86400)
    with pytest.raises(TokenExpired):
        await identity.refresh(session.refresh_token, HERE)


# ---- access -----------------------------------------------------------------------------------------------------


async def test_the_word_bearer_may_stand_before_the_token(identity: IdentityService, anna: User) -> None:
    token = await identity.issue_access_token("anna")
    for text in (token, f"Bearer {token}", f"bearer  {token} "):
        assert (await identity.authenticate(text)).user_id == anna.id
    for nothing in ("", "  ", "Bearer", "Bearer "):
        with pytest.raises((AuthenticationRequired, InvalidToken)):
            await identity.authenticate(nothing)


async def test_a_refresh_token_is_no_access_token(identity: IdentityService, anna: User) -> None:
    session = await identity.login("anna", PASSWORD, HERE)
    with pytest.raises(InvalidToken):
        await identity.authenticate(session.refresh_token)


async def test_an_access_token_expires(identity: IdentityService, anna: User, clock: ManualClock) -> None:
    token = await identity.issue_access_token("anna")
    clock.advance(931)
    with pytest.raises(TokenExpired):
        await identity.authenticate(token)


# ---- logout -----------------------------------------------------------------------------------------------------


async def test_logout_ends_every_token_of_this_login_and_of_no_other(
    identity: IdentityService, anna: User
) -> None:
    here = await identity.login("anna", PASSWORD, HERE)
    there = await identity.login("anna", PASSWORD, "10.0.0.2")
    refreshed = await identity.refresh(here.refresh_token, HERE)
    await identity.logout(refreshed.access_token)
    for token in (here.access_token, refreshed.access_token):
        with pytest.raises(InvalidToken):
            await identity.authenticate(token)
    with pytest.raises(InvalidToken):
        await identity.refresh(refreshed.refresh_token, HERE)
    with pytest.raises(InvalidToken):
        await identity.logout(here.access_token)
    await identity.authenticate(there.access_token)


async def test_an_account_that_is_taken_out_of_use_is_signed_out_and_stays_out(
    identity: IdentityService, anna: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "toolboxai.audit")
    code = await identity.one_time_code(anna)
    session = await identity.login("anna", PASSWORD, HERE)
    printed = await identity.issue_access_token("anna")
    principal = await identity.authenticate(printed)
    await identity.disable("anna@school.example")
    assert not identity.holds(principal)
    for token in (session.access_token, printed):
        with pytest.raises(InvalidToken):
            await identity.authenticate(token)
    with pytest.raises(InvalidToken):
        await identity.refresh(session.refresh_token, HERE)
    with pytest.raises(InvalidToken):
        await identity.exchange_code(code, HERE)
    with pytest.raises(InvalidToken, match="is wrong"):
        await identity.login("anna", "another password", HERE)  # who does not know it learns nothing
    with pytest.raises(InsufficientPermissions, match="out of use"):
        await identity.login("anna", PASSWORD, HERE)
    with pytest.raises(InsufficientPermissions, match="out of use"):
        await identity.exchange_code(await identity.one_time_code(anna), HERE)
    with pytest.raises(InsufficientPermissions, match="out of use"):
        await identity.issue_access_token("anna")
    await identity.enable("anna")
    assert (await identity.login("anna", PASSWORD, HERE)).user == anna
    said = [(record.getMessage(), vars(record)["resource_id"]) for record in caplog.records]
    assert said == [("account taken out of use", anna.id), ("account taken into use again", anna.id)]


async def test_a_logout_holds_after_a_restart_and_in_another_process_soon(
    identity: IdentityService,
    identity_store: DatabaseIdentityStore,
    tokens: TokenService,
    passwords: Argon2Passwords,
    limiter: AttemptLimiter,
    audit: Audit,
    clock: ManualClock,
    anna: User,
) -> None:
    def another() -> IdentityService:
        return IdentityService(identity_store, tokens, passwords, limiter, clock, random.Random(4), audit)

    token = await identity.issue_access_token("anna")
    running = another()
    await running.authenticate(token)
    await identity.logout(token)
    with pytest.raises(InvalidToken):
        await another().authenticate(token)
    clock.advance(15)
    with pytest.raises(InvalidToken):
        await running.authenticate(token)


# ---- one-time codes ---------------------------------------------------------------------------------------------


async def test_what_stays_open_is_told_of_a_logout_and_of_a_key_that_was_taken_out(
    identity: IdentityService, anna: User, key_ring: KeyRing
) -> None:
    first, second = [await identity.login("anna", PASSWORD, HERE) for _ in range(2)]
    one, two = [await identity.authenticate(each.access_token) for each in (first, second)]
    assert identity.holds(one)
    await identity.logout(first.access_token)
    assert (identity.holds(one), identity.holds(two)) == (False, True)
    key_ring.replace([TokenKey.hmac("2", "another secret of the tests, long enough too")])
    assert not identity.holds(two)


async def test_what_another_process_revoked_is_known_after_a_look(
    identity: IdentityService,
    anna: User,
    identity_store: DatabaseIdentityStore,
    tokens: TokenService,
    passwords: Argon2Passwords,
    limiter: AttemptLimiter,
    audit: Audit,
    clock: ManualClock,
) -> None:
    there = IdentityService(identity_store, tokens, passwords, limiter, clock, random.Random(3), audit)
    token = (await identity.login("anna", PASSWORD, HERE)).access_token
    who = await identity.authenticate(token)
    await there.logout(token)
    assert identity.holds(who)
    clock.advance(REFRESH_S)
    await identity.look_again()
    assert not identity.holds(who)


async def test_a_one_time_code_signs_in_once(identity: IdentityService, anna: User) -> None:
    code = await identity.one_time_code(anna)
    assert (await identity.exchange_code(code, HERE)).user == anna
    with pytest.raises(InvalidToken):
        await identity.exchange_code(code, HERE)


async def test_a_code_may_be_chosen_when_nobody_can_guess_it(identity: IdentityService, anna: User) -> None:
    chosen = "once_" + "k3" * 10
    assert await identity.one_time_code(anna, chosen) == chosen
    assert (await identity.exchange_code(chosen, HERE)).user == anna
    with pytest.raises(ValueError, match="can be guessed"):
        await identity.one_time_code(anna, "1234")


async def test_a_one_time_code_holds_for_ten_minutes(
    identity: IdentityService, anna: User, clock: ManualClock
) -> None:
    code = await identity.one_time_code(anna)
    clock.advance(600)
    with pytest.raises(InvalidToken):
        await identity.exchange_code(code, HERE)


async def test_of_two_who_use_a_code_at_once_one_gets_in(identity: IdentityService, anna: User) -> None:
    code = await identity.one_time_code(anna)
    both = await asyncio.gather(
        *(identity.exchange_code(code, HERE) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in both) == ["InvalidToken", "Session"]


async def test_guessing_codes_is_slowed_down(identity: IdentityService) -> None:
    for guess in ("", "once_0", "\ud800", "x" * 9999, "once_1"):
        with pytest.raises(InvalidToken):
            await identity.exchange_code(guess, HERE)
    with pytest.raises(RateLimitExceeded):
        await identity.exchange_code("once_2", HERE)


# ---- accounts ---------------------------------------------------------------------------------------------------


async def test_accounts_without_an_organisation_share_the_default_one(
    identity: IdentityService, anna: User
) -> None:
    ben = await identity.create_user("ben", Role.STUDENT, PASSWORD)
    eve = await identity.create_user("eve", Role.TEACHER, PASSWORD, organization="Other School")
    dan = await identity.create_user("dan", Role.STUDENT, PASSWORD, organization="Other School")
    assert ben.organization_id == anna.organization_id
    assert dan.organization_id == eve.organization_id != anna.organization_id


async def test_an_organisation_that_two_make_at_once_is_one(identity: IdentityService) -> None:
    both = await asyncio.gather(
        *(identity.create_user(name, Role.TEACHER, PASSWORD, organization="New") for name in ("anna", "ben"))
    )
    assert both[0].organization_id == both[1].organization_id


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("anna", None),
        ("ANNA", None),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}nna", None),
        ("other", "anna@school.example"),
        ("other", "ANNA@SCHOOL.example"),
    ],
)
async def test_a_name_or_address_that_is_taken_is_a_conflict(
    identity: IdentityService, anna: User, name: str, email: str | None
) -> None:
    with pytest.raises(Conflict):
        await identity.create_user(name, Role.TEACHER, PASSWORD, email=email)


@pytest.mark.parametrize(
    ("field", "account"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "   "}),
        ("name", {"name": "a" * 65}),
        ("name", {"name": "-anna"}),
        ("name", {"name": "anna smith"}),
        ("name", {"name": "anna@school.example"}),
        ("name", {"name": "anna\x00"}),
        ("name", {"name": "\ud800"}),
        ("role", {"role": "headmaster"}),
        ("role", {"role": Role.SERVICE}),
        ("role", {"role": Role.PLUGIN}),
        ("password", {"password": ""}),
        ("password", {"password": "1234567"}),
        ("password", {"password": "x" * 1025}),
        ("password", {"password": "\ud800" * 8}),
        ("email", {"email": "anna"}),
        ("email", {"email": "@school.example"}),
        ("email", {"email": "anna@"}),
        ("email", {"email": "a@b@c"}),
        ("email", {"email": "an na@school.example"}),
        ("email", {"email": "anna\n@school.example"}),
        ("email", {"email": "a" * 250 + "@b.cd"}),
    ],
)
async def test_an_account_against_the_rules_names_the_field(
    identity: IdentityService, field: str, account: dict[str, str]
) -> None:
    good: dict[str, str] = {"name": "anna", "role": "teacher", "password": PASSWORD}
    with pytest.raises(ValidationError) as refusal:
        await identity.create_user(**{**good, **account})  # type: ignore[arg-type]
    assert set(refusal.value.details["fields"]) == {field}


@pytest.mark.parametrize("name", ["anna", "Zoë", "李雷", "anna.smith-2_b", "7"])
async def test_names_of_all_languages_are_names(identity: IdentityService, name: str) -> None:
    assert (await identity.create_user(name, Role.TEACHER, PASSWORD)).username == name
    assert (await identity.user_named(name)).username == name


async def test_somebody_who_is_not_there_is_not_found_and_the_text_says_how_to_make_them(
    identity: IdentityService,
) -> None:
    with pytest.raises(ResourceNotFound, match="toolboxai users create nobody"):
        await identity.issue_access_token("nobody")
    with pytest.raises(ResourceNotFound):
        await identity.user("user_nobody")


async def test_nothing_that_is_secret_shows_in_a_trace(identity: IdentityService, anna: User) -> None:
    session = await identity.login("anna", PASSWORD, HERE)
    assert session.access_token not in repr(session)
    assert session.refresh_token not in repr(session)


async def test_a_plugins_token_speaks_for_the_plugin_alone_and_for_its_time(
    identity: IdentityService, clock: ManualClock
) -> None:
    issued = identity.issue_plugin_token("plugin_7", "org_1", ttl_s=2 * 86400)
    clock.advance(86400)
    principal = await identity.authenticate(issued.text)
    assert (principal.user_id, principal.organization_id, principal.role) == (
        "plugin_7",
        "org_1",
        Role.PLUGIN,
    )
    assert principal.permissions == {"plugin:connect"}
    clock.advance(86400 + LEEWAY_S)
    with pytest.raises(TokenExpired):
        await identity.authenticate(issued.text)


async def test_a_plugins_token_that_signs_out_is_good_no_more(
    identity: IdentityService, clock: ManualClock
) -> None:
    token = identity.issue_plugin_token("plugin_7", "org_1", ttl_s=2 * 86400).text
    await identity.logout(token)
    clock.advance(86400)
    with pytest.raises(InvalidToken):
        await identity.authenticate(token)
