"""The bench of signed publishes: its requests, its count of answers, its verdict."""

import json

import pytest
from bench.machine import pinned_cores
from bench.publishing import Case, Publishers, Refused, Round, made_requests, measured, report
from bench.servers import OURS, running

from bench import publishing

ROUNDS = {
    "alone": [Round(15.0, 60_000, 0.0), Round(10.0, 60_000, 0.0), Round(16.0, 60_000, 0.2)],
    "route": [Round(120.0, 8_000, 0.0), Round(100.0, 8_000, 0.0), Round(112.0, 8_000, 0.0)],
    "batch": [Round(4.5, 200_000, 0.0), Round(3.0, 200_000, 0.0), Round(4.8, 200_000, 0.0)],
}


def test_requests_differ_and_hold_as_many_events_as_they_say() -> None:
    alone, batches = made_requests("events", 1, 3), made_requests("batch_events", 10, 3)
    assert len({*alone, *batches}) == 6
    bodies = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in batches]
    assert {len(body["batch"]) for body in bodies} == {10}
    assert {len(event["data"]) for body in bodies for event in body["batch"]} == {publishing.EVENT_BYTES}


def test_ratios_are_taken_round_by_round() -> None:
    lines, met = report(ROUNDS)
    assert "the FastAPI route against POST events                         8.00x (7.00 to 10.00)" in lines
    assert "an event of a batch against POST events                       0.30x (0.30 to 0.30)" in lines
    assert met


@pytest.mark.parametrize(("name", "cpu_us"), [("route", 90.0), ("batch", 7.0)])
def test_what_is_missed_is_said(name: str, cpu_us: float) -> None:
    lines, met = report({**ROUNDS, name: [Round(cpu_us, 1, 0.0)] * 3})
    assert not met
    assert lines[-1].endswith("NOT MET")


def test_of_disturbed_rounds_the_least_disturbed_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = iter([0.4, 0.2, 0.3])
    monkeypatch.setattr(publishing, "_try", lambda _case, _seconds: Round(1.0, 1.0, next(waited)))
    assert measured(None, 1.0).waited == 0.2  # type: ignore[arg-type]


def test_a_real_server_takes_them_all() -> None:
    with running(OURS, pinned_cores()[0]) as server:
        for call, events in (("events", 1), ("batch_events", 10)):
            found = measured(Case(call, server, made_requests(call, events, 8), events), 0.05)
            assert found.cpu_us > 0
            assert found.per_s > 0
        wrong = [made_requests("events", 1, 1)[0].replace(b"auth_key=", b"auth_key=x")]
        publishers = Publishers(server.port, wrong, 1)
        with pytest.raises(Refused, match="401"):
            publishers.run(0.05)
        publishers.close()
