"""Both worlds side by side under load: for each row of the guide's mapping, every event once, the same, in its order.

In each session, environment, agent or plugin half of a row's clients follow; the other half must hear nothing of it.
The server's limits are as they are: the clients are spread over loopback addresses and users.
"""

import asyncio
import json
import resource
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from callers import until
from content_parts import a_session
from crowd import Crowd, Member, channels_member, echo_member, old_member
from forms import FULL
from old_school import OldSchool, old_school
from servers import APP, channel_auth
from toolboxai import limits
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.legacy.endpoints import ENDPOINTS, Endpoint, EndpointName
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.platform.content.records.sessions import Change, Stage
from toolboxai.platform.content.run.events import SessionNames, progress_update, stage_complete
from toolboxai.platform.content.run.story import session_story
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.ports import Event
from toolboxai.platform.public_names import PublicNames
from toolboxai.platform.runs.events import Draft, PublicCompat
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.protocol.publication import Publication

CLIENTS = 500 if FULL else 20  # of each row, in each world
EVENTS = 10_000 if FULL else 300  # over all rows
PATIENCE_S = 60.0
AT_ONCE = 10  # events of one row on their way: with all who follow it, far less than may wait for anyone
SECRET = "Anna's tides"  # what a teacher wrote

TYPES = {
    EndpointName.ROBLOX: ("environment_status", "script_update", "asset_ready"),
    EndpointName.AGENT: ("agent_status", "task_result"),
    EndpointName.PLUGIN: ("command", "plugin_event"),
}
ID_NAMES = {EndpointName.ROBLOX: "environment_id", EndpointName.AGENT: "agent_id"}
NOT_PUBLIC = {"task_result"}
IDS = {
    EndpointName.CONTENT: ("gen_1", "gen_2"),
    EndpointName.ROBLOX: ("env_1", "env_2"),
    EndpointName.AGENT: ("agent_1", "agent_2"),
    EndpointName.PLUGIN: ("plugin_1", "plugin_2"),
    EndpointName.NATIVE: ("",),
}
GROUPS = [(name, resource_id) for name, ids in IDS.items() for resource_id in ids]
OF_A_GROUP = EVENTS // len(GROUPS)
Publish = Callable[[int], Awaitable[str]]
"""Publish the event of this number; the envelope."""


class Rows:
    """Every environment and agent is of the organisation that may be seen in public."""

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        del kind, resource_id
        return Ownership("org_1", "user_1")


async def org_1() -> str:
    return "org_1"


@dataclass
class Group:
    """All who follow one resource, in both worlds."""

    endpoint: Endpoint
    resource_id: str
    publish: Publish
    public: Crowd | None
    old: Crowd = field(default_factory=Crowd)
    private: Crowd = field(default_factory=Crowd)
    published: list[str] = field(default_factory=list)
    half: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def channel(self) -> str:
        return self.endpoint.private_channel(self.resource_id)

    @property
    def public_events(self) -> list[dict[str, Any]]:
        """What of it has a safe form under a public name."""
        events = [json.loads(text) for text in self.published] if self.public else []
        return [said for said in events if said["type"] not in NOT_PUBLIC]

    def members(self, number: int) -> list[Member]:
        """A client in each world."""
        path = self.endpoint.path.partition("{")[0] + ("" if self.on_roblox else self.resource_id)
        if self.endpoint.authenticates:
            environment_id = self.resource_id if self.on_roblox else None
            old = old_member(self.old, path, f"good:{self.endpoint.name}{number}", environment_id)
        else:
            old = echo_member(self.old)
        members = [old, channels_member(self.private, self.channel)]
        if self.public is not None:
            members.append(channels_member(self.public, self.endpoint.public_channel(self.resource_id)))
        return members

    @property
    def on_roblox(self) -> bool:
        return self.endpoint.name is EndpointName.ROBLOX

    async def run(self) -> None:
        """Publish everything, some at a time."""
        for number in range(1, OF_A_GROUP + 1):
            self.published.append(await self.publish(number))
            if number == OF_A_GROUP // 2:
                self.half.set()
            if number % AT_ONCE == 0 or number == OF_A_GROUP:
                await self._arrived(number)

    async def _arrived(self, count: int) -> None:
        for crowd in (self.old, self.private):
            await has(crowd, count)


async def has(crowd: Crowd, count: int) -> None:
    """Until all have been sent as many messages."""
    async with asyncio.timeout(PATIENCE_S):
        while not crowd.has(count):
            assert crowd.faults == []
            await asyncio.sleep(0.001)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str, str]]:
    """How often a frame was made, by dialect, channel and data."""
    made: Counter[tuple[str, str, str]] = Counter()

    def counting(dialect: str, make: Callable[..., bytes]) -> Callable[..., bytes]:
        def counted(publication: Publication, *more: Any) -> bytes:
            if publication.event and not publication.event.startswith("pusher"):
                made[dialect, publication.channel, publication.data] += 1
            return make(publication, *more)

        return counted

    for place, dialect in (("accept.channels_frame", "channels"), ("old_sockets.event_text", "old")):
        target = f"toolboxai.transport.{place}"
        monkeypatch.setattr(target, counting(dialect, resolve_name(target)))
    return made


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Both ends of every connection are in this process: the full form needs more than the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(soft, 16_000) if FULL else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def school(made: object, descriptors: None) -> AsyncIterator[OldSchool]:
    async with old_school() as school:
        yield school


@pytest.fixture
async def store(database: AsyncEngine) -> DatabaseContentStore:
    store = DatabaseContentStore(database)
    for number in (1, 2):
        await store.create(a_session(number), active_limit=5)
    return store


def content_event(session_id: str, number: int) -> Draft:
    if number % 5 == 0:
        results = {"lesson_sections": number, "title": SECRET}
        return stage_complete(session_id, Stage.LESSON, results)
    return progress_update(session_id, Stage.QUIZ, number % 100, f"{SECRET}, {number}", None)


def groups_of(school: OldSchool, store: DatabaseContentStore) -> list[Group]:
    """One for each resource; how its events are published is the application's own way."""
    here = EmbeddedPublisher(school.running.node, lambda: APP)
    publisher = PublicNames(here, Rows(), org_1, PublicCompat.SAFE, school.running.metrics)
    public = {EndpointName.ROBLOX: Crowd(), EndpointName.AGENT: Crowd()}
    ledger = Ledger(store, publisher, SessionNames(PublicCompat.SAFE))

    def of(endpoint: Endpoint, resource_id: str) -> Group:
        async def content(number: int) -> str:
            change = Change(attempt=1, at=school.clock.now(), events=(content_event(resource_id, number),))
            (event,) = await ledger.record(resource_id, change)
            assert event.seq == number
            said = {"type": event.type, "data": event.data, "timestamp": event.timestamp, "seq": event.seq}
            return json.dumps(said, separators=(",", ":"), ensure_ascii=False)

        async def other(number: int) -> str:
            kind = TYPES[endpoint.name][number % len(TYPES[endpoint.name])]
            data = {
                ID_NAMES.get(endpoint.name, "id"): resource_id,
                "number": number,
                "text": f"{SECRET} é \u2713",
            }
            said = {"type": kind, "data": data, "timestamp": "2026-01-21T10:01:00.000Z", "seq": number}
            text = json.dumps(said, separators=(",", ":"), ensure_ascii=number % 2 == 0)
            await publisher.publish([endpoint.private_channel(resource_id)], Event(kind, text))
            return text

        async def echo(number: int) -> str:
            text = f"Hello WebSocket! {number} é"
            if number % 50 == 0:
                await school.running.advance(1.0)  # 100 a second are allowed
            for member in group.old.members:
                member.say(text.encode())
            await publisher.publish([endpoint.private], Event("echo", text))
            return text

        ways = {EndpointName.CONTENT: content, EndpointName.NATIVE: echo}
        everyone = Crowd() if endpoint.name is EndpointName.CONTENT else public.get(endpoint.name)
        group = Group(endpoint, resource_id, ways.get(endpoint.name, other), everyone)
        return group

    return [of(ENDPOINTS[name], resource_id) for name, resource_id in GROUPS]


@asynccontextmanager
async def everybody(school: OldSchool, groups: Sequence[Group]) -> AsyncIterator[None]:
    """All are there, who came twenty at a time, forty from one address, each a user of their own; then they go."""
    try:
        await arrive(school, groups)
        yield
    finally:
        for group in groups:
            for crowd in (group.old, group.private, group.public or Crowd()):
                crowd.leave()
        await until(lambda: not school.running.server._acceptor.sockets)


async def arrive(school: OldSchool, groups: Sequence[Group]) -> None:
    members: list[Member] = []
    for name, ids in IDS.items():
        row = [group for group in groups if group.endpoint.name is name]
        for number in range(CLIENTS):
            members += row[number % len(ids)].members(number)
    for start in range(0, len(members), 20):
        host = f"127.1.{start // 40 // 200}.{start // 40 % 200 + 1}"
        async with asyncio.TaskGroup() as tasks:
            for member in members[start : start + 20]:
                tasks.create_task(member.comes(school.running.port, host))


async def late(school: OldSchool, group: Group) -> None:
    """Two who come in the middle of it, and are handed what is kept: no event twice, and none left out from there on."""
    await group.half.wait()
    old_path = f"/ws/content/{group.resource_id}"
    async with (
        school.at(old_path, "good:late") as old,
        school.running.socket() as page,
    ):
        await page.enter(group.channel, channel_auth(page.id, group.channel))
        there: list[int] = []
        while not there or there[-1] < OF_A_GROUP:
            there.append((await old.hear())["seq"])
        here: list[int] = []
        while not here or here[-1] < OF_A_GROUP:
            here.append(json.loads((await page.hear())["data"])["seq"])
    for seen in (there, here):
        assert seen == list(range(seen[0], OF_A_GROUP + 1))
        assert len(seen) > OF_A_GROUP // 2
    assert len(there) >= min(limits.OLD_RECALLED, OF_A_GROUP)


def the_same(group: Group) -> None:
    """What was published stands in both worlds byte for byte, and in its safe form on the public name."""
    assert len(group.published) == OF_A_GROUP
    assert [text.decode() for text in group.old.texts] == group.published
    messages = [json.loads(text) for text in group.private.texts]
    assert [message["data"] for message in messages] == group.published
    assert {message["channel"] for message in messages} == {group.channel}
    if group.endpoint.authenticates:
        whole = [json.loads(text) for text in group.published]
        assert [message["event"] for message in messages] == [said["type"] for said in whole]
        assert [said["seq"] for said in whole] == list(range(1, OF_A_GROUP + 1))


def safe_in_public(groups: Sequence[Group], crowd: Crowd) -> None:
    """Under a public name stands each event once, in the order of its own channel, without what somebody wrote."""
    told = [json.loads(json.loads(text)["data"]) for text in crowd.texts]
    for group in groups:
        id_name = ID_NAMES.get(group.endpoint.name, "session_id")
        safe = [said for said in told if said["data"][id_name] == group.resource_id]
        around = [{**said, "data": None} for said in group.public_events]
        assert [{**said, "data": None} for said in safe] == around
        assert all(SECRET in text for text in group.published)
    assert len(told) == sum(len(group.public_events) for group in groups)
    assert not any(SECRET in text.decode() for text in crowd.texts)


def made_once(group: Group, made: Counter[tuple[str, str, str]]) -> None:
    """However many follow, each dialect has made the frame of each event once."""
    here = {key: count for key, count in made.items() if key[1] == group.channel}
    dialects = ("channels", "old") if group.endpoint.authenticates else ("channels",)
    assert here == {(each, group.channel, text): 1 for text in group.published for each in dialects}


@pytest.mark.slow
@pytest.mark.timeout(900 if FULL else 60)
@pytest.mark.parametrize("database_backend", ["sqlite"], indirect=True)
async def test_each_row_hears_the_same_in_both_worlds(
    school: OldSchool,
    store: DatabaseContentStore,
    made: Counter[tuple[str, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def recall(question: Recall, *, acknowledged: int) -> Recalled | None:
        if question.call.endpoint.name is not EndpointName.CONTENT:
            return None
        return await session_story(store, question, acknowledged=acknowledged)

    monkeypatch.setattr(school.desk, "recall", recall)
    groups = groups_of(school, store)
    names: dict[Crowd, list[Group]] = {}
    for group in groups:
        if group.public is not None:
            names.setdefault(group.public, []).append(group)
    async with everybody(school, groups):
        async with asyncio.TaskGroup() as tasks:
            for group in groups:
                tasks.create_task(group.run())
                if group.endpoint.name is EndpointName.CONTENT:
                    tasks.create_task(late(school, group))
        for crowd, those in names.items():
            await has(crowd, sum(len(group.public_events) for group in those))
    for world in ("old", "private"):
        assert sum(len(getattr(group, world).members) for group in groups) == CLIENTS * len(IDS)
    for group in groups:
        the_same(group)
        made_once(group, made)
    for crowd, those in names.items():
        safe_in_public(those, crowd)
    assert set(made.values()) == {1}
    metrics = school.running.metrics
    assert (metrics.faults_total, metrics.slow_consumers_total, metrics.public_events_missed_total) == (
        0,
        0,
        0,
    )
