"""What is kept of whoever asks: handed out as one document, or deleted."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from starlette.responses import StreamingResponse

from toolboxai.clock import Clock
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.privacy.deletion import Deletion
from toolboxai.platform.privacy.store import PersonalStore, Section
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["privacy_routes"]

_PIECE: Final = 64 * 1024  # characters that go out together


class DeleteMeBody(BaseModel):
    """The password, or where there is none, the word."""

    model_config = ConfigDict(extra="forbid")

    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)] | None = None
    confirm: Literal["delete"] | None = None

    @model_validator(mode="after")
    def _one(self) -> "DeleteMeBody":
        if (self.password is None) == (self.confirm is None):
            raise ValueError('send the password, or for an account without one {"confirm": "delete"}')
        return self


def privacy_routes(
    identity: IdentityService,
    store: PersonalStore,
    deletion: Deletion,
    authenticator: Authenticator,
    limiter: AttemptLimiter,
    audit: Audit,
    clock: Clock,
) -> APIRouter:
    """The routes under ``/api/v1/me``.

    Args:
        identity: knows the account.
        store: reads what is kept.
        deletion: deletes it.
        authenticator: who asks.
        limiter: bounds how often.
        audit: notes both.
        clock: for the date of the document.
    """
    router = APIRouter(prefix="/api/v1/me", tags=["privacy"])
    somebody = Annotated[Principal, Depends(authenticator)]

    @router.get("/export", response_class=StreamingResponse)
    async def export(request: Request, who: somebody) -> Response:
        """All that is kept of the asker, as one JSON document."""
        user = await identity.user(who.user_id)
        await limiter.admit(Attempts.EXPORT, account=user.id, address=authenticator.address(request))
        request_id = request.scope.get(REQUEST_ID)
        await audit.note(Action.EXPORTED, who, "user", user.id, request_id=request_id)
        return StreamingResponse(
            _document(store.sections(user.id), timestamp(clock.now())),
            media_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="toolboxai-export.json"'},
        )

    @router.delete("", status_code=204)
    async def delete(body: DeleteMeBody, request: Request, who: somebody) -> Response:
        """Delete the asker's account with all that is its own; it cannot be undone."""
        await deletion.delete_own(
            who,
            password=None if body.password is None else body.password.get_secret_value(),
            confirmed=body.confirm is not None,
            address=authenticator.address(request),
        )
        request_id = request.scope.get(REQUEST_ID)
        await audit.note(Action.DELETED, who, "user", who.user_id, request_id=request_id)
        return Response(status_code=204)

    return router


async def _document(sections: Sequence[Section], at: str) -> AsyncIterator[bytes]:
    """The document in pieces: a teacher's year is larger than what should be in memory at once."""
    text = f'{{"exported_at": "{at}"'
    for section in sections:
        text += f',\n"{section.name}": {"" if section.single else "["}'
        first = True
        async for row in section.rows:
            text += ("" if first else ",") + "\n" + json.dumps(row)
            first = False
            if len(text) > _PIECE:
                yield text.encode("ascii")
                text = ""
        text += ("null" if first else "") if section.single else "]"
    yield (text + "}\n").encode("ascii")
