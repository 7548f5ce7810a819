"""A server without a network, for the tests of programs that use the client.

::

    server = FakeServer()
    async with connect(**server.options("jane")) as jane:
        channel = await jane.subscribe("private-lesson-7")
        server.publish("private-lesson-7", "hello", {"n": 1})
        assert (await anext(aiter(channel))).data == {"n": 1}
"""

import asyncio
import itertools
import json
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypedDict
from urllib.parse import parse_qsl, quote

import httpx2

from toolboxai.client.fake_socket import FakeSocket
from toolboxai.client.presence import Member
from toolboxai.client.ways import Network
from toolboxai.protocol.channel import kind_of

__all__ = ["FakeOptions", "FakeServer", "FakeTriggered"]

_URL: Final = "http://server.test"
_TURNS: Final = 200  # of the loop; the longest row of steps that follow from one another takes some dozens


class FakeOptions(TypedDict):
    """What a client of a fake server is made from: ``connect(**options)``, or ``connect_sync(**options)``."""

    url: str
    token: str
    sleep: Callable[[float], Awaitable[None]]
    network: Network


class FakeTriggered(NamedTuple):
    """A client event that came.

    Args:
        channel: where.
        event: its name.
        data: what was sent.
        user_id: whose it is, on a presence channel.
    """

    channel: str
    event: str
    data: Any
    user_id: str | None


class FakeServer:
    """The real client runs on it, with its catching up, its queue and its presence; nothing takes time.

    It may be used from any thread, as clients without asyncio need it.
    """

    def __init__(self) -> None:
        self.triggered: list[FakeTriggered] = []
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._users: dict[str, Member] = {}
        self._sockets: set[FakeSocket] = set()
        self._subscribers: dict[str, dict[FakeSocket, Member | None]] = {}
        self._history: dict[str, list[dict[str, Any]]] = {}
        self._denied: set[str] = set()
        self._answers: dict[str, Callable[[Any], Any]] = {}
        self._cut = False
        self._asleep: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    # ---- for the test ----------------------------------------------------------------------------------------

    def options(self, user: str = "user", info: Any = None) -> FakeOptions:
        """What a client of this server is made from, for somebody.

        Args:
            user: an id.
            info: what others on a presence channel are told.
        """
        token = f"token-of-{quote(user)}"
        self._users[f"Bearer {token}"] = Member(user, info)
        network = Network(self._dial, httpx2.MockTransport(self._asked))
        return FakeOptions(url=_URL, token=token, sleep=self._sleep, network=network)

    def publish(self, channel: str, event: str, data: Any) -> None:
        """Publish an event as it is."""
        with self._lock:
            self._tell(channel, event, data)

    def message(self, channel: str, type_: str, data: Any) -> None:
        """Publish one of the server's messages: numbered, and kept for those who come later or were away."""
        with self._lock:
            kept = self._history.setdefault(channel, [])
            timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            message = {"type": type_, "data": _copied(data), "timestamp": timestamp, "seq": len(kept) + 1}
            kept.append(message)
            self._tell(channel, type_, message)

    def members(self, channel: str) -> list[str]:
        """Ids of those who are on a presence channel, each once."""
        with self._lock:
            return list(self._present(channel))

    def subscribers(self, channel: str) -> int:
        """How many connections are on a channel."""
        with self._lock:
            return len(self._subscribers.get(channel, {}))

    def deny(self, channel: str) -> None:
        """Refuse this channel to whoever asks from now on."""
        self._denied.add(channel)

    def answer(self, request: str, answer: Callable[[Any], Any]) -> None:
        """Answer a request, such as ``"GET /api/v1/agents"``, with what this makes of its JSON body."""
        self._answers[request] = answer

    def cut(self) -> None:
        """Break every connection, and let none in until `mend`; what is published meanwhile goes past them."""
        with self._lock:
            self._cut = True
            for socket in [*self._sockets]:
                socket.abort()

    def mend(self) -> None:
        """Let connections in again."""
        with self._lock:
            self._cut = False
            asleep, self._asleep = self._asleep, []
        for loop, mended in asleep:
            with suppress(RuntimeError):  # that loop is closed
                loop.call_soon_threadsafe(mended.set)

    async def settled(self) -> None:
        """Until what was begun on this loop has been told."""
        for _turn in range(_TURNS):
            await asyncio.sleep(0)

    # ---- sockets ---------------------------------------------------------------------------------------------

    async def _dial(self, _url: str) -> FakeSocket:
        with self._lock:
            if self._cut:
                raise OSError("the line is cut")
            socket = FakeSocket(f"1.{next(self._ids)}", said=self._said, gone=self._gone)
            self._sockets.add(socket)
        socket.tell("pusher:connection_established", {"socket_id": socket.socket_id, "activity_timeout": 120})
        return socket

    def _said(self, socket: FakeSocket, message: dict[str, Any]) -> None:
        with self._lock:
            event: str = message["event"]
            data: Any = message.get("data")
            if event == "pusher:ping":
                socket.tell("pusher:pong", {})
            elif event == "pusher:subscribe":
                self._join(socket, data["channel"], data.get("channel_data"))
            elif event == "pusher:unsubscribe":
                self._leave(socket, data["channel"])
            elif event.startswith("client-"):
                self._passed_on(socket, message["channel"], event, data)

    def _gone(self, socket: FakeSocket) -> None:
        with self._lock:
            self._sockets.discard(socket)
            for channel in [*self._subscribers]:
                self._leave(socket, channel)

    def _join(self, socket: FakeSocket, channel: str, channel_data: str | None) -> None:
        before = self._present(channel)
        said = {} if channel_data is None else json.loads(channel_data)
        member = Member(said["user_id"], said.get("user_info")) if said else None
        self._subscribers.setdefault(channel, {})[socket] = member
        present = self._present(channel)
        presence = {"ids": [*present], "hash": present, "count": len(present)}
        facts = {"presence": presence} if kind_of(channel).value.presence else {}
        socket.tell("pusher_internal:subscription_succeeded", facts, channel)
        if member is not None and member.id not in before:
            came = {"user_id": member.id, "user_info": member.info}
            self._tell(channel, "pusher_internal:member_added", came, but=socket)

    def _leave(self, socket: FakeSocket, channel: str) -> None:
        member = self._subscribers.get(channel, {}).pop(socket, None)
        if member is not None and member.id not in self._present(channel):
            self._tell(channel, "pusher_internal:member_removed", {"user_id": member.id})

    def _passed_on(self, socket: FakeSocket, channel: str, event: str, data: Any) -> None:
        subscribers = self._subscribers.get(channel, {})
        if socket not in subscribers:
            return
        member = subscribers[socket]
        user_id = None if member is None else member.id
        self.triggered.append(FakeTriggered(channel, event, data, user_id))
        self._tell(channel, event, data, but=socket, user_id=user_id)

    def _tell(
        self,
        channel: str,
        event: str,
        data: Any,
        *,
        but: FakeSocket | None = None,
        user_id: str | None = None,
    ) -> None:
        for socket in self._subscribers.get(channel, {}):
            if socket is not but:
                socket.tell(event, data, channel, user_id)

    def _present(self, channel: str) -> dict[str, Any]:
        some = self._subscribers.get(channel, {}).values()
        return {member.id: member.info for member in some if member is not None}

    async def _sleep(self, _seconds: float) -> None:
        """No pause takes time, but for one while the line is cut: that lasts until it is mended."""
        mended = asyncio.Event()
        with self._lock:
            if not self._cut:
                return
            self._asleep.append((asyncio.get_running_loop(), mended))
        await mended.wait()

    # ---- requests --------------------------------------------------------------------------------------------

    async def _asked(self, request: httpx2.Request) -> httpx2.Response:
        with self._lock:
            if self._cut:
                raise httpx2.ConnectError("the line is cut")
            name = f"{request.method} {request.url.path}"
            content = request.content.decode()
            if name in self._answers:
                return _answered(200, self._answers[name](json.loads(content) if content else None))
            if name == "GET /api/v1/realtime/config":
                return _answered(200, {"key": "fake", "cluster": "local"})
            if name == "GET /api/v1/realtime/history":
                kept = self._history.get(request.url.params["channel"], [])
                items = kept[int(request.url.params["after"]) :]
                return _answered(200, {"items": items, "next_cursor": None})
            if name == "POST /api/v1/pusher/auth":
                return self._signed(
                    parse_qsl(content), self._users.get(request.headers.get("Authorization", ""))
                )
        return _answered(404, {"error_code": "RESOURCE_NOT_FOUND", "message": f"nothing answers {name}"})

    def _signed(self, form: list[tuple[str, str]], user: Member | None) -> httpx2.Response:
        many = {name: self._signature(name, user) for field, name in form if field == "channel_names[]"}
        if many:
            return _answered(200, {"channels": many})
        answer = self._signature(dict(form)["channel_name"], user)
        return _answered(answer.get("status", 200), answer)

    def _signature(self, channel: str, user: Member | None) -> dict[str, Any]:
        if user is None or channel in self._denied:
            return {
                "error_code": "INSUFFICIENT_PERMISSIONS",
                "status": 403,
                "message": "you may not follow it",
            }
        member = json.dumps({"user_id": user.id, "user_info": user.info})
        facts = {"channel_data": member} if kind_of(channel).value.presence else {}
        return {"auth": "fake:signature", **facts}


def _copied(data: Any) -> Any:
    """As it is after the wire."""
    return json.loads(json.dumps(data))


def _answered(status: int, body: Any) -> httpx2.Response:
    return httpx2.Response(status, json=body)
