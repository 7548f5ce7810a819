"""A school's admins look after its accounts, and see nothing of another's."""

import logging
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from school_parts import SchoolApi, code_of, school_api
from toolboxai.adapters.database.identity import UserRow
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.service import IdentityService
from toolboxai.testing.clock import ManualClock

USERS, ROSTER = "/admin/users", "/admin/users/roster"
CSV = {"content-type": "text/csv; charset=utf-8"}
NEW = "a new password"


@pytest.fixture
async def api(
    database: AsyncEngine,
    migrated_url: str,
    identity: IdentityService,
    limiter: AttemptLimiter,
    clock: ManualClock,
) -> AsyncIterator[SchoolApi]:
    async with school_api(database, migrated_url, identity, limiter, clock) as api:
        yield api


async def test_who_is_invited_chooses_a_password_once_and_is_signed_in(api: SchoolApi) -> None:
    body = {"username": "Kim", "email": "kim@school.example", "display_name": "Kim K.", "role": "teacher"}
    made = await api.ask("ada", "POST", USERS, json=body)
    assert made.status_code == 201
    kim = made.json()
    link = kim.pop("link")
    assert kim == {
        "id": kim["id"],
        **body,
        "permissions": kim["permissions"],
        "disabled": False,
        "guest": False,
        "link_expires_at": "2026-05-31T20:26:40.000Z",
    }
    assert made.headers["Location"] == f"/api/v1{USERS}/{kim['id']}"
    assert code_of(await api.login("kim", "none")) == (401, "INVALID_TOKEN")
    assert code_of(await api.welcome(link, "short")) == (422, "VALIDATION_ERROR")
    session = await api.welcome(link, NEW)
    assert (session.status_code, session.json()["user"]["id"]) == (200, kim["id"])
    me = await api.http.get(
        "/api/v1/auth/me", headers={"authorization": f"Bearer {session.json()['access_token']}"}
    )
    assert me.json()["username"] == "Kim"
    assert code_of(await api.welcome(link, "another password")) == (401, "INVALID_TOKEN")
    assert (await api.login("kim@school.example", NEW)).status_code == 200


async def test_a_welcome_link_holds_for_three_days(api: SchoolApi) -> None:
    made = await api.ask("ada", "POST", USERS, json={"username": "kim", "role": "student"})
    api.clock.advance(72 * 3600)
    assert code_of(await api.welcome(made.json()["link"], NEW)) == (401, "INVALID_TOKEN")


async def test_tries_with_codes_that_are_none_are_limited_by_address(api: SchoolApi) -> None:
    codes = set()
    for _ in range(60):
        codes.add(code_of(await api.welcome("/#welcome=none", NEW)))
    assert codes == {(401, "INVALID_TOKEN"), (429, "RATE_LIMIT_EXCEEDED")}


async def test_a_reset_ends_all_logins_and_the_old_password(api: SchoolApi) -> None:
    session = (await api.login("anna")).json()
    first = (await api.ask("ada", "POST", f"{USERS}/{api.ids['anna']}/link")).json()["link"]
    second = (await api.ask("ada", "POST", f"{USERS}/{api.ids['anna']}/link")).json()["link"]
    assert code_of(await api.ask("anna", "GET", "/auth/me")) == (401, "INVALID_TOKEN")
    refreshed = await api.ask(None, "POST", "/auth/refresh", json={"refresh_token": session["refresh_token"]})
    assert code_of(refreshed) == (401, "INVALID_TOKEN")
    assert code_of(await api.login("anna")) == (401, "INVALID_TOKEN")
    assert code_of(await api.welcome(first, NEW)) == (401, "INVALID_TOKEN")
    assert (await api.welcome(second, NEW)).status_code == 200
    assert (await api.login("anna", NEW)).status_code == 200


async def test_accounts_are_changed_and_another_role_signs_them_out(api: SchoolApi) -> None:
    path = f"{USERS}/{api.ids['anna']}"
    changed = await api.ask("ada", "PATCH", path, json={"display_name": "Anna A."})
    assert changed.json()["display_name"] == "Anna A."
    assert (await api.ask("anna", "GET", "/auth/me")).status_code == 200
    assert (await api.ask("ada", "PATCH", path, json={"role": "admin"})).json()["role"] == "admin"
    assert code_of(await api.ask("anna", "GET", "/auth/me")) == (401, "INVALID_TOKEN")
    api.tokens["anna"] = (await api.login("anna")).json()["access_token"]
    assert (await api.ask("anna", "GET", USERS)).status_code == 200
    assert (await api.ask("ada", "PATCH", path, json={"disabled": True})).json()["disabled"] is True
    assert code_of(await api.login("anna")) == (403, "INSUFFICIENT_PERMISSIONS")
    assert code_of(await api.ask("ada", "POST", f"{path}/link")) == (409, "CONFLICT")
    assert (await api.ask("ada", "PATCH", path, json={"disabled": False})).json()["disabled"] is False
    assert (await api.login("anna")).status_code == 200
    for body in ({}, {"role": "plugin"}, {"disabled": "yes"}, {"display_name": "\n"}, {"username": "x"}):
        assert code_of(await api.ask("ada", "PATCH", path, json=body)) == (422, "VALIDATION_ERROR"), body


async def test_who_joined_with_a_code_stays_a_pupil_until_there_is_a_password(
    api: SchoolApi, database: AsyncEngine
) -> None:
    async with database.begin() as connection:
        await connection.execute(update(UserRow).where(UserRow.id == api.ids["sam"]).values(guest=True))
    path, role = f"{USERS}/{api.ids['sam']}", {"role": "teacher"}
    assert code_of(await api.ask("ada", "PATCH", path, json=role)) == (409, "CONFLICT")
    link = (await api.ask("ada", "POST", f"{path}/link")).json()["link"]
    assert (await api.welcome(link, NEW)).status_code == 200
    assert (await api.ask("ada", "PATCH", path, json=role)).json()["role"] == "teacher"


async def test_nobody_disables_demotes_or_deletes_the_last_admin(api: SchoolApi) -> None:
    path = f"{USERS}/{api.ids['ada']}"
    for body in ({"disabled": True}, {"role": "teacher"}):
        refused = await api.ask("ada", "PATCH", path, json=body)
        assert code_of(refused) == (409, "CONFLICT")
        assert "make another admin first" in refused.json()["message"]
    assert code_of(await api.ask("ada", "DELETE", path)) == (409, "CONFLICT")
    assert (await api.ask("ada", "GET", path)).json()["role"] == "admin"


async def test_two_schools_see_nothing_of_each_other(api: SchoolApi) -> None:
    listed = (await api.ask("olga", "GET", USERS)).json()
    assert [user["username"] for user in listed["items"]] == ["olga"]
    assert (await api.ask("olga", "GET", USERS, params={"q": "a", "role": "teacher"})).json()["items"] == []
    for user_id in (api.ids["anna"], "user_none", "no/such", "\u2603"):
        path = f"{USERS}/{user_id}"
        answers = [
            await api.ask("olga", "GET", path),
            await api.ask("olga", "PATCH", path, json={"disabled": True}),
            await api.ask("olga", "POST", f"{path}/link"),
            await api.ask("olga", "DELETE", path),
        ]
        assert {code_of(answer) for answer in answers} == {(404, "RESOURCE_NOT_FOUND")}
    anna = await api.ask("ada", "GET", f"{USERS}/{api.ids['anna']}")
    assert anna.json()["disabled"] is False
    await api.ask("ada", "POST", f"{USERS}/{api.ids['sam']}/link")
    assert await api.audit("olga") == []
    assert await api.audit("ada") == [("account_reset", api.ids["ada"], api.ids["sam"])]


async def test_only_admins_look_after_accounts(api: SchoolApi) -> None:
    for who in ("anna", "sam"):
        for method, path in (
            ("GET", USERS),
            ("POST", USERS),
            ("POST", ROSTER),
            ("GET", f"{USERS}/{api.ids[who]}"),
            ("DELETE", f"{USERS}/{api.ids[who]}"),
            ("GET", "/audit"),
        ):
            assert code_of(await api.ask(who, method, path)) == (403, "INSUFFICIENT_PERMISSIONS")


async def test_accounts_are_listed_in_pages_and_found_by_role_and_text(api: SchoolApi) -> None:
    first = (await api.ask("ada", "GET", USERS, params={"limit": 2})).json()
    assert [user["username"] for user in first["items"]] == ["ada", "anna"]
    rest = await api.ask("ada", "GET", USERS, params={"limit": 2, "cursor": first["next_cursor"]})
    assert ([user["username"] for user in rest.json()["items"]], rest.json()["next_cursor"]) == (
        ["sam"],
        None,
    )
    found = await api.ask("ada", "GET", USERS, params={"q": "AN", "role": "teacher"})
    assert [user["username"] for user in found.json()["items"]] == ["anna"]


async def test_what_cannot_be_an_account_is_told_field_by_field(api: SchoolApi) -> None:
    body = {"username": "k m", "email": "nobody", "role": "king", "display_name": "\u0007"}
    refused = await api.ask("ada", "POST", USERS, json=body)
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    assert set(refused.json()["details"]["fields"]) == {"username", "email", "role", "display_name"}
    taken = await api.ask("ada", "POST", USERS, json={"username": "OLGA", "role": "student"})
    assert code_of(taken) == (409, "CONFLICT")


async def test_a_roster_makes_everybody_with_a_link_and_their_classes(api: SchoolApi) -> None:
    text = (
        "\ufeffusername;display_name;role;class;email\r\n"
        "tess;Tess T.;teacher;7b;tess@school.example\r\n"
        "kim;Kim K.;;7b;\r\n"
        "lee;Lee L.;student;8a;\r\n"
        "pat;Pat P.;parent;;\r\n"
    )
    looked = await api.ask("ada", "POST", ROSTER, content=text.encode(), headers=CSV, params={"check": True})
    assert (looked.status_code, looked.json()) == (
        200,
        {"rows": 4, "made": 0, "links": [], "links_expire_at": None, "classes": ["7b", "8a"]},
    )
    assert len((await api.ask("ada", "GET", USERS)).json()["items"]) == 3
    made = await api.ask("ada", "POST", ROSTER, content=text.encode(), headers=CSV)
    assert (made.status_code, made.json()["made"], made.json()["classes"]) == (201, 4, ["7b", "8a"])
    links = {one["username"]: one for one in made.json()["links"]}
    assert list(links) == ["tess", "kim", "lee", "pat"]
    assert (await api.welcome(links["kim"]["link"], NEW)).json()["user"]["display_name"] == "Kim K."
    export = await api.ask("ada", "GET", "/me/export")
    assert [one["name"] for one in export.json()["classes"]] == ["8a"]  # nobody of the file teaches it
    more = "username,display_name,class\nmia,Mia M.,7B\n"
    again = await api.ask("ada", "POST", ROSTER, content=more.encode(), headers=CSV)
    assert (again.status_code, again.json()["classes"]) == (201, [])
    session = (await api.welcome(again.json()["links"][0]["link"], NEW)).json()
    api.tokens["mia"] = session["access_token"]
    (mia,) = (await api.ask("mia", "GET", "/me/export")).json()["memberships"]
    assert mia["pseudonym"] == "Pupil 2"
    assert ("roster_imported", api.ids["ada"], None) in await api.audit("ada")


async def test_a_roster_with_faults_makes_nobody_and_tells_each_of_them(api: SchoolApi) -> None:
    text = (
        "username,display_name,role,class,email\n"
        "kim,Kim K.,teacher,7b,\n"
        "SAM,Sam S.,,7b,\n"
        "lee,,king,,olga@school.example\n"
        "tess,Tess,teacher,7b,\n"
    )
    refused = await api.ask("ada", "POST", ROSTER, content=text.encode(), headers=CSV)
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    told = [(fault["line"], fault["column"]) for fault in refused.json()["details"]["faults"]]
    assert told == [(3, "username"), (4, "display_name"), (4, "role"), (5, "class")]
    assert refused.json()["message"].startswith(
        "nothing was made, for the roster has faults: line 3, username"
    )
    assert len((await api.ask("ada", "GET", USERS)).json()["items"]) == 3
    assert (await api.ask("ada", "GET", "/me/export")).json()["classes"] == []
    assert await api.audit("ada", action="roster_imported") == []


async def test_a_body_that_is_no_roster_is_refused(api: SchoolApi) -> None:
    good = b"username,display_name\nkim,Kim\n"
    for body, kind in ((good, "application/json"), ("Müller".encode("latin-1"), "text/csv")):
        refused = await api.ask("ada", "POST", ROSTER, content=body, headers={"content-type": kind})
        assert code_of(refused) == (422, "VALIDATION_ERROR")
    large = await api.ask("ada", "POST", ROSTER, content=b"x" * (1 << 20) + b"x", headers=CSV)
    assert code_of(large) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_class_takes_no_more_pupils_than_it_may_have(api: SchoolApi) -> None:
    rows = "".join(f"pupil{number},Pupil,7b\n" for number in range(100))
    text = f"username,display_name,class\n{rows}"
    refused = await api.ask("ada", "POST", ROSTER, content=text.encode(), headers=CSV)
    (fault,) = refused.json()["details"]["faults"]
    assert (fault["line"], fault["column"]) == (101, "class")


async def test_no_link_and_no_password_stands_in_the_log(
    api: SchoolApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = (await api.ask("ada", "POST", USERS, json={"username": "kim", "role": "student"})).json()["link"]
    await api.welcome(link, NEW)
    whole = " ".join(str(vars(record)) for record in caplog.records if record.name.startswith("toolboxai"))
    assert link.partition("=")[2] not in whole
    assert NEW not in whole
    assert PASSWORD not in whole
    assert "account made" in whole
    assert "password set with a welcome link" in whole
