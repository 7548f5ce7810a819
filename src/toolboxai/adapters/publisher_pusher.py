"""The publisher that speaks to any Pusher-compatible HTTP API: hosted Pusher, another server, or another of ours."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal
from zlib import crc32

import stamina

from toolboxai.apps.app import App, AppKey
from toolboxai.errors import PublishFailed
from toolboxai.metrics import Metrics
from toolboxai.platform.ports import Event
from toolboxai.protocol.channel import kind_of

__all__ = ["PusherPublisher"]

LANES: Final = (
    4  # connections to the API; events of one channel always take the same, which keeps their order
)
WAITING: Final = 1000  # events that may wait in one lane: seconds of work, and a few megabytes
TIMEOUT_S: Final = 5  # of one HTTP call
ATTEMPTS: Final = 4
TRYING_S: Final = 6.0  # after this no further try begins: whoever publishes waits that long and one call more


class _Passing(Exception):
    """The API did not answer, or said that it may answer later."""


class PusherPublisher:
    """Satisfies ``platform.ports.Publisher`` through the official ``pusher`` library, in threads of its own.

    Args:
        own: our app, as it is at that moment: the app there has its id, and its oldest key signs.
        host: of the API; None: that of hosted Pusher in `cluster`.
        port: of the API; None: the scheme's own.
        scheme: ``https`` unless told otherwise.
        cluster: of hosted Pusher, such as ``us2``.
        encryption_master_key_base64: for encrypted channels; without it nothing is published there.
        metrics: what does not go out is counted here.
    """

    def __init__(
        self,
        own: Callable[[], App],
        *,
        host: str | None = None,
        port: int | None = None,
        scheme: Literal["http", "https"] | None = None,
        cluster: str | None = None,
        encryption_master_key_base64: str | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        options: dict[str, Any] = {"ssl": scheme != "http", "timeout": TIMEOUT_S}
        if host is not None:
            options["host"] = host
        if port is not None:
            options["port"] = port
        if cluster is not None and host is None:
            options["cluster"] = cluster
        if encryption_master_key_base64 is not None:
            options["encryption_master_key_base64"] = encryption_master_key_base64
        self._metrics = metrics or Metrics()
        self._lanes = [_Lane(own, options) for _ in range(LANES)]

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        """See the port. Names that share no lane are sent in one call each, for the sake of order.

        The library tells nothing of the headers of an answer, where a server of ours has the ids.
        """
        calls: dict[tuple[int, str], list[str]] = {}
        for channel in dict.fromkeys(channels):
            alone = channel if kind_of(channel).value.opaque else ""  # encrypted with a secret of its own
            calls.setdefault((crc32(channel.encode()) % LANES, alone), []).append(channel)
        for (number, _), names in calls.items():
            try:
                await self._lanes[number].publish(names, event, exclude)
            except PublishFailed:
                self._metrics.publish_failures_total += 1
                raise
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        """Nothing: the far side keeps what history it keeps, and publishing again would deliver again."""

    async def close(self) -> None:
        """Let go of the threads; a call that is under way ends first."""
        for lane in self._lanes:
            await asyncio.to_thread(lane.close)


class _Lane:
    """One connection, one thread, one line."""

    def __init__(self, own: Callable[[], App], options: dict[str, Any]) -> None:
        self._own = own
        self._options = options
        self._signer = own().keys[0]
        self._client = self._made(self._signer)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pusher")
        self._turn = asyncio.Lock()  # first come, first served
        self._waiting = 0

    async def publish(self, channels: list[str], event: Event, exclude: str | None) -> None:
        if self._waiting >= WAITING:
            raise PublishFailed(
                f"{WAITING} events wait for the Pusher API already; it answers too slowly", retryable=True
            )
        self._waiting += 1
        try:
            async with self._turn:
                await self._tried(channels, event, exclude)
        finally:
            self._waiting -= 1

    async def _tried(self, channels: list[str], event: Event, exclude: str | None) -> None:
        loop = asyncio.get_running_loop()
        try:
            async for attempt in stamina.retry_context(on=_Passing, attempts=ATTEMPTS, timeout=TRYING_S):
                with attempt:
                    await loop.run_in_executor(self._thread, self._call, channels, event, exclude)
        except _Passing as fault:
            raise PublishFailed(
                f"the Pusher API did not take the event, tried again and again: {fault}", retryable=True
            ) from fault

    def _made(self, signer: AppKey) -> Any:
        from pusher import Pusher  # a slow import (TLS bindings) that the embedded publisher never needs

        return Pusher(app_id=self._own().id, key=signer.key, secret=signer.secret, **self._options)

    def _call(self, channels: list[str], event: Event, exclude: str | None) -> None:
        from pusher.errors import PusherBadStatus, PusherError

        try:
            if self._signer != self._own().keys[0]:  # the keys have been rotated
                self._signer = self._own().keys[0]
                self._client = self._made(self._signer)
            self._client.trigger(channels, event.name, event.data, exclude)
        except (PusherBadStatus, OSError) as fault:  # the library's own connection errors are OSErrors
            if isinstance(fault, PusherBadStatus) and not _may_pass(str(fault)):
                raise PublishFailed(f"the Pusher API refused the event: {fault}", retryable=False) from fault
            raise _Passing(str(fault)) from fault
        except (PusherError, ValueError, TypeError) as fault:
            raise PublishFailed(
                f"the Pusher API refused the event: {fault}. Check PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET and "
                "PUSHER_HOST",
                retryable=False,
            ) from fault

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)


def _may_pass(text: str) -> bool:
    """Whether the status that the library puts in front of the answer's text is one that another try may change."""
    status = text.partition(":")[0].strip()
    return status == "429" or status.startswith("5")
