"""What is asked of plugins, and answered, as JSON."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from toolboxai.platform.plugins.commands import EXPIRES_IN_S
from toolboxai.platform.plugins.log import PLUGIN_CHANNEL
from toolboxai.platform.plugins.messages import BATCH_MOST
from toolboxai.platform.plugins.model import KEPT_S, Command, LogPage, Plugin, PluginMessage
from toolboxai.platform.runs.events import envelope
from toolboxai.web.times import timestamp
from toolboxai.web.whole_text import whole_text

__all__ = [
    "CommandAnswer",
    "CommandBody",
    "CommandsAnswer",
    "ConfigBody",
    "MessageBody",
    "MessagesBody",
    "PageAnswer",
    "PluginAnswer",
    "PluginBody",
    "PluginsAnswer",
    "RegisteredAnswer",
    "TakenAnswer",
    "TakenItem",
    "command_item",
    "page_answer",
    "plugin_item",
]

_PREFIX = "/api/v1/plugins"
_NAME_CHARS = 200
_Word = Annotated[str, Field(min_length=1, max_length=64)]
_Id = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)


class PluginBody(_Strict):
    """A plugin to be; what it says of itself later takes the place of the last two."""

    name: Annotated[str, Field(min_length=1, max_length=_NAME_CHARS)]
    studio_version: Annotated[str, Field(max_length=100)] = ""
    capabilities: Annotated[list[_Word], Field(max_length=50)] = []

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or not value.strip():
            raise ValueError("at least one character, and only such as can be printed")
        return value.strip()


class ConfigBody(RootModel[dict[str, Any]]):
    """Settings of a plugin: any JSON object of its owner's making."""

    _whole = field_validator("root", mode="before")(whole_text)


class Transports(BaseModel):
    """The doors to a plugin's log; all of them lead to the same entries."""

    websocket: str
    sse: str
    long_poll: str
    channels: str


class PluginAnswer(BaseModel):
    """All that is known of a plugin; times are RFC 3339, UTC. ``last_seen`` is null before its first request."""

    plugin_id: str
    name: str
    studio_version: str
    capabilities: list[str]
    connected: bool
    last_seen: str | None
    last_seq: int
    config: dict[str, Any]
    channel: str
    transports: Transports
    created_at: str


class RegisteredAnswer(PluginAnswer):
    """A new plugin; ``token`` is told this once."""

    token: str


class PluginsAnswer(BaseModel):
    """Plugins, oldest first."""

    items: list[PluginAnswer]
    next_cursor: str | None


class MessageBody(_Strict):
    """One message; with a ``message_id`` of the plugin's own it counts once, however often it is sent."""

    type: _Word
    data: dict[str, Any]
    message_id: _Id | None = None

    def message(self) -> PluginMessage:
        """As the log takes it."""
        return PluginMessage(type=self.type, data=self.data, message_id=self.message_id)


class MessagesBody(_Strict):
    """What a plugin says, in order."""

    messages: Annotated[list[MessageBody], Field(min_length=1, max_length=BATCH_MOST)]


class TakenItem(BaseModel):
    """What became of a message: ``seq`` is its entry's number, ``fresh`` whether it was new."""

    message_id: str | None
    seq: int
    fresh: bool


class TakenAnswer(BaseModel):
    """All messages of the request, in its order."""

    items: list[TakenItem]


class LogItem(BaseModel):
    """One entry, as every door shows it."""

    type: str
    data: dict[str, Any]
    timestamp: str
    seq: int


class PageAnswer(BaseModel):
    """Entries in order. ``complete`` is false where older ones than these were asked for, and are kept no more."""

    items: list[LogItem]
    next_cursor: int
    complete: bool


class CommandBody(_Strict):
    """What a plugin is to do; under a ``command_id`` of the asker's own it is queued once."""

    action: _Word
    payload: dict[str, Any] = {}
    expires_in_s: Annotated[int, Field(ge=1, le=int(KEPT_S), strict=True)] = EXPIRES_IN_S
    command_id: _Id | None = None


class CommandAnswer(BaseModel):
    """A command, and what became of it; what has not happened yet is null."""

    command_id: str
    plugin_id: str
    action: str
    payload: dict[str, Any]
    status: str
    seq: int
    result: Any
    error: str | None
    created_at: str
    expires_at: str
    delivered_at: str | None
    ended_at: str | None


class CommandsAnswer(BaseModel):
    """Commands, newest first."""

    items: list[CommandAnswer]
    next_cursor: str | None


def plugin_item(plugin: Plugin, *, connected: bool) -> PluginAnswer:
    """A plugin as it is answered."""
    path = f"{_PREFIX}/{plugin.id}"
    channel = PLUGIN_CHANNEL + plugin.id
    return PluginAnswer(
        plugin_id=plugin.id,
        name=plugin.name,
        studio_version=plugin.studio_version,
        capabilities=list(plugin.capabilities),
        connected=connected,
        last_seen=None if plugin.last_seen_at is None else timestamp(plugin.last_seen_at),
        last_seq=plugin.last_seq,
        config=dict(plugin.config or {}),
        channel=channel,
        transports=Transports(
            websocket=f"/ws/plugin/{plugin.id}",
            sse=f"{path}/events",
            long_poll=f"{path}/messages",
            channels=channel,
        ),
        created_at=timestamp(plugin.created_at),
    )


def command_item(command: Command, now: float) -> CommandAnswer:
    """A command as it is answered, at a time in Unix seconds."""
    ended = command.ended(now)
    return CommandAnswer(
        command_id=command.id,
        plugin_id=command.plugin_id,
        action=command.action,
        payload=dict(command.payload),
        status=command.state_at(now).value,
        seq=command.seq,
        result=command.result,
        error=command.error,
        created_at=timestamp(command.created_at),
        expires_at=timestamp(command.expires_at),
        delivered_at=None if command.delivered_at is None else timestamp(command.delivered_at),
        ended_at=None if ended is None else timestamp(ended),
    )


def page_answer(page: LogPage) -> PageAnswer:
    """Part of a log as it is answered."""
    items = [LogItem(**envelope(entry)) for entry in page.entries]
    return PageAnswer(items=items, next_cursor=page.next_cursor, complete=page.complete)
