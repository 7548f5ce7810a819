"""The numbers of the service, named once.

Each is a plain number that its owner counts up in place; ``/metrics`` reads them when it is asked, so counting
costs one addition on the hot path. Names follow Prometheus: unit last, ``_total`` on what only grows. Labels have few
values: apps that are served, and words of this code; never anything that a stranger chose.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, NamedTuple, overload

__all__ = ["METRICS", "AppMetrics", "Family", "Histogram", "Metrics", "Sample"]


class Family(NamedTuple):
    """What is told under one name.

    Args:
        kind: as Prometheus names it.
        help: one phrase.
        labels: names of what tells its samples apart.
    """

    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


_APP: Final = ("app",)

METRICS: Final[dict[str, Family]] = {
    # connections
    "connections": Family("gauge", "open connections", ("app", "transport")),
    "connections_total": Family("counter", "connections accepted", ("app", "transport")),
    "connections_closed_total": Family(
        "counter",
        "connections that have ended, by who ended them and with which close code",
        ("app", "by", "code"),
    ),
    "connections_refused_total": Family(
        "counter", "connections closed before they were established, and why", ("reason",)
    ),
    "ip_quota_refused_total": Family(
        "counter",
        "connections refused because as many of their address are there as may be; part of connections_refused_total",
    ),
    "ip_rate_refused_total": Family(
        "counter",
        "connections refused because their address connects faster than it may; part of connections_refused_total",
    ),
    "proxy_headers_refused_total": Family(
        "counter", "connections refused for their PROXY header: broken, missing, or from where none is taken"
    ),
    "handshakes_timed_out_total": Family(
        "counter", "connections closed because no whole request came in time"
    ),
    "waiting_crowded_out_total": Family(
        "counter",
        "connections closed, who had waited longest first, because too many had no whole request",
    ),
    "framing_faults_total": Family(
        "counter",
        "WebSockets closed because their client broke the framing or a bound of it: size, fragments, control frames, UTF-8",
    ),
    "connections_aborted_total": Family(
        "counter", "connections cut off because the close was not taken or answered in time"
    ),
    "connections_lagging": Family("gauge", "connections that take less than is written to them", _APP),
    "outbox_queued_bytes": Family("gauge", "bytes that wait for connections which lag", _APP),
    "slow_consumers_total": Family(
        "counter", "connections closed because more than the cap waited for them", _APP
    ),
    "channels": Family("gauge", "channels with a subscriber", _APP),
    # messages
    "messages_received_total": Family("counter", "messages that clients sent", _APP),
    "received_bytes_total": Family("counter", "bytes of the messages that clients sent", _APP),
    "messages_sent_total": Family(
        "counter", "messages handed to connections: deliveries and the protocol's own", _APP
    ),
    "sent_bytes_total": Family(
        "counter", "bytes of the messages handed to connections, with their framing", _APP
    ),
    "publications_total": Family("counter", "events accepted by the broker, one per channel", _APP),
    "deliveries_total": Family("counter", "events handed to a connection's outbox", _APP),
    "delivery_seconds": Family(
        "histogram",
        "from an event's coming from the broker until all its subscribers' sockets have it; on a large channel, those of a slice",
    ),
    "client_events_total": Family("counter", "client events accepted", _APP),
    "events_conflated_total": Family(
        "counter", "events left out for a slow reader because a newer one of their kind came", _APP
    ),
    "events_dropped_total": Family(
        "counter", "events left out for a slow reader because its queue was full", _APP
    ),
    "places_forgotten_total": Family(
        "counter", "places of readers, in apps that resume, that were forgotten for want of room"
    ),
    # the signed HTTP API
    "http_requests_total": Family("counter", "requests of the signed HTTP API; of no app, unknown", _APP),
    "http_refused_total": Family("counter", "requests of the signed HTTP API that were refused", ("status",)),
    "http_received_bytes_total": Family("counter", "bytes of the bodies of such requests", _APP),
    "http_sent_bytes_total": Family("counter", "bytes of the bodies of their answers", _APP),
    # the application
    "publish_failures_total": Family(
        "counter", "events of the application that another Channels service did not take, all tries over"
    ),
    "public_events_missed_total": Family(
        "counter",
        "events of environments and agents that their private channel has carried and the public name has not, for a fault",
    ),
    "jobs": Family("gauge", "jobs of this process that run, or wait for their turn", ("state",)),
    # webhooks
    "webhooks_waiting": Family("gauge", "webhooks in the queue that the far side has not taken yet"),
    "webhooks_queued_total": Family("counter", "webhooks written to the queue"),
    "webhooks_delivered_total": Family("counter", "webhooks that the far side took with a 2xx"),
    "webhook_failures_total": Family("counter", "tries of a webhook that failed"),
    "webhooks_dead_total": Family("counter", "webhooks given up after their last try; they can be replayed"),
    "webhook_events_dropped_total": Family(
        "counter", "events that no webhook carries, because too many waited for the database or the far side"
    ),
    "webhooks_received_total": Family(
        "counter", "webhooks for our app that came in, with a signature that holds"
    ),
    # the old sockets
    "legacy_connections": Family(
        "gauge", "open connections of the old WebSocket endpoints; part of connections", ("endpoint",)
    ),
    "legacy_connections_total": Family(
        "counter", "connections accepted at the old WebSocket endpoints", ("endpoint",)
    ),
    "legacy_connections_refused_total": Family(
        "counter",
        "connections of the old WebSocket endpoints refused before the handshake, and why",
        ("reason",),
    ),
    # the process
    "ready": Family("gauge", "1 where a check of /readyz holds, 0 where it does not", ("check",)),
    "loop_lag_seconds": Family(
        "histogram", "how late the event loop came to what was due, looked at once a second"
    ),
    "tls_certificate_expires_at_seconds": Family(
        "gauge", "unix time at which the TLS certificate expires; 0 without TLS"
    ),
    "faults_total": Family("counter", "errors of our own, logged with their trace"),
    "build_info": Family("gauge", "always 1", ("version", "python")),
}
"""All names, without the prefix, in the order in which they are told."""


class Histogram:
    """How often values fell between bounds.

    Args:
        bounds: upper ones, inclusive, growing.
    """

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, *bounds: float) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: the bound as text, and how many values were not above it."""
        found, total = [], 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            total += count
            found.append(("+Inf" if bound == float("inf") else f"{bound:g}", float(total)))
        return found


class Sample(NamedTuple):
    """One number of a family.

    Args:
        name: of the family.
        labels: values, as the family has names.
        value: what is told.
    """

    name: str
    labels: tuple[str, ...]
    value: "float | Histogram"


@dataclass(slots=True)
class AppMetrics:
    """The numbers of one app, by name; where a family has more labels than the app, counted by those."""

    connections: Counter[str] = field(default_factory=Counter)
    connections_total: Counter[str] = field(default_factory=Counter)
    connections_closed_total: Counter[tuple[str, str]] = field(default_factory=Counter)
    slow_consumers_total: int = 0
    messages_received_total: int = 0
    received_bytes_total: int = 0
    messages_sent_total: int = 0
    sent_bytes_total: int = 0
    publications_total: int = 0
    deliveries_total: int = 0
    client_events_total: int = 0
    events_conflated_total: int = 0
    events_dropped_total: int = 0
    http_requests_total: int = 0
    http_received_bytes_total: int = 0
    http_sent_bytes_total: int = 0


class _OfAllApps:
    """An attribute that is the sum over all apps, and what is of none."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, metrics: None, owner: type) -> "_OfAllApps": ...
    @overload
    def __get__(self, metrics: "Metrics", owner: type) -> int: ...
    def __get__(self, metrics: "Metrics | None", owner: type) -> "_OfAllApps | int":
        if metrics is None:
            return self
        values = [getattr(app, self._name) for app in (metrics.no_app, *metrics.apps.values())]
        return sum(value.total() if isinstance(value, Counter) else value for value in values)


def _fan_out() -> Histogram:
    return Histogram(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


def _lag() -> Histogram:
    return Histogram(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass
class Metrics:
    """The numbers of one process, by name.

    Attributes:
        apps: those of each app, by id; apps that are gone have none.
        no_app: those of requests of the signed HTTP API that name no app of ours.
    """

    apps: dict[str, AppMetrics] = field(default_factory=dict)
    no_app: AppMetrics = field(default_factory=AppMetrics)
    connections_refused_total: Counter[str] = field(default_factory=Counter)
    ip_quota_refused_total: int = 0
    ip_rate_refused_total: int = 0
    proxy_headers_refused_total: int = 0
    handshakes_timed_out_total: int = 0
    waiting_crowded_out_total: int = 0
    framing_faults_total: int = 0
    connections_aborted_total: int = 0
    delivery_seconds: Histogram = field(default_factory=_fan_out)
    places_forgotten_total: int = 0
    http_refused_total: Counter[str] = field(default_factory=Counter)
    publish_failures_total: int = 0
    public_events_missed_total: int = 0
    webhooks_queued_total: int = 0
    webhooks_delivered_total: int = 0
    webhook_failures_total: int = 0
    webhooks_dead_total: int = 0
    webhook_events_dropped_total: int = 0
    webhooks_received_total: int = 0
    legacy_connections: Counter[str] = field(default_factory=Counter)
    legacy_connections_total: Counter[str] = field(default_factory=Counter)
    legacy_connections_refused_total: Counter[str] = field(default_factory=Counter)
    loop_lag_seconds: Histogram = field(default_factory=_lag)
    tls_certificate_expires_at_seconds: int = 0
    faults_total: int = 0

    connections = _OfAllApps()
    connections_total = _OfAllApps()
    slow_consumers_total = _OfAllApps()
    messages_received_total = _OfAllApps()
    messages_sent_total = _OfAllApps()
    publications_total = _OfAllApps()
    deliveries_total = _OfAllApps()
    client_events_total = _OfAllApps()
    events_conflated_total = _OfAllApps()
    events_dropped_total = _OfAllApps()
    http_requests_total = _OfAllApps()

    def app(self, app_id: str) -> AppMetrics:
        """Those of one app, from now on told."""
        return self.apps.setdefault(app_id, AppMetrics())

    def samples(self) -> Iterator[Sample]:
        """All that was counted."""
        for each in fields(self):
            if each.name not in ("apps", "no_app"):
                yield from _told(each.name, (), getattr(self, each.name))
        for each in fields(self.no_app):
            if each.name.startswith("http_"):
                yield from _told(each.name, ("unknown",), getattr(self.no_app, each.name))
        for app_id, app in tuple(self.apps.items()):
            for each in fields(app):
                yield from _told(each.name, (app_id,), getattr(app, each.name))


def _told(name: str, labels: tuple[str, ...], value: "float | Histogram | Counter[Any]") -> Iterator[Sample]:
    if isinstance(value, Counter):
        for key, count in tuple(value.items()):
            yield Sample(name, (*labels, key) if isinstance(key, str) else (*labels, *key), count)
    else:
        yield Sample(name, labels, value)
