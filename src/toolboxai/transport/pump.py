"""Carries out what a session asks for, whatever the transport below it and the dialect that it speaks."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.errors import ChannelFull, PublishFailed, StorageUnavailable, SubscriptionDenied
from toolboxai.hub.about import NOBODY, Visitor
from toolboxai.hub.connection import GONE, LOST, Connection
from toolboxai.hub.outbox import Outbox, Wire
from toolboxai.node.background import Background
from toolboxai.node.catch_up import Arrival
from toolboxai.node.feed_entry import Kind
from toolboxai.node.immediate import run_immediate
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.dialogue import Dialogue
from toolboxai.protocol.effects import (
    Ask,
    Broadcast,
    Close,
    Effect,
    HandedOver,
    Ponged,
    Probe,
    Send,
    SignIn,
    Subscribe,
    Tell,
    Unsubscribe,
)
from toolboxai.protocol.publication import Dialect, Position
from toolboxai.protocol.refusals import Refusal
from toolboxai.protocol.session import ServerSession
from toolboxai.protocol.user import User
from toolboxai.transport.backlog import Backlog, Work
from toolboxai.transport.confirming import ConfirmingWire
from toolboxai.transport.errors_told import errors_in
from toolboxai.transport.sign_in_first import SignInFirst

__all__ = ["Answer", "Pump"]

log = logging.getLogger(__name__)
_GOING_AWAY: Final = 1001

Answer: TypeAlias = Callable[[Any], Awaitable[Any]]
"""Answers what a session asks; what it raises is a fault of ours."""


def _untold(news: object) -> None:
    raise RuntimeError(f"nobody is there to be told {news!r}")


class Pump:
    """One connection: its session on one side, node and wire on the other.

    Messages are taken strictly in the order in which they came: while a subscribe waits for the broker, later ones
    wait behind it, and reading stops when too many do.

    Args:
        node: the process.
        app: the app that admitted the connection.
        wire: the transport's end.
        dialect: the form of its frames.
        background: owns the work of a subscribe that has to wait.
        on_closed: told, once, that this connection has ended.
        session_key: what the page wants to be known by when it comes back.
        dialogue: the session, where it is not one of Channels; who speaks so is never known again by receipts.
        answer: answers what the session asks; without it the session has to ask nothing.
        tell: takes what the session tells, and returns at once; without it the session has to tell nothing.
        visitor: who has come.

    Attributes:
        socket_id: the connection's name.
        session: what it says and hears.
    """

    __slots__ = (
        "_answer",
        "_asides",
        "_background",
        "_backlog",
        "_confirming",
        "_connection",
        "_metrics",
        "_node",
        "_on_closed",
        "_open",
        "_ponged_at",
        "_received",
        "_sign_in_first",
        "_taken",
        "_tell",
        "_wire",
        "session",
        "socket_id",
    )

    def __init__(
        self,
        node: Node,
        app: App,
        wire: Wire,
        dialect: Dialect,
        background: Background,
        *,
        on_closed: "Callable[[Pump], None]",
        session_key: str | None = None,
        dialogue: Dialogue | None = None,
        answer: Answer | None = None,
        tell: Callable[[Any], None] = _untold,
        visitor: Visitor = NOBODY,
    ) -> None:
        self._node = node
        self._on_closed = on_closed
        self._answer = answer
        self._tell = tell
        self.socket_id = node.new_socket_id()
        self.session = dialogue or ServerSession(app, self.socket_id, now=node.clock.monotonic())
        receipts, self._confirming, self._sign_in_first = None, None, None  # most apps do not resume
        resuming = node.resuming(app) if dialogue is None else None
        if resuming is not None:
            receipts = resuming.receipts(self.socket_id, session_key)
            wire = self._confirming = ConfirmingWire(wire, receipts, self._reached)
            self._sign_in_first = SignInFirst(self._admit_now)
        self._wire = wire
        self._metrics = node.app_metrics(app)
        outbox = Outbox(wire, cap_bytes=limits.OUTBOX_BYTES, metrics=self._metrics, on_full=self._overflow)
        if self._confirming is not None:
            self._confirming.waits = outbox.waits_for
        self._connection = Connection(app, self.socket_id, dialect, outbox, self, receipts, visitor)
        self._background = background
        self._backlog: Backlog | None = None  # made for those who have to wait
        self._asides: frozenset[asyncio.Task[None]] | set[asyncio.Task[None]] = frozenset()
        self._taken: asyncio.Event | None = None  # while the next subscribe waits for the client to read
        self._open = False
        self._ponged_at: float | None = None
        self._received = 0

    @property
    def heard_at(self) -> float:
        """See ``hub.connection.Owner``."""
        return self.session.heard_at

    @property
    def ponged_at(self) -> float | None:
        """See the owner."""
        return self._ponged_at

    @property
    def received(self) -> int:
        """See the owner."""
        return self._received

    # ---- what the transport calls ---------------------------------------------------------------------------

    def open(self, reply: bytes = b"") -> None:
        """The wire is ready: greet the client.

        Args:
            reply: the transport's own answer to the handshake; it leaves in one write with the greeting.
        """
        self._open = True
        self._node.attach(self._connection)
        effects = self.session.opening()
        said = 0
        while said < len(effects) and isinstance(effect := effects[said], Send):
            reply += self._counted(self._wire.frame(effect.text))
            said += 1
        self._connection.outbox.write(reply)
        if said < len(effects):
            self._ahead(list(effects[said:]))

    def receive(self, text: bytes) -> None:
        """One message of the client."""
        self.receive_all((text,))

    def receive_all(self, texts: Sequence[bytes]) -> None:
        """Messages of the client that came in together: at one time, and what answers them leaves together too."""
        now = self._node.clock.monotonic()
        self.session.heard(now)
        answers: list[bytes] = []
        try:
            self._hear_all(texts, now, answers)
        except Exception:
            # Our fault, never the client's: logged, and closed so that it pauses before a retry.
            with suppress(Exception):
                self._answer_all(answers)
            self._failed()

    def _hear_all(self, texts: Sequence[bytes], now: float, answers: list[bytes]) -> None:
        """Take messages in their order; `answers` has what has not been written of the answers."""
        for text in texts:
            self._received += 1
            self._metrics.messages_received_total += 1
            self._metrics.received_bytes_total += len(text)
            if self._backlog is not None and self._backlog.busy:
                self._backlog.say(text, now)
                continue
            effects = self.session.receive(text, now)
            if len(effects) == 1 and type(effect := effects[0]) is Send and not self._node.feed.open:
                answers.append(effect.text)
            elif effects:
                self._answer_all(answers)  # before anything that could bring the client more
                self._apply(effects)
                if not self._open:
                    return
        self._answer_all(answers)

    def _answer_all(self, answers: list[bytes]) -> None:
        if answers:
            frame = b"".join(map(self._wire.frame, answers))
            self._metrics.messages_sent_total += len(answers)
            self._metrics.sent_bytes_total += len(frame)
            answers.clear()
            self._connection.outbox.write(frame)

    def _hear(self, text: bytes, at: float) -> None:
        """The turn of a message that had to wait has come."""
        self._ahead(self.session.receive(text, at))

    def receive_binary(self, payload: bytes) -> None:
        """A binary message of the client."""
        self._received += 1
        self._metrics.messages_received_total += 1
        self._metrics.received_bytes_total += len(payload)  # no dialect reads one
        self._ahead(self.session.receive_binary(self._node.clock.monotonic()))

    def farewell(self, code: int, reason: str) -> bytes:
        """What to write before a close for a frame that broke the rules of the transport."""
        self.ends("server", code, reason)
        effects = self.session.farewell(code, reason)
        return b"".join([self._wire.frame(effect.text) for effect in effects if isinstance(effect, Send)])

    def heard(self) -> None:
        """Anything at all came in."""
        self.session.heard(self._node.clock.monotonic())

    def pong(self, payload: bytes) -> None:
        """A pong frame came in."""
        self._ponged_at = self._node.clock.monotonic()
        if self._confirming is not None:
            self._confirming.pong(payload)

    def check_silence(self) -> None:
        """Called every second or so: probe, or give up, when nothing has come for too long."""
        self._ahead(self.session.deadline(self._node.clock.monotonic()))

    def lagging(self, lags: bool) -> None:
        """The wire has begun, or ceased, to take less than we write."""
        if lags:
            self._connection.outbox.lagging()
        else:
            self._connection.outbox.recovered()
            if self._taken is not None:
                self._taken.set()
        if self._open:
            self._node.rewire(self._connection)

    def close(self, code: int, message: str) -> None:
        """End the connection from our side: the error, then the close, and nothing more is delivered."""
        if self._open:  # otherwise the wire has gone, or is going
            try:
                self._node.settle_all(self._connection)
                self._end(self.session.closing(code, message))
            except Exception:  # as in receive
                self._failed()

    def expired(self, channel: ChannelName) -> None:
        """The authorisation for this channel has run out."""
        if self._open:
            self._ahead(self.session.expire(channel))

    def app_changed(self, app: App) -> None:
        """The app has other keys or limits now; they count for this connection too."""
        self._connection.app = app
        if self._confirming is not None and not app.resume:
            self._confirming.end()
        self.session.change_app(app, self._node.clock.monotonic())

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """See the owner."""
        return self.session.refusals

    def acknowledged(self, channel: str, seq: int) -> None:
        """The client has said that it has this channel's events up to this number."""
        seqs = self._connection.noted().acknowledged
        seqs[channel] = max(seq, seqs.get(channel, 0))

    def leaving(self, code: int) -> None:
        """The client ends the connection with this code; 1001: its page is being closed."""
        self.ends("client", code)
        if code == _GOING_AWAY and self._connection.receipts is not None:
            self._connection.receipts.for_good = True

    def ends(self, by: str, code: int, reason: str = "") -> None:
        """The ``server`` or the ``client`` ends the connection with this code; who says so first has ended it."""
        if self._connection.ended is LOST:
            self._connection.ended = by, code, reason

    def closed(self) -> None:
        """The wire has gone."""
        self._connection.outbox.close()
        try:
            self._end_work()
        finally:  # the system gives the descriptor to another connection soon: whatever fails, the hub must forget it
            if self._open:
                self._open = False
                self._leave()

    def _end_work(self) -> None:
        if self._taken is not None:
            self._taken.set()
        if self._confirming is not None:
            self._confirming.end()
        if self._sign_in_first is not None:
            self._sign_in_first.end()
            self._sign_in_first = None
        if self._backlog is not None:
            self._backlog.end()
        for asking in self._asides:
            if asking is not asyncio.current_task():
                asking.cancel()
        if self._backlog is None or not self._backlog.busy:  # what is in work may still ask
            self._backlog = self._answer = None
            self._tell = _untold

    def _leave(self) -> None:
        try:
            self._on_closed(self)
        finally:
            self._node.detach(self._connection)
            # What knows this pump is let go, so that it is freed now and not by the collector of cycles, which comes rarely.
            self._on_closed = _nobody
            self._connection.owner = GONE

    def _reached(self, channel: str) -> Position | None:
        return self._node.reached(self._connection, channel)

    # ---- what the session asks for --------------------------------------------------------------------------

    def _ahead(self, effects: list[Effect]) -> None:
        """Carry out what the session asks for, before everything that waits: the session has taken note of it already.

        A fault here is this connection's alone, whoever else the caller has to tell.
        """
        try:
            if self._backlog is None:
                self._apply(effects)
            else:
                with self._backlog.ahead():
                    self._apply(effects)
        except Exception:  # as in receive
            self._failed()

    def _apply(self, effects: list[Effect]) -> None:
        if self._node.feed.open:
            self._tell_errors(effects)
        for effect in effects:
            if isinstance(effect, Send):
                self._connection.outbox.write(self._counted(self._wire.frame(effect.text)))
            elif isinstance(effect, Subscribe):
                self._admit(effect)
            elif isinstance(effect, Broadcast):
                self._broadcast(effect)
            elif isinstance(effect, Unsubscribe):
                self._node.unsubscribe(self._connection, effect.channel, expired=effect.expired)
                if effect.channel.facts.presence:
                    self._start(self._node.leave(self._connection, effect.channel.text), name="leave")
            elif isinstance(effect, SignIn):
                self._start(self._sign_in(effect.user), name="sign in")
            elif isinstance(effect, Probe):
                self._wire.probe()
            elif isinstance(effect, Ponged):
                self._ponged_at = self._node.clock.monotonic()
                if self._confirming is not None:
                    self._confirming.ponged()
            elif isinstance(effect, Tell):
                self._tell(effect.news)
            elif isinstance(effect, Ask) and effect.aside:
                self._begin_aside(effect.question)
            elif isinstance(effect, Ask):
                self._queue().start(self._ask(effect.question), name="ask")
            elif isinstance(effect, HandedOver):
                self._node.handed_over(self._connection, effect.channel, effect.seq)
            else:
                self._end([effect])
                return

    def _tell_errors(self, effects: list[Effect]) -> None:
        for fault in errors_in([effect.text for effect in effects if isinstance(effect, Send)]):
            channel = fault.pop("channel", None)
            self._node.feed.of(self._connection, Kind.ERROR, "told_client", fault, channel=channel)

    def _counted(self, frame: bytes) -> bytes:
        self._metrics.messages_sent_total += 1
        self._metrics.sent_bytes_total += len(frame)
        return frame

    def _start(self, work: Work, *, name: str, waits: bool = False) -> None:
        """Do what may wait for the broker, or does wait for something else; what comes later waits behind it."""
        if self._node.broker.immediate and not waits:
            run_immediate(work)
        else:
            self._queue().start(work, name=name)

    async def _ask(self, question: Any) -> None:
        answer = await self._answered(question)
        if self._open:
            self._ahead(self.session.answered(question, answer, self._node.clock.monotonic()))

    def _begin_aside(self, question: Any) -> None:
        asking = self._background.spawn(self._ask_aside(question), name="ask aside")
        self._asides = {each for each in self._asides if not each.done()} | {asking}

    async def _ask_aside(self, question: Any) -> None:
        try:
            await self._ask(question)
        except Exception:  # as in receive
            self._failed()

    async def _recalled(self, effect: Subscribe) -> Any:
        """Ask for what the channel does not keep."""
        backlog = self._queue()
        text = backlog.next_text
        if text is None and effect.patient:
            text = await backlog.text_within(limits.OLD_HINT_S)
        return await self._answered(self.session.hint(effect.recall, text))

    async def _answered(self, question: Any) -> Any:
        if self._answer is None:
            raise RuntimeError(f"nobody is there to answer {question!r}")
        return await self._answer(question)

    def _queue(self) -> Backlog:
        if self._backlog is None:
            self._backlog = Backlog(self._wire, self._background, self._hear, self._failed)
        return self._backlog

    def _admit(self, effect: Subscribe, *, waited: bool = False) -> None:
        if effect.expires_at is not None and effect.expires_at <= self._node.clock.now():
            denied = SubscriptionDenied(
                f"The authorisation for {effect.channel} has expired; ask for another"
            )
            self._apply(self.session.subscribe_refused(effect.channel, denied))
        elif effect.recall is not None:
            self._start(self._subscribe(effect), name="subscribe", waits=True)
        elif self._node.at_hand(self._connection.app, effect.channel):
            self._enter(effect, Arrival())
        elif (
            self._sign_in_first is not None
            and not waited
            and self._node.may_sign_in_first(self._connection, effect.channel, effect.member)
        ):
            self._sign_in_first.wait(effect)
        else:
            self._start(self._subscribe(effect), name="subscribe")

    def _admit_now(self, effect: Subscribe) -> None:
        """It has waited for a sign-in long enough."""
        try:
            if self._open:
                self._admit(effect, waited=True)
        except Exception:  # as in receive
            self._failed()

    async def _subscribe(self, effect: Subscribe) -> None:
        channel = effect.channel
        try:
            catch_up = await self._node.follow(self._connection, channel, effect.member)
        except ChannelFull:
            self._apply(self.session.channel_full(channel))
            return
        except PublishFailed:
            log.exception("subscribe failed", extra=self._about(channel=channel.text))
            self._apply(self.session.subscribe_failed(channel))
            return
        recalled = None
        try:
            if effect.recall is not None:
                recalled = await self._recalled(effect)
        except (
            BaseException
        ):  # cancelled included: nobody else would end the gathering, or let the channel go
            catch_up.finish()
            await self._node.released(self._connection, channel)
            raise
        # From here on no await: snapshot and subscription are one step.
        arrival = catch_up.finish()
        if self._open:
            self._enter(effect, arrival, recalled)
        else:
            await self._node.released(self._connection, channel)

    def _enter(self, effect: Subscribe, arrival: Arrival, recalled: Any = None) -> None:
        self._apply(
            self.session.subscribed(
                effect.channel,
                arrival.missed,
                members=arrival.members,
                cache_missed=arrival.cache_missed,
                gap=arrival.gap,
                recalled=recalled,
            )
        )
        if self._open:
            self._node.subscribe(self._connection, effect.channel, arrival, expires_at=effect.expires_at)
            if arrival.missed and self._wire.buffered() > limits.HISTORY_BYTES:
                self._pause_until_taken()
            if self._confirming is not None:
                self._confirming.wanted()

    def _pause_until_taken(self) -> None:
        """What is handed over is read before the next channel's: together they could be more than may wait."""
        self._taken = asyncio.Event()
        self._queue().start_first(self._until_taken(self._taken), name="handing over")

    async def _until_taken(self, taken: asyncio.Event) -> None:
        if self._open and self._wire.buffered() > limits.HISTORY_BYTES:
            await taken.wait()

    async def _sign_in(self, user: User) -> None:
        try:
            online = await self._node.sign_in(self._connection, user)
        except PublishFailed:
            log.exception("sign-in failed", extra=self._about())
            self._apply(self.session.signin_failed())
        else:
            if not self._open:
                await self._node.sign_out(self._connection, user)
                return
            self._apply(self.session.signed_in(online))
            if self._confirming is not None:
                for channel, gap in self._node.signed_in(self._connection):
                    self._apply(self.session.missed(channel, gap))
                self._confirming.wanted()
        if self._sign_in_first is not None:
            self._sign_in_first.over()

    def _broadcast(self, event: Broadcast) -> None:
        if not self._node.broker.immediate:
            self._queue().start(self._published(event), name="client event")
            return
        try:  # this is on the way of every client event, and does without a coroutine around the other
            run_immediate(self._publish(event))
        except PublishFailed as fault:
            self._not_published(event, fault)

    async def _published(self, event: Broadcast) -> None:
        try:
            await self._publish(event)
        except PublishFailed as fault:
            self._not_published(event, fault)

    def _publish(self, event: Broadcast) -> Coroutine[Any, Any, object]:
        self._metrics.client_events_total += 1
        return self._node.publish(
            self._connection.app,
            (event.channel,),
            event.event,
            event.data,
            exclude=self.socket_id,
            user_id=event.user_id,
            origin="client",
        )

    def _not_published(self, event: Broadcast, fault: PublishFailed) -> None:
        log.warning(
            "client event not published", extra=self._about(channel=event.channel.text, reason=str(fault))
        )
        self._apply(self.session.publish_failed())

    # ---- endings --------------------------------------------------------------------------------------------

    def _end(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Close):
                self.ends("server", effect.code, effect.reason)
        try:
            self.closed()
        except Exception:  # ours; the client is told its farewell all the same
            self._node.metrics.faults_total += 1
            log.exception("connection could not be let go", extra=self._about())
        for effect in effects:
            if isinstance(effect, Send):
                self._wire.write(self._counted(self._wire.frame(effect.text)))
            elif isinstance(effect, Close):
                self._wire.shut(effect.code, effect.reason)

    def _overflow(self) -> None:
        """More than the cap waits. We are in the middle of a fan-out: leave the registry alone until the next turn."""
        self._node.too_slow(self._connection)
        asyncio.get_running_loop().call_soon(self._end_slow)

    def _end_slow(self) -> None:
        log.warning("slow consumer closed", extra=self._about(cap_bytes=limits.OUTBOX_BYTES))
        self.close(CloseCode.OVER_CAPACITY, "Over capacity: this connection reads too slowly")

    def _failed(self) -> None:
        fault = sys.exc_info()[1]
        if isinstance(
            fault, StorageUnavailable
        ):  # no fault of ours, and told by whoever looks after the database
            log.info("connection ended for want of the database", extra=self._about(reason=fault.reason))
        else:
            self._node.metrics.faults_total += 1
            log.exception("connection failed", extra=self._about())
        if not self._open:  # the wire has gone, or has had its farewell
            return
        try:
            self._end(self.session.failed())
        except Exception:  # the wire is at fault, and takes no farewell either
            log.exception("connection could not be told", extra=self._about())

    def _about(self, **fields: object) -> dict[str, object]:
        """Fields of a log line."""
        return {"socket_id": self.socket_id, **fields}


def _nobody(_pump: Pump) -> None:
    """Is told that a connection has ended of which its owner has been told already."""
