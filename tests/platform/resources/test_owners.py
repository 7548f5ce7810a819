"""Whose something is, asked in the room that keeps it."""

import pytest

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.identity.model import PERMISSIONS, Principal, Role, User
from toolboxai.platform.identity.policy import ChannelPolicy, Ownership
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.resources.owners import Owners, OwnersOfPrograms


class Room:
    """Says its own name as the owner of everything."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        return Ownership("org_1", f"{self.name} {kind} {resource_id}")


async def test_each_room_answers_for_its_kinds_and_nobody_for_others() -> None:
    owners = Owners({"content_session": Room("content"), "agent": Room("agents")})
    assert await owners.ownership("agent", "agent_1") == Ownership("org_1", "agents agent agent_1")
    assert await owners.ownership("content_session", "gen_1") == Ownership(
        "org_1", "content content_session gen_1"
    )
    assert await owners.ownership("class", "class_1") is None


class People:
    """Two accounts: one in use, one out of it."""

    async def user(self, user_id: str) -> User:
        if user_id.split()[0] not in ("here", "gone"):
            raise ResourceNotFound("there is no such user")
        return User(user_id, "org_1", "", None, "", Role.TEACHER, disabled=user_id.startswith("gone"))


@pytest.mark.parametrize(("room", "in_use"), [("here", True), ("gone", False), ("deleted", False)])
@pytest.mark.parametrize(("kind", "role"), [("agent", Role.AGENT), ("plugin", Role.PLUGIN)])
async def test_a_programs_token_follows_it_while_its_owner_is_in_use_and_others_go_on(
    room: str, in_use: bool, kind: str, role: Role
) -> None:
    """Its events hold results and commands: who may do none any more is told none either."""
    policy = ChannelPolicy(Owners({kind: OwnersOfPrograms(Room(room), People())}))
    for user_id, whose, allowed in (
        (f"{kind}_1", role, in_use),
        (f"{room} {kind} {kind}_1", Role.TEACHER, True),
    ):
        who = Principal(user_id, "org_1", whose, PERMISSIONS[whose], "token_1", 2e9, "login_1", "")
        assert (await policy.decide(who, f"private-{kind}-{kind}_1")).allowed is allowed


@pytest.mark.parametrize(
    ("kind", "fitting", "others"),
    [
        (
            ResourceKind.ENVIRONMENT,
            "env_456",
            ["env_", "env", "456", "Env_456", "env_4-5", "env_" + "x" * 125],
        ),
        (ResourceKind.AGENT, "agent_content_123", ["agent_", "plugin_1", "agent_1\n", "agent_ü"]),
        (ResourceKind.PLUGIN, "plugin_" + "x" * 121, ["plugin_" + "x" * 122, " plugin_1", "plugin_1.2"]),
    ],
)
def test_an_id_begins_with_its_kind_and_is_safe_in_a_channels_name(
    kind: ResourceKind, fitting: str, others: list[str]
) -> None:
    assert kind.fits(fitting)
    assert [other for other in others if kind.fits(other)] == []
