"""What is kept of plugins, as a port. The other end is ``adapters.database.plugins``."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from toolboxai.platform.plugins.model import Command, LogPage, NewCommand, Plugin, PluginMessage, Taken
from toolboxai.platform.runs.events import Draft, StoredEvent

__all__ = ["Issued", "LogStore", "PluginStore", "Posted"]


class Issued(NamedTuple):
    """A command that was asked for.

    Args:
        command: the one that is kept under the id.
        entries: what was written for it; none where it was there already.
    """

    command: Command
    entries: Sequence[StoredEvent]


class Posted(NamedTuple):
    """What became of messages of a plugin, one by one, and what was written for them."""

    taken: Sequence[Taken]
    entries: Sequence[StoredEvent]


class LogStore(Protocol):
    """One log for each plugin; every entry is written with what made it, all of it or nothing.

    Everywhere `announced` says that entries up to it have gone out; 0 where that is not known.
    """

    async def post(
        self,
        plugin_id: str,
        messages: Sequence[PluginMessage],
        *,
        at: float,
        announced: int,
        said_by: str | None,
    ) -> Posted:
        """Take what a plugin says: each result ends its command, a hello says who it is, an ack what it has.

        Args:
            plugin_id: which.
            messages: checked, in order.
            at: Unix seconds.
            announced: see there.
            said_by: socket id of the connection that said it, which is not to be told.

        Raises:
            LookupError: there is no such plugin.
        """
        ...

    async def issue(
        self, plugin_id: str, new: NewCommand, draft: Draft, *, most: int, announced: int
    ) -> Issued | None:
        """Queue a command; under an id that is known the command of that id is returned.

        Args:
            plugin_id: whose.
            new: the command.
            draft: its entry.
            most: so many may be open.
            announced: see there.

        Returns:
            None when there are `most` already.

        Raises:
            LookupError: there is no such plugin.
        """
        ...

    async def configure(
        self, plugin_id: str, config: dict[str, Any], *, at: float, announced: int
    ) -> Sequence[StoredEvent]:
        """Keep settings, and write that they have changed where they have.

        Raises:
            LookupError: there is no such plugin.
        """
        ...

    async def world_event(
        self, plugin_id: str, environment_id: str, seq: int, draft: Draft, *, at: float, announced: int
    ) -> Sequence[StoredEvent]:
        """Write what happened to a world, unless an event of it with this number, or a higher one, stands there already.

        Raises:
            LookupError: there is no such plugin.
        """
        ...

    async def page(self, plugin_id: str, *, after: int, limit: int, bytes_most: int) -> LogPage:
        """Entries with a number above `after`; after one that there never was, all that are kept.

        Raises:
            LookupError: there is no such plugin.
        """
        ...

    async def delivered(self, plugin_id: str, *, after: int, up_to: int, at: float) -> None:
        """Note that the plugin was handed the commands whose entries have these numbers."""
        ...

    async def announced(self, plugin_id: str, seq: int, /) -> None:
        """Note that entries up to this number have gone out."""
        ...

    async def told(self) -> Sequence[tuple[str, int]]:
        """Of plugins with entries that have not gone out: id, and how far the telling came."""
        ...

    async def trim(self, *, now: float) -> int:
        """Forget what was kept long enough, of entries and of commands that have ended; how many rows that were."""
        ...


class PluginStore(LogStore, Protocol):
    """Plugins, with their logs and commands; with its row in ``resources`` each goes."""

    async def add(self, plugin: Plugin, *, most: int) -> bool:
        """Keep a new one; False when its owner has `most` already."""
        ...

    async def plugin(self, plugin_id: str) -> Plugin | None:
        """The one with this id, whoever made it."""
        ...

    async def plugins(
        self, owner_id: str, *, after: tuple[float, str] | None = None, limit: int
    ) -> Sequence[Plugin]:
        """Those of an owner, oldest first, from after a place of time and id on."""
        ...

    async def listening(self, owner_id: str) -> Sequence[str]:
        """Ids of an owner's plugins whose logs take what happens to worlds."""
        ...

    async def remove(self, plugin_id: str) -> bool:
        """Remove one with all that is its own; False: there was none."""
        ...

    async def seen(self, plugin_id: str, *, at: float) -> None:
        """Note that it was heard of."""
        ...

    async def in_use(self, plugin_ids: Sequence[str]) -> frozenset[str]:
        """Those of these that there are, and whose owner's account is in use."""
        ...

    async def command(self, plugin_id: str, command_id: str) -> Command | None:
        """One command."""
        ...

    async def commands(self, plugin_id: str, *, before: int | None = None, limit: int) -> Sequence[Command]:
        """Commands of a plugin, newest first, those with an entry below `before`."""
        ...
