"""What the system knows of this process."""

import os

import pytest
from prometheus_client import ProcessCollector

from toolboxai.transport import process_numbers
from toolboxai.transport.process_numbers import ProcessNumbers


def told(collector: ProcessNumbers | ProcessCollector) -> dict[str, tuple[str, float]]:
    return {metric.name: (metric.type, metric.samples[0].value) for metric in collector.collect()}


def test_they_are_the_librarys() -> None:
    ours, librarys = told(ProcessNumbers()), told(ProcessCollector(registry=None))
    assert {name: kind for name, (kind, _) in ours.items()} == {
        name: kind for name, (kind, _) in librarys.items()
    }
    for name in ("process_start_time_seconds", "process_max_fds"):
        assert ours[name] == librarys[name]
    for name in ("process_resident_memory_bytes", "process_cpu_seconds"):
        assert ours[name][1] == pytest.approx(librarys[name][1], rel=0.2, abs=0.1)


def test_a_descriptor_more_is_one_more() -> None:
    numbers = ProcessNumbers()
    before = told(numbers)["process_open_fds"][1]
    held = os.open(os.devnull, os.O_RDONLY)
    try:
        assert told(numbers)["process_open_fds"][1] == before + 1
    finally:
        os.close(held)


def test_where_the_system_does_not_tell_them_the_library_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_numbers, "_DESCRIPTORS", "/nowhere")
    assert told(ProcessNumbers())["process_open_fds"][1] > 0
