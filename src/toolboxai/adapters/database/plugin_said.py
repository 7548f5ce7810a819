"""What a plugin says, written down within a transaction that has its log to itself."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from toolboxai.adapters.database.plugin_rows import OPEN, json_text
from toolboxai.adapters.database.plugin_tables import PluginCommandRow, PluginLogRow, PluginRow
from toolboxai.platform.messages.plugin import CommandStatus
from toolboxai.platform.plugins.model import WORLD_EVENTS, CommandState, PluginMessage, Taken
from toolboxai.platform.runs.events import Draft, StoredEvent, stamp

__all__ = ["Writing", "take"]

_ENVELOPE_BYTES = 120  # what stands around an entry's data, its type aside


@dataclass(slots=True)
class Writing:
    """One transaction on one log.

    Args:
        connection: in the transaction, which holds the plugin's row.
        plugin_id: whose log.
        at: Unix seconds that new entries get.
        now: Unix seconds.
        last_seq: of the newest entry.
        entries: written so far.
    """

    connection: AsyncConnection
    plugin_id: str
    at: float
    now: float
    last_seq: int
    entries: list[StoredEvent]

    async def write(
        self,
        draft: Draft,
        *,
        message_id: str | None = None,
        result_of: str | None = None,
        said_by: str | None = None,
    ) -> int:
        """The next entry; its number."""
        self.last_seq += 1
        text = json_text(draft.data)
        row = {
            "plugin_id": self.plugin_id,
            "seq": self.last_seq,
            "type": draft.type,
            "data": text,
            "size": len(text.encode()) + len(draft.type) + _ENVELOPE_BYTES,
            "at": self.at,
            "message_id": message_id,
            "result_of": result_of,
        }
        await self.connection.execute(insert(PluginLogRow).values(row))
        # As it is read again: the telling, and every door, have the same bytes.
        data = msgspec.json.decode(text)
        self.entries.append(StoredEvent(self.last_seq, draft.type, data, stamp(self.at), said_by=said_by))
        return self.last_seq

    async def seq_of(self, *which: Any) -> int | None:
        """The number of an entry; None: there is none."""
        query = select(PluginLogRow.seq).where(PluginLogRow.plugin_id == self.plugin_id, *which)
        found: int | None = await self.connection.scalar(query)
        return found


async def take(writing: Writing, message: PluginMessage, *, said_by: str | None) -> Taken:
    """Write one message, unless it was written before."""
    if message.type == "ack":
        return Taken(
            message.message_id, message.data["seq"], await _acknowledged(writing, message.data["seq"])
        )
    if message.message_id is not None:
        known = await writing.seq_of(PluginLogRow.message_id == message.message_id)
        if known is not None:
            return Taken(message.message_id, known, fresh=False)
    result_of = None
    if message.type == "command_result":
        result_of = message.data["command_id"]
        known = await _told_before(writing, result_of)
        if known is not None:
            return Taken(message.message_id, known, fresh=False)
        await _end(writing, message)
    elif message.type == "plugin_hello":
        await _hello(writing, message)
    draft = Draft(message.type, message.data)
    seq = await writing.write(draft, message_id=message.message_id, result_of=result_of, said_by=said_by)
    return Taken(message.message_id, seq, fresh=True)


async def _told_before(writing: Writing, command_id: str) -> int | None:
    """The number of the entry that told a command's end, 0 where that is kept no more; None: it has not ended."""
    known = await writing.seq_of(PluginLogRow.result_of == command_id)
    if known is not None:
        return known
    query = select(PluginCommandRow.state, PluginCommandRow.expires_at).where(
        PluginCommandRow.plugin_id == writing.plugin_id, PluginCommandRow.id == command_id
    )
    command = (await writing.connection.execute(query)).one_or_none()
    if command is None:  # of somebody who publishes commands by themselves
        return None
    is_open = command.state in (CommandState.QUEUED, CommandState.DELIVERED)
    return None if is_open and writing.now < command.expires_at else 0


async def _end(writing: Writing, message: PluginMessage) -> None:
    data, ended = message.data, CommandState(CommandStatus(message.data["status"]).value)
    result = data.get("result")
    await writing.connection.execute(
        update(PluginCommandRow)
        .where(
            PluginCommandRow.plugin_id == writing.plugin_id, PluginCommandRow.id == data["command_id"], OPEN
        )
        .values(
            state=ended.value,
            result=None if result is None else json_text(result),
            error=data.get("error"),
            ended_at=writing.now,
        )
    )
    await _handed(writing, PluginCommandRow.id == data["command_id"])  # by whichever door it was


async def _hello(writing: Writing, message: PluginMessage) -> None:
    capabilities = list(message.data["capabilities"])
    values = {
        "studio_version": message.data["studio_version"],
        "capabilities": json_text(capabilities),
        "world_events": WORLD_EVENTS in capabilities,
    }
    await writing.connection.execute(
        update(PluginRow).where(PluginRow.id == writing.plugin_id).values(values)
    )


async def _acknowledged(writing: Writing, seq: int) -> bool:
    """Whether some command counts as delivered from now on."""
    queued = (
        PluginCommandRow.seq
        <= min(seq, writing.last_seq),  # Postgres compares no number that is too long for it
        PluginCommandRow.state == CommandState.QUEUED.value,
        PluginCommandRow.expires_at > writing.now,
    )
    handed = (PluginCommandRow.plugin_id == writing.plugin_id, *queued)
    done = await writing.connection.execute(
        update(PluginCommandRow)
        .where(*handed)
        .values(state=CommandState.DELIVERED.value, delivered_at=writing.now)
    )
    return done.rowcount > 0


async def _handed(writing: Writing, which: Any) -> None:
    first = (PluginCommandRow.plugin_id == writing.plugin_id, which, PluginCommandRow.delivered_at.is_(None))
    await writing.connection.execute(update(PluginCommandRow).where(*first).values(delivered_at=writing.now))
