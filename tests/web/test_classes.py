"""Classes over HTTP: teachers make them, pupils join by a code, nobody else finds them."""

import json
from typing import Any

import pytest

from classroom_parts import SESSION, SchoolRoutes, code_of
from identity_parts import PASSWORD
from toolboxai.platform.classes import joining, service

GONE = (404, "RESOURCE_NOT_FOUND")
REFUSED = (403, "INSUFFICIENT_PERMISSIONS")


async def test_a_teacher_makes_changes_and_deletes_a_class(school_routes: SchoolRoutes) -> None:
    school = school_routes
    made = await school.ask("anna", "POST", "classes", json={"name": "  7b   Science "})
    assert made.status_code == 201
    one = made.json()
    path = f"classes/{one['class_id']}"
    assert made.headers["location"] == f"/api/v1/{path}"
    assert one == {
        "class_id": one["class_id"],
        "name": "7b Science",
        "owner_id": school.ids["anna"],
        "names_shown": False,
        "members": 0,
        "join": None,
        "channel": f"private-class-{one['class_id']}",
        "presence_channel": f"presence-classroom-{one['class_id']}",
        "created_at": "2026-05-28T20:26:40.000Z",
    }
    changed = await school.ask("anna", "PATCH", path, json={"name": "7c", "names_shown": True})
    assert changed.json() == {**one, "name": "7c", "names_shown": True}
    assert (await school.ask("anna", "GET", path)).json() == changed.json()
    assert (await school.ask("anna", "DELETE", path)).status_code == 204
    assert code_of(await school.ask("anna", "GET", path)) == GONE


async def test_classes_are_listed_for_who_owns_them_and_who_is_in_them_page_by_page(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    first, second, other = [await school.a_class(), await school.a_class(), await school.a_class("ben")]
    for each in (second, other):
        await school.joins(each["code"], "Otter", "sam")
    page = (await school.ask("anna", "GET", "classes", params={"limit": 1})).json()
    rest = (await school.ask("anna", "GET", "classes", params={"cursor": page["next_cursor"]})).json()
    assert [each["class_id"] for each in (*page["items"], *rest["items"])] == sorted(
        [first["class_id"], second["class_id"]]
    )
    assert rest["next_cursor"] is None
    seen = (await school.ask("sam", "GET", "classes")).json()["items"]
    assert {each["class_id"] for each in seen} == {second["class_id"], other["class_id"]}
    assert [each["join"] for each in seen] == [None, None], "the code is the teacher's to tell"
    assert (await school.ask("olga", "GET", "classes")).json()["items"] == []


async def test_a_pupil_joins_by_the_code_without_an_address_and_without_a_password(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    room = await school.a_class()
    seen = (await school.ask("anna", "GET", f"classes/{room['class_id']}")).json()
    assert seen["join"] == {"code": room["code"], "expires_at": "2026-06-04T20:26:40.000Z"}
    joined = await school.joins(room["code"].lower().replace("-", " "), "  Sea   Otter ")
    assert joined.status_code == 201
    said = joined.json()
    assert (said["token_type"], said["class"]["class_id"], said["class"]["members"]) == (
        "bearer",
        room["class_id"],
        1,
    )
    assert said["class"]["join"] is None
    assert (said["user"]["role"], said["user"]["email"], said["user"]["display_name"]) == (
        "student",
        None,
        "Sea Otter",
    )
    me = {"authorization": f"Bearer {said['access_token']}"}
    assert (await school.http.get("/api/v1/auth/me", headers=me)).json() == said["user"]
    again = await school.http.post("/api/v1/auth/refresh", json={"refresh_token": said["refresh_token"]})
    assert again.status_code == 200
    for password in ("none", "", PASSWORD):
        body = {"username": said["user"]["username"], "password": password or "x"}
        assert (await school.http.post("/api/v1/auth/login", json=body)).status_code == 401


async def test_a_pupil_who_is_signed_in_joins_with_the_account_that_they_have(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    room = await school.a_class()
    joined = await school.joins(room["code"], "Otter", "sam")
    assert joined.status_code == 201
    assert set(joined.json()) == {"user", "class"}
    assert joined.json()["user"]["id"] == school.ids["sam"]
    again = await school.joins(room["code"], "Newt", "sam")
    assert (again.status_code, again.json()["class"]["members"]) == (200, 1)
    for who in ("anna", "ben", "pia", "ada"):
        assert code_of(await school.joins(room["code"], "Fox", who)) == REFUSED
    assert code_of(await school.joins(room["code"], "Fox", "otto")) == GONE, "another school's"


async def test_a_code_opens_until_it_is_replaced_closed_or_over(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    path = f"classes/{room['class_id']}/join-code"
    opened = (await school.ask("anna", "POST", path, json={"hours": 2})).json()
    assert opened == {
        "code": opened["code"],
        "expires_at": "2026-05-28T22:26:40.000Z",
        "link": f"/#join={opened['code']}",
    }
    assert code_of(await school.joins(room["code"], "Otter")) == GONE
    assert (await school.joins(opened["code"], "Otter")).status_code == 201
    school.clock.advance(7200)
    assert code_of(await school.joins(opened["code"], "Newt")) == GONE
    school.tokens["anna"] = await school.identity.issue_access_token("anna")
    assert (await school.ask("anna", "GET", f"classes/{room['class_id']}")).json()["join"] is None
    latest = (await school.ask("anna", "POST", path)).json()["code"]
    assert (await school.ask("anna", "DELETE", path)).status_code == 204
    assert code_of(await school.joins(latest, "Newt")) == GONE
    for hours in (0, 721, True, "9", 1.5):
        assert (await school.ask("anna", "POST", path, json={"hours": hours})).status_code == 422


async def test_while_a_teacher_is_out_of_use_their_codes_open_nothing(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    await school.identity.disable("anna")
    assert code_of(await school.joins(room["code"], "Otter")) == GONE
    await school.identity.enable("anna")
    assert (await school.joins(room["code"], "Otter")).status_code == 201


async def test_codes_that_are_guessed_make_an_address_wait(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    codes = [(await school.joins(f"0000-{number:04}", "Fox")) for number in range(60)]
    assert codes[0].status_code == 404
    assert code_of(codes[-1]) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(codes[-1].headers["retry-after"]) >= 1
    assert (await school.joins(room["code"], "Otter")).status_code == 429, "even with the right one"
    assert code_of(await school.ask(None, "POST", "shares/redeem", json={"code": "x"})) == (
        429,
        "RATE_LIMIT_EXCEEDED",
    )
    school.clock.advance(900)
    assert (await school.joins(room["code"], "Otter")).status_code == 201


@pytest.mark.parametrize("who", ["ben", "sam", "pia", "ada", "olga", "otto", "Otter", "Stranger"])
async def test_a_class_of_somebody_else_is_as_unknown_as_none(school_routes: SchoolRoutes, who: str) -> None:
    school = school_routes
    room, other = await school.a_class(), await school.a_class("olga")
    await school.joins(room["code"], "Otter")
    await school.joins(other["code"], "Stranger")
    path, none = f"classes/{room['class_id']}", "classes/class_none"
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", "", {"json": {"name": "mine"}}),
        ("DELETE", "", {}),
        ("POST", "/join-code", {}),
        ("DELETE", "/join-code", {}),
        ("POST", "/members", {"json": {"username": "sam"}}),
        ("PATCH", f"/members/{school.ids['Otter']}", {"json": {"pseudonym": "Fox"}}),
        ("POST", f"/members/{school.ids['Otter']}/link", {}),
    ]
    if who != "Otter":
        requests += [
            ("GET", "", {}),
            ("GET", "/members", {}),
            ("DELETE", f"/members/{school.ids['Otter']}", {}),
        ]
    for method, rest, options in requests:
        refused = await school.ask(who, method, path + rest, **options)
        absent = await school.ask(who, method, none + rest, **options)
        manages = (
            who in ("ben", "ada", "olga")
            or method == "GET"
            or (rest.startswith("/members/") and method == "DELETE")
        )
        assert code_of(refused) == code_of(absent) == (GONE if manages else REFUSED), (method, rest)
        assert refused.json()["message"].replace(room["class_id"], "class_none") == absent.json()["message"]
    for channel in (room["channel"], room["presence_channel"]):
        assert await school.follows(who, channel) is (who == "Otter")
    share = await school.ask(who, "POST", "shares", json={**SESSION, "class_id": room["class_id"]})
    assert share.status_code == 404


async def test_pseudonyms_are_one_of_a_kind_and_no_names_of_the_teacher(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    await school.joins(room["code"], "Otter")
    for taken in ("otter", " \uff2f\uff34\uff34\uff25\uff32 "):
        assert code_of(await school.joins(room["code"], taken)) == (409, "CONFLICT")
    for wrong in ("", " ", "x" * 41, "sam@example.org", "Anna", "a\u202eb", "\u200b"):
        refused = await school.joins(room["code"], wrong)
        assert code_of(refused) == (422, "VALIDATION_ERROR"), wrong
    listed = (await school.ask("anna", "GET", f"classes/{room['class_id']}/members")).json()["items"]
    assert [each["pseudonym"] for each in listed] == ["Otter"], "nobody came in by the way"


async def test_a_class_has_so_many_members_and_a_teacher_so_many_classes(
    school_routes: SchoolRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = school_routes
    monkeypatch.setattr(joining, "MEMBERS_MOST", 1)
    monkeypatch.setattr(service, "MEMBERS_MOST", 1)
    monkeypatch.setattr(service, "CLASSES_MOST", 1)
    room = await school.a_class()
    assert (await school.joins(room["code"], "Otter")).status_code == 201
    assert code_of(await school.joins(room["code"], "Newt")) == (409, "CONFLICT")
    full = await school.ask("anna", "POST", f"classes/{room['class_id']}/members", json={"username": "sam"})
    assert code_of(full) == (409, "CONFLICT")
    assert code_of(await school.ask("anna", "POST", "classes", json={"name": "x"})) == (409, "CONFLICT")


async def test_a_teacher_takes_pupils_of_the_school_in_renames_them_and_lets_them_go(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    room, other = await school.a_class(), await school.a_class("ben")
    path = f"classes/{room['class_id']}/members"
    added = await school.ask("anna", "POST", path, json={"username": "sam"})
    assert added.status_code == 201
    assert added.json() == {
        "user_id": school.ids["sam"],
        "pseudonym": "Pupil 1",
        "display_name": "sam",
        "joined_at": "2026-05-28T20:26:40.000Z",
    }
    again = await school.ask("anna", "POST", path, json={"user_id": school.ids["sam"], "pseudonym": "x"})
    assert (again.status_code, again.json()) == (200, added.json())
    one = f"{path}/{school.ids['sam']}"
    renamed = await school.ask("anna", "PATCH", one, json={"pseudonym": "Otter"})
    assert renamed.json()["pseudonym"] == "Otter"
    await school.joins(room["code"], "Newt")
    assert code_of(await school.ask("anna", "PATCH", one, json={"pseudonym": "NEWT"})) == (409, "CONFLICT")
    assert (await school.ask("anna", "PATCH", one, json={"pseudonym": "OTTER"})).status_code == 200
    # Neither staff, nor another school's, nor whoever came by a code: who is let in is let in by name or by themselves.
    await school.joins(other["code"], "Fox")
    for nobody in (
        {"username": "ben"},
        {"username": "ada"},
        {"username": "pia"},
        {"username": "otto"},
        {"username": "nobody"},
        {"user_id": school.ids["Fox"]},
        {"user_id": "user_none"},
        {"user_id": "\x00"},
    ):
        assert (await school.ask("anna", "POST", path, json=nobody)).status_code in (404, 422), nobody
    for wrong in ({}, {"username": "sam", "user_id": "x"}):
        assert (await school.ask("anna", "POST", path, json=wrong)).status_code == 422
    assert await school.follows("sam", room["presence_channel"])
    assert (await school.ask("anna", "DELETE", one)).status_code == 204
    assert not await school.follows("sam", room["presence_channel"])
    assert code_of(await school.ask("anna", "DELETE", one)) == GONE
    assert (await school.ask("Newt", "DELETE", f"{path}/{school.ids['Newt']}")).status_code == 204, (
        "one may go"
    )


async def test_members_see_pseudonyms_until_the_teacher_turns_names_on(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    await school.joins(room["code"], "Otter", "sam")
    await school.joins(room["code"], "Newt")
    path = f"classes/{room['class_id']}"

    async def shown(who: str) -> dict[str, str | None]:
        items = (await school.ask(who, "GET", f"{path}/members")).json()["items"]
        return {each["pseudonym"]: each["display_name"] for each in items}

    assert await shown("Newt") == {"Otter": None, "Newt": None}
    assert await shown("anna") == {"Otter": "sam", "Newt": "Newt"}

    async def present(who: str) -> Any:
        decision = await school.decided(who, room["presence_channel"])
        assert decision.channel_data is not None
        return json.loads(decision.channel_data)

    assert await present("sam") == {
        "user_id": school.ids["sam"],
        "user_info": {"role": "student", "name": "Otter"},
    }
    assert (await present("anna"))["user_info"] == {"role": "teacher", "name": "anna"}
    await school.ask("anna", "PATCH", path, json={"names_shown": True})
    assert await shown("Newt") == {"Otter": "sam", "Newt": "Newt"}
    assert (await present("sam"))["user_info"]["name"] == "sam"
    # Who came by a code has no other name: what the teacher takes away stands nowhere any more.
    for name, called in (("Newt", "Heron"), ("sam", "Lynx")):
        member = f"{path}/members/{school.ids[name]}"
        renamed = (await school.ask("anna", "PATCH", member, json={"pseudonym": called})).json()
        assert renamed["display_name"] == {"Newt": "Heron", "sam": "sam"}[name]
    assert await shown("sam") == {"Lynx": "sam", "Heron": "Heron"}
    assert (await school.ask("Newt", "GET", "auth/me")).json()["display_name"] == "Heron"


async def test_a_pupil_comes_back_by_a_link_that_works_once(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    await school.joins(room["code"], "Otter")
    path = f"classes/{room['class_id']}/members/{school.ids['Otter']}/link"
    made = await school.ask("anna", "POST", path)
    assert made.status_code == 201
    assert made.json()["expires_at"] == "2026-05-29T20:26:40.000Z"
    code = made.json()["link"].removeprefix("/#return=")
    back = await school.ask(None, "POST", "classes/return", json={"code": code})
    assert (back.status_code, back.json()["user"]["id"]) == (200, school.ids["Otter"])
    assert back.json()["class"]["class_id"] == room["class_id"]
    for used in (code, "return_none", "x"):
        refused = await school.ask(None, "POST", "classes/return", json={"code": used})
        assert code_of(refused) == (401, "INVALID_TOKEN")
    late = (await school.ask("anna", "POST", path)).json()["link"].removeprefix("/#return=")
    school.clock.advance(86_400)
    assert (await school.ask(None, "POST", "classes/return", json={"code": late})).status_code == 401


async def test_no_other_account_is_opened_by_a_class(school_routes: SchoolRoutes) -> None:
    school = school_routes
    mine, other = await school.a_class(), await school.a_class("ben")
    await school.joins(mine["code"], "Newt", "sam")
    await school.joins(other["code"], "Otter")
    assert (await school.joins(mine["code"], "Otter", "Otter")).status_code == 201
    for name in ("sam", "Otter"):
        link = await school.ask("anna", "POST", f"classes/{mine['class_id']}/members/{school.ids[name]}/link")
        assert code_of(link) == REFUSED
    once = await school.identity.one_time_code(await school.identity.user_named("ben"))
    taken = await school.ask(None, "POST", "classes/return", json={"code": once})
    assert code_of(taken) == (401, "INVALID_TOKEN"), "codes for other doors do not open this one"


async def test_bodies_that_make_no_sense_are_told(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    path = f"classes/{room['class_id']}"
    for method, rest, body in (
        ("POST", "", {"name": "x" * 101}),
        ("POST", "", {"name": "\x00"}),
        ("POST", "", {"name": 1}),
        ("POST", "", {"name": "x", "owner_id": "user_1"}),
        ("PATCH", f"/{room['class_id']}", {"names_shown": "yes"}),
        ("PATCH", f"/{room['class_id']}", {"name": " "}),
        ("POST", "/join", {"code": room["code"]}),
    ):
        answer = await school.ask("anna", method, f"classes{rest}", json=body)
        assert code_of(answer) == (422, "VALIDATION_ERROR"), body
    assert (await school.ask("anna", "GET", path)).json()["name"] == "7b"
    assert (await school.ask(None, "GET", path)).status_code == 401
