"""Who may read a private channel as an event stream."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from toolboxai.errors import InsufficientPermissions, InvalidToken, RateLimitExceeded, TokenExpired
from toolboxai.platform.identity.authorisations import Authorisations, Way
from toolboxai.platform.identity.limiter import ALLOWANCES, AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy, Ownership, Reason
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.stream_rights import StreamRights
from toolboxai.testing.clock import ManualClock


class Nothing:
    """A platform without resources."""

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        del kind, resource_id
        return None


@pytest.fixture
def rights(
    identity: IdentityService, limiter: AttemptLimiter, authorisations: Authorisations
) -> StreamRights:
    return StreamRights(identity, ChannelPolicy(Nothing()), limiter, authorisations)


@pytest.fixture
async def jane(identity: IdentityService, database: AsyncEngine) -> tuple[str, str]:
    """Her id and her token."""
    user = await identity.create_user("jane", Role.TEACHER, PASSWORD)
    return user.id, (await identity.login("jane", PASSWORD, "127.0.0.1")).access_token


async def test_a_token_is_good_until_it_expires_and_no_longer(
    rights: StreamRights, identity: IdentityService, jane: tuple[str, str], clock: ManualClock
) -> None:
    user_id, token = jane
    expires_at = (await identity.authenticate(token)).expires_at
    grant = await rights(token, f"private-user-{user_id}")
    assert (grant.expires_at, grant.holds()) == (expires_at, True)
    clock.advance(expires_at - clock.now() + 60)
    with pytest.raises(TokenExpired):
        await rights(token, f"private-user-{user_id}")


@pytest.mark.parametrize(
    "channel", ["private-user-other", "private-nobody", "private-agent-1", "private-a b"]
)
async def test_what_the_table_denies_is_denied_with_one_text(
    rights: StreamRights, jane: tuple[str, str], channel: str
) -> None:
    with pytest.raises(InsufficientPermissions, match=f"you may not follow {channel}"):
        await rights(jane[1], channel)


async def test_a_token_that_was_signed_out_opens_nothing(
    rights: StreamRights,
    identity: IdentityService,
    jane: tuple[str, str],
    authorisations: Authorisations,
) -> None:
    user_id, token = jane
    await identity.logout(token)
    for bad in (token, "nonsense"):
        with pytest.raises(InvalidToken):
            await rights(bad, f"private-user-{user_id}")
    (noted,) = authorisations.refused(None, channel=f"private-user-{user_id}")
    assert (noted.way, noted.user_id, noted.decision.reason) == (Way.EVENT_STREAM, None, Reason.BAD_TOKEN)


async def test_an_account_may_ask_only_so_often(rights: StreamRights, jane: tuple[str, str]) -> None:
    user_id, token = jane

    async def ask_on() -> None:
        for _ in range(
            2 * ALLOWANCES[Attempts.CHANNEL_AUTH].account.per_minute
        ):  # the minute may turn meanwhile
            await rights(token, f"private-user-{user_id}")

    with pytest.raises(RateLimitExceeded):
        await ask_on()
