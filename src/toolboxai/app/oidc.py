"""Signing in at an identity provider, joined from the settings; and a look at whether that can work."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from toolboxai.adapters.database.audit import DatabaseAuditStore
from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.adapters.database.links import DatabaseLinkStore
from toolboxai.adapters.oidc_provider import OidcProvider
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.identity import make_identity, make_key_ring, open_database
from toolboxai.config import Settings
from toolboxai.config.oidc_table import OidcTable
from toolboxai.errors import ConfigError, ProviderUnavailable
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.claim_rules import ClaimRules
from toolboxai.platform.identity.keys import KeyRing
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.links import Link
from toolboxai.platform.identity.model import Role, User
from toolboxai.platform.identity.oidc import Client, OidcSignIn
from toolboxai.platform.identity.oidc_visits import Visits
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.staff_accounts import StaffAccounts

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["check_provider", "link_account", "oidc_sign_in"]


@asynccontextmanager
async def oidc_sign_in(
    settings: Settings,
    engine: "AsyncEngine",
    identity: IdentityService,
    ring: KeyRing,
    limiter: AttemptLimiter,
) -> AsyncIterator[OidcSignIn | None]:
    """Signs in at the provider of the settings; None where there is none. Nothing is asked of it before somebody comes."""
    table, clock, dice = settings.auth.oidc, SystemClock(), random.SystemRandom()
    if table.issuer is None:
        yield None
        return
    provider, audit = _provider(table), Audit(DatabaseAuditStore(engine), clock)
    try:
        yield OidcSignIn(
            Client(table.issuer, table.client_id or "", table.redirect_uri, table.scopes, table.login_s),
            provider,
            _rules(table),
            _accounts(engine, identity, audit),
            Visits(ring.derived("sign-in at the identity provider"), clock, dice),
            identity,
            limiter,
            clock,
            dice,
            audit,
        )
    finally:
        await provider.close()


async def check_provider(settings: Settings) -> str | None:
    """Whether the provider of the settings answers as it should, for ``doctor``.

    Returns:
        A sentence on what was found; None where no provider is set.

    Raises:
        ProviderUnavailable: it does not; the text is for the operator.
    """
    table = settings.auth.oidc
    if table.issuer is None:
        return None
    provider = _provider(table)
    try:
        keys = await provider.keys()
    except ProviderUnavailable as fault:
        raise ProviderUnavailable(f"{table.issuer} is of no use: {provider.failure}") from fault
    finally:
        await provider.close()
    if not keys:
        raise ProviderUnavailable(
            f"{table.issuer} shows no key that this server can check an ID token with: none of RS256, PS256, ES256, "
            "EdDSA and their like is in its key set"
        )
    return f"{table.issuer} answers, with {len(keys)} keys; {table.redirect_uri} has to be registered there"


@asynccontextmanager
async def _accounts_on_disk(settings: Settings) -> AsyncIterator[tuple[IdentityService, StaffAccounts]]:
    async with (
        open_database(settings) as engine,
        make_identity(settings, make_key_ring(settings), engine) as identity,
    ):
        yield identity, _accounts(engine, identity, Audit(DatabaseAuditStore(engine), SystemClock()))


async def link_account(settings: Settings, name: str, subject: str) -> User:
    """Let the account of this name be signed in to at the provider of the settings, by whom it knows as `subject`.

    Raises:
        ConfigError: no provider is set.
        ResourceNotFound: there is no such account.
        Conflict: that person has an account.
    """
    issuer = settings.auth.oidc.issuer
    if issuer is None:
        raise ConfigError(
            ["auth.oidc.issuer is not set; there is no identity provider to link an account to"]
        )
    async with _accounts_on_disk(settings) as (identity, accounts):
        user = await identity.user_named(name)
        await accounts.link(user, Link(issuer, subject))
    return user


def _accounts(engine: "AsyncEngine", identity: IdentityService, audit: Audit) -> StaffAccounts:
    return StaffAccounts(
        identity,
        DatabaseIdentityStore(engine),
        DatabaseLinkStore(engine),
        SystemClock(),
        random.SystemRandom(),
        audit,
    )


def _provider(table: OidcTable) -> OidcProvider:
    return OidcProvider(
        table.issuer or "",
        client_id=table.client_id or "",
        client_secret=table.secret.get_secret_value(),
        redirect_uri=table.redirect_uri,
        label=table.label,
        clock=SystemClock(),
    )


def _rules(table: OidcTable) -> ClaimRules:
    return ClaimRules(
        label=table.label,
        role_claim=table.role_claim or "",
        roles={value: Role(role) for value, role in table.roles.items()},
        organization=table.organization,
        organization_claim=table.organization_claim,
        organizations=table.organizations,
        allowed_domains=frozenset(table.allowed_domains),
    )
