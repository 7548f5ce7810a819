"""Plugins: registered and revoked by their owners, and let in with each request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, InvalidToken, PayloadTooLarge, ResourceNotFound, TokenExpired
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.model import PEOPLE, Principal, Role, User
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.identity.tokens import LEEWAY_S, Issued
from toolboxai.platform.plugins.doors import Doors
from toolboxai.platform.plugins.log import PluginLog
from toolboxai.platform.plugins.model import PLUGINS_MOST, Plugin
from toolboxai.platform.plugins.store import PluginStore
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.resources.owned import is_owner

__all__ = ["TOKEN_S", "Admitted", "People", "Plugins", "Registered"]


TOKEN_S: Final = 365 * 86_400  # a plugin is installed once a school year
CONFIG_BYTES: Final = 8 * 1024  # of JSON; it has to fit into an event of the usual size
_SEEN_EACH_S: Final = 20.0  # a plugin that asks often is written down once in so long
_OPERATOR: Final = "admin:connections"
_KIND: Final = ResourceKind.PLUGIN


class People(Protocol):
    """Accounts, and the tokens that are issued for plugins of theirs."""

    async def user(self, user_id: str) -> User:
        """The account with this id.

        Raises:
            ResourceNotFound: there is none.
        """
        ...

    def issue_plugin_token(self, plugin_id: str, organization_id: str, *, ttl_s: int) -> Issued:
        """A token for one plugin."""
        ...

    async def withdraw(self, token_id: str, *, expires_at: float) -> None:
        """Refuse a token from now on."""
        ...

    def holds(self, principal: Principal) -> bool:
        """Whether what somebody was let in with was not taken back, its time aside."""
        ...


class Registered(NamedTuple):
    """A new plugin, and its token, which nobody tells again."""

    plugin: Plugin
    token: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may read and write a plugin's log.

    Args:
        plugin: which.
        itself: whether it is the plugin, and not its owner.
    """

    plugin: Plugin
    itself: bool


class Plugins:
    """Whose plugins are, and who may come in for them.

    Args:
        store: keeps them.
        people: know whether an owner is still somebody who may have plugins.
        journal: the logs.
        doors: know who is there.
        clock, dice: time and chance.
    """

    def __init__(
        self, store: PluginStore, people: People, journal: PluginLog, doors: Doors, clock: Clock, dice: Dice
    ) -> None:
        self._store = store
        self._people = people
        self._log = journal
        self._doors = doors
        self._clock = clock
        self._dice = dice

    async def register(
        self, principal: Principal, name: str, *, studio_version: str = "", capabilities: Sequence[str] = ()
    ) -> Registered:
        """A new plugin of the asker's.

        Args:
            principal: whose it will be; the caller has looked at the permission.
            name: for people.
            studio_version: where it is known already.
            capabilities: likewise.

        Raises:
            Conflict: the asker has as many as may be.
        """
        plugin_id = new_token(self._dice, _KIND.prefix, bits=160)
        issued = self._people.issue_plugin_token(plugin_id, principal.organization_id, ttl_s=TOKEN_S)
        plugin = Plugin(
            id=plugin_id,
            organization_id=principal.organization_id,
            owner_id=principal.user_id,
            name=name,
            studio_version=studio_version,
            capabilities=tuple(dict.fromkeys(capabilities)),
            token_id=issued.token_id,
            token_expires_at=issued.expires_at,
            created_at=self._clock.now(),
        )
        if not await self._store.add(plugin, most=PLUGINS_MOST):
            raise Conflict(
                f"you have {PLUGINS_MOST} plugins; revoke one that is not used any more",
                details={"limit": PLUGINS_MOST},
            )
        return Registered(plugin, issued.text)

    async def owned(
        self, principal: Principal, *, after: tuple[float, str] | None = None, limit: int
    ) -> Sequence[Plugin]:
        """The asker's own, oldest first, from after a place of time and id on."""
        return await self._store.plugins(principal.user_id, after=after, limit=limit)

    async def seen_by(self, principal: Principal, plugin_id: str) -> Plugin:
        """A plugin that is the asker itself, the asker's own, or in the asker's school, for those who look after it.

        Raises:
            ResourceNotFound, InvalidToken: as for `enter`.
        """
        plugin = await self._found(principal, plugin_id)
        if not (self._is_itself(principal, plugin) or _commands(principal, plugin)):
            raise _unknown(plugin_id)
        return plugin

    async def commanded_by(self, principal: Principal, plugin_id: str) -> Plugin:
        """A plugin that the asker may command: the asker's own, or in the asker's school, for those who look after it.

        Raises:
            ResourceNotFound: there is none such.
        """
        plugin = await self._found(principal, plugin_id)
        if not _commands(principal, plugin):
            raise _unknown(plugin_id)
        return plugin

    async def own(self, principal: Principal, plugin_id: str) -> Plugin:
        """One of the asker's own.

        Raises:
            ResourceNotFound: there is none such.
        """
        plugin = await self._found(principal, plugin_id)
        if not _owns(principal, plugin):
            raise _unknown(plugin_id)
        return plugin

    async def enter(self, principal: Principal, plugin_id: str) -> Admitted:
        """Let somebody at a plugin's log: the plugin itself, and its owner. Whoever stays is let in again and again.

        Raises:
            ResourceNotFound: there is none such of the asker's.
            InvalidToken: the asker is the plugin, and it was revoked or its owner's account is out of use; or the token
                was taken back since it was looked at.
            TokenExpired: its time is over since then.
        """
        plugin = await self._found(principal, plugin_id)
        self._check_token(principal)
        if self._is_itself(principal, plugin):
            await self._heard(plugin)
            return Admitted(plugin, itself=True)
        if not _owns(principal, plugin):
            raise _unknown(plugin_id)
        return Admitted(plugin, itself=False)

    async def owner(self, principal: Principal, plugin_id: str) -> Principal:
        """The owner of the plugin that asks, with the rights of this moment.

        Raises:
            ResourceNotFound, InvalidToken: as for `enter`.
        """
        plugin = (await self.enter(principal, plugin_id)).plugin
        if principal.user_id == plugin.owner_id:
            return principal
        user = await self._people.user(plugin.owner_id)
        return Principal(user.id, user.organization_id, user.role, user.permissions, "", 0.0, "", "")

    async def configure(self, principal: Principal, plugin_id: str, config: dict[str, Any]) -> None:
        """Settings for a plugin of the asker's; it is told where they are other ones.

        Raises:
            ResourceNotFound: there is none such.
            PayloadTooLarge: they are too long to be told.
        """
        plugin = await self.own(principal, plugin_id)
        if len(msgspec.json.encode(config)) > CONFIG_BYTES:
            raise PayloadTooLarge(
                f"settings of a plugin may have {CONFIG_BYTES} bytes of JSON", details={"limit": CONFIG_BYTES}
            )
        await self._log.configure(plugin.id, config)

    async def revoke(self, principal: Principal, plugin_id: str) -> Plugin:
        """Take a plugin of the asker's away with its log; its token opens nothing from then on.

        Raises:
            ResourceNotFound: there is none such.
        """
        plugin = await self.own(principal, plugin_id)
        if not await self._store.remove(plugin.id):
            raise _unknown(plugin_id)
        self._doors.shut_out(plugin.id)
        self._log.bell.ring(plugin.id)  # whoever waits looks again, and is told
        if plugin.token_id is not None and plugin.token_expires_at is not None:
            await self._people.withdraw(plugin.token_id, expires_at=plugin.token_expires_at)
        return plugin

    async def look(self) -> None:
        """Look once who of those that are there may not stay: revoked elsewhere, or the owner's account out of use."""
        there = self._doors.there()
        gone = frozenset(there) - await self._store.in_use(there) if there else frozenset()
        self._doors.shut(gone)
        for plugin_id in gone:
            self._log.bell.ring(plugin_id)

    def _check_token(self, principal: Principal) -> None:
        """With a request it was looked at already; streams and long polls outlive it."""
        if not self._people.holds(principal):
            raise InvalidToken("the token does not hold any more; sign in again")
        if self._clock.now() >= principal.expires_at + LEEWAY_S:
            raise TokenExpired("the token has expired; get a new one, and go on from the last event")

    async def _heard(self, plugin: Plugin) -> None:
        now = self._clock.now()
        if plugin.last_seen_at is None or now - plugin.last_seen_at >= _SEEN_EACH_S:
            await self._store.seen(plugin.id, at=now)

    async def _found(self, principal: Principal, plugin_id: str) -> Plugin:
        plugin = await self._store.plugin(plugin_id) if _KIND.fits(plugin_id) else None
        if principal.role is Role.PLUGIN and principal.user_id == plugin_id:
            await self._check_in_use(plugin)
        if plugin is None:
            raise _unknown(plugin_id)
        return plugin

    async def _check_in_use(self, plugin: Plugin | None) -> None:
        """A plugin that holds its own token is told what has become of it."""
        in_use = plugin is not None and bool(await self._store.in_use([plugin.id]))
        if plugin is None or (not in_use and await self._store.plugin(plugin.id) is None):
            raise InvalidToken("this plugin was revoked by its owner; register it anew")
        if not in_use:
            raise InvalidToken("the account of this plugin's owner is out of use, and so is the plugin")

    @staticmethod
    def _is_itself(principal: Principal, plugin: Plugin) -> bool:
        return (
            principal.role is Role.PLUGIN
            and principal.user_id == plugin.id
            and principal.organization_id == plugin.organization_id
            and principal.can("plugin:connect")
        )


def _owns(principal: Principal, plugin: Plugin) -> bool:
    return principal.role in PEOPLE and is_owner(
        principal, Ownership(plugin.organization_id, plugin.owner_id)
    )


def _commands(principal: Principal, plugin: Plugin) -> bool:
    same = principal.organization_id == plugin.organization_id
    return _owns(principal, plugin) or (same and principal.role in PEOPLE and principal.can(_OPERATOR))


def _unknown(plugin_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"no plugin {plugin_id[:80]!r} of yours")
