"""The channel policy, row by row, and what attackers try."""

import json
from dataclasses import replace
from itertools import product
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.identity.model import PERMISSIONS, Principal, Role
from toolboxai.platform.identity.policy import ChannelPolicy, Ownership, Reason


class Known:
    """What exists in these tests: one of each kind in org_1, owned by user_owner, shared with user_friend."""

    IDS: ClassVar = {
        "content_session": "gen_abc123",
        "environment": "env_456",
        "agent": "agent_content_123",
        "plugin": "plugin_7",
        "class": "class_8",
    }

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        self.asked.append((kind, resource_id))
        if self.IDS.get(kind) != resource_id:
            return None
        return Ownership("org_1", "user_owner", frozenset({"user_friend"}))


def somebody(user_id: str, role: Role, organization_id: str = "org_1") -> Principal:
    return Principal(user_id, organization_id, role, PERMISSIONS[role], "token_1", 2e9, "login_1", "")


OWNER = somebody("user_owner", Role.TEACHER)
FRIEND = somebody("user_friend", Role.STUDENT)
PARENT = somebody("user_friend", Role.PARENT)
COLLEAGUE = somebody("user_colleague", Role.TEACHER)
ADMIN = somebody("user_admin", Role.ADMIN)
# The same ids in another tenant: ids are not secret, and must not be enough.
FOREIGN_OWNER = somebody("user_owner", Role.TEACHER, "org_2")
FOREIGN_FRIEND = somebody("user_friend", Role.STUDENT, "org_2")
FOREIGN_ADMIN = somebody("user_admin", Role.ADMIN, "org_2")
PLUGIN = somebody("plugin_7", Role.PLUGIN)
OTHER_PLUGIN = somebody("plugin_9", Role.PLUGIN)
FOREIGN_PLUGIN = somebody("plugin_7", Role.PLUGIN, "org_2")
SERVICE = somebody("service_1", Role.SERVICE)
# A program's token must not pass where its id happens to be an owner's.
OWNING_SERVICE = somebody("user_owner", Role.SERVICE)

EVERYBODY = {
    "owner": OWNER,
    "friend": FRIEND,
    "parent": PARENT,
    "colleague": COLLEAGUE,
    "admin": ADMIN,
    "foreign owner": FOREIGN_OWNER,
    "foreign friend": FOREIGN_FRIEND,
    "foreign admin": FOREIGN_ADMIN,
    "plugin": PLUGIN,
    "other plugin": OTHER_PLUGIN,
    "foreign plugin": FOREIGN_PLUGIN,
    "service": SERVICE,
    "owning service": OWNING_SERVICE,
    "nobody": None,
}

ALL = frozenset(EVERYBODY)
WHO_MAY: dict[str, frozenset[str]] = {
    "private-content-generation-gen_abc123": frozenset({"owner", "friend", "parent"}),
    "private-encrypted-content-generation-gen_abc123": frozenset({"owner", "friend", "parent"}),
    "private-roblox-sync-env_456": frozenset({"owner", "friend"}),
    "private-encrypted-roblox-sync-env_456": frozenset({"owner", "friend"}),
    "private-agent-agent_content_123": frozenset({"owner"}),
    "private-plugin-plugin_7": frozenset({"owner", "plugin"}),
    "private-class-class_8": frozenset({"owner", "friend", "parent"}),
    "presence-classroom-class_8": frozenset({"owner", "friend", "parent"}),
    "private-user-user_admin": frozenset(
        {"admin", "foreign admin"}
    ),  # one account of that id, whatever tenant it says
    "private-user-user_colleague": frozenset({"colleague"}),
    "private-encrypted-user-user_colleague": frozenset({"colleague"}),
    "private-test-channel": ALL - {"nobody"},
    "content-generation-gen_abc123": ALL,
    "roblox-sync": ALL,
    "agent-status": ALL,
    "system-notifications": ALL,
    "test-channel": ALL,
}


@pytest.mark.parametrize(("channel", "who"), list(product(WHO_MAY, EVERYBODY)))
async def test_the_table(channel: str, who: str) -> None:
    decision = await ChannelPolicy(Known()).decide(EVERYBODY[who], channel)
    assert decision.allowed is (who in WHO_MAY[channel])


ATTACKS = [
    "private-admin",
    "private-admin-broadcast",
    "private-user-123",
    "private-user-123-456",
    "private-user-user_owner-user_friend",
    "private-user-owner",
    "private-user-",
    "private-user",
    "private-user-*",
    "private-user-plugin_7",
    "private-user-service_1",
    "private-users-user_owner",
    "xprivate-user-user_owner",
    "private-private-user-user_owner",
    "PRIVATE-user-user_owner",
    "private-User-user_owner",
    "private-content-generation-",
    "private-content-generation-gen_other",
    "private-content-generation-gen_abc123-",
    "private-content-generation-gen_abc123-teacher",
    "private-content-generation-gen_abc123,gen_other",
    "private-content-generation-gen_abc123=",
    "private-content-generation--gen_abc123",
    "private-content-generation-gen_abc123\n",
    "private-content-generation-GEN_ABC123",
    "private-content-generation-../gen_abc123",
    "private-content-generation-" + "g" * 129,
    "private-class-class_other",
    "private-class-class_8-teacher",
    "presence-class-class_8",
    "presence-classroom-class_other",
    "presence-content-generation-gen_abc123",
    "presence-user-user_owner",
    "presence-test-channel",
    "private-cache-content-generation-gen_abc123",
    "private-encrypted-cache-content-generation-gen_abc123",
    "private-encrypted-content-generation-gen_other",
    "private-encrypted-user-123",
    "private-encrypted-",
    "private-encrypted-presence-classroom-class_8",
    "private-encrypted-classroom-class_8",
    "private-encrypted-system-notifications",
    "private-encrypted-private-test-channel",
    "presence-encrypted-classroom-class_8",
    "presence-cache-classroom-class_8",
    "private-test-channel-1",
    "private-test-channe",
    "private-org-org_1",
    "private-",
    "presence-",
    "#server-to-user-user_owner",
    "content-generation-gen_other",
    "cache-content-generation-gen_abc123",
    "content-generation-",
    "system-notifications-org_1",
    "roblox-sync-env_456",
    "agent-status-agent_content_123",
    "cache-roblox-sync",
    "private-roblox-sync",
    "private-agent-status",
    "anything",
    "",
    " ",
    "private-test-channel ",
    "private-test-chännel",
    "private-test-channel\x00",
    "\ud800",
    "x" * 10_000,
]


@pytest.mark.parametrize("name", ATTACKS)
async def test_what_no_row_names_is_denied_to_everybody(name: str) -> None:
    policy = ChannelPolicy(Known())
    for who, principal in EVERYBODY.items():
        decision = await policy.decide(principal, name)
        assert not decision.allowed, (who, name)
        assert decision.channel_data is None


NAMES = st.one_of(
    st.text(),
    st.from_regex(r"(private|presence)-[a-z\-]{0,20}[A-Za-z0-9_\-=@,.;]{0,20}", fullmatch=True),
    st.tuples(st.sampled_from(sorted(WHO_MAY)), st.text(min_size=1, max_size=3)).map("".join),
)


@given(NAMES, st.sampled_from(sorted(EVERYBODY)))
async def test_no_other_name_is_ever_allowed(name: str, who: str) -> None:
    known = Known()
    decision = await ChannelPolicy(known).decide(EVERYBODY[who], name)
    own = EVERYBODY[who]
    own_channels = {f"private-user-{own.user_id}", f"private-encrypted-user-{own.user_id}"} if own else set()
    allowed = set(WHO_MAY) | own_channels | {"private-encrypted-test-channel"}
    assert decision.allowed <= (name in allowed)
    assert all(
        resource_id.replace("_", "a").isalnum() and resource_id.isascii() for _, resource_id in known.asked
    )


async def test_somebody_without_the_permission_is_denied_before_the_resource_is_looked_up() -> None:
    known = Known()
    decision = await ChannelPolicy(known).decide(PARENT, "private-roblox-sync-env_456")
    assert decision.reason is Reason.NO_PERMISSION
    assert known.asked == []


async def test_a_student_may_not_tell_a_foreign_session_from_one_that_is_not_there() -> None:
    policy = ChannelPolicy(Known())
    foreign = await policy.decide(FOREIGN_FRIEND, "private-content-generation-gen_abc123")
    absent = await policy.decide(FOREIGN_FRIEND, "private-content-generation-gen_000000")
    assert (foreign.allowed, foreign.signable) == (absent.allowed, absent.signable) == (False, True)


async def test_a_member_of_a_presence_channel_comes_with_id_and_role_and_no_name() -> None:
    decision = await ChannelPolicy(Known()).decide(FRIEND, "presence-classroom-class_8")
    assert decision.channel_data is not None
    assert json.loads(decision.channel_data) == {"user_id": "user_friend", "user_info": {"role": "student"}}


async def test_a_member_of_a_class_comes_under_the_name_that_the_class_has_for_them() -> None:
    class Named(Known):
        async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
            found = await super().ownership(kind, resource_id)
            names = {"user_friend": "\U0001f9a6" * 50, "user_owner": "Anna"}
            return None if found is None else replace(found, names=names)

    for who, name in ((OWNER, "Anna"), (FRIEND, "\U0001f9a6" * 40)):
        decision = await ChannelPolicy(Named()).decide(who, "presence-classroom-class_8")
        assert decision.channel_data is not None
        info = json.loads(decision.channel_data)["user_info"]
        assert info == {"role": who.role.value, "name": name}
        assert len(json.dumps(info)) < 1024, "what an app takes by default"


async def test_public_channels_are_not_for_signing() -> None:
    policy = ChannelPolicy(Known())
    for name in ("content-generation-gen_abc123", "system-notifications", "anything"):
        assert not (await policy.decide(OWNER, name)).signable
    assert (await policy.decide(OWNER, "private-anything")).signable
