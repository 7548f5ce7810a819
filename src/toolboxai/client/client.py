"""The shell around the session: one connection after another, and what the session asks for."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

import websockets

from toolboxai.client import effects as do
from toolboxai.client.channel import Channel
from toolboxai.client.connection import Connection
from toolboxai.client.endpoints import Endpoints
from toolboxai.client.errors import (
    ClientError,
    ConnectionClosed,
    ConnectionRefused,
    GaveUp,
    RequestRefused,
    RequestUnavailable,
    SubscriptionDenied,
    Unreachable,
)
from toolboxai.client.requests import patiently
from toolboxai.client.session import ABNORMAL, ClientSession, Loss
from toolboxai.client.waiting import unless
from toolboxai.client.ways import ConnectionState, Ways
from toolboxai.close_codes import Retry

__all__ = ["ChannelsClient"]

_CONFIRM_S: Final = 30.0  # a subscription is confirmed by then, reconnects included, or nobody will


class ChannelsClient:
    """A connection that comes back. Made by `connect`.

    Args:
        session: the protocol.
        endpoints: the HTTP side.
        ways: how to reach the server, and how to tell the user.
        max_attempts: attempts in a row to come back before giving up.
    """

    def __init__(
        self, *, session: ClientSession, endpoints: Endpoints, ways: Ways, max_attempts: int
    ) -> None:
        self._session = session
        self._endpoints = endpoints
        self._ways = ways
        self._max_attempts = max_attempts
        self._backoff = ways.backoff(max_attempts)
        self._loop = asyncio.get_running_loop()
        self._channels: dict[str, Channel] = {}
        self._events_urls: dict[str, str] = {}
        self._closing = asyncio.Event()
        self._connection: Connection | None = None
        self._end: ClientError | None = None
        self.state = ConnectionState.CONNECTING
        self.ready: asyncio.Future[None] = self._loop.create_future()

    # ---- for the user ----------------------------------------------------------------------------------------

    @property
    def socket_id(self) -> str | None:
        """The present connection's id, to be left out of one's own publications; None while there is none."""
        return self._session.socket_id

    async def subscribe(
        self, name: str, *, since: int | None = None, events_url: str | None = None
    ) -> Channel:
        """Subscribe, and wait for the server's confirmation.

        Args:
            name: the channel; private ones are authorised with the token.
            since: also get the kept events after this number; 0 is all that are kept. It counts for who asks first: who
                asks for a channel that is subscribed gets that same channel, which ends for all when one leaves it.
            events_url: where those are, when it is not the common history.

        Raises:
            SubscriptionDenied: the server or the auth endpoint said no, or nothing.
            BadChannelName: the name is none.
            ConnectionClosed, ConnectionRefused, GaveUp: there is no connection, and there will be none.
        """
        self._check_open()
        channel = self._channels.get(name)
        if channel is None:
            asked = self._session.subscribe(name, since=since)
            channel = Channel(
                name,
                trigger=self._trigger,
                leave=self._leave,
                presence=self._session.presence(name),
                fault=self._ways.error,
            )
            self._channels[name] = channel
            if events_url is not None:
                self._events_urls[name] = events_url
            self._apply(asked)
        try:
            async with asyncio.timeout(_CONFIRM_S):
                await asyncio.shield(channel.confirmed)
        except TimeoutError:
            self._leave(name)
            raise SubscriptionDenied(name, f"the server did not confirm within {_CONFIRM_S:.0f} s") from None
        if channel.error is not None:
            raise channel.error
        if channel.ended:  # while it waited: with the client, or left by somebody who wanted the same channel
            raise self._end or SubscriptionDenied(name, "it was left before the server confirmed it")
        return channel

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the server with the client's token; answers its JSON, or None without a body.

        Args:
            method: of HTTP.
            path: on the server, from its slash on; a whole address of another server is asked without the token.
            body: sent as JSON, unless None.

        Raises:
            ValueError: the path is neither.
            RequestRefused: the answer is no.
            RequestUnavailable: there was none, or one that asks to come back later.
            ConnectionClosed, ConnectionRefused, GaveUp: the client has come to its end.
        """
        self._check_open()
        words = {} if body is None else {"json": body}
        return await self._endpoints.requests.ask(method, path, **words)

    async def close(self) -> None:
        """End the connection and every reader; nothing comes back. May be called twice."""
        self._closing.set()
        if self._connection is not None:
            await self._connection.close()

    # ---- connections, one after another ----------------------------------------------------------------------

    async def run(self) -> None:
        """Keep a connection until the client is closed or gives up; owned by `connect`."""
        end: BaseException | None = None
        try:
            while (end := await self._one_connection()) is None and not self._closing.is_set():
                pass
        except BaseException as fault:  # our bug, or cancelled: readers must not wait for ever; it passes on
            end = fault
            raise
        finally:
            await self._finish(end)

    async def _one_connection(self) -> ClientError | None:
        """Live one connection, and pause after it. An error is the end of all attempts."""
        self._change(ConnectionState.CONNECTING, self._endpoints.url)
        loss = await self._live()
        if self._closing.is_set():
            return None
        if not self.ready.done() and loss.retry is not Retry.NEVER:
            return Unreachable(loss.message or f"the connection ended before the welcome (code {loss.code})")
        wait_s = self._backoff.next_wait(loss.retry, lived_s=loss.lived_s)
        if wait_s is None and loss.retry is Retry.NEVER:
            return ConnectionRefused(loss.code, loss.message or "no reason given")
        if wait_s is None:
            return GaveUp(
                f"{self._max_attempts} attempts to come back failed; the last: {loss.message or loss.code}"
            )
        self._change(ConnectionState.WAITING, f"code {loss.code}, next attempt in {wait_s:.1f} s")
        await unless(self._closing, self._ways.sleep(wait_s))
        return None

    async def _live(self) -> Loss:
        """One socket from its opening to its end."""
        where = self._endpoints.url
        try:
            url = await unless(self._closing, self._endpoints.socket())
            where = (url or where).partition("?")[0]
            socket = await unless(self._closing, self._ways.dial(url)) if url is not None else None
        except (RequestRefused, RequestUnavailable) as no:
            self._ways.debug(f"error: {no}")
            refused = isinstance(no, RequestRefused)
            words = f"the configuration could not be had: {no}"
            return Loss(Retry.NEVER if refused else Retry.PAUSE, 0.0, ABNORMAL, words)
        except (OSError, TimeoutError, websockets.InvalidHandshake, websockets.InvalidProxy) as fault:
            self._ways.debug(f"error: {fault}")
            return Loss(
                Retry.PAUSE, 0.0, ABNORMAL, f"no connection to {where}: {str(fault) or type(fault).__name__}"
            )
        if socket is None:
            return Loss(Retry.NEVER, 0.0, ABNORMAL, "")
        self._ways.debug("open")
        self._session.opened(self._loop.time())
        self._connection = connection = Connection(
            socket, self._session, apply=self._apply, debug=self._ways.debug
        )
        try:
            try:
                if not self._closing.is_set():
                    await connection.live()
            finally:
                await socket.close()
        finally:
            self._connection = None
            loss = self._session.closed(self._loop.time(), socket.close_code or ABNORMAL)
            self._ways.debug(f"close: {socket.close_code or ABNORMAL} {socket.close_reason or ''}".rstrip())
        return loss._replace(message=loss.message or socket.close_reason or "")

    async def _finish(self, end: BaseException | None) -> None:
        self._end = (
            end if isinstance(end, ClientError) else ConnectionClosed("the client is closed; open a new one")
        )
        await self._endpoints.close()
        for channel in self._channels.values():
            # cancelled was the client, not those who read
            channel.end(self._end if isinstance(end, asyncio.CancelledError) else end)
        self._change(ConnectionState.CLOSED, str(end or "closed by the user"))
        if isinstance(end, ClientError):
            self._ways.give_up(end)
        if not self.ready.done():
            self.ready.set_exception(self._end)
            self.ready.exception()  # `connect` may have been cancelled, and nobody waits for it any more

    # ---- effects ---------------------------------------------------------------------------------------------

    def _apply(self, asked: list[do.Effect]) -> None:
        for effect in asked:
            match effect:
                case do.Send(text):
                    if self._connection is not None:
                        self._connection.send(text)
                case do.Deliver(event):
                    if event.channel in self._channels:  # a listener may have left in the middle
                        self._channels[event.channel].deliver(event)
                case do.Established(socket_id):
                    self._established(socket_id)
                case do.Authorise(channel, socket_id):
                    self._spawn(self._authorise(channel, socket_id))
                case do.CatchUp(channel, after):
                    self._spawn(self._catch_up(channel, after))
                case do.Subscribed(channel):
                    self._confirm(channel)
                case do.Denied(channel, message, status):
                    self._deny(SubscriptionDenied(channel, message, status=status))
                case do.Close(reason):
                    self._ways.debug(f"error: {reason}")
                    if self._connection is not None:
                        self._connection.abort()
                case do.Said(code, message):
                    self._ways.debug(f"error: {code} {message}")
                    self._ways.error(message)
                case do.Gap(channel, after, before):
                    self._ways.error(f"{channel}: events {after + 1} to {before - 1} could not be had")
                case do.Dropped(channel, name):
                    self._ways.error(f"{channel}: {name} was not sent, the channel is not ours any more")

    def _established(self, socket_id: str) -> None:
        self._backoff.succeeded()
        self._change(ConnectionState.CONNECTED, socket_id)
        if not self.ready.done():
            self.ready.set_result(None)

    def _confirm(self, name: str) -> None:
        confirmed = self._channels[name].confirmed
        if not confirmed.done():
            confirmed.set_result(None)

    def _deny(self, no: SubscriptionDenied) -> None:
        self._events_urls.pop(no.channel, None)
        channel = self._channels.pop(no.channel)
        if channel.confirmed.done():  # lost later: who does not read, but listens, learns it here
            self._ways.error(str(no))
        channel.end(no)

    async def _authorise(self, channel: str, socket_id: str) -> None:
        """Ask for a signature; while the endpoint cannot answer, ask again with growing pauses."""
        asking = partial(self._endpoints.sign, channel, socket_id)
        try:
            signature = await patiently(asking, self._ways.backoff(self._max_attempts), self._ways.sleep)
        except (RequestRefused, RequestUnavailable) as no:
            self._apply(self._session.refused(channel, socket_id, no.message, no.status))
        else:
            signed = (signature.auth, signature.channel_data, signature.shared_secret)
            self._apply(self._session.authorised(channel, socket_id, *signed))

    async def _catch_up(self, channel: str, after: int) -> None:
        """Fetch what was missed. Live events are held meanwhile, and go on without it when it cannot be had."""
        asking = partial(self._endpoints.history, channel, after, self._events_urls.get(channel))
        missed: list[do.Event] = []
        try:
            missed = await patiently(asking, self._ways.backoff(self._max_attempts), self._ways.sleep)
        except (RequestRefused, RequestUnavailable) as no:
            self._ways.error(f"{channel}: no history: {no.message}")
        self._apply(self._session.caught_up(channel, missed))

    # ---- parts -----------------------------------------------------------------------------------------------

    def _trigger(self, channel: str, name: str, data: Any) -> None:
        self._check_open()
        self._apply(self._session.trigger(channel, name, data, self._loop.time()))
        if self._connection is not None:
            self._connection.wake()  # the throttle may have set a time

    def _leave(self, name: str) -> None:
        channel = self._channels.pop(name, None)
        self._events_urls.pop(name, None)
        if channel is not None:
            channel.end()
            self._apply(self._session.unsubscribe(name))

    def _check_open(self) -> None:
        if self._end is not None:
            raise self._end

    def _change(self, state: ConnectionState, text: str) -> None:
        self.state = state
        self._ways.state(state, text)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._connection is None:  # lost: the next one asks again
            work.close()
        else:
            self._connection.spawn(work)
