"""Who may use which old socket."""

from dataclasses import dataclass, field

import pytest

from identity_parts import PASSWORD
from toolboxai.legacy.endpoints import Call, called
from toolboxai.legacy.questions import Admitted, Authenticate, Denial, Denied, Done, Follow
from toolboxai.platform.identity.authorisations import Authorisations, Way
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy, Ownership, Reason
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.socket_rights import SocketRights
from toolboxai.testing.clock import ManualClock


@dataclass
class Rows:
    """Whose what is."""

    owners: dict[tuple[str, str], Ownership] = field(default_factory=dict)

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        return self.owners.get((kind, resource_id))


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def rights(
    identity: IdentityService,
    rows: Rows,
    limiter: AttemptLimiter,
    clock: ManualClock,
    authorisations: Authorisations,
) -> SocketRights:
    return SocketRights(identity, ChannelPolicy(rows), limiter, clock, authorisations)


def call(path: str) -> Call:
    found = called(path)
    assert found is not None
    return found


async def token(identity: IdentityService, name: str, role: Role) -> tuple[str, str, str]:
    """A token, and whose and of which organisation it is."""
    user = await identity.create_user(name, role, PASSWORD)
    session = await identity.login(name, PASSWORD, "127.0.0.1")
    return session.access_token, user.id, user.organization_id


async def test_the_owner_of_a_session_is_let_in_for_as_long_as_the_token_is_good(
    rights: SocketRights, identity: IdentityService, rows: Rows
) -> None:
    bearer, user_id, organization_id = await token(identity, "jane", Role.TEACHER)
    rows.owners["content_session", "gen_1"] = Ownership(organization_id, user_id)
    answer = await rights.authenticate(Authenticate(call("/ws/content/gen_1"), f"Bearer {bearer}"))
    assert isinstance(answer, Admitted)
    assert (answer.user_id, answer.role) == (user_id, "teacher")
    assert "content:generate" in answer.permissions
    assert 0 < answer.lifetime_s <= 3600


@pytest.mark.parametrize("bad", [None, "", "Bearer ", "nonsense", "a.b.c", "Bearer \u00e9", "x" * 70_000])
async def test_what_is_no_token_is_one_thing_for_all(
    rights: SocketRights, authorisations: Authorisations, bad: str | None
) -> None:
    assert await rights.authenticate(Authenticate(call("/ws/roblox"), bad)) == Denied(Denial.BAD_TOKEN)
    (noted,) = authorisations.refused(None)
    assert noted.decision.reason in (Reason.BAD_TOKEN, Reason.NOT_SIGNED_IN)
    assert (noted.channel, noted.way, noted.user_id) == ("/ws/roblox", Way.OLD_SOCKET, None)


async def test_a_refresh_token_an_ended_and_a_revoked_one_are_none(
    rights: SocketRights, identity: IdentityService, clock: ManualClock
) -> None:
    await identity.create_user("jane", Role.TEACHER, PASSWORD)
    session = await identity.login("jane", PASSWORD, "127.0.0.1")
    roblox = call("/ws/roblox")
    assert isinstance(await rights.authenticate(Authenticate(roblox, session.access_token)), Admitted)
    assert await rights.authenticate(Authenticate(roblox, session.refresh_token)) == Denied(Denial.BAD_TOKEN)
    await identity.logout(session.access_token)
    assert await rights.authenticate(Authenticate(roblox, session.access_token)) == Denied(Denial.BAD_TOKEN)
    other = await identity.login("jane", PASSWORD, "127.0.0.1")
    clock.advance(24 * 3600)
    assert await rights.authenticate(Authenticate(roblox, other.access_token)) == Denied(Denial.BAD_TOKEN)


async def test_a_token_of_another_user_does_not_take_a_connection_over(
    rights: SocketRights, identity: IdentityService, authorisations: Authorisations
) -> None:
    bearer, user_id, _ = await token(identity, "jane", Role.TEACHER)
    roblox = call("/ws/roblox")
    assert isinstance(await rights.authenticate(Authenticate(roblox, bearer, "", user_id)), Admitted)
    assert await rights.authenticate(Authenticate(roblox, bearer, "", "user_x")) == Denied(Denial.OTHER_USER)
    (noted,) = authorisations.refused(None)
    assert (noted.user_id, noted.decision.reason) == (user_id, Reason.OTHER_USER)


@pytest.mark.parametrize(
    ("role", "path", "why"),
    [
        (Role.STUDENT, "/ws/content/gen_other", Denial.NO_RESOURCE),
        (Role.STUDENT, "/ws/content/gen_none", Denial.NO_RESOURCE),
        (Role.STUDENT, "/ws/agent/agent_1", Denial.NO_PERMISSION),
        (Role.PARENT, "/ws/roblox", Denial.NO_PERMISSION),
        (Role.TEACHER, "/ws/plugin/plugin_other", Denial.NO_RESOURCE),
        (Role.ADMIN, "/ws/content/gen_other", Denial.NO_RESOURCE),
    ],
)
async def test_everything_else_is_denied(
    rights: SocketRights, identity: IdentityService, rows: Rows, role: Role, path: str, why: Denial
) -> None:
    rows.owners["content_session", "gen_other"] = Ownership("org_other", "user_other")
    rows.owners["plugin", "plugin_other"] = Ownership("org_other", "user_other")
    bearer, _, _ = await token(identity, "somebody", role)
    answer = await rights.authenticate(Authenticate(call(path), bearer))
    assert isinstance(answer, Denied)
    assert answer.why is why
    assert answer.who is not None
    assert answer.who.role == role.value


async def test_environments_are_asked_for_one_by_one(
    rights: SocketRights, identity: IdentityService, rows: Rows
) -> None:
    bearer, user_id, organization_id = await token(identity, "sam", Role.STUDENT)
    rows.owners["environment", "env_1"] = Ownership(organization_id, "user_other", frozenset({user_id}))
    rows.owners["environment", "env_2"] = Ownership(organization_id, "user_other")
    roblox = call("/ws/roblox")
    admitted = await rights.authenticate(Authenticate(roblox, bearer))
    assert isinstance(admitted, Admitted)
    assert await rights.follow(Follow(roblox, "env_1", admitted.principal)) == Done()
    for other in ("env_2", "env_9", "not/an id"):
        assert await rights.follow(Follow(roblox, other, admitted.principal)) == Denied(Denial.NO_RESOURCE)
