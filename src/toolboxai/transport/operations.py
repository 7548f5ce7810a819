"""Health and metrics: what an operator's tools ask of one process."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from toolboxai.metrics import METRIC_HELP, Metrics
from toolboxai.protocol.proxies import is_loopback
from toolboxai.transport.answers import Answer

__all__ = ["Operations"]

_TEXT = b"text/plain; charset=utf-8"


class Operations:
    """Answers the paths in `paths`.

    Args:
        metrics: the process's numbers.
        prefix: of metric names.
    """

    paths = frozenset({"/healthz", "/livez", "/up", "/readyz", "/ready", "/metrics"})

    def __init__(self, metrics: Metrics, *, prefix: str = "toolboxai_") -> None:
        self.ready = False
        self._registry = CollectorRegistry()
        self._registry.register(_Exposition(metrics, prefix))

    def handle(self, method: str, path: str, *, peer: str, forwarded: bool) -> Answer:
        """Answer one request.

        Args:
            method: GET or HEAD; others get 405.
            path: one of `paths`.
            peer: address of the other end of the connection, or the one that the PROXY protocol gives it.
            forwarded: whether a proxy passed the request on; then the peer's address says nothing.
        """
        if method not in ("GET", "HEAD"):
            return Answer(405, b"use GET\n", _TEXT)
        if path == "/metrics":
            if forwarded or not is_loopback(peer):
                return Answer(403, b"metrics are served to this machine only\n", _TEXT)
            return Answer(200, generate_latest(self._registry), b"text/plain; version=0.0.4; charset=utf-8")
        if path in ("/readyz", "/ready") and not self.ready:
            return Answer(503, b"draining\n", _TEXT)
        return Answer(200, b"ok\n", _TEXT)


class _Exposition(Collector):
    """Reads the numbers when they are asked for."""

    def __init__(self, metrics: Metrics, prefix: str) -> None:
        self._metrics = metrics
        self._prefix = prefix

    def collect(self) -> Iterable[Metric]:
        for name, value in self._metrics.snapshot().items():
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield kind(self._prefix + name.removesuffix("_total"), METRIC_HELP[name], value=value)
