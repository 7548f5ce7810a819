"""The webhooks of one process: takes note of what happens, writes it down, has it posted."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.ids import Dice
from toolboxai.metrics import Metrics
from toolboxai.node.background import Background
from toolboxai.node.feed import Feed
from toolboxai.node.webhooks.events import Noted, noted
from toolboxai.node.webhooks.gathering import AppOf, Gathering
from toolboxai.node.webhooks.hold import Hold, Key
from toolboxai.node.webhooks.persist import persist
from toolboxai.node.webhooks.post import Post
from toolboxai.node.webhooks.recorder import Recorder
from toolboxai.node.webhooks.sender import Sender, Tools
from toolboxai.node.webhooks.store import Address, Announcement, State, StoreUnavailable, WebhookStore

__all__ = ["Webhooks"]

log = logging.getLogger(__name__)
NOTED_MOST: Final = (
    20_000  # events in memory while the database does not answer: some seconds of a busy service
)
BACKLOG_MOST: Final = 100_000  # deliveries that wait in the database for one address
WRITE_AT_ONCE: Final = 500
LOOK_S: Final = 1.0  # a replay that another program asked for is seen within it
TIDY_S: Final = 60.0
LEAVE_S: Final = 3.0  # posts under way at the end get so long; then they are tried again after the next start
WRITE_OUT_S: Final = 10.0


class Webhooks:
    """Satisfies ``node.happenings.Observer``; works between entering and leaving `running`.

    Args:
        store: the queue.
        post: the way out.
        app_of: whose rules and keys count, looked up each time they are needed.
        clock: the machine's, or a test's.
        dice: for ids and jitter.
        metrics: counted up in place.
        feed: is told of each try.
    """

    def __init__(
        self,
        store: WebhookStore,
        post: Post,
        app_of: AppOf,
        *,
        clock: Clock,
        dice: Dice,
        metrics: Metrics,
        feed: Feed,
    ) -> None:
        self._tools = Tools(store, Recorder(store), post, app_of, clock, dice, metrics, feed)
        self._hold = Hold(limits.WEBHOOK_HOLD_S)
        self._gathering = Gathering(app_of, dice)
        self._missed: set[Key] = set()  # channels of which an empty cache was told
        self._noted: deque[Noted] = deque()
        self._news = asyncio.Event()
        self._senders: dict[Address, Sender] = {}
        self._seen = 0  # the place of the newest delivery that its sender knows of
        self._full: set[Address] = set()
        self._backlog: dict[Address, int] = {}
        self._told_away = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = float("inf")
        self._holding_on = False
        self._ending = False
        self._background: Background | None = None

    # ---- life -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self, *, late: bool = False) -> AsyncIterator["Webhooks"]:
        """Write down and post; at the end what is noted is written down, and what is held is left to the next start.

        Args:
            late: whether there may be connections already, whose coming nobody has noted. Then nothing is known of
                those that an earlier life has told as there, and each is told again when it comes.

        Raises:
            StoreUnavailable: the database does not answer at the start.
        """
        clock, store = self._tools.clock, self._tools.store
        await store.resume(clock.now())
        announced = await store.announced()
        if late:
            await store.write([], [Announcement(key, there=False) for key in announced])
        else:
            self._hold.restore(announced, clock.monotonic() + limits.WEBHOOK_RETURN_S)
        async with Background(self._tools.metrics) as self._background:
            writer = asyncio.create_task(self._write(), name="webhook queue")
            self._background.spawn(self._tools.recorder.run(), name="webhook recorder")
            try:
                await self._look()
                await self._tidy()
                self._background.every(LOOK_S, self._look, name="webhook replays")
                self._background.every(TIDY_S, self._tidy, name="webhook log")
                self._set_timer()
                yield self
            finally:
                await self._leave(writer)

    @property
    def waiting(self) -> int:
        """How many were written down and not taken; of an address for which very many wait, as of the last tidying."""
        return sum(
            sender.waiting(self._backlog.get(address, 0)) for address, sender in tuple(self._senders.items())
        )

    def hold_on(self) -> None:
        """The server is leaving: who goes from now on comes back to the next one, and is not told as gone."""
        self._holding_on = True

    async def _leave(self, writer: "asyncio.Task[None]") -> None:
        self._holding_on = self._ending = True
        if self._timer is not None:
            self._timer.cancel()
        self._news.set()
        _done, late = await asyncio.wait([writer], timeout=WRITE_OUT_S)
        for task in late:
            task.cancel()
            await asyncio.wait([task])
            log.error("events were not written down", extra={"events": len(self._noted)})
            self._tools.metrics.webhook_events_dropped_total += len(self._noted)
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await asyncio.gather(*(sender.end() for sender in self._senders.values()))

    # ---- what the node tells --------------------------------------------------------------------------------

    def occupied(self, app_id: str, channel: str) -> None:
        """See ``Observer``."""
        key = Key(app_id, channel)
        if self._has_rules(app_id) and self._hold.arrived(key):
            event = noted(app_id, "channel_occupied", channel, announcement=Announcement(key, there=True))
            # A member joins before it is subscribed; whoever is told hears of the channel first.
            members = []
            while self._noted and self._noted[-1][:3] == (app_id, "member_added", channel):
                members.append(self._noted.pop())
            for each in (event, *reversed(members)):
                self._note(each)

    def vacated(self, app_id: str, channel: str) -> None:
        """See ``Observer``."""
        key = Key(app_id, channel)
        if not self._left(key):  # it was occupied before the app had webhooks: nothing waits for its return
            self._missed.discard(key)

    def member_added(self, app_id: str, channel: str, user_id: str) -> None:
        """See ``Observer``."""
        key = Key(app_id, channel, user_id)
        if self._has_rules(app_id) and self._hold.arrived(key):
            there = Announcement(key, there=True)
            self._note(noted(app_id, "member_added", channel, announcement=there, user_id=user_id))

    def member_removed(self, app_id: str, channel: str, user_id: str) -> None:
        """See ``Observer``."""
        self._left(Key(app_id, channel, user_id))

    def client_event(
        self, app_id: str, channel: str, event: str, data: str, socket_id: str, user_id: str | None
    ) -> None:
        """See ``Observer``."""
        self._tell(
            app_id, "client_event", channel, event=event, data=data, socket_id=socket_id, user_id=user_id
        )

    def cache_missed(self, app_id: str, channel: str) -> None:
        """See ``Observer``; told once, until there is something in the cache or the channel is vacated."""
        key = Key(app_id, channel)
        if self._has_rules(app_id) and key not in self._missed:
            self._missed.add(key)
            self._tell(app_id, "cache_miss", channel)

    def cache_filled(self, app_id: str, channel: str) -> None:
        """See ``Observer``."""
        if self._missed:
            self._missed.discard(Key(app_id, channel))

    def counted(self, app_id: str, channel: str, subscriptions: int) -> None:
        """See ``Observer``."""
        self._tell(app_id, "subscription_count", channel, subscription_count=subscriptions)

    def sweep(self) -> None:
        """See ``Observer``."""
        self._tell_gone()
        if self._gathering.next_due is not None:
            self._news.set()
        for sender in self._senders.values():
            sender.wake()

    # ---- taking note ----------------------------------------------------------------------------------------

    def _has_rules(self, app_id: str) -> bool:
        app = self._tools.app_of(app_id)
        return app is not None and bool(app.webhooks)

    def _tell(self, app_id: str, name: str, channel: str, **fields: Any) -> None:
        app = self._tools.app_of(app_id)
        if app is not None and any(rule.wants(name, channel) for rule in app.webhooks):
            self._note(noted(app_id, name, channel, **fields))

    def _note(self, event: Noted) -> None:
        if len(self._noted) >= NOTED_MOST:
            self._tools.metrics.webhook_events_dropped_total += 1
            return
        self._noted.append(event)
        self._news.set()

    def _left(self, key: Key) -> bool:
        was_here = self._hold.left(key, self._tools.clock.monotonic())
        due = self._hold.next_due
        if due is not None and due < self._timer_due:
            self._set_timer()
        return was_here

    def _set_timer(self) -> None:
        """Wake up when the next one has been away for long enough."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._timer_due = None, float("inf")
        due = self._hold.next_due
        if due is not None and not self._holding_on and self._background is not None:
            after = max(0.0, due - self._tools.clock.monotonic())
            self._timer_due = due
            self._timer = asyncio.get_running_loop().call_later(after, self._tell_gone)

    def _tell_gone(self) -> None:
        if self._holding_on:
            return
        for key in self._hold.due(self._tools.clock.monotonic()):
            name, fields = "channel_vacated", {}
            if key.user_id:
                name, fields = "member_removed", {"user_id": key.user_id}
            else:
                self._missed.discard(key)
            gone = Announcement(key, there=False)
            self._note(noted(key.app_id, name, key.channel, announcement=gone, **fields))
        self._set_timer()

    # ---- writing down ---------------------------------------------------------------------------------------

    async def _write(self) -> None:
        clock = self._tools.clock
        while True:
            due = self._gathering.next_due
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - clock.now())):
                    await self._news.wait()
            self._news.clear()
            while self._noted or self._is_due() or self._ending:
                try:
                    await self._write_some()
                except Exception:  # ours: later events are written down all the same
                    self._tools.metrics.faults_total += 1
                    log.exception("events were not written down")
                if self._ending and not self._noted and self._gathering.next_due is None:
                    return

    def _is_due(self) -> bool:
        due = self._gathering.next_due
        return due is not None and due <= self._tools.clock.now()

    async def _write_some(self) -> None:
        now, store = self._tools.clock.now(), self._tools.store
        events = [self._noted.popleft() for _ in range(min(WRITE_AT_ONCE, len(self._noted)))]
        whole = self._gathering.close(now)
        gathered, announcements, dropped = self._gathering.add(events, now, full=self._full)
        self._tools.metrics.webhook_events_dropped_total += dropped
        deliveries = [*whole, *gathered]
        if self._ending and not self._noted:
            rest = self._gathering.close_all(now)
            ids = {delivery.id for delivery in rest}
            deliveries = [delivery for delivery in deliveries if delivery.id not in ids] + rest
        if not deliveries and not announcements:
            return
        await persist(lambda: store.write(deliveries, announcements), doing="write")
        for delivery in deliveries:
            if delivery.state is State.PENDING:
                self._tools.metrics.webhooks_queued_total += 1
                self._sender(delivery.app_id, delivery.url).wake(more=True)

    # ---- posting --------------------------------------------------------------------------------------------

    def _sender(self, app_id: str, url: str) -> Sender:
        sender = self._senders.get((app_id, url))
        if sender is None:
            assert self._background is not None
            sender = self._senders[app_id, url] = Sender(app_id, url, self._tools, self._background)
            self._background.spawn(sender.run(), name="webhook sender")
        return sender

    async def _look(self) -> None:
        """Wake senders for what others have put into the queue: an earlier life, or a replay."""
        try:
            found = await self._tools.store.newest(self._seen)
        except StoreUnavailable as fault:
            self._tell_away("look", fault)
            return
        self._told_away = False
        for app_id, url, seq in found:
            self._seen = max(self._seen, seq)
            self._sender(app_id, url).wake(more=True)

    def _tell_away(self, doing: str, fault: StoreUnavailable) -> None:
        """Once, until it answers again: every second would bury all else."""
        if not self._told_away:
            log.warning("the webhook queue does not answer", extra={"doing": doing, "reason": str(fault)})
        self._told_away = True

    async def _tidy(self) -> None:
        try:
            await self._tools.store.prune(self._tools.clock.now())
            backlog = await self._tools.store.backlog()
        except StoreUnavailable as fault:
            self._tell_away("tidy", fault)
            return
        full = {address for address, waiting in backlog.items() if waiting >= BACKLOG_MOST}
        for app_id, url in full - self._full:
            about = {"app_id": app_id, "host": urlsplit(url).hostname}
            log.error("too many webhooks wait for an address; it gets no new events", extra=about)
        self._full = full
        self._backlog = backlog
