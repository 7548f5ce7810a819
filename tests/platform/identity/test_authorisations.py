"""Refused authorisations are remembered, and told in plain words with what would have allowed them."""

import pytest

from identity_parts import Onlooker
from toolboxai.errors import AuthenticationRequired, InvalidToken, TokenExpired
from toolboxai.platform.identity.authorisations import REFUSALS, STRANGERS, Authorisations, Refused, Way
from toolboxai.platform.identity.explanations import explained
from toolboxai.platform.identity.model import PERMISSIONS, Principal, Role
from toolboxai.platform.identity.policy import ChannelPolicy, Decision, Ownership, Reason
from toolboxai.testing.clock import ManualClock


def person(user_id: str, role: Role = Role.TEACHER, organization_id: str = "org_1") -> Principal:
    return Principal(user_id, organization_id, role, PERMISSIONS[role], "t", 0.0, "s", "k")


ANNA, SAM, OLGA = person("user_a"), person("user_s", Role.STUDENT), person("user_o", Role.TEACHER, "org_2")
DENIED = Decision(False, Reason.NO_ROW)


class Things:
    """One thing of each kind in Anna's school, and one session in Olga's."""

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        if resource_id == "there":
            return Ownership("org_2", "user_o")
        return Ownership("org_1", "user_x") if resource_id == "here" else None


async def refusal(
    authorisations: Authorisations, who: Principal, channel: str, way: Way = Way.SUBSCRIPTION
) -> Refused:
    decision = await ChannelPolicy(Things()).decide(who, channel)
    authorisations.decided(way, who, channel, decision)
    found = authorisations.refused(None)
    assert found, decision
    return found[0]


@pytest.mark.parametrize(
    ("who", "channel", "reason", "text", "allowed_by"),
    [
        (
            ANNA,
            "private-content-generation-here",
            "foreign",
            "another user, and is not shared",
            "/api/v1/shares",
        ),
        (ANNA, "private-content-generation-there", "foreign", "another organisation", "of that organisation"),
        (ANNA, "private-content-generation-x", "no_resource", "no generation with this id", "deleted"),
        (
            SAM,
            "private-agent-here",
            "no_permission",
            "agent:read, which the role student",
            "teacher or admin",
        ),
        (ANNA, "private-user-user_s", "foreign", "one user's own", "signing in as the user"),
        (ANNA, "private-class-here", "foreign", "neither the teacher", "joining the class"),
        (ANNA, "private-plugin-here", "foreign", "the plugin belongs", "token of the plugin"),
        (ANNA, "private-everything", "no_row", "no rule", "private-content-generation-{id}"),
        (ANNA, "private-a b", "bad_name", "not the name of a channel", "letters, digits"),
        (ANNA, "test-channel", "public", "has no signature", "without asking"),
    ],
)
async def test_each_refusal_says_why_and_what_would_allow_it(
    authorisations: Authorisations, who: Principal, channel: str, reason: str, text: str, allowed_by: str
) -> None:
    why = explained(await refusal(authorisations, who, channel), everywhere=True)
    assert why.reason == reason
    assert text in why.text
    assert allowed_by in why.allowed_by


async def test_who_looks_after_one_school_learns_nothing_of_what_there_is_in_another(
    authorisations: Authorisations,
) -> None:
    there = explained(
        await refusal(authorisations, ANNA, "private-content-generation-there"), everywhere=False
    )
    nowhere = explained(await refusal(authorisations, ANNA, "private-content-generation-x"), everywhere=False)
    assert there == nowhere


async def test_every_reason_of_the_policy_has_words(authorisations: Authorisations) -> None:
    refusals = [reason for reason in Reason if reason is not Reason.ALLOWED]
    for reason in refusals:
        authorisations.decided(
            Way.OLD_SOCKET, ANNA, "c", Decision(False, reason, needs=frozenset({"content:read"}))
        )
    texts = [explained(each, everywhere=True) for each in authorisations.refused(None)]
    assert len({why.text for why in texts}) == len(refusals)


async def test_they_are_found_by_organisation_channel_and_user_the_latest_first(
    authorisations: Authorisations, clock: ManualClock
) -> None:
    authorisations.decided(Way.SUBSCRIPTION, ANNA, "private-a", DENIED)
    clock.advance(1)
    authorisations.decided(Way.EVENT_STREAM, SAM, "private-a", DENIED)
    authorisations.decided(Way.SUBSCRIPTION, OLGA, "private-b", DENIED)
    clock.advance(1)
    authorisations.decided(Way.SUBSCRIPTION, ANNA, "private-a", DENIED)
    every = authorisations.refused(None)
    assert [each.user_id for each in every] == ["user_a", "user_o", "user_s"]
    assert (every[0].count, every[0].last_at - every[0].first_at) == (2, 2)
    assert [each.user_id for each in authorisations.refused("org_1")] == ["user_a", "user_s"]
    assert [each.user_id for each in authorisations.refused(None, channel="private-b")] == ["user_o"]
    assert [each.way for each in authorisations.refused(None, user_id="user_s")] == [Way.EVENT_STREAM]


async def test_so_many_are_remembered_and_a_name_is_cut(authorisations: Authorisations) -> None:
    for number in range(REFUSALS + 5):
        authorisations.decided(Way.SUBSCRIPTION, ANNA, f"private-{number}", DENIED)
    authorisations.decided(Way.SUBSCRIPTION, ANNA, "private-\x1b[2J" + "x" * 5000, DENIED)
    found = authorisations.refused(None)
    assert (len(found), found[-1].channel) == (REFUSALS, "private-6")
    assert len(found[0].channel) < 200
    assert "\x1b" not in found[0].channel


async def test_who_is_not_known_is_remembered_apart_and_crowds_out_nobody(
    authorisations: Authorisations, clock: ManualClock, onlooker: Onlooker
) -> None:
    authorisations.decided(Way.SUBSCRIPTION, ANNA, "private-a", DENIED)
    for number in range(STRANGERS + 5):
        clock.advance(1)
        authorisations.not_known(Way.OLD_SOCKET, [f"private-{number}"], InvalidToken("no"))
    authorisations.decided(Way.SUBSCRIPTION, SAM, "private-a", DENIED)
    onlooker.open = True
    authorisations.not_known(
        Way.SUBSCRIPTION, ["private-a", "private-b"], TokenExpired("late"), socket_id="1.1"
    )
    authorisations.not_known(Way.SUBSCRIPTION, ["private-b"], AuthenticationRequired("none"))
    every = authorisations.refused(None)
    assert len(every) == STRANGERS + 2
    assert [(each.channel, each.user_id, each.decision.reason) for each in every[:4]] == [
        ("private-a", "user_s", Reason.NO_ROW),
        ("private-b", None, Reason.NOT_SIGNED_IN),
        ("private-b", None, Reason.TOKEN_EXPIRED),
        ("private-a", None, Reason.TOKEN_EXPIRED),
    ]
    assert every[-1].user_id == "user_a"
    assert [each.user_id for each in authorisations.refused("org_1")] == ["user_s", "user_a"]
    assert onlooker.seen == [(False, "private-a"), (False, "private-b"), (False, "private-b")]


async def test_what_is_allowed_is_told_to_whoever_looks_on_and_not_remembered(
    authorisations: Authorisations, onlooker: Onlooker
) -> None:
    allowed = Decision(True, Reason.ALLOWED)
    authorisations.decided(Way.SUBSCRIPTION, ANNA, "private-a", allowed)
    assert onlooker.seen == []
    onlooker.open = True
    authorisations.decided(Way.SUBSCRIPTION, ANNA, "private-a", allowed)
    authorisations.decided(Way.EVENT_STREAM, ANNA, "news", Decision(True, Reason.ALLOWED, signable=False))
    assert onlooker.seen == [(True, "private-a"), (True, "news")]
    assert authorisations.refused(None) == []
