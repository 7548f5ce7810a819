"""Posting to one address."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from toolboxai.apps.app import App
from toolboxai.apps.webhooks import WebhookRule
from toolboxai.clock import Clock
from toolboxai.ids import Dice
from toolboxai.metrics import Metrics
from toolboxai.node.background import Background
from toolboxai.node.feed import Feed
from toolboxai.node.feed_entry import Kind, Named
from toolboxai.node.webhooks.gathering import AppOf
from toolboxai.node.webhooks.lane import Lane, next_try_at
from toolboxai.node.webhooks.persist import persist
from toolboxai.node.webhooks.post import Post, PostFailed
from toolboxai.node.webhooks.recorder import Recorder
from toolboxai.node.webhooks.store import Delivery, Outcome, State, Waiting, WebhookStore
from toolboxai.protocol.signing import sign

__all__ = ["Sender", "Tools"]

log = logging.getLogger(__name__)
FAULT_RETRY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What every sender works with.

    Args:
        store: the queue.
        recorder: writes down what tries have come to.
        post: the way out.
        app_of: whose rules and keys count, looked up each time.
        clock: unix time of tries.
        dice: for the jitter.
        metrics: counted up in place.
        feed: is told of each try.
    """

    store: WebhookStore
    recorder: Recorder
    post: Post
    app_of: AppOf
    clock: Clock
    dice: Dice
    metrics: Metrics
    feed: Feed


class Sender:
    """Posts what waits for one address, each channel in order.

    Args:
        app_id: whose.
        url: where to.
        tools: see `Tools`.
        background: owns the posts.
    """

    def __init__(self, app_id: str, url: str, tools: Tools, background: Background) -> None:
        self._app_id = app_id
        self._url = url
        self._tools = tools
        self._background = background
        self._lane = Lane()
        self._more = True
        self._ending = False
        self._woken = asyncio.Event()

    def wake(self, *, more: bool = False) -> None:
        """Look at the clock again; with `more`, the store has more."""
        self._more = self._more or more
        self._woken.set()

    def waiting(self, in_store: int) -> int:
        """How many wait for the address.

        Args:
            in_store: as many as the store had some time ago; it counts where not all are known here.
        """
        known = len(self._lane)
        return known if self._lane.room > 0 else max(known, in_store)

    async def run(self) -> None:
        """Until it is cancelled."""
        lane, clock = self._lane, self._tools.clock
        while True:
            self._woken.clear()
            if self._more and lane.room > 0:
                await self._load()
            if not self._ending:
                await self._begin(lane.take(clock.now()))
            due = None if self._ending else lane.next_due
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - clock.now())):
                    await self._woken.wait()

    async def end(self) -> None:
        """Begin no more posts; returns when those under way have ended."""
        self._ending = True
        while self._lane.flying:
            self._woken.clear()
            await self._woken.wait()

    async def _load(self) -> None:
        room, self._more = self._lane.room, False
        found = await persist(
            lambda: self._tools.store.waiting(self._app_id, self._url, after=self._lane.last, limit=room),
            doing="load",
        )
        self._more = self._more or len(found) == room
        self._lane.add(found)

    async def _begin(self, taken: list[Waiting]) -> None:
        if taken:
            ids = [waiting.id for waiting in taken]
            whole = await persist(lambda: self._tools.store.find_all(ids), doing="read")
            found = {delivery.id: delivery for delivery in whole}
            for waiting in taken:
                self._background.spawn(self._deliver(waiting, found.get(waiting.id)), name="webhook")

    async def _deliver(self, waiting: Waiting, delivery: Delivery | None) -> None:
        try:
            outcome = await self._settle(waiting, delivery)
        except Exception:  # ours: what comes behind it on its channels would wait forever
            self._tools.metrics.faults_total += 1
            log.exception("webhook failed", extra={"webhook": waiting.id})
            later = self._tools.clock.now() + FAULT_RETRY_S
            outcome = Outcome(waiting.id, State.PENDING, waiting.attempts, later)
        if outcome is not None and outcome.state is State.PENDING:
            self._lane.again(waiting.seq, attempts=outcome.attempts, next_at=outcome.next_at)
        else:
            self._lane.done(waiting.seq)
        self._woken.set()

    async def _settle(self, waiting: Waiting, delivery: Delivery | None) -> Outcome | None:
        """One try, and what has come of it, written down; None when it is no longer to be delivered from this place."""
        if delivery is None or delivery.state is not State.PENDING or delivery.seq != waiting.seq:
            return None
        outcome = await self._try(delivery)
        await self._tools.recorder.record(outcome)
        metrics = self._tools.metrics
        if self._tools.feed.open:
            self._tell(delivery, outcome)
        if outcome.state is State.DELIVERED:
            metrics.webhooks_delivered_total += 1
        elif outcome.attempts > delivery.attempts:
            metrics.webhook_failures_total += 1
        if outcome.state is State.DEAD:
            metrics.webhooks_dead_total += 1
        return outcome

    def _tell(self, delivery: Delivery, outcome: Outcome) -> None:
        what = "failed" if outcome.state is State.PENDING else outcome.state.value
        facts = {
            "webhook_id": delivery.id,
            "host": urlsplit(delivery.url).hostname,
            "attempts": outcome.attempts,
            "status": outcome.last_status,
        }
        named = Named(size=len(delivery.body.encode()))
        self._tools.feed.tell(Kind.WEBHOOK, delivery.app_id, what, facts, named=named)

    async def _try(self, delivery: Delivery) -> Outcome:
        tools = self._tools
        app = tools.app_of(delivery.app_id)
        rule = _rule(app, delivery.url)
        if app is None or rule is None:
            said = "the settings no longer name this address"
            return Outcome(delivery.id, State.DEAD, delivery.attempts, delivery.next_at, last_error=said)
        status, error = await self._answer(app, rule, delivery)
        now, attempts = tools.clock.now(), delivery.attempts + 1
        if status is not None and 200 <= status < 300:
            return Outcome(delivery.id, State.DELIVERED, attempts, delivery.next_at, status, delivered_at=now)
        next_at = next_try_at(delivery.created_at, now, attempts, tools.dice)
        state = State.DEAD if next_at is None else State.PENDING
        about = {"webhook": delivery.id, "app_id": app.id, "host": urlsplit(delivery.url).hostname}
        log.warning(
            "webhook not delivered", extra={**about, "attempts": attempts, "reason": error, "then": state}
        )
        return Outcome(delivery.id, state, attempts, now if next_at is None else next_at, status, error)

    async def _answer(self, app: App, rule: WebhookRule, delivery: Delivery) -> tuple[int | None, str | None]:
        body = delivery.body.encode()
        key = delivery.key if delivery.key in app.secrets else app.key  # a key that is gone signs nothing
        headers = [
            ("Content-Type", "application/json"),
            ("X-Pusher-Key", key),
            ("X-Pusher-Signature", sign(app.secrets[key], body)),
            ("X-Toolboxai-Webhook-Id", delivery.id),
            *rule.headers,
        ]
        try:
            status = await self._tools.post(
                delivery.url, body, headers, allow_private_address=rule.allow_private_address
            )
        except PostFailed as fault:
            return None, str(fault)
        return status, None if 200 <= status < 300 else f"it answered {status}"


def _rule(app: App | None, url: str) -> WebhookRule | None:
    rules = () if app is None else app.webhooks
    return next((rule for rule in rules if rule.url == url), None)
