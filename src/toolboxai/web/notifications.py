"""The operator's own notices for everybody."""

from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from toolboxai.clock import Clock
from toolboxai.errors import ProviderUnavailable, PublishFailed, ValidationError
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.messages.connection import Level, NoticeKind, Phase
from toolboxai.platform.notifications.notice import CHANNEL, EVENT, MESSAGE_CHARS, Notice
from toolboxai.platform.notifications.service import Notifications
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import Instant
from toolboxai.web.whole_text import whole_text

__all__ = ["notification_routes"]

_AHEAD_S: Final = 400 * 86400.0  # a school year and more; beyond that it is a slip of the pen


class NotificationBody(BaseModel):
    """What everybody is told; with a time it is a maintenance, without one a notice."""

    model_config = ConfigDict(extra="forbid")

    message: Annotated[str, AfterValidator(whole_text)] = Field(min_length=1, max_length=MESSAGE_CHARS)
    level: Level = Level.INFO
    starts_at: Instant | None = None
    ends_at: Instant | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends_at is not after starts_at; it ends after it began")
        return self


class NotificationAnswer(BaseModel):
    """Where it went, and the message as it went out."""

    channel: str
    event: str
    data: dict[str, Any]


def notification_routes(
    notifications: Notifications,
    clock: Clock,
    authenticator: Authenticator,
    limiter: AttemptLimiter,
    audit: Audit,
) -> APIRouter:
    """``POST /api/v1/admin/notifications``.

    Args:
        notifications: the way to everybody.
        clock: for what lies ahead and what is over.
        authenticator: who asks.
        limiter: bounds how often one account may tell everybody something.
        audit: notes who told what.
    """
    router = APIRouter(prefix="/api/v1/admin/notifications", tags=["notifications"])
    operator = Annotated[Principal, Depends(authenticator.require("system:manage"))]

    @router.post("")
    async def notify(request: Request, who: operator, body: NotificationBody) -> NotificationAnswer:
        """Tell everybody, on the public channel ``system-notifications`` and on the old sockets: nothing personal."""
        notice = _notice(body, clock.now())
        await limiter.admit(Attempts.NOTIFICATION, account=who.user_id)
        try:
            told = await notifications.tell(notice)
        except PublishFailed as failed:
            raise ProviderUnavailable(f"nobody was told: {failed}") from failed
        await audit.note(
            Action.NOTIFIED,
            who,
            str(notice.kind),
            request_id=request.scope.get(REQUEST_ID),
            logged={"said": notice.message},
        )
        return NotificationAnswer(channel=CHANNEL, event=EVENT, data=told)

    return router


def _notice(body: NotificationBody, now: float) -> Notice:
    times = {name: getattr(body, name) for name in ("starts_at", "ends_at")}
    unix = {name: None if at is None else at.timestamp() for name, at in times.items()}
    for name, at in unix.items():
        if at is not None and at > now + _AHEAD_S:
            raise _fault(name, "it is more than 400 days ahead; name a time that people will remember")
    starts_at, ends_at = unix["starts_at"], unix["ends_at"]
    if ends_at is not None and ends_at <= now:
        raise _fault("ends_at", "it is over already; name a time that is still to come")
    if starts_at is None and ends_at is None:
        return Notice(NoticeKind.NOTICE, body.message, level=body.level)
    begun = starts_at is None or starts_at <= now
    return Notice(
        NoticeKind.MAINTENANCE,
        body.message,
        level=body.level,
        phase=Phase.BEGUN if begun else Phase.PLANNED,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _fault(field: str, text: str) -> ValidationError:
    return ValidationError(f"{field}: {text}", details={"fields": {field: text}})
