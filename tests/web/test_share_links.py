"""Sharing with classes, by link and with editors, over HTTP."""

from typing import Any

import pytest

from classroom_parts import CONTENT, SESSION, SchoolRoutes, code_of
from toolboxai.errors import ResourceNotFound
from toolboxai.platform.resources import links as module

CHANNEL = "private-content-generation-gen_1"
GONE = (404, "RESOURCE_NOT_FOUND")


async def share(school: SchoolRoutes, who: str = "anna", **whom: Any) -> Any:
    return await school.ask(who, "POST", "shares", json={**SESSION, **whom})


async def a_link(school: SchoolRoutes, **more: Any) -> str:
    made = await share(school, link={}, **more)
    assert made.status_code == 201, made.text
    link: str = made.json()["link"]
    assert link.startswith("/#share=")
    return link.removeprefix("/#share=")


async def redeem(school: SchoolRoutes, code: str, who: str | None = None, **more: str) -> Any:
    return await school.ask(who, "POST", "shares/redeem", json={"code": code, **more})


async def test_a_share_with_a_class_holds_for_whoever_is_in_it_now(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await school.a_class()
    await school.joins(room["code"], "Otter")
    made = (await share(school, class_id=room["class_id"])).json()
    assert (made["shared_with"], made["class_name"], made["role"], made["user_id"]) == (
        "class",
        "7b",
        "viewer",
        None,
    )
    assert (await share(school, class_id=room["class_id"])).status_code == 200
    assert await school.follows("Otter", CHANNEL)
    assert not await school.follows("sam", CHANNEL)
    await school.joins(room["code"], "Newt", "sam")
    assert await school.follows("sam", CHANNEL)
    seen = (await school.ask("sam", "GET", "shares")).json()["items"]
    assert seen == [made]
    await school.ask("anna", "DELETE", f"classes/{room['class_id']}/members/{school.ids['sam']}")
    assert not await school.follows("sam", CHANNEL)
    assert (await school.ask("sam", "GET", "shares")).json()["items"] == []
    assert (await school.ask("anna", "DELETE", f"classes/{room['class_id']}")).status_code == 204
    assert not await school.follows("Otter", CHANNEL)
    assert (await school.ask("anna", "GET", "shares", params=SESSION)).json()["items"] == []


async def test_only_ones_own_classes_are_shared_with_and_they_only_look(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room, bens, olgas = [await school.a_class(who) for who in ("anna", "ben", "olga")]
    for class_id in (bens["class_id"], olgas["class_id"], "class_none", "\x00"):
        assert (await share(school, class_id=class_id)).status_code in (404, 422), class_id
    assert (await share(school, class_id=room["class_id"], role="editor")).status_code == 422
    assert code_of(await share(school, "ben", class_id=bens["class_id"])) == GONE, "it is anna's to share"


async def test_whoever_opens_a_link_looks_under_a_pseudonym(school_routes: SchoolRoutes) -> None:
    school = school_routes
    code = await a_link(school)
    opened = await redeem(school, code, pseudonym="Otter")
    assert opened.status_code == 201
    said = opened.json()
    school.tokens["Otter"] = said["access_token"]
    assert (said["user"]["role"], said["user"]["display_name"], said["user"]["email"]) == (
        "student",
        "Otter",
        None,
    )
    assert (said["share"]["shared_with"], said["share"]["link"]) == ("user", None)
    assert await school.follows("Otter", CHANNEL)
    assert not await school.follows("Otter", "private-content-generation-gen_2")
    for wrong in ({}, {"pseudonym": "sam@example.org"}, {"pseudonym": ""}):
        assert code_of(await redeem(school, code, **wrong)) == (422, "VALIDATION_ERROR")
    assert code_of(await redeem(school, "x" * 31, pseudonym="Fox")) == GONE


async def test_who_is_signed_in_has_a_share_of_their_own_that_outlives_the_link(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    made = await share(school, link={"hours": 1})
    assert made.json()["expires_at"] == "2026-05-28T21:26:40.000Z"
    code = made.json()["link"].removeprefix("/#share=")
    school.clock.advance(1)
    assert (await redeem(school, code, "sam")).status_code == 201
    assert (await redeem(school, code, "sam")).status_code == 200
    assert code_of(await redeem(school, code, "otto")) == GONE, "another school's"
    assert code_of(await redeem(school, code, "anna")) == (422, "VALIDATION_ERROR")
    listed = (await school.ask("anna", "GET", "shares", params=SESSION)).json()["items"]
    assert [(each["shared_with"], each["link"], each["username"]) for each in listed] == [
        ("link", None, None),
        ("user", None, "sam"),
    ], "what a link was is told once"
    assert (await school.ask("anna", "DELETE", f"shares/{made.json()['share_id']}")).status_code == 204
    assert code_of(await redeem(school, code, "ben")) == GONE
    assert await school.follows("sam", CHANNEL)
    late = await a_link(school)
    school.clock.advance(168 * 3600)
    assert code_of(await redeem(school, late, pseudonym="Fox")) == GONE


async def test_an_editor_changes_and_neither_shares_nor_lets_others_in(school_routes: SchoolRoutes) -> None:
    school = school_routes
    assert (await share(school, username="ben", role="editor")).json()["role"] == "editor"
    ben = await school.identity.authenticate(school.tokens["ben"])
    changed = await school.revising.edit(ben, CONTENT, {"title": "Rain"}, expected=1)
    assert (changed.number, changed.edition.title) == (2, "Rain")
    assert (await school.revising.restore(ben, CONTENT, 1, expected=2)).number == 3
    assert code_of(await share(school, "ben", username="sam")) == GONE
    assert code_of(await share(school, "ben", link={})) == GONE
    assert (await share(school, username="ben", role="viewer")).status_code == 200, "another role"
    with pytest.raises(ResourceNotFound, match="only its owner and its editors"):
        await school.revising.edit(ben, CONTENT, {"title": "Snow"}, expected=3)
    for name in ("sam", "pia"):
        assert code_of(await share(school, username=name, role="editor")) == (422, "VALIDATION_ERROR")


async def test_a_link_for_editors_is_for_teachers_who_are_signed_in(school_routes: SchoolRoutes) -> None:
    school = school_routes
    code, looking = await a_link(school, role="editor"), await a_link(school)
    assert code_of(await redeem(school, code, pseudonym="Otter")) == (401, "AUTHENTICATION_REQUIRED")
    assert code_of(await redeem(school, code, "sam")) == (403, "INSUFFICIENT_PERMISSIONS")
    assert (await redeem(school, code, "ben")).json()["share"]["role"] == "editor"
    assert (await redeem(school, looking, "ben")).json()["share"]["role"] == "editor", (
        "nobody loses by a link"
    )


async def test_a_link_lets_so_many_in_and_leaves_nobody_halfway(
    school_routes: SchoolRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = school_routes
    code = await a_link(school)
    monkeypatch.setattr(module, "SHARES_MOST", 2)
    assert (await redeem(school, code, pseudonym="Otter")).status_code == 201
    assert code_of(await redeem(school, code, pseudonym="Newt")) == (409, "CONFLICT")
    assert (await school.ask("anna", "GET", "shares", params=SESSION)).json()["items"][-1]["username"]


@pytest.mark.parametrize(
    "whom",
    [
        {},
        {"link": {}, "username": "sam"},
        {"link": {"hours": 0}},
        {"link": {"hours": 721}},
        {"link": {"days": 1}},
        {"class_id": "class_1", "user_id": "user_1"},
        {"username": "sam", "role": "owner"},
    ],
)
async def test_what_makes_no_sense_is_told(school_routes: SchoolRoutes, whom: dict[str, Any]) -> None:
    assert code_of(await share(school_routes, **whom)) == (422, "VALIDATION_ERROR")
