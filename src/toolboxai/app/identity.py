"""Accounts and tokens, from the settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from toolboxai.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from toolboxai.adapters.database.engine import Failed
    from toolboxai.platform.identity.service import IdentityService

__all__ = ["identity_for", "make_identity", "open_database"]

ISSUER = "toolboxai"
AUDIENCE = "toolboxai"


@asynccontextmanager
async def open_database(
    settings: Settings, *, failed: "Failed | None" = None
) -> "AsyncIterator[AsyncEngine]":
    """The database, its schema as this version needs it; an empty one is set up.

    Args:
        settings: for the database.
        failed: as ``engine.open_engine``.

    Raises:
        ConfigError: the schema is older, newer or half-migrated; the text names the command.
    """
    from toolboxai.adapters.database.engine import open_engine
    from toolboxai.adapters.database.migrate import prepare

    await asyncio.to_thread(prepare, settings.database.url)
    async with open_engine(settings.database.url, failed=failed) as engine:
        yield engine


@asynccontextmanager
async def make_identity(settings: Settings, engine: "AsyncEngine") -> "AsyncIterator[IdentityService]":
    """The identity service over an open database.

    Without a configured key a throw-away one stands in: accounts can be made with it, and no token that it signs
    holds anywhere. A server never gets here without a key.
    """
    import random

    from toolboxai.adapters.database.identity import DatabaseIdentityStore
    from toolboxai.adapters.passwords import Argon2Passwords
    from toolboxai.adapters.system_clock import SystemClock
    from toolboxai.adapters.try_window import MemoryTryWindow
    from toolboxai.ids import new_token
    from toolboxai.platform.identity.limiter import AttemptLimiter
    from toolboxai.platform.identity.service import IdentityService
    from toolboxai.platform.identity.tokens import TokenKey, TokenService

    clock, dice = SystemClock(), random.SystemRandom()
    keys = [TokenKey.hmac(key.kid, key.secret.get_secret_value()) for key in settings.auth.jwt_keys]
    keys = keys or [TokenKey.hmac("none", new_token(dice, bits=512))]
    tokens = TokenService(keys, issuer=ISSUER, audience=AUDIENCE, clock=clock, dice=dice)
    passwords = Argon2Passwords()
    try:
        yield IdentityService(
            DatabaseIdentityStore(engine),
            tokens,
            passwords,
            AttemptLimiter(MemoryTryWindow(), clock),
            clock,
            dice,
        )
    finally:
        passwords.close()


@asynccontextmanager
async def identity_for(settings: Settings) -> "AsyncIterator[IdentityService]":
    """Accounts and tokens alone, for the command line; no app is needed.

    Raises:
        ConfigError: as `open_database`.
    """
    async with open_database(settings) as engine, make_identity(settings, engine) as identity:
        yield identity
