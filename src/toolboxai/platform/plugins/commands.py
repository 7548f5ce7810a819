"""Commands for plugins: queued, handed over, answered."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, PayloadTooLarge, ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.plugins.log import PluginLog
from toolboxai.platform.plugins.model import OPEN_COMMANDS, Command, NewCommand, Plugin
from toolboxai.platform.plugins.store import PluginStore
from toolboxai.platform.runs.events import Draft, stamp

__all__ = ["EXPIRES_IN_S", "PAYLOAD_BYTES", "PluginCommands", "command_url"]

PAYLOAD_BYTES: Final = 64 * 1024
EXPIRES_IN_S: Final = 86_400
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AROUND_BYTES: Final = 200  # what stands around the data of an event, at most


def command_url(plugin_id: str, command_id: str) -> str:
    """Where a command is asked for."""
    return f"/api/v1/plugins/{plugin_id}/commands/{command_id}"


class PluginCommands:
    """What plugins are to do, and what became of it. Who may is found out before.

    Args:
        store: keeps them.
        journal: each stands in its plugin's log.
        clock, dice: time and chance.
        event_bytes: that an event may have, at that moment.
    """

    def __init__(
        self, store: PluginStore, journal: PluginLog, clock: Clock, dice: Dice, event_bytes: Callable[[], int]
    ) -> None:
        self._store = store
        self._log = journal
        self._clock = clock
        self._dice = dice
        self._event_bytes = event_bytes

    async def issue(
        self,
        principal: Principal,
        plugin: Plugin,
        action: str,
        payload: Mapping[str, Any],
        *,
        expires_in_s: int = EXPIRES_IN_S,
        command_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Command:
        """Queue a command. Under an id that is known already the same command is returned, and not queued again.

        Args:
            principal: who wants it.
            plugin: who is to do it.
            action: a word that the plugin knows.
            payload: JSON object of the action's making.
            expires_in_s: seconds after which it is not to be begun any more.
            command_id: of the asker's making; made here when None.
            idempotency_key: leads to one id, of this asker and plugin; an id of the asker's making wins.

        Raises:
            PayloadTooLarge: more than `PAYLOAD_BYTES`.
            Conflict: the id is another command's, or the plugin has as many open commands as may be.
        """
        text = msgspec.json.encode(payload, order="sorted")
        if len(text) > PAYLOAD_BYTES:
            raise PayloadTooLarge(
                f"payload: {len(text)} bytes of JSON, {PAYLOAD_BYTES} are allowed; send a link instead",
                details={"limit": PAYLOAD_BYTES},
            )
        now = self._clock.now()
        new = NewCommand(
            id=command_id or self._id(principal, plugin, idempotency_key),
            action=action,
            payload=payload,
            sha256=hashlib.sha256(msgspec.json.encode(action) + text).hexdigest(),
            issued_by=principal.user_id,
            at=now,
            expires_at=now + expires_in_s,
        )
        issued = await self._log.issue(
            plugin.id, new, self._draft(plugin.id, new, len(text)), most=OPEN_COMMANDS
        )
        if issued is None:
            raise Conflict(
                f"plugin {plugin.id} has {OPEN_COMMANDS} commands that have not ended; wait for it, or revoke it",
                details={"limit": OPEN_COMMANDS},
            )
        if issued.command.sha256 != new.sha256:
            raise Conflict(
                f"command_id {new.id!r} is of a command with another action or payload; choose another id, or key",
                details={"command_id": new.id},
            )
        return issued.command

    def _id(self, principal: Principal, plugin: Plugin, idempotency_key: str | None) -> str:
        if idempotency_key is None:
            return new_token(self._dice, "command_", bits=80)
        named = msgspec.json.encode([principal.user_id, plugin.id, idempotency_key])
        return "command_" + hashlib.sha256(named).hexdigest()[:32]

    async def command(self, plugin: Plugin, command_id: str) -> Command:
        """One command.

        Raises:
            ResourceNotFound: there is none such, or it ended long ago.
        """
        found = await self._store.command(plugin.id, command_id) if _ID.fullmatch(command_id) else None
        if found is None:
            raise ResourceNotFound(f"plugin {plugin.id} has no command {command_id[:80]!r}")
        return found

    async def commands(self, plugin: Plugin, *, before: int | None = None, limit: int) -> Sequence[Command]:
        """Its commands, newest first; those with an entry below `before`."""
        return await self._store.commands(plugin.id, before=before, limit=limit)

    def _draft(self, plugin_id: str, new: NewCommand, size: int) -> Draft:
        data: dict[str, Any] = {
            "command_id": new.id,
            "action": new.action,
            "payload": dict(new.payload),
            "expires_at": stamp(new.expires_at),
        }
        around = len(msgspec.json.encode({**data, "payload": {}})) + _AROUND_BYTES
        if around + size > self._event_bytes():
            data |= {"payload": {}, "payload_url": command_url(plugin_id, new.id)}
        return Draft("plugin_command", data)
