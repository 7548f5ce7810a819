"""One event, three who listen: the private channel, the old socket, and the public name in its safe form."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callers import Socket
from old_school import OldSchool, old_school
from servers import APP_ID, KEY, SECRET, channel_auth
from toolboxai import limits
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.config.app_table import AppTable
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.ports import Event
from toolboxai.platform.public_names import PublicNames
from toolboxai.platform.runs.events import PublicCompat

OURS = AppTable.model_validate({"id": APP_ID, "key": KEY, "secret": SECRET}).app(own=True)
WORLD, AGENT = "private-roblox-sync-env_456", "private-agent-agent_1"


class Rows:
    """One world and one agent in org_1; another world elsewhere."""

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        del kind
        known = {"env_456": "org_1", "agent_1": "org_1", "env_9": "org_2"}
        return Ownership(known[resource_id], "user_1") if resource_id in known else None


async def org_1() -> str:
    return "org_1"


@pytest.fixture
async def school() -> AsyncIterator[OldSchool]:
    async with old_school(OURS) as school:
        yield school


@pytest.fixture
def publisher(school: OldSchool) -> PublicNames:
    here = EmbeddedPublisher(school.running.node, lambda: OURS)
    return PublicNames(here, Rows(), org_1, PublicCompat.SAFE, school.running.metrics)


def event(kind: str, seq: int, **data: object) -> Event:
    said = {"type": kind, "data": data, "timestamp": "2026-01-21T10:01:00.000Z", "seq": seq}
    return Event(kind, json.dumps(said, separators=(",", ":")))


async def enter(page: Socket, channel: str) -> None:
    auth = channel_auth(page.id, channel) if channel.startswith("private-") else ""
    await page.enter(channel, auth)


async def heard(page: Socket, count: int) -> list[dict[str, Any]]:
    messages = [await page.hear() for _ in range(count)]
    assert [message["event"] for message in messages] == [
        json.loads(message["data"])["type"] for message in messages
    ]
    return [json.loads(message["data"]) for message in messages]


async def test_r12_a_world_is_told_whole_in_private_and_on_the_old_socket_and_safe_in_public(
    school: OldSchool, publisher: PublicNames
) -> None:
    running = school.running
    async with (
        running.socket() as private,
        running.socket() as public,
        school.at("/ws/roblox", "good:1") as old,
    ):
        await enter(private, WORLD)
        await enter(public, "roblox-sync")
        assert (await old.ask("subscribe", environment_id="env_456"))["type"] == "subscribed"
        assert (await old.hear())["type"] == "snapshot"
        sent = [
            event("environment_status", 1, environment_id="env_456", status="generating", title="Anna's"),
            event("script_update", 2, environment_id="env_456", script_type="server", script_content="x = 1"),
            event("asset_ready", 3, environment_id="env_456", asset_name="Anna's", asset_type="model"),
        ]
        for each in sent:
            await publisher.publish(
                ["private-roblox-sync-env_9"], event(each.name, 7, environment_id="env_9")
            )
            await publisher.publish([WORLD], each)
            assert await old.wire.recv() == each.data
        whole, safe = await heard(private, 3), await heard(public, 3)
        assert whole == [json.loads(each.data) for each in sent]
        around = [{**said, "data": None} for said in whole]
        assert [{**said, "data": None} for said in safe] == around
        assert [said["data"] for said in safe] == [
            {"environment_id": "env_456", "status": "generating"},
            {"environment_id": "env_456", "script_type": "server"},
            {"environment_id": "env_456", "asset_type": "model"},
        ]
        await public.hears_nothing()


async def test_r14_an_agents_status_is_public_and_its_results_are_not(
    school: OldSchool, publisher: PublicNames
) -> None:
    running = school.running
    async with (
        running.socket() as private,
        running.socket() as public,
        school.at("/ws/agent/agent_1", "good:1") as old,
    ):
        await enter(private, AGENT)
        await enter(public, "agent-status")
        sent = [
            event("agent_status", 1, agent_id="agent_1", status="active", queue_length=2),
            event("task_result", 2, agent_id="agent_1", result={"lesson_title": "Anna's"}),
            event("agent_status", 3, agent_id="agent_1", status="idle", queue_length=1),
        ]
        for each in sent:
            await publisher.publish([AGENT], each)
            assert await old.wire.recv() == each.data
        assert await heard(private, 3) == [json.loads(each.data) for each in sent]
        assert await heard(public, 2) == [json.loads(sent[0].data), json.loads(sent[2].data)]
        await public.hears_nothing()


async def test_g23_who_comes_late_is_handed_what_is_kept_on_each_of_them(
    school: OldSchool, publisher: PublicNames
) -> None:
    sent = [
        event("environment_status", seq, environment_id="env_456", status="generating") for seq in (1, 2, 3)
    ]
    for each in sent:
        await publisher.publish([WORLD, "private-plugin-plugin_1"], each)
    async with (
        school.running.socket() as private,
        school.running.socket() as public,
        school.at("/ws/roblox", "good:1") as old,
        school.at("/ws/plugin/plugin_1") as plugin,
    ):
        for page, channel in ((private, WORLD), (public, "roblox-sync")):
            await enter(page, channel)
            assert [said["seq"] for said in await heard(page, 3)] == [1, 2, 3]
        await old.ask("subscribe", environment_id="env_456")
        await plugin.sign_in("good:1")
        for client, id_name, resource_id in (
            (old, "environment_id", "env_456"),
            (plugin, "plugin_id", "plugin_1"),
        ):
            snapshot = await client.hear()
            assert snapshot["data"] == {id_name: resource_id, "status": "generating", "last_seq": 3}
            assert [await client.wire.recv() for _ in range(3)] == [each.data for each in sent]


async def test_of_the_largest_scripts_as_many_are_kept_as_a_newcomer_can_be_handed_at_once(
    school: OldSchool, publisher: PublicNames
) -> None:
    line = 'print("Müller")\n'  # quotes and line ends double on their way
    frame = len(event("script_update", 100, environment_id="env_456", script_content="").data.encode())
    room = (OURS.event_bytes - frame) // len(json.dumps(line)[1:-1].encode())
    for seq in range(1, 101):
        each = event("script_update", seq, environment_id="env_456", script_content=line * room)
        assert OURS.event_bytes - 100 < len(each.data.encode()) <= OURS.event_bytes
        await publisher.publish([WORLD], each)
    history = await school.running.node.history(OURS, WORLD)
    kept = history.publications
    sizes = [len(publication.text) for publication in kept]
    assert not history.complete
    assert limits.HISTORY_BYTES - max(sizes) < sum(sizes) <= limits.HISTORY_BYTES
    assert 25 <= len(kept) < 100
    async with school.running.socket() as page, school.at("/ws/roblox", "good:1") as old:
        await enter(page, WORLD)
        newest = list(range(101 - len(kept), 101))
        assert [said["seq"] for said in await heard(page, len(kept))] == newest
        await old.ask("subscribe", environment_id="env_456")
        assert (await old.hear())["data"]["last_seq"] == 100
        assert [(await old.hear())["seq"] for _ in newest] == newest
        # Nobody was too slow for it, and what comes next comes to both.
        last = event("environment_status", 101, environment_id="env_456", status="ready")
        await publisher.publish([WORLD], last)
        assert (await page.hear())["data"] == last.data == await old.wire.recv()
    # The public name keeps the small forms of them all.
    assert len((await school.running.node.history(OURS, "roblox-sync")).publications) == 101
