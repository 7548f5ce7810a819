"""A row that cannot fail proves nothing: each of these faults, put into our own server, is found by its row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from servers import APP_ID, KEY, SECRET, make_app, serving
from toolboxai import limits
from toolboxai.broker.members import Members
from toolboxai.broker.memory import MemoryBroker
from toolboxai.conform.run import Verdict, run
from toolboxai.conform.target import Target
from toolboxai.hub.users import Users
from toolboxai.node.app_side import AppSide
from toolboxai.node.node import Node
from toolboxai.protocol import session, subscribing
from toolboxai.protocol.channel import ChannelKind
from toolboxai.protocol.effects import Subscribe
from toolboxai.protocol.polling import HEARTBEAT, close_line
from toolboxai.transport import polling
from toolboxai.transport.answers import Answer
from toolboxai.transport.channels_http import ChannelsApi, _encode
from toolboxai.transport.polling_session import PollingSession
from toolboxai.transport.pump import Pump

Put = Callable[[Any, str, Any], None]
FAULTS: dict[str, tuple[Sequence[int], Callable[[Put], None]]] = {}


def fault(*rows: int) -> Callable[[Callable[[Put], None]], None]:
    """Register a fault under the rows that must find it."""

    def register(change: Callable[[Put], None]) -> None:
        FAULTS[change.__name__] = (rows, change)

    return register


@fault(2)
def all_sockets_have_one_id(put: Put) -> None:
    put(Node, "new_socket_id", lambda _self: "1.1")


@fault(15)
def a_binary_message_is_taken_for_text(put: Put) -> None:
    put(Pump, "receive_binary", lambda self, payload: self.receive(bytes(payload)))


@fault(18)
def unsubscribing_does_nothing(put: Put) -> None:
    put(Node, "unsubscribe", lambda _self, _connection, _channel: None)


@fault(28)
def every_join_is_told(put: Put) -> None:
    join = Members.join
    put(Members, "join", lambda self, socket_id, member: join(self, socket_id, member) or True)


@fault(29)
def every_leave_is_told(put: Put) -> None:
    leave = Members.leave

    def tells(self: Members, socket_id: str) -> str | None:
        user_id = self.user(socket_id)
        leave(self, socket_id)
        return user_id

    put(Members, "leave", tells)


@fault(40)
def of_two_channels_one_is_published_to(put: Put) -> None:
    publish = Node.publish

    async def less(self: Node, app: Any, channels: Any, *rest: Any, **more: Any) -> Any:
        return await publish(self, app, channels[:1], *rest, **more)

    put(Node, "publish", less)


@fault(44)
def any_number_of_channels_is_taken(put: Put) -> None:
    put(limits, "CHANNELS_PER_EVENT", 1000)


@fault(51)
def a_signature_is_good_for_longer(put: Put) -> None:
    put(limits, "AUTH_TIMESTAMP_WINDOW_S", 660)


@fault(51)
def a_signature_is_good_for_less(put: Put) -> None:
    put(limits, "AUTH_TIMESTAMP_WINDOW_S", 300)


@fault(43, 49, 55)
def connections_are_counted_for_users(put: Put) -> None:
    async def counts(self: MemoryBroker, app: Any, channels: Sequence[str]) -> Mapping[str, int]:
        there = {name: self._members.get((app.id, name)) for name in channels}
        return {name: len(members._users) if members else 0 for name, members in there.items()}

    put(MemoryBroker, "user_counts", counts)


@fault(57)
def a_user_is_listed_once_for_each_connection(put: Put) -> None:
    users = ChannelsApi._users

    async def listed(self: ChannelsApi, app: Any, name: str, params: Any) -> Answer:
        broker = self._node.broker
        assert isinstance(broker, MemoryBroker)
        members = broker._members.get((app.id, name))
        if members is None:
            return await users(self, app, name, params)
        return Answer(200, _encode({"users": [{"id": user_id} for user_id in members._users.values()]}))

    put(ChannelsApi, "_users", listed)


@fault(58)
def the_sender_gets_its_event_back(put: Put) -> None:
    publish = Node.publish

    async def back(self: Node, *rest: Any, exclude: str | None = None, **more: Any) -> Any:
        return await publish(self, *rest, exclude=None if more.get("origin") == "client" else exclude, **more)

    put(Node, "publish", back)


@fault(65)
def client_events_are_cached(put: Put) -> None:
    publish = Node.publish

    async def cached(self: Node, *rest: Any, origin: str = "", **more: Any) -> Any:
        return await publish(self, *rest, **more)

    put(Node, "publish", cached)


@fault(67)
def whoever_is_signed_in_hears_every_user(put: Put) -> None:
    admitted = subscribing.admitted

    def lets_in(app: Any, socket_id: str, user: Any, channel: Any, wanted: Any) -> Subscribe:
        if channel.kind is ChannelKind.SERVER_TO_USER and user is not None:
            return Subscribe(channel)
        return admitted(app, socket_id, user, channel, wanted)

    put(session, "admitted", lets_in)


@fault(76, 79, 80, 81)
def sessions_do_not_say_that_they_are_open(put: Put) -> None:
    put(polling, "OPEN", b"h\n")


@fault(77, 79)
def what_is_posted_is_thrown_away(put: Put) -> None:
    put(PollingSession, "post", lambda _self, _number, _messages: None)


@fault(78)
def a_sign_of_life_is_answered(put: Put) -> None:
    heard = PollingSession.heard

    def answers(self: PollingSession) -> None:
        heard(self)
        if not self.waits:
            self.write(HEARTBEAT)

    put(PollingSession, "heard", answers)


@fault(79)
def every_answer_begins_with_an_o(put: Put) -> None:
    bring = PollingSession.bring

    async def anew(self: PollingSession, *rest: Any, **more: Any) -> None:
        if not self.waits:
            self.write(b"o\n")
        await bring(self, *rest, **more)

    put(PollingSession, "bring", anew)


@fault(80)
def polls_never_wait(put: Put) -> None:
    poll = PollingSession._poll

    async def at_once(self: PollingSession, *rest: Any) -> None:
        if not self.waits:
            self.probe()
        await poll(self, *rest)

    put(PollingSession, "_poll", at_once)


@fault(81)
def whoever_is_refused_is_to_come_back(put: Put) -> None:
    put(polling, "close_line", lambda _code, reason: close_line(4200, reason))


@fault(82)
def preflights_are_not_answered(put: Put) -> None:
    put(polling, "_PREFLIGHT", ())


@fault(69)
def everyone_is_sent_away(put: Put) -> None:
    async def terminate(self: Node, app: Any, _user_id: str) -> None:
        for connection in self.hub(app).connections:
            connection.owner.close(4009, "You got disconnected by the app.")

    put(Node, "terminate", terminate)


@fault(69)
def one_connection_of_the_user_stays(put: Put) -> None:
    connections = Users.connections
    put(Users, "connections", lambda self, user_id: tuple(connections(self, user_id))[:1])


@fault(70)
def one_connection_of_the_watcher_is_told(put: Put) -> None:
    watchers = Users.watchers
    put(Users, "watchers", lambda self, user_id: tuple(watchers(self, user_id))[:1])


@fault(72)
def counts_are_told_on_presence_channels(put: Put) -> None:
    def count(self: AppSide, channel: Any) -> None:
        if self.counts is not None:
            self.counts.changed(channel.text)

    put(AppSide, "count", count)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_found_by_its_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, change = FAULTS[name]
    change(monkeypatch.setattr)
    async with serving(make_app(subscription_counts=True)) as server:
        target = Target(f"ws://127.0.0.1:{server.port}", APP_ID, KEY, SECRET, patience_s=1.0, silence_s=0.05)
        async with target:
            found = {each.number: each.verdict async for each in run(target, rows)}
    assert found == dict.fromkeys(rows, Verdict.FAILED)
