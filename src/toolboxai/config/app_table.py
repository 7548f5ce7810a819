"""``[[apps]]``: one app of the Channels server, as the file writes it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from toolboxai import limits
from toolboxai.apps.app import App, AppKey, FlowRule, HistoryRule
from toolboxai.config.values import Amount, AppId, AppKeyText, AppSecret, Origin, Seconds, Table, Whole
from toolboxai.config.webhook_table import WebhookTable

__all__ = ["APPLICATION_HISTORY", "AppTable"]

_EVENTS = 200  # of one channel at most; the largest 25 to 50 of an app's default size fill its half mebibyte
_HOUR = 3600.0
_DAY = 24 * _HOUR
# What the application publishes is kept for whoever comes late.
APPLICATION_HISTORY = (
    # A teacher who opens the page late gets the whole generation: four stages with an update a second at most, and an
    # hour is longer than any generation and any lesson break.
    HistoryRule("*content-generation-*", _EVENTS, _HOUR),
    # The same for who enters a world while it is built, on its own channel and on the one of all worlds.
    HistoryRule("private-roblox-sync-*", _EVENTS, _HOUR),
    HistoryRule("roblox-sync", _EVENTS, _HOUR),
    # A plugin that was cut off, or its Studio started again, gets the commands that it missed; it knows each by its id.
    HistoryRule("private-plugin-*", _EVENTS, _HOUR),
    # An agent may have nothing to say from one evening to the next: its last word tells how it is.
    HistoryRule("private-agent-*", _EVENTS, _DAY),
    HistoryRule("agent-status", _EVENTS, _DAY),
)

# JSON may double the bytes of an event on its way, and one message has a limit of its own.
_EVENT_BYTES_MOST = limits.MESSAGE_BYTES // 2


_EVENTS_MOST = 10_000  # of a history rule


class KeyTable(Table):
    """``keys``: one of several active keys, oldest first."""

    key: AppKeyText
    secret: AppSecret


class HistoryTable(Table):
    """``[[apps.history]]``: channels whose newest events are kept."""

    pattern: Annotated[str, Field(min_length=1)]
    events: Annotated[Whole, Field(ge=1, le=_EVENTS_MOST)] = _EVENTS_MOST
    seconds: Seconds = 86400.0

    @model_validator(mode="after")
    def _bounded(self) -> "HistoryTable":
        if not self.model_fields_set & {"events", "seconds"}:
            raise ValueError("a history rule needs events = N, seconds = T, or both")
        return self


class FlowTable(Table):
    """``[[apps.flow]]``: what happens to a slow reader of these channels."""

    pattern: Annotated[str, Field(min_length=1)]
    conflate_by: Annotated[str, Field(min_length=1)] | None = None
    queue_bytes: Annotated[Whole, Field(le=limits.OUTBOX_BYTES)] = 0
    on_full: Literal["close", "drop_oldest"] = "close"


class AppTable(Table):
    """One ``[[apps]]`` entry. Times in seconds, sizes in bytes unless the name says characters; 0 switches off."""

    id: AppId
    key: AppKeyText | None = None
    secret: AppSecret | None = None
    keys: tuple[KeyTable, ...] = ()
    enabled: bool = True
    client_events: bool = True
    signin: bool = True
    watchlist: bool = True
    subscription_counts: bool = False
    authorised_within_s: Amount = 0
    activity_timeout_s: Annotated[Whole, Field(ge=1, le=86400)] = 120
    pong_timeout_s: Seconds = 30
    max_connections: Whole = 0
    max_connections_per_ip: Whole = 0
    connects_per_s_per_ip: Amount = 0
    allowed_origins: tuple[Origin, ...] = ()
    channel_name_chars: Annotated[Whole, Field(ge=1, le=1000)] = 200
    event_bytes: Annotated[Whole, Field(ge=1, le=_EVENT_BYTES_MOST)] = 10240
    presence_members: Annotated[Whole, Field(ge=1)] = 100
    presence_info_bytes: Annotated[Whole, Field(ge=1)] = 1024
    cache_ttl_s: Seconds = 1800
    client_events_per_s: Annotated[Whole, Field(ge=1)] = 10
    resume: bool = False
    history: tuple[HistoryTable, ...] = ()
    flow: tuple[FlowTable, ...] = ()
    webhooks: Annotated[tuple[WebhookTable, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _has_keys(self) -> "AppTable":
        if (self.key is None) != (self.secret is None):
            raise ValueError(
                "key and secret belong together: set both, or use keys = [{key = …, secret = …}]"
            )
        if self.key is None and not self.keys:
            raise ValueError("an app needs a key and a secret, or keys = [{key = …, secret = …}]")
        return self

    @model_validator(mode="after")
    def _webhooks_differ(self) -> "AppTable":
        if len({entry.url for entry in self.webhooks}) != len(self.webhooks):
            raise ValueError("two webhooks of an app have the same url; name it once")
        return self

    def active_keys(self) -> tuple[AppKey, ...]:
        """All keys of the app; ``key`` and ``secret`` first, they sign what we send."""
        pairs = [(pair.key, pair.secret) for pair in self.keys]
        if self.key is not None and self.secret is not None:
            pairs.insert(0, (self.key, self.secret))
        return tuple(AppKey(key, secret.get_secret_value()) for key, secret in pairs)

    def app(self, *, own: bool = False) -> App:
        """The app as the server uses it.

        Args:
            own: whether the application publishes to it; what it publishes is then kept for latecomers, after the
                rules of the file, which may say otherwise for the same channels.
        """
        rules = tuple(HistoryRule(rule.pattern, rule.events, rule.seconds) for rule in self.history)
        return App(
            id=self.id,
            keys=self.active_keys(),
            enabled=self.enabled,
            client_events=self.client_events,
            signin=self.signin,
            watchlist=self.watchlist,
            subscription_counts=self.subscription_counts,
            authorised_within_s=self.authorised_within_s,
            activity_timeout_s=self.activity_timeout_s,
            pong_timeout_s=self.pong_timeout_s,
            max_connections=self.max_connections,
            max_connections_per_ip=self.max_connections_per_ip,
            connects_per_s_per_ip=self.connects_per_s_per_ip,
            allowed_origins=self.allowed_origins,
            channel_name_chars=self.channel_name_chars,
            event_bytes=self.event_bytes,
            presence_members=self.presence_members,
            presence_info_bytes=self.presence_info_bytes,
            cache_ttl_s=self.cache_ttl_s,
            client_events_per_s=self.client_events_per_s,
            resume=self.resume,
            history=(*rules, *APPLICATION_HISTORY) if own else rules,
            flow=tuple(
                FlowRule(rule.pattern, rule.conflate_by, rule.queue_bytes, rule.on_full) for rule in self.flow
            ),
            webhooks=tuple(entry.rule() for entry in self.webhooks),
        )
