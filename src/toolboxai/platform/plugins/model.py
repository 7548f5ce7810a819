"""A plugin, what stands in its log, and its commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from toolboxai.platform.messages.plugin import CommandStatus
from toolboxai.platform.runs.events import StoredEvent

__all__ = [
    "KEPT_COMMANDS",
    "KEPT_ENTRIES",
    "KEPT_S",
    "OPEN_COMMANDS",
    "PAGE_BYTES",
    "PLUGINS_MOST",
    "WORLD_EVENTS",
    "Command",
    "CommandState",
    "LogPage",
    "NewCommand",
    "Plugin",
    "PluginMessage",
    "Taken",
]

PLUGINS_MOST: Final = 50  # of one owner
OPEN_COMMANDS: Final = 200  # of one plugin, that have not ended
KEPT_COMMANDS: Final = 1_000  # of one plugin: the newest, and older ones that have not ended
KEPT_ENTRIES: Final = 1_000  # of one log: the newest
KEPT_S: Final = 7 * 86_400.0  # and none that is older, in seconds; the same for commands that have ended
PAGE_BYTES: Final = 256 * 1024  # of one answer; the first entry goes whatever its size
WORLD_EVENTS: Final = "world_events"
"""The capability of a plugin whose log takes what happens to its owner's worlds, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plugin in somebody's Studio.

    Args:
        id: ``plugin_`` and random digits; the subject of its token.
        organization_id: its tenant.
        owner_id: the user whose Studio it works in.
        name: for people.
        studio_version: as the plugin said last; empty before.
        capabilities: as the plugin said last.
        config: as its owner has set it; empty before.
        token_id: of its newest token; None: that was issued on the command line.
        token_expires_at: Unix seconds.
        created_at: Unix seconds.
        last_seen_at: Unix seconds of its last request; None before the first.
        last_seq: number of the newest entry of its log; 0 before the first.
        kept_from: from this number on the log has every entry.
        announced_seq: entries up to this number have gone out on its channel.
    """

    id: str
    organization_id: str
    owner_id: str
    name: str
    studio_version: str = ""
    capabilities: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    token_id: str | None = None
    token_expires_at: float | None = None
    created_at: float
    last_seen_at: float | None = None
    last_seq: int = 0
    kept_from: int = 1
    announced_seq: int = 0


class CommandState(StrEnum):
    """Where a command is; the last three are ends."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    OK = CommandStatus.OK.value
    ERROR = CommandStatus.ERROR.value
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommand:
    """What somebody wants a plugin to do.

    Args:
        id: unique within the plugin.
        action: a word that the plugin knows.
        payload: JSON object, of the action's making.
        sha256: of action and payload: the same id with other content is another command.
        issued_by: id of the user.
        at: Unix seconds.
        expires_at: Unix seconds; not to be begun from then on.
    """

    id: str
    action: str
    payload: Mapping[str, Any]
    sha256: str
    issued_by: str
    at: float
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, and what became of it.

    Args:
        id: unique within the plugin.
        plugin_id: of the plugin that is to do it.
        action: a word that the plugin knows.
        payload: JSON object.
        sha256: as of `NewCommand`.
        state: as it was written; `state_at` says what it is.
        seq: of its entry in the log.
        result: what the plugin answered, any JSON.
        error: why the plugin has not done it.
        issued_by: id of the user.
        created_at, expires_at: Unix seconds.
        delivered_at: Unix seconds at which the plugin was first handed it; None: not yet.
        ended_at: Unix seconds; None: not yet.
    """

    id: str
    plugin_id: str
    action: str
    payload: Mapping[str, Any]
    sha256: str
    state: CommandState
    seq: int
    result: Any
    error: str | None
    issued_by: str
    created_at: float
    expires_at: float
    delivered_at: float | None
    ended_at: float | None

    def state_at(self, now: float) -> CommandState:
        """Where it is at a time, in Unix seconds: nobody has to write down that a time has passed."""
        is_open = self.state in (CommandState.QUEUED, CommandState.DELIVERED)
        return CommandState.EXPIRED if is_open and now >= self.expires_at else self.state

    def ended(self, now: float) -> float | None:
        """When it ended, as far as it has at this time."""
        return self.expires_at if self.state_at(now) is CommandState.EXPIRED else self.ended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginMessage:
    """What a plugin says.

    Args:
        type: ``plugin_hello``, ``command_result``, ``plugin_event`` or ``ack``.
        data: JSON object, as of that type.
        message_id: the plugin's own, so that what it sends again counts once; None: it is not sent again.
    """

    type: str
    data: Mapping[str, Any]
    message_id: str | None = None


class Taken(NamedTuple):
    """What became of a message.

    Args:
        message_id: as the plugin sent it.
        seq: of the entry; where it says nothing new, that of the one that said it, 0 where none did.
        fresh: whether it was new.
    """

    message_id: str | None
    seq: int
    fresh: bool


class LogPage(NamedTuple):
    """Some entries of a log.

    Args:
        entries: in order.
        next_cursor: the ``cursor`` to come back with.
        complete: whether everything after the cursor that was asked for is in it, or will be in later ones.
    """

    entries: Sequence[StoredEvent]
    next_cursor: int
    complete: bool
