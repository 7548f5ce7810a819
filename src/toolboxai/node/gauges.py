"""What stands in a node at this moment, as numbers; read when they are asked for."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from toolboxai.hub.about import Transport
from toolboxai.metrics import Sample
from toolboxai.node.node import Node

__all__ = ["node_samples"]

_LOOKED_AT: Final = 10_000  # lagging connections whose queues are added up: a few milliseconds


def node_samples(node: Node) -> Iterable[Sample]:
    """All that was counted, and what can be seen."""
    yield from node.metrics.samples()
    for app in node.apps:
        hub, metrics = node.hub(app), node.metrics.app(app.id)
        for transport in Transport:  # so that there is a nought before the first comes
            for name in ("connections", "connections_total"):
                if transport not in getattr(metrics, name):
                    yield Sample(name, (app.id, transport), 0)
        yield Sample("channels", (app.id,), hub.occupied)
        yield Sample("connections_lagging", (app.id,), len(hub.lagging))
        waiting = sum(connection.outbox.waiting_bytes for connection in islice(hub.lagging, _LOOKED_AT))
        yield Sample("outbox_queued_bytes", (app.id,), waiting)
