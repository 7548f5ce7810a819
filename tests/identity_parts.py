"""The identity service of the tests: every part real, the hash a cheap one, clock and dice handed in."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.argon2_hashes import Argon2Hashes
from toolboxai.adapters.database.audit import DatabaseAuditStore
from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.adapters.passwords import Argon2Passwords
from toolboxai.adapters.try_window import MemoryTryWindow
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.authorisations import Authorisations, Way
from toolboxai.platform.identity.keys import KeyRing, TokenKey
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.tokens import TokenService
from toolboxai.testing.clock import ManualClock

PASSWORD = "correct horse battery"


@pytest.fixture
async def passwords() -> AsyncIterator[Argon2Passwords]:
    cheap = Argon2Passwords(Argon2Hashes(memory_kib=32, time_cost=1))
    yield cheap
    cheap.close()


@pytest.fixture
def key_ring() -> KeyRing:
    return KeyRing([TokenKey.hmac("1", "a secret of the tests, long enough to sign")])


@pytest.fixture
def tokens(key_ring: KeyRing, clock: ManualClock) -> TokenService:
    return TokenService(
        key_ring,
        issuer="toolboxai",
        audience="toolboxai",
        clock=clock,
        dice=random.Random(1),
    )


@pytest.fixture
def limiter(clock: ManualClock) -> AttemptLimiter:
    return AttemptLimiter(MemoryTryWindow(), clock)


@pytest.fixture
def audit(database: AsyncEngine, clock: ManualClock) -> Audit:
    return Audit(DatabaseAuditStore(database), clock)


@pytest.fixture
def identity_store(database: AsyncEngine) -> DatabaseIdentityStore:
    return DatabaseIdentityStore(database)


@pytest.fixture
def identity(
    identity_store: DatabaseIdentityStore,
    tokens: TokenService,
    passwords: Argon2Passwords,
    limiter: AttemptLimiter,
    clock: ManualClock,
    audit: Audit,
) -> IdentityService:
    return IdentityService(identity_store, tokens, passwords, limiter, clock, random.Random(2), audit)


@dataclass
class Onlooker:
    """Satisfies ``platform.identity.authorisations.Watch``.

    Args:
        open: whether it looks.
        seen: what it was told, by how it was decided and on which channel.
    """

    open: bool = False
    seen: list[tuple[bool, str]] = field(default_factory=list)

    def authorisation(
        self,
        way: Way,
        *,
        allowed: bool,
        reason: str,
        channel: str,
        user_id: str | None,
        socket_id: str | None,
    ) -> None:
        del way, reason, user_id, socket_id
        self.seen.append((allowed, channel))


@pytest.fixture
def onlooker() -> Onlooker:
    return Onlooker()


@pytest.fixture
def authorisations(clock: ManualClock, onlooker: Onlooker) -> Authorisations:
    return Authorisations(clock, onlooker)
