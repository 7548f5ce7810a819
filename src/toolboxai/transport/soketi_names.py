"""The names under which soketi tells its numbers, so that boards and alerts made for it go on."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from toolboxai.metrics import AppMetrics
from toolboxai.node.node import Node

__all__ = ["SOKETI_NAMES", "SoketiName", "SoketiNames"]


class SoketiName(NamedTuple):
    """One of them.

    Args:
        kind: as soketi declares it; its counters of bytes have no ``_total``.
        help: one phrase.
        ours: the attribute of ``AppMetrics`` that it tells; where that is counted by something, the sum.
    """

    kind: Literal["counter", "gauge"]
    help: str
    ours: str


SOKETI_NAMES: Final[dict[str, SoketiName]] = {
    "connected": SoketiName("gauge", "open connections", "connections"),
    "new_connections_total": SoketiName("counter", "connections accepted", "connections_total"),
    "new_disconnections_total": SoketiName(
        "counter", "connections that have ended", "connections_closed_total"
    ),
    "socket_received_bytes": SoketiName("counter", "bytes that clients sent", "received_bytes_total"),
    "socket_transmitted_bytes": SoketiName("counter", "bytes sent to clients", "sent_bytes_total"),
    "ws_messages_received_total": SoketiName(
        "counter", "messages that clients sent", "messages_received_total"
    ),
    "ws_messages_sent_total": SoketiName("counter", "messages sent to clients", "messages_sent_total"),
    "http_received_bytes": SoketiName(
        "counter", "bytes that the HTTP API was sent", "http_received_bytes_total"
    ),
    "http_transmitted_bytes": SoketiName("counter", "bytes that it answered", "http_sent_bytes_total"),
    "http_calls_received_total": SoketiName("counter", "calls of the HTTP API", "http_requests_total"),
}
"""Those that mean something in one process: soketi's ``horizontal_adapter_…`` count what its nodes ask each other."""


@dataclass(frozen=True, slots=True)
class SoketiNames(Collector):
    """Reads the numbers of each app when they are asked for.

    Args:
        node: of the process.
        prefix: before each name.
        port: on which the process listens, asked each time.
    """

    node: Node
    prefix: str
    port: Callable[[], int]

    def text(self) -> bytes:
        """All of them."""
        registry = CollectorRegistry()
        registry.register(self)
        text = generate_latest(registry)
        for name, each in SOKETI_NAMES.items():
            if each.kind == "counter" and not name.endswith("_total"):
                # The library writes ``_total`` behind what it knows for a counter. Untyped it leaves the name alone.
                line = f"# TYPE {self.prefix}{name} "
                text = text.replace(f"{line}untyped\n".encode(), f"{line}counter\n".encode())
        return text

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        port = str(self.port())
        for name, each in SOKETI_NAMES.items():
            full = self.prefix + name
            if each.kind == "counter":
                total = name.endswith("_total")
                metric = Metric(full.removesuffix("_total"), each.help, "counter" if total else "unknown")
            else:
                metric = Metric(full, each.help, "gauge")
            for app in self.node.apps:
                value = _value(self.node.app_metrics(app), each.ours)
                metric.add_sample(full, {"app_id": app.id, "port": port}, value)
            yield metric


def _value(metrics: AppMetrics, name: str) -> int:
    value: int | Counter[str] = getattr(metrics, name)
    return value.total() if isinstance(value, Counter) else value
