"""What ``/metrics`` tells, in Prometheus' form."""

import platform
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from toolboxai import __version__
from toolboxai.metrics import METRICS, Family, Histogram, Sample
from toolboxai.transport.process_numbers import ProcessNumbers
from toolboxai.transport.soketi_names import SoketiNames

__all__ = ["CONTENT_TYPE", "Exposition", "Source"]

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "toolboxai_"

Source: TypeAlias = Callable[[], Iterable[Sample]]
"""Reads some numbers when they are asked for; it never waits."""


class Exposition(Collector):
    """Reads the numbers when they are asked for.

    Attributes:
        sources: where they stand; whoever knows more adds one.
        soketi: tells them under soketi's names as well; None: nobody asked for that.
    """

    def __init__(self, *sources: Source) -> None:
        self.sources: list[Source] = [*sources, _build_info]
        self.soketi: SoketiNames | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._registry.register(ProcessNumbers())

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self._registry) + (b"" if self.soketi is None else self.soketi.text())

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client."""
        found: dict[str, list[Sample]] = {name: [] for name in METRICS}
        for source in self.sources:
            for sample in source():
                found[sample.name].append(sample)
        for name, family in METRICS.items():
            yield _metric(name, family, found[name])


def _metric(name: str, family: Family, samples: Iterable[Sample]) -> Metric:
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(PREFIX + name, family.help, labels=family.labels)
        for sample in samples:
            assert isinstance(sample.value, Histogram)
            histogram.add_metric(sample.labels, sample.value.buckets(), sample.value.sum)
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(PREFIX + name.removesuffix("_total"), family.help, labels=family.labels)
    for sample in samples:
        assert not isinstance(sample.value, Histogram)
        metric.add_metric(sample.labels, sample.value)
    return metric


def _build_info() -> Iterable[Sample]:
    yield Sample("build_info", (__version__, platform.python_version()), 1)
