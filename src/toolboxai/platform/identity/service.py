"""Signing in, staying signed in, signing out."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import (
    AuthenticationRequired,
    Conflict,
    InsufficientPermissions,
    InvalidToken,
    ResourceNotFound,
    TokenExpired,
)
from toolboxai.ids import Dice, new_token
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, By
from toolboxai.platform.identity.account_rules import check_account, is_storable, normal_name, usable_password
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import PERMISSIONS, Organization, Principal, Role, User
from toolboxai.platform.identity.passwords import Passwords
from toolboxai.platform.identity.revocations import Revocations
from toolboxai.platform.identity.store import IdentityStore, LoginSession, Rotation, name_key
from toolboxai.platform.identity.tokens import LEEWAY_S, Issued, RefreshGrant, TokenService

__all__ = ["DEFAULT_ORGANIZATION", "IdentityService", "Session", "check_in_use"]

DEFAULT_ORGANIZATION: Final = "default"
CODE_TTL_S: Final = 600.0  # a one-time link waits on somebody's screen
CODE_CHARS: Final = 20  # of a random alphabet of 36, about 100 bits
TIDY_EVERY_S: Final = 3600.0
PROGRAM_TTL_S: Final = 365 * 86400  # a program is set up once, and nobody is there to sign it in again


@dataclass(frozen=True, slots=True)
class Session:
    """What somebody who signed in gets.

    Args:
        access_token: for the Authorization header.
        refresh_token: good once, for the next pair; or what a browser keeps, good as long as the login.
        expires_in: seconds that the access token holds.
        user: who signed in.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    user: User


class IdentityService:
    """Accounts and their tokens.

    Args:
        store: keeps accounts, login sessions and revocations.
        tokens: signs and checks tokens.
        passwords: hashes, off the loop.
        limiter: says who has to wait.
        clock: the time.
        dice: for ids and codes; in production ``random.SystemRandom()``.
        audit: notes what the operator does to accounts.
    """

    def __init__(
        self,
        store: IdentityStore,
        tokens: TokenService,
        passwords: Passwords,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
        audit: Audit,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._passwords = passwords
        self._limiter = limiter
        self._clock = clock
        self._dice = dice
        self._audit = audit
        self._revocations = Revocations(store, clock)
        self._tidied_at: float | None = None

    # ---- signing in ---------------------------------------------------------------------------------------------
    async def login(self, name_or_email: str, password: str, address: str) -> Session:
        """Sign in with a password.

        A name that does not exist and a wrong password get the same answer after the same work.

        Args:
            name_or_email: as it was typed.
            password: as it was typed.
            address: of the client, for the limits.

        Raises:
            InvalidToken: the name or the password is wrong.
            InsufficientPermissions: they are right, and the account is out of use.
            RateLimitExceeded: too many tries of this account or address, or too many people at once.
        """
        account = name_key(name_or_email)
        await self._limiter.admit(Attempts.LOGIN, account=account, address=address)
        found = await self._store.credentials(name_or_email) if is_storable(name_or_email) else None
        typed = password if usable_password(password) else ""  # nobody's password, at the same price
        verdict = await self._passwords.verify(typed, found.password_hash if found else None)
        if found is None or not verdict.right:
            self._limiter.failed(Attempts.LOGIN, account=account, address=address)
            raise InvalidToken("user name or password is wrong")
        self._limiter.succeeded(Attempts.LOGIN, account=account)
        if verdict.better_hash is not None:
            await self._store.set_password_hash(found.user.id, verdict.better_hash)
        return await self.open_login(found.user)

    async def check_password(self, user: User, password: str, address: str) -> None:
        """Make sure that somebody who is signed in knows the password, before what cannot be undone.

        Args:
            user: who is signed in.
            password: as it was typed.
            address: of the client, for the limits, which are those of `login`.

        Raises:
            InsufficientPermissions: it is wrong.
            RateLimitExceeded: too many tries of this account or address.
        """
        account = name_key(user.username)
        await self._limiter.admit(Attempts.LOGIN, account=account, address=address)
        found = await self._store.credentials(user.username)
        typed = password if usable_password(password) else ""
        verdict = await self._passwords.verify(typed, found.password_hash if found else None)
        if not verdict.right:
            self._limiter.failed(Attempts.LOGIN, account=account, address=address)
            raise InsufficientPermissions(
                "the password is wrong, and nothing was changed",
                details={"fields": {"password": "it is wrong, and nothing was deleted or changed"}},
            )
        self._limiter.succeeded(Attempts.LOGIN, account=account)

    async def password_hash(self, password: str) -> str:
        """The hash to keep of a password that was held against the rules; no more at a time than this server can bear.

        Raises:
            RateLimitExceeded: too many wait already.
        """
        return await self._passwords.hash(password)

    async def one_time_code(self, user: User, code: str | None = None, *, ttl_s: float = CODE_TTL_S) -> str:
        """A code with which this account signs in once; a secret.

        Args:
            user: whose code it is.
            code: chosen by whoever shows it, at least 20 characters nobody can guess; made here when None.
            ttl_s: seconds that it holds.

        Raises:
            ValueError: the code that was chosen is too short.
            RateLimitExceeded: too many codes for this account.
        """
        await self._limiter.admit(Attempts.ONE_TIME_CODE, account=user.id)
        if code is None:
            code = new_token(self._dice, "once_")
        elif len(code) < CODE_CHARS:
            raise ValueError(
                f"a one-time code of {len(code)} characters can be guessed; take at least {CODE_CHARS}"
            )
        await self._store.add_code(_code_hash(code), user.id, expires_at=self._clock.now() + ttl_s)
        return code

    async def exchange_code(
        self,
        code: str,
        address: str,
        *,
        counted_as: Attempts = Attempts.ONE_TIME_CODE,
        login_s: float | None = None,
    ) -> Session:
        """Sign in with a one-time code.

        Args:
            code: from `one_time_code`.
            address: of the client, for the limits.
            counted_as: what the limits take it for.
            login_s: seconds after which the login is over, however often it is refreshed; None: it has no such end.

        Raises:
            InvalidToken: the code is unknown, was used, or its time is over.
            InsufficientPermissions: the account is out of use.
            RateLimitExceeded: too many tries from this address.
        """
        await self._limiter.admit(counted_as, address=address)
        user_id = await self._store.take_code(_code_hash(code), now=self._clock.now())
        user = await self._store.user(user_id) if user_id is not None else None
        if user is None:
            self._limiter.failed(counted_as, address=address)
            raise InvalidToken("this code is not valid; it works once, and not for long")
        return await self.open_login(user, None if login_s is None else self._clock.now() + login_s)

    async def open_login(self, user: User, ends_at: float | None = None) -> Session:
        """A login of an account whose holder the caller has made sure of.

        Args:
            user: whose it is.
            ends_at: Unix seconds at which it is over, however often it is refreshed; None: it has no such end.

        Raises:
            InsufficientPermissions: the account is out of use.
        """
        await self._tidy()
        session_id = new_token(self._dice, "login_")
        refresh = self._tokens.issue_refresh(subject=user.id, session_id=session_id, ends_at=ends_at)
        await self._keep(LoginSession(session_id, user.id, refresh.token_id, refresh.expires_at))
        await self._seen(user)
        return self._session(user, session_id, refresh, ends_at)

    async def _seen(self, user: User) -> None:
        """Of guests it is known when they were last here, so that they can be forgotten."""
        if user.guest:
            await self._store.seen(user.id, at=self._clock.now())

    async def _keep(self, session: LoginSession) -> None:
        if not await self._store.open_session(session):
            raise _out_of_use()

    def _session(self, user: User, session_id: str, refresh: Issued, ends_at: float | None) -> Session:
        access = self._access(user, session_id, ends_at)
        return Session(access.text, refresh.text, int(access.expires_at) - int(self._clock.now()), user)

    def _access(self, user: User, session_id: str, ends_at: float | None = None) -> Issued:
        return self._tokens.issue_access(
            subject=user.id,
            organization_id=user.organization_id,
            role=user.role,
            permissions=user.permissions,
            session_id=session_id,
            ends_at=ends_at,
        )

    async def _tidy(self) -> None:
        now = self._clock.monotonic()
        if self._tidied_at is None or now - self._tidied_at >= TIDY_EVERY_S:
            self._tidied_at = now
            await self._store.forget_expired(self._clock.now() - LEEWAY_S)

    # ---- staying signed in --------------------------------------------------------------------------------------
    async def refresh(self, refresh_token: str, address: str) -> Session:
        """Exchange a refresh token for the next pair; the account's role is read anew.

        A refresh token that comes a second time has been copied: the whole login session ends, for both holders.

        Args:
            refresh_token: from the last login or refresh.
            address: of the client, for the limits.

        Raises:
            InvalidToken: it is no refresh token of ours, was used before, or its session has ended.
            TokenExpired: it has, or the login has lasted as long as it may: sign in again.
            RateLimitExceeded: too many tries of this account or address.
        """
        grant = await self._admitted(self._tokens.read_refresh, refresh_token, address)
        return await self._go_on(grant, self._tokens.issue_refresh, address)

    async def keep_in_browser(
        self, refresh_token: str, address: str, *, instead_of: str | None = None
    ) -> Session:
        """Exchange a refresh token for what a browser keeps in a cookie, so that a reload does not end the login.

        All windows of the browser share it, so it stays the same while the login lasts.

        Args:
            refresh_token: as for `refresh`.
            address: as for `refresh`.
            instead_of: what the browser kept until now. That login ends: nobody is left who could sign out of it.

        Raises: as `refresh`.
        """
        grant = await self._admitted(self._tokens.read_refresh, refresh_token, address)
        session = await self._go_on(grant, self._tokens.issue_browser, address)
        if instead_of is not None:
            with suppress(InvalidToken, TokenExpired):  # it is over already, or another server's
                await self._end_session(self._tokens.read_browser(instead_of).session_id)
        return session

    async def resume(self, kept: str, address: str) -> Session:
        """The next access token for what a browser kept; the account's role is read anew.

        Args:
            kept: from `keep_in_browser`.
            address: of the client, for the limits.

        Raises:
            InvalidToken: it is not of ours, or its login has ended.
            TokenExpired: it has.
            RateLimitExceeded: too many tries of this account or address.
        """
        grant = await self._admitted(self._tokens.read_browser, kept, address)
        same = Issued(kept, grant.token_id, grant.expires_at)
        return await self._go_on(grant, lambda **_: same, address)

    async def forget_in_browser(self, kept: str, address: str) -> None:
        """End the login of what a browser kept: no token that was issued in it is good any more.

        Raises: as `resume`.
        """
        grant = await self._admitted(self._tokens.read_browser, kept, address)
        await self._end_session(grant.session_id)

    async def _admitted(self, read: Callable[[str], RefreshGrant], token: str, address: str) -> RefreshGrant:
        await self._limiter.admit(Attempts.REFRESH, address=address)
        try:
            grant = read(token)
        except InvalidToken:
            self._limiter.failed(Attempts.REFRESH, address=address)
            raise
        await self._limiter.admit(Attempts.REFRESH, account=grant.user_id)
        return grant

    async def _go_on(self, grant: RefreshGrant, issue: Callable[..., Issued], address: str) -> Session:
        user = await self._store.user(grant.user_id)
        refresh = issue(subject=grant.user_id, session_id=grant.session_id, ends_at=grant.ends_at)
        rotation = await self._store.rotate_session(
            grant.session_id, grant.token_id, refresh_id=refresh.token_id, expires_at=refresh.expires_at
        )
        if rotation is Rotation.REUSED:
            await self._end_session(grant.session_id)
        if rotation is not Rotation.ROTATED or user is None:
            self._limiter.failed(Attempts.REFRESH, account=grant.user_id, address=address)
            raise InvalidToken("this sign-in is not valid any more; sign in again")
        await self._seen(user)
        return self._session(user, grant.session_id, refresh, grant.ends_at)

    async def authenticate(self, bearer_token: str) -> Principal:
        """Who this access token speaks for.

        Args:
            bearer_token: the token; ``Bearer`` before it is allowed.

        Raises:
            AuthenticationRequired: it is empty.
            InvalidToken: it does not hold, or was revoked.
            TokenExpired: it was good until a moment ago: refresh it.
        """
        principal = self._tokens.read_access(_bare(bearer_token))
        if await self._revocations.holds(principal.token_id, principal.session_id):
            if principal.role is Role.PLUGIN:  # it has no way to sign in, and its people read what it is told
                raise InvalidToken("this plugin was revoked by its owner; register it anew")
            raise InvalidToken("the token is not valid; sign in again")
        return principal

    def holds(self, principal: Principal) -> bool:
        """Whether what this principal was let in with is still good, its time aside: for what stays open.

        Neither the token nor its login was revoked, as far as `look_again` has seen, and its key is accepted.
        """
        return self._tokens.holds(principal) and not self._revocations.known(
            principal.token_id, principal.session_id
        )

    async def look_again(self) -> None:
        """Read what other processes have revoked; called every ``revocations.REFRESH_S`` seconds or so."""
        await self._revocations.look_again()

    # ---- signing out --------------------------------------------------------------------------------------------
    async def logout(self, bearer_token: str) -> None:
        """End the login session of this access token: no token that was issued in it is good any more.

        Raises:
            AuthenticationRequired, InvalidToken, TokenExpired: as `authenticate`.
        """
        principal = await self.authenticate(bearer_token)
        await self._revocations.add(principal.token_id, expires_at=principal.expires_at + LEEWAY_S)
        await self._end_session(principal.session_id)

    async def _end_session(self, session_id: str) -> None:
        await self._store.end_session(session_id)
        await self._refuse(session_id)

    async def refuse(self, session_ids: Iterable[str]) -> None:
        """No token of these login sessions is good any more; that they are over is the store's to know."""
        for session_id in session_ids:
            await self._refuse(session_id)

    async def _refuse(self, session_id: str) -> None:
        # The youngest access token of the session expires within one lifetime from now.
        last = self._clock.now() + self._tokens.access_ttl_s + LEEWAY_S
        await self._revocations.add(session_id, expires_at=last)

    async def withdraw(self, token_id: str, *, expires_at: float) -> None:
        """Refuse one token from now on, such as a program's whose right was taken back.

        Args:
            token_id: its ``jti``.
            expires_at: Unix seconds at which its own time is over.
        """
        await self._revocations.add(token_id, expires_at=expires_at + LEEWAY_S)

    # ---- accounts -----------------------------------------------------------------------------------------------
    async def create_user(
        self, name: str, role: Role, password: str, email: str | None = None, organization: str | None = None
    ) -> User:
        """Make an account. For the command line and administrators; there is no registration with a role of choice.

        Args:
            name: to sign in with: letters, digits, dot, dash, underscore; at most 64.
            role: teacher, student, parent or admin.
            password: 8 to 1024 characters.
            email: also to sign in with.
            organization: its name; made when there is none yet. ``default`` without one.

        Raises:
            ValidationError: ``details.fields`` names each fault.
            Conflict: the name or the address is taken.
        """
        username, address = normal_name(name), email.strip() if email else None
        check_account({"name": username, "role": role, "password": password, "email": address})
        tenant = await self.organization(organization or DEFAULT_ORGANIZATION)
        user = User(
            new_token(self._dice, "user_", bits=80), tenant.id, username, address, username, Role(role)
        )
        await self._store.add_user(user, await self.password_hash(password))
        return user

    async def organization(self, name: str) -> Organization:
        """The tenant of this name; made when there is none yet."""
        found = await self._store.organization_named(name)
        if found is not None:
            return found
        made = Organization(new_token(self._dice, "org_", bits=80), name)
        try:
            await self._store.add_organization(made)
        except Conflict:  # somebody else made it in the same moment
            found = await self._store.organization_named(name)
            if found is None:
                raise
            return found
        return made

    async def user(self, user_id: str) -> User:
        """The account with this id.

        Raises:
            ResourceNotFound: there is none.
        """
        found = await self._store.user(user_id)
        if found is None:
            raise ResourceNotFound("there is no such user")
        return found

    async def user_named(self, name: str) -> User:
        """The account that signs in with this name or e-mail address.

        Raises:
            ResourceNotFound: there is none; the text says how to make one.
        """
        found = await self._store.credentials(name) if is_storable(name) else None
        if found is None:
            raise ResourceNotFound(f"there is no user {name!r}; make one with: toolboxai users create {name}")
        return found.user

    async def issue_access_token(self, name: str) -> str:
        """An access token for the account of this name, without a password: for the operator's command line.

        Raises:
            ResourceNotFound: there is no such account.
            InsufficientPermissions: it is out of use.
        """
        user, session_id = await self.user_named(name), new_token(self._dice, "login_")
        access = self._access(user, session_id)
        # A login as any other, so that it ends when the account is taken out of use; no refresh token goes with it.
        await self._keep(LoginSession(session_id, user.id, access.token_id, access.expires_at))
        return access.text

    async def disable(self, name: str) -> User:
        """Take an account out of use: nobody signs in to it, and its logins end; what it has made stays.

        Raises:
            ResourceNotFound: there is no such account.
        """
        user = await self.user_named(name)
        ended = await self._store.disable(user.id, at=self._clock.now())
        await self.refuse(ended)
        by = By(user.organization_id)
        await self._audit.note(
            Action.ACCOUNT_DISABLED, by, "user", user.id, details={"logins_ended": len(ended)}
        )
        return user

    async def enable(self, name: str) -> User:
        """Take an account into use again.

        Raises:
            ResourceNotFound: there is no such account.
        """
        user = await self.user_named(name)
        await self._store.enable(user.id)
        await self._audit.note(Action.ACCOUNT_ENABLED, By(user.organization_id), "user", user.id)
        return user

    def issue_agent_token(self, agent_id: str, organization_id: str) -> Issued:
        """An access token for the workers of one agent; it is worth something for as long as there is the agent.

        Args:
            agent_id: of the agent, which the caller has found.
            organization_id: the agent's tenant.
        """
        return self._tokens.issue_access(
            subject=agent_id,
            organization_id=organization_id,
            role=Role.AGENT,
            permissions=PERMISSIONS[Role.AGENT],
            session_id=_agent_login(agent_id),
            ttl_s=PROGRAM_TTL_S,
        )

    async def refuse_agent(self, agent_id: str) -> None:
        """What an agent's token keeps open ends; that the agent is gone is the store's to know."""
        await self._refuse(_agent_login(agent_id))

    def issue_plugin_token(self, plugin_id: str, organization_id: str, *, ttl_s: int) -> Issued:
        """An access token for one plugin; it opens that plugin's channel for as long as there is the plugin.

        Args:
            plugin_id: of the plugin, which the caller has found.
            organization_id: the plugin's tenant.
            ttl_s: seconds that it holds.
        """
        return self._tokens.issue_access(
            subject=plugin_id,
            organization_id=organization_id,
            role=Role.PLUGIN,
            permissions=PERMISSIONS[Role.PLUGIN],
            session_id=new_token(self._dice, "plugin_login_"),
            ttl_s=ttl_s,
        )


def check_in_use(user: User) -> None:
    """Let nobody in to an account that the operator took out of use.

    Raises:
        InsufficientPermissions: it is.
    """
    if user.disabled:
        raise _out_of_use()


def _agent_login(agent_id: str) -> str:
    return f"login_of_{agent_id}"


def _out_of_use() -> InsufficientPermissions:
    return InsufficientPermissions("this account is out of use; ask the people who run this server")


def _bare(bearer_token: str) -> str:
    scheme, _, rest = bearer_token.strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else bearer_token.strip()
    if not token:
        raise AuthenticationRequired("sign in first: send the header Authorization: Bearer ACCESS_TOKEN")
    return token


def _code_hash(code: str) -> str:
    """Codes have 160 random bits, so a plain hash hides them; a stranger's text may hold anything."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
