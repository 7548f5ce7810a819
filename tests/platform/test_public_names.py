"""The private channel first, the public name behind it: whose, in which order, and what becomes of faults."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from callers import until
from toolboxai.errors import PublishFailed
from toolboxai.metrics import Metrics
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.ports import Event
from toolboxai.platform.public_names import PublicNames
from toolboxai.platform.runs.events import PublicCompat

ORGANIZATIONS = {"env_1": "org_1", "env_2": "org_2", "agent_1": "org_1", "env_3": "org_1"}


class Rows:
    """Knows whose each is; a gate holds the next answer of one back, `fault` stands in its place."""

    def __init__(self) -> None:
        self.gates: dict[str, asyncio.Event] = {}
        self.fault: Exception | None = None
        self.asked: list[tuple[str, str]] = []

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        self.asked.append((kind, resource_id))
        gate = self.gates.pop(resource_id, None)
        if gate is not None:
            await gate.wait()
        if self.fault is not None:
            raise self.fault
        organization = ORGANIZATIONS.get(resource_id)
        return None if organization is None else Ownership(organization, "user_1")


class WayOut:
    """Notes what goes out; a channel of `shut` takes nothing."""

    def __init__(self) -> None:
        self.out: list[tuple[str, Event, str | None]] = []
        self.restored: list[str] = []
        self.shut: dict[str, PublishFailed] = {}

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        for channel in channels:
            if channel in self.shut:
                raise self.shut[channel]
            self.out.append((channel, event, exclude))
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        del events
        self.restored.append(channel)

    def on(self, channel: str) -> list[int]:
        return [json.loads(event.data)["seq"] for name, event, _ in self.out if name == channel]


class Parts:
    def __init__(self, compat: PublicCompat = PublicCompat.SAFE) -> None:
        self.way_out, self.rows, self.metrics = WayOut(), Rows(), Metrics()
        self.organization: str | None = "org_1"
        self.names = PublicNames(self.way_out, self.rows, self._organization, compat, self.metrics)

    async def _organization(self) -> str | None:
        return self.organization

    async def publish(self, *channels: str, event: Event) -> None:
        await self.names.publish(channels, event)


def status(environment_id: str, seq: int = 1) -> Event:
    data = {"environment_id": environment_id, "status": "ready", "title": "Anna's"}
    kind = "environment_status"
    return Event(
        kind, json.dumps({"type": kind, "data": data, "timestamp": "2026-01-21T10:01:00Z", "seq": seq})
    )


def agent(kind: str) -> Event:
    data = {"agent_id": "agent_1", "status": "idle", "result": "Anna's"}
    return Event(
        kind, json.dumps({"type": kind, "data": data, "timestamp": "2026-01-21T10:01:00Z", "seq": 3})
    )


async def test_the_public_name_carries_the_safe_form_after_the_private_channel() -> None:
    parts, event = Parts(), status("env_1")
    await parts.names.publish(["private-roblox-sync-env_1"], event, exclude="1.2")
    (first, whole, _), (second, safe, exclude) = parts.way_out.out
    assert (first, second) == ("private-roblox-sync-env_1", "roblox-sync")
    assert whole is event
    assert json.loads(safe.data)["data"] == {"environment_id": "env_1", "status": "ready"}
    assert (safe.name, exclude) == ("environment_status", "1.2")


async def test_full_carries_the_same_bytes() -> None:
    parts, event = Parts(PublicCompat.FULL), status("env_1")
    await parts.publish("private-roblox-sync-env_1", event=event)
    assert [(channel, said) for channel, said, _ in parts.way_out.out] == [
        ("private-roblox-sync-env_1", event),
        ("roblox-sync", event),
    ]


@pytest.mark.parametrize("compat", [PublicCompat.SAFE, PublicCompat.FULL])
async def test_another_organisations_and_nobodys_are_never_told(compat: PublicCompat) -> None:
    parts = Parts(compat)
    for environment in ("env_2", "env_unknown"):
        await parts.publish(f"private-roblox-sync-{environment}", event=status(environment))
    await parts.publish(
        "private-roblox-sync-env_1", event=status("env_2")
    )  # another's id on a channel of ours
    await parts.publish("private-roblox-sync-env_2", event=status("env_1"))
    assert parts.way_out.on("roblox-sync") == []
    parts.organization = None  # named, and not there yet
    await parts.publish("private-roblox-sync-env_1", event=status("env_1"))
    await parts.publish("private-roblox-sync-env_unknown", event=status("env_unknown"))
    assert parts.way_out.on("roblox-sync") == []
    assert parts.metrics.public_events_missed_total == 0


async def test_of_an_agent_its_status_and_never_its_results() -> None:
    parts = Parts()
    for kind in ("task_result", "agent_status", "task_progress"):
        await parts.publish("private-agent-agent_1", event=agent(kind))
    assert [event.name for channel, event, _ in parts.way_out.out if channel == "agent-status"] == [
        "agent_status"
    ]
    assert parts.rows.asked == [("agent", "agent_1")]  # what is never told is not asked about


async def test_other_channels_go_out_as_they_are_and_nothing_is_asked() -> None:
    parts = Parts()
    channels = ["private-plugin-plugin_1", "content-generation-gen_1", "private-encrypted-roblox-sync-env_1"]
    await parts.publish(*channels, event=status("env_1"))
    assert [channel for channel, _, _ in parts.way_out.out] == channels
    assert parts.rows.asked == []


async def test_an_event_for_a_world_and_its_plugin_is_told_once_in_public() -> None:
    parts = Parts()
    channels = ["private-roblox-sync-env_1", "private-plugin-plugin_1", "private-roblox-sync-env_1"]
    await parts.publish(*channels, event=status("env_1"))
    assert parts.way_out.on("roblox-sync") == [1]


async def test_the_order_is_that_of_the_private_channel_and_one_waits_for_no_other() -> None:
    parts = Parts()
    gate = parts.rows.gates["env_1"] = asyncio.Event()
    slow = [
        asyncio.create_task(parts.publish("private-roblox-sync-env_1", event=status("env_1", n)))
        for n in (1, 2, 3)
    ]
    await until(lambda: parts.way_out.on("private-roblox-sync-env_1") == [1, 2, 3])  # these wait for nothing
    await parts.publish("private-roblox-sync-env_3", event=status("env_3", 9))
    assert parts.way_out.on("roblox-sync") == [9]
    gate.set()
    await asyncio.gather(*slow)
    assert parts.way_out.on("roblox-sync") == [9, 1, 2, 3]


@pytest.mark.parametrize(
    "fault", [PublishFailed("full", retryable=True), RuntimeError("the database is away")]
)
async def test_a_fault_in_public_is_counted_and_whoever_publishes_does_not_hear_of_it(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    parts = Parts()
    if isinstance(fault, PublishFailed):
        parts.way_out.shut["roblox-sync"] = fault
    else:
        parts.rows.fault = fault
    await parts.publish("private-roblox-sync-env_1", event=status("env_1"))
    assert parts.way_out.on("private-roblox-sync-env_1") == [1]
    assert parts.metrics.public_events_missed_total == 1
    assert str(fault) in str([record.__dict__.get("reason") for record in caplog.records])
    parts.way_out.shut.clear()
    parts.rows.fault = None
    await parts.publish("private-roblox-sync-env_1", event=status("env_1", 2))
    assert parts.way_out.on("roblox-sync") == [2]


async def test_a_fault_in_private_is_told_and_nothing_is_public() -> None:
    parts = Parts()
    parts.way_out.shut["private-roblox-sync-env_1"] = PublishFailed("away", retryable=True)
    with pytest.raises(PublishFailed, match="away"):
        await parts.publish("private-roblox-sync-env_1", event=status("env_1"))
    assert parts.way_out.out == []


async def test_restoring_a_private_channel_leaves_the_common_name_alone() -> None:
    parts = Parts()
    await parts.names.restore("private-roblox-sync-env_1", [status("env_1")])
    assert parts.way_out.restored == ["private-roblox-sync-env_1"]
