"""One app: who may connect, what is allowed, what is kept."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Literal, Protocol, TypeVar

__all__ = ["App", "AppKey", "FlowRule", "HistoryRule"]

_ABOVE_NOTHING = (  # the others may be 0: switched off
    "activity_timeout_s",
    "pong_timeout_s",
    "channel_name_chars",
    "event_bytes",
    "presence_members",
    "presence_info_bytes",
    "cache_ttl_s",
    "client_events_per_s",
)


@dataclass(frozen=True, slots=True)
class AppKey:
    """A key that clients show and the secret that signs for it; an app has several while it rotates them."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HistoryRule:
    """Channels whose events are kept and handed, in order, to whoever subscribes.

    Args:
        pattern: shell pattern over the whole channel name, such as ``*content-generation-*``.
        events: so many newest events are kept, in half a mebibyte at most.
        seconds: and for so long.
    """

    pattern: str
    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FlowRule:
    """What becomes of events on these channels while a reader does not keep up.

    Args:
        pattern: shell pattern over the whole channel name.
        conflate_by: a dotted path into the event's JSON data: of the events with the same name and the same value
            there, only the newest waits. ``event``: of the events with the same name. None: all wait.
        queue_bytes: so many bytes of one channel wait for one connection; 0: as many as may wait for a connection.
        on_full: ``close`` the connection with 4100, or ``drop_oldest`` of the channel.
    """

    pattern: str
    conflate_by: str | None = None
    queue_bytes: int = 0
    on_full: Literal["close", "drop_oldest"] = "close"


class _Rule(Protocol):
    @property
    def pattern(self) -> str: ...


_R = TypeVar("_R", bound=_Rule)
_Matchers = Sequence[tuple[Callable[[str], re.Match[str] | None], _R]]


@dataclass(frozen=True, slots=True)
class App:
    """A tenant. Units and defaults are those of the ``[[apps]]`` table in the configuration.

    Args:
        id: digits; server libraries put it in paths.
        keys: active keys, oldest first; the first signs what we send.

    Raises:
        ValueError: a time or a limit that cannot be switched off is not above 0.
    """

    id: str
    keys: tuple[AppKey, ...]
    enabled: bool = True
    client_events: bool = True
    signin: bool = True
    watchlist: bool = True
    subscription_counts: bool = False
    authorised_within_s: float = 0
    activity_timeout_s: int = 120
    pong_timeout_s: float = 30
    max_connections: int = 0
    max_connections_per_ip: int = 0
    connects_per_s_per_ip: float = 0
    allowed_origins: tuple[str, ...] = ()
    channel_name_chars: int = 200
    event_bytes: int = 10240
    presence_members: int = 100
    presence_info_bytes: int = 1024
    cache_ttl_s: float = 1800
    client_events_per_s: int = 10
    resume: bool = False
    history: tuple[HistoryRule, ...] = ()
    flow: tuple[FlowRule, ...] = ()
    secrets: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _history: _Matchers[HistoryRule] = field(init=False, repr=False, compare=False)
    _flow: _Matchers[FlowRule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in _ABOVE_NOTHING:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be above 0")
        object.__setattr__(self, "secrets", {pair.key: pair.secret for pair in self.keys})
        # Compiled here: a rule is looked for with every event that is published.
        object.__setattr__(self, "_history", _compiled(self.history))
        object.__setattr__(self, "_flow", _compiled(self.flow))

    @property
    def key(self) -> str:
        """The key to hand to clients."""
        return self.keys[0].key

    def history_rule(self, channel: str) -> HistoryRule | None:
        """The first rule whose pattern fits, or None: nothing is kept."""
        return _first(self._history, channel)

    def flow_rule(self, channel: str) -> FlowRule | None:
        """The first rule whose pattern fits, or None: everything is queued up to the cap, then it is closed."""
        return _first(self._flow, channel)


def _compiled(rules: Sequence[_R]) -> _Matchers[_R]:
    return tuple((re.compile(translate(rule.pattern)).match, rule) for rule in rules)


def _first(matchers: _Matchers[_R], channel: str) -> _R | None:
    for fits, rule in matchers:
        if fits(channel) is not None:
            return rule
    return None
