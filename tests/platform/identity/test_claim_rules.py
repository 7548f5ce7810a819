"""What the claims of an identity provider make of somebody."""

from dataclasses import replace
from typing import Any

import pytest

from toolboxai.errors import InsufficientPermissions
from toolboxai.platform.identity.claim_rules import ClaimRules
from toolboxai.platform.identity.model import Role

RULES = ClaimRules(
    label="Springfield",
    role_claim="groups",
    roles={"it": Role.ADMIN, "teachers": Role.TEACHER, "pupils": Role.STUDENT},
    organization="High",
)
SCHOOLS = replace(RULES, organization=None, organization_claim="place.school", organizations={"17": "North"})
TEACHER = {"groups": ["teachers"]}


def refused(rules: ClaimRules, claims: dict[str, Any]) -> str:
    with pytest.raises(InsufficientPermissions, match="ask the people who run this server") as refusal:
        rules.standing(claims)
    rule: str = refusal.value.details["rule"]
    return rule


@pytest.mark.parametrize(
    "groups",
    [
        None,
        [],
        "",
        ["admin"],
        ["Teachers"],
        "teachers ",
        {"teachers": 1},
        [["it"]],
        7,
        True,
        ["x"] * 1000 + ["it"],
    ],
    ids=lambda groups: str(groups)[:20],
)
def test_who_has_no_value_that_the_operator_lists_is_nobody_here(groups: Any) -> None:
    claims = {"groups": groups, "role": "admin", "roles": ["it"], "permissions": ["system:manage"]}
    assert refused(RULES, claims) == "auth.oidc.roles"
    assert refused(RULES, {"role": "admin"}) == "auth.oidc.roles"


def test_of_several_the_first_rule_counts_whatever_the_order_of_the_claim() -> None:
    assert RULES.standing({"groups": ["pupils", "teachers", "it"]}).role is Role.ADMIN
    assert RULES.standing({"groups": "pupils"}).role is Role.STUDENT
    fewer = replace(RULES, roles={"pupils": Role.STUDENT, "teachers": Role.TEACHER})
    assert fewer.standing({"groups": ["it", "teachers", "pupils"]}).role is Role.STUDENT


@pytest.mark.parametrize(
    "claims",
    [{"place": {"school": "17"}}, {"place.school": "17"}, {"place": {"school": ["x", "17"]}}],
    ids=str,
)
def test_a_school_is_found_by_name_or_by_path(claims: dict[str, Any]) -> None:
    assert SCHOOLS.standing({**TEACHER, **claims}).organization == "North"


@pytest.mark.parametrize(
    "claims",
    [{}, {"place": "17"}, {"place": {"school": "18"}}, {"place": {"school": None}}, {"place.school": None}],
    ids=str,
)
def test_who_is_of_no_school_that_the_operator_lists_is_nobody_here(claims: dict[str, Any]) -> None:
    assert (
        refused(SCHOOLS, {**TEACHER, "school": "17", "organization": "North", **claims})
        == "auth.oidc.organizations"
    )


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"email": "a@School.example", "email_verified": True}, True),
        ({"email": "a@school.example", "email_verified": False}, False),
        ({"email": "a@school.example", "email_verified": "true"}, False),
        ({"email": "a@school.example", "email_verified": 1}, False),
        ({"email": "a@school.example"}, False),
        ({"email": "a@sub.school.example", "email_verified": True}, False),
        ({"email": "a@school.example.evil.example", "email_verified": True}, False),
        ({"email": "a@evil.example@school.example", "email_verified": True}, False),
        ({"email": ["a@school.example"], "email_verified": True}, False),
        ({}, False),
    ],
    ids=str,
)
def test_where_domains_are_named_a_proven_address_of_one_is_needed(
    claims: dict[str, Any], good: bool
) -> None:
    rules = replace(RULES, allowed_domains=frozenset({"school.example"}))
    if good:
        assert rules.standing({**TEACHER, **claims}).email == claims["email"]
    else:
        assert refused(rules, {**TEACHER, **claims}) == "auth.oidc.allowed_domains"


@pytest.mark.parametrize(
    ("claims", "username", "display_name"),
    [
        ({"preferred_username": "Jürgen Müller", "name": " Jürgen Müller "}, "JürgenMüller", "Jürgen Müller"),
        ({"preferred_username": "anna@school.example"}, "anna", ""),
        ({"email": "ann@school.example", "email_verified": True}, "ann", ""),
        ({"email": "ann@school.example"}, "staff", ""),
        ({"preferred_username": "../../admin", "name": "a\nb"}, "admin", ""),
        ({"preferred_username": "<b>"}, "b", ""),
        ({"preferred_username": "", "name": 7}, "staff", ""),
        ({"preferred_username": "\x00\ud800", "name": "\ud800"}, "staff", ""),
        ({"preferred_username": 7}, "staff", ""),
        ({"preferred_username": "x" * 5000, "name": "y" * 5000}, "x" * 32, "y" * 200),
    ],
    ids=lambda value: str(value)[:20],
)
def test_whatever_name_is_wished_a_good_one_comes_of_it(
    claims: dict[str, Any], username: str, display_name: str
) -> None:
    standing = RULES.standing({**TEACHER, **claims})
    assert (standing.username, standing.display_name) == (username, display_name)
