"""Many clients of one server who all have to be sent the same bytes: each is compared, and one copy is read.

They write and read by hand: a client library for each of thousands would take the time that the server is to have.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from callers import PATIENCE_S, UPGRADE, Http, client_frame
from servers import KEY, channel_auth

__all__ = ["Crowd", "Member", "channels_member", "echo_member", "old_member"]

TEXT = 1
Answer = Callable[[dict[str, Any]], bytes | None]
"""What a client says to a message before the stream begins; None: the stream begins behind it."""


class Frames:
    """Reads unmasked text frames as they come in."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        self._rest += data
        texts = []
        while (text := self._next()) is not None:
            texts.append(text)
        return texts

    @property
    def rest(self) -> bytes:
        """What is no whole frame yet."""
        return self._rest

    def _next(self) -> bytes | None:
        data = self._rest
        if len(data) < 4:
            return None
        assert data[0] == 0x80 | TEXT, f"no text frame: {data[:100]!r}"
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        assert size < 127 or at == 4, "no event is as large"
        if len(data) < at + size:
            return None
        self._rest = data[at + size :]
        return data[at : at + size]


class Crowd:
    """Clients that follow the same.

    Attributes:
        members: all who have come.
        texts: what was sent to them, read once.
        faults: what was wrong with what single members were sent.
    """

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.texts: list[bytes] = []
        self.faults: list[Exception] = []
        self._stream = bytearray()
        self._frames = Frames()

    def take(self, member: "Member", data: bytes) -> None:
        """Somebody has been sent this."""
        known = bytes(self._stream[member.at : member.at + len(data)])
        assert data.startswith(known), f"one was sent {data!r}, and another {known!r}"
        news = data[len(known) :]
        self._stream += news
        self.texts += self._frames.feed(news)
        member.at += len(data)

    def leave(self) -> None:
        """All of them go, without a word."""
        for member in self.members:
            member.wire.abort()

    def has(self, count: int) -> bool:
        """Whether every member has been sent as many messages, whole, and no byte more."""
        return (
            len(self.texts) == count
            and not self._frames.rest
            and all(member.at == len(self._stream) for member in self.members)
        )


class Member(asyncio.Protocol):
    """One client.

    Args:
        crowd: that it is one of.
        request: to begin with: the handshake, and what may be said at once.
        answers: to what comes before the stream begins; without it the stream begins behind the handshake.

    Attributes:
        at: how far it is in the stream.
    """

    def __init__(self, crowd: Crowd, request: bytes, answers: Answer | None) -> None:
        self._crowd = crowd
        self._request = request
        self._answers = answers
        self._head = b""
        self._frames: Frames | None = None
        self.at = 0
        self.wire: asyncio.Transport
        self.arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._streams = False

    async def comes(self, port: int, host: str) -> None:
        """Connect from this loopback address, and wait until the stream begins."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_S):
            await loop.create_connection(lambda: self, "127.0.0.1", port, local_addr=(host, 0))
            self._crowd.members.append(self)
            await self.arrived

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.wire = cast("asyncio.Transport", transport)  # uvloop's transports are of no common class
        self.wire.write(self._request)

    def data_received(self, data: bytes) -> None:
        """See asyncio; what is not as it should be fails the test, and not this call."""
        try:
            self._hears(data)
        except Exception as fault:
            if self.arrived.done():
                self._crowd.faults.append(fault)
            else:
                self.arrived.set_exception(fault)

    def _hears(self, data: bytes) -> None:
        if self._streams:
            self._crowd.take(self, data)
        elif self._frames is not None:
            self._begins(data)
        else:
            self._head += data
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if end:
                assert b" 101 " in head, head
                self._frames = Frames()
                self._begins(rest)

    def _begins(self, data: bytes) -> None:
        assert self._frames is not None
        done = self._answers is None
        for text in self._frames.feed(data):
            assert not done, f"{text!r} came before anything was sent"
            assert self._answers is not None
            answer = self._answers(json.loads(text))
            done = answer is None
            if answer:
                self.wire.write(answer)
        if done:
            assert not self._frames.rest
            self._streams = True
            self.arrived.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if not self.arrived.done():
            self.arrived.set_exception(exc or ConnectionError("it was closed before it had arrived"))

    def say(self, text: bytes) -> None:
        """One message."""
        self.wire.write(client_frame(TEXT, text))


def _handshake(path: str) -> bytes:
    return Http.request("GET", path, headers=UPGRADE)


def _said(**message: Any) -> bytes:
    return client_frame(TEXT, json.dumps(message).encode())


def old_member(crowd: Crowd, path: str, token: str, environment_id: str | None = None) -> Member:
    """A client of an old endpoint, which signs in as the guide says; its stream begins behind the snapshot."""
    said = _said(type="auth", token=f"Bearer {token}", last_seq=0)
    if environment_id is not None:
        said += _said(type="subscribe", environment_id=environment_id)

    def answers(message: dict[str, Any]) -> bytes | None:
        assert message["type"] in ("auth_response", "subscribed", "snapshot"), message
        return None if message["type"] == "snapshot" else b""

    return Member(crowd, _handshake(path) + said, answers)


def echo_member(crowd: Crowd) -> Member:
    """A client of the echo; what it hears is what it says."""
    return Member(crowd, _handshake("/ws/native"), None)


def channels_member(crowd: Crowd, channel: str) -> Member:
    """A client of a channel; its stream begins when it is in."""

    def answers(message: dict[str, Any]) -> bytes | None:
        if message["event"] == "pusher:connection_established":
            data = {"channel": channel}
            if channel.startswith("private-"):
                data["auth"] = channel_auth(json.loads(message["data"])["socket_id"], channel)
            return _said(event="pusher:subscribe", data=data)
        assert message["event"] == "pusher_internal:subscription_succeeded", message
        return None

    return Member(crowd, _handshake(f"/app/{KEY}?protocol=7&client=crowd&version=1"), answers)
