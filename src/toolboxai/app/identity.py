"""Accounts and tokens, from the settings."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from toolboxai.config import Settings
from toolboxai.logs import keep_secret

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from toolboxai.adapters.database.engine import Failed, Seen
    from toolboxai.adapters.passwords import Hashes
    from toolboxai.platform.identity.keys import KeyRing, TokenKey
    from toolboxai.platform.identity.service import IdentityService
    from toolboxai.platform.identity.tokens import TokenService

__all__ = [
    "follow_settings",
    "identity_for",
    "make_identity",
    "make_key_ring",
    "make_token_service",
    "open_database",
    "revocations_followed",
]

log = logging.getLogger(__name__)
_audit = logging.getLogger("toolboxai.audit")

ISSUER = "toolboxai"
AUDIENCE = "toolboxai"


@asynccontextmanager
async def open_database(
    settings: Settings, *, failed: "Failed | None" = None, seen: "Seen | None" = None
) -> "AsyncIterator[AsyncEngine]":
    """The database, its schema as this version needs it; an empty one is set up.

    Args:
        settings: for the database.
        failed: as ``engine.open_engine``.
        seen: as there; a file that was seen already has its schema, and is not made again where it is missed.

    Raises:
        ConfigError: the schema is older, newer or half-migrated; the text names the command.
    """
    from toolboxai.adapters.database.engine import open_engine
    from toolboxai.adapters.database.migrate import prepare

    if not seen:
        await asyncio.to_thread(prepare, settings.database.url)
    async with open_engine(settings.database.url, failed=failed, seen=seen) as engine:
        yield engine


def make_key_ring(settings: Settings) -> "KeyRing":
    """The keys that sign tokens.

    Without a configured key a throw-away one stands in: accounts can be made with it, and no token that it signs
    holds anywhere. A server never gets here without a key.
    """
    import random

    from toolboxai.ids import new_token
    from toolboxai.platform.identity.keys import KeyRing, TokenKey

    dice = random.SystemRandom()
    return KeyRing(_token_keys(settings) or [TokenKey.hmac("none", new_token(dice, bits=512))])


def follow_settings(ring: "KeyRing", settings: Settings) -> None:
    """Take the keys of these settings, which were checked, and leave a line in the audit log if they are others."""
    keep_secret(*(key.secret.get_secret_value() for key in settings.auth.jwt_keys))
    change = ring.replace(_token_keys(settings))
    if change is not None:
        _audit.info("the keys that sign tokens have changed", extra=asdict(change))


def _token_keys(settings: Settings) -> "list[TokenKey]":
    from toolboxai.platform.identity.keys import TokenKey

    return [TokenKey.hmac(key.kid, key.secret.get_secret_value()) for key in settings.auth.jwt_keys]


@asynccontextmanager
async def revocations_followed(identity: "IdentityService") -> AsyncIterator[None]:
    """What other processes revoke ends what is open here, too, within some seconds."""
    from toolboxai.platform.identity.revocations import REFRESH_S

    async def follow() -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await identity.look_again()
            except Exception:  # the database's, or ours: what is known stays, and the next time may go well
                log.exception("revocations were not read")

    following = asyncio.create_task(follow(), name="revocations")
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


def make_token_service(ring: "KeyRing") -> "TokenService":
    """Signs and checks our tokens with these keys."""
    import random

    from toolboxai.adapters.system_clock import SystemClock
    from toolboxai.platform.identity.tokens import TokenService

    dice = random.SystemRandom()
    return TokenService(ring, issuer=ISSUER, audience=AUDIENCE, clock=SystemClock(), dice=dice)


@asynccontextmanager
async def make_identity(
    settings: Settings, ring: "KeyRing", engine: "AsyncEngine", *, hashes: "Hashes | None" = None
) -> "AsyncIterator[IdentityService]":
    """The identity service over an open database.

    Args:
        settings: say which networks have limits of their own.
        ring: from `make_key_ring`.
        engine: of the database.
        hashes: make those of passwords; None: threads of this process do, where nobody else waits for it.
    """
    import random

    from toolboxai.adapters.argon2_hashes import Argon2Hashes
    from toolboxai.adapters.database.audit import DatabaseAuditStore
    from toolboxai.adapters.database.identity import DatabaseIdentityStore
    from toolboxai.adapters.passwords import Argon2Passwords
    from toolboxai.adapters.system_clock import SystemClock
    from toolboxai.adapters.try_window import MemoryTryWindow
    from toolboxai.platform.audit.audit import Audit
    from toolboxai.platform.identity.limiter import AttemptLimiter
    from toolboxai.platform.identity.service import IdentityService

    clock, dice, tokens = SystemClock(), random.SystemRandom(), make_token_service(ring)
    passwords = Argon2Passwords(hashes or Argon2Hashes())
    try:
        yield IdentityService(
            DatabaseIdentityStore(engine),
            tokens,
            passwords,
            AttemptLimiter(MemoryTryWindow(), clock, allow_list=settings.server.allowed()),
            clock,
            dice,
            Audit(DatabaseAuditStore(engine), clock),
        )
    finally:
        passwords.close()


@asynccontextmanager
async def identity_for(settings: Settings) -> "AsyncIterator[IdentityService]":
    """Accounts and tokens alone, for the command line; no app is needed.

    Raises:
        ConfigError: as `open_database`.
    """
    async with (
        open_database(settings) as engine,
        make_identity(settings, make_key_ring(settings), engine) as identity,
    ):
        yield identity
