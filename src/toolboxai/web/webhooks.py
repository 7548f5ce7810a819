"""The log of posted webhooks for admins, and the receiver for webhooks of our own app."""

import hmac
import logging
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from toolboxai.apps.app import App
from toolboxai.clock import Clock
from toolboxai.errors import Conflict, InvalidToken, ProviderUnavailable, ResourceNotFound, ValidationError
from toolboxai.metrics import Metrics
from toolboxai.node.webhooks.log import facts
from toolboxai.node.webhooks.store import Delivery, State, StoreUnavailable, WebhookStore
from toolboxai.platform.identity.model import Principal
from toolboxai.protocol.signing import sign
from toolboxai.web.security import Authenticator

__all__ = ["WEBHOOK_BODIES", "webhook_log_routes", "webhook_receiver_routes"]

log = logging.getLogger(__name__)
_ID = re.compile(r"wh_[0-9a-z]{1,60}")
WEBHOOK_BODIES = {"/api/v1/pusher/webhook": 1024 * 1024}  # fifty events of the usual largest size, escaped


class WebhookItem(BaseModel):
    """One delivery, without its body."""

    id: str
    app_id: str
    url: str
    state: Literal["pending", "delivered", "dead"]
    events: list[str]
    channels: list[str]
    created_at: str
    attempts: int
    next_attempt_at: str | None
    last_status: int | None
    last_error: str | None
    delivered_at: str | None


class WebhooksAnswer(BaseModel):
    """A page, newest first; ``next_cursor`` is the ``cursor`` of the next page, null at the end."""

    items: list[WebhookItem]
    next_cursor: int | None


class WebhookAnswer(WebhookItem):
    """One delivery with the body as it is posted."""

    body: str


class ReceivedAnswer(BaseModel):
    """How many events were taken."""

    events: int


def webhook_log_routes(store: WebhookStore, clock: Clock, authenticator: Authenticator) -> APIRouter:
    """The routes under ``/api/v1/admin/webhooks``.

    Args:
        store: the queue with its log.
        clock: for the time of a replay.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/admin/webhooks", tags=["webhooks"])
    may = authenticator.require("admin:webhooks")

    @router.get("")
    async def webhooks(
        _admin: Annotated[Principal, Depends(may)],
        app_id: Annotated[str | None, Query(pattern=r"^[0-9]{1,20}$")] = None,
        state: Literal["pending", "delivered", "dead"] | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    ) -> WebhooksAnswer:
        """Deliveries, newest first."""
        wanted = None if state is None else State(state)
        try:
            found = await store.page(app_id=app_id, state=wanted, before=cursor, limit=limit + 1)
        except StoreUnavailable as fault:
            raise _unavailable() from fault
        page = found[:limit]
        items = [WebhookItem(**facts(delivery)) for delivery in page]
        return WebhooksAnswer(items=items, next_cursor=page[-1].seq if len(found) > limit else None)

    @router.get("/{webhook_id}")
    async def webhook(webhook_id: str, _admin: Annotated[Principal, Depends(may)]) -> WebhookAnswer:
        """One delivery with its body."""
        return _answer(await _found(store, webhook_id))

    @router.post("/{webhook_id}/replay", status_code=202)
    async def replay(webhook_id: str, admin: Annotated[Principal, Depends(may)]) -> WebhookAnswer:
        """Post it again, with a new time and signature and the same id."""
        await _found(store, webhook_id)
        try:
            taken = await store.replay(webhook_id, clock.now())
        except StoreUnavailable as fault:
            raise _unavailable() from fault
        if not taken:
            raise Conflict(
                f"{webhook_id} is still being tried; it can be replayed once it is delivered or dead"
            )
        log.info("webhook replayed", extra={"webhook": webhook_id, "user_id": admin.user_id})
        return _answer(await _found(store, webhook_id))

    return router


async def _found(store: WebhookStore, webhook_id: str) -> Delivery:
    try:
        delivery = await store.find(webhook_id) if _ID.fullmatch(webhook_id) else None
    except StoreUnavailable as fault:
        raise _unavailable() from fault
    if delivery is None:
        raise ResourceNotFound(
            "there is no such webhook; GET /api/v1/admin/webhooks lists those that are kept"
        )
    return delivery


def _answer(delivery: Delivery) -> WebhookAnswer:
    return WebhookAnswer(**facts(delivery), body=delivery.body)


def _unavailable() -> ProviderUnavailable:
    return ProviderUnavailable("the database does not answer; try again")


# ---- receiving ----------------------------------------------------------------------------------------------------


class _Event(msgspec.Struct):
    name: str
    channel: str


class _Body(msgspec.Struct):
    time_ms: int
    events: list[_Event]


_decoder = msgspec.json.Decoder(_Body)


def webhook_receiver_routes(own: Callable[[], App | None], metrics: Metrics) -> APIRouter:
    """``POST /api/v1/pusher/webhook``: takes what a Channels service posts about our app.

    Args:
        own: our app, as it is now; any of its active keys may have signed.
        metrics: what comes in is counted.
    """
    router = APIRouter(tags=["webhooks"])

    @router.post(
        "/api/v1/pusher/webhook",
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
        },
    )
    async def receive(request: Request) -> ReceivedAnswer:
        """Take a webhook whose ``X-Pusher-Signature`` over the raw body holds."""
        raw = await request.body()
        _check(own(), request, raw)
        try:
            body = _decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            told = 'the body is not that of a webhook: {"time_ms": …, "events": [{"name", "channel", …}]}'
            raise ValidationError(told, details={"fields": {"body": told}}) from fault
        metrics.webhooks_received_total += 1
        names: dict[str, Any] = dict.fromkeys(event.name[:100] for event in body.events[:50])
        log.info("webhook received", extra={"events": len(body.events), "names": list(names)})
        return ReceivedAnswer(events=len(body.events))

    return router


def _check(app: App | None, request: Request, raw: bytes) -> None:
    """Refuse a body that no key of ours has signed; an unknown key takes the same path as a wrong signature."""
    key = request.headers.get("x-pusher-key", "")
    signature = request.headers.get("x-pusher-signature", "")
    secret = None if app is None else app.secrets.get(key)
    expected = sign(secret or "no such key", raw)
    holds = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
    if secret is None or not holds:
        raise InvalidToken(
            "X-Pusher-Key and X-Pusher-Signature do not hold for this body; sign its very bytes with HMAC-SHA256 and "
            "the secret of an active key of our app"
        )
