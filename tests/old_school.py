"""The old sockets on a server in this process: the door is real, the application behind it is a few lines.

Its people sign in with tokens that say who they are, it keeps one story for each session, and its clock is the test's.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from callers import PATIENCE_S
from servers import APP, Running, serving
from toolboxai.apps.app import App
from toolboxai.close_codes import OldCloseCode
from toolboxai.config.legacy_table import LegacyTable
from toolboxai.legacy.admissions import Admissions, Limits
from toolboxai.legacy.deprecation import Deprecation
from toolboxai.legacy.endpoints import EndpointName
from toolboxai.legacy.questions import (
    Admitted,
    Authenticate,
    CancelGeneration,
    Denial,
    Denied,
    Done,
    Follow,
    Recall,
    Recalled,
    Refused,
    Relay,
)
from toolboxai.platform.runs.events import stamp
from toolboxai.protocol.allow_list import AllowList
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.transport.pump import Pump

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    user_id: str
    organization_id: str = "org_1"


@dataclass
class SchoolDesk:
    """Knows the tokens ``good:USER`` (an hour), ``short:USER`` (a minute) and ``student:USER``; all else is none.

    Attributes:
        foreign: resources that are not there, or another's.
        stories: by session: its events so far, as JSON text.
        asked: every question.
        gate: shut, it lets nobody know the answer.
        relays_to: where what plugins say is published; None: nowhere.
        revoked: users whose tokens hold no more.
    """

    foreign: set[str] = field(default_factory=set)
    stories: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    relays_to: Running | None = None
    revoked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.gate.set()

    async def answer(self, question: Any) -> Any:
        self.asked.append(question)
        await self.gate.wait()
        match question:
            case Authenticate():
                return self._authenticated(question)
            case Follow(resource_id=resource_id):
                return Denied(Denial.NO_RESOURCE) if resource_id in self.foreign else Done()
            case CancelGeneration():
                return Refused("CONFLICT", "it is over already")
            case Relay(channel=channel, type=kind, text=text, exclude=exclude):
                if self.relays_to is not None:
                    await self.relays_to.trigger(channel, kind, text, socket_id=exclude)
                return Done()
        raise AssertionError(question)

    def holds(self, principal: Any) -> bool:
        return principal.user_id not in self.revoked

    def parting(self, principal: Any) -> tuple[int, str]:
        return OldCloseCode.AUTH_REQUIRED, "The token does not hold any more"

    async def recall(self, question: Recall, *, acknowledged: int) -> Recalled | None:
        self.asked.append(question)
        await self.gate.wait()
        if question.call.endpoint.name is not EndpointName.CONTENT:
            return None
        story = self.stories.get(question.resource_id, [])
        after = acknowledged if question.after is None else question.after
        end = len(story) + 1 if question.before is None else question.before
        events = [(number, story[number - 1]) for number in range(after + 1, end) if number <= len(story)]
        return Recalled({"status": "running"}, events, len(story))

    def _authenticated(self, question: Authenticate) -> Admitted | Denied:
        kind, _, user_id = (question.token or "").removeprefix("Bearer ").partition(":")
        if kind not in ("good", "short", "student") or not user_id:
            return Denied(Denial.BAD_TOKEN)
        if question.user_id not in (None, user_id):
            return Denied(Denial.OTHER_USER)
        role = "student" if kind == "student" else "teacher"
        lifetime_s = 60.0 if kind == "short" else 3600.0
        who = Admitted(user_id, role, ["roblox:read", "content:generate"], lifetime_s, Person(user_id))
        if kind == "student" and question.call.endpoint.name is EndpointName.AGENT:
            return Denied(Denial.NO_PERMISSION, who=who)
        if question.call.resource_id in self.foreign:
            return Denied(Denial.NO_RESOURCE, who=who)
        return who


@dataclass
class Book:
    """The ledger: what was noted."""

    lines: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def opened(self, **use: str) -> None:
        self.lines.append(("opened", use))

    def closed(self, messages: int, **use: str) -> None:
        self.lines.append(("closed", {"messages": messages, **use}))


class OldClient:
    """A client that says and hears exactly what a test tells it to."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire

    async def say(self, kind: str, **fields: object) -> None:
        await self.wire.send(json.dumps({"type": kind, **fields}))

    async def hear(self) -> Json:
        """The next message."""
        async with asyncio.timeout(PATIENCE_S):
            message: Json = json.loads(await self.wire.recv())
            return message

    async def until(self, kind: str) -> Json:
        """The next message of this type; others before it are passed over."""
        while True:
            message = await self.hear()
            if message["type"] == kind:
                return message

    async def ask(self, kind: str, **fields: object) -> Json:
        await self.say(kind, **fields)
        return await self.hear()

    async def sign_in(self, token: str, **fields: object) -> Json:
        """The answer to a sign-in; what a good one is followed by has still to be heard."""
        return await self.ask("auth", token=f"Bearer {token}", **fields)

    async def ended(self) -> tuple[list[Json], int, str]:
        """What is still said, then code and reason of the close."""
        said: list[Json] = []
        try:
            while True:
                said.append(await self.hear())
        except ConnectionClosed:
            return said, self.wire.close_code or 0, self.wire.close_reason or ""


@dataclass
class OldSchool:
    """The server and what is behind its door."""

    running: Running
    desk: SchoolDesk
    book: Book
    admissions: Admissions[Pump]
    clock: ManualClock

    @asynccontextmanager
    async def at(self, path: str, token: str | None = None, **options: Any) -> AsyncIterator[OldClient]:
        """A client at this path; with a token it is signed in, and has heard ``auth_response`` and ``snapshot``."""
        usual: Json = {"compression": None, "ping_interval": None, "proxy": None, "max_size": None}
        usual["ssl"] = self.running.trust
        async with connect(self.running.socket_origin + path, **{**usual, **options}) as wire:
            client = OldClient(wire)
            if token is not None:
                answer = await client.sign_in(token, last_seq=0)
                assert answer["type"] == "auth_response", answer
                if path != "/ws/roblox":
                    assert (await client.hear())["type"] == "snapshot"
            yield client

    async def publish(self, channel: str, kind: str, seq: int | None = None, **data: object) -> str:
        """As the application does; the envelope."""
        envelope: Json = {"type": kind, "data": data, "timestamp": stamp(self.clock.now())}
        if seq is not None:
            envelope["seq"] = seq
        text = json.dumps(envelope, separators=(",", ":"))
        await self.running.trigger(channel, kind, text)
        return text


@asynccontextmanager
async def old_school(
    app: App = APP,
    *,
    legacy: LegacyTable | None = None,
    limits: Limits | None = None,
    drain_s: float = 0.0,
    port: int = 0,
    **server: Any,
) -> AsyncIterator[OldSchool]:
    """A server with old sockets, until the block ends; `server` is for `serving`."""
    legacy = legacy or LegacyTable()
    clock, desk, book = ManualClock(), SchoolDesk(), Book()
    admissions = Admissions[Pump](limits or Limits(), allow_list=AllowList(server.get("allow_list", ())))
    parts = OldSocketsParts(
        desk=desk,
        deprecation=Deprecation(legacy.policies(), lambda: f"/app/{app.key}", notice=legacy.notice),
        admissions=admissions,
        ledger=book,
        stamp=stamp,
        messages_per_minute=legacy.limits.messages_per_minute,
        auth_attempts_per_minute=legacy.limits.auth_attempts_per_minute,
        dice=random.Random(5),
    )
    async with serving(app, clock=clock, old_sockets=parts, drain_s=drain_s, port=port, **server) as running:
        yield OldSchool(running, desk, book, admissions, clock)
