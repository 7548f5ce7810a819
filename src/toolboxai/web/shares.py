"""Letting others of one's organisation look at what is one's own."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolboxai.errors import ValidationError
from toolboxai.platform.content.run.events import stamp
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.resources.sharing import Shared, Sharing
from toolboxai.platform.resources.store import SharePlace
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator

__all__ = ["share_routes"]

_audit = logging.getLogger("toolboxai.audit")

_Text = Annotated[str, Field(min_length=1, max_length=254)]


class ShareBody(BaseModel):
    """What to share, and with whom."""

    model_config = ConfigDict(extra="forbid")

    kind: _Text
    id: _Text
    user_id: _Text | None = None
    username: _Text | None = None

    @model_validator(mode="after")
    def _one_user(self) -> "ShareBody":
        if (self.user_id is None) == (self.username is None):
            raise ValueError("send either user_id or username")
        return self


class ShareAnswer(BaseModel):
    """A share; ``kind`` and ``id`` say of what, ``username`` is null where the account has gone."""

    share_id: str
    kind: str
    id: str
    user_id: str
    username: str | None
    created_at: str


class SharesAnswer(BaseModel):
    """A page of shares, oldest first; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[ShareAnswer]
    next_cursor: str | None


def share_routes(sharing: Sharing, authenticator: Authenticator) -> APIRouter:
    """The routes under ``/api/v1/shares``.

    Args:
        sharing: does it.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/shares", tags=["shares"])
    somebody = Annotated[Principal, Depends(authenticator)]

    @router.post("", status_code=201)
    async def share(body: ShareBody, request: Request, response: Response, who: somebody) -> ShareAnswer:
        """Let a user of one's organisation look at what is one's own; 200 where they may already."""
        made = await sharing.share(who, body.kind, body.id, user_id=body.user_id, username=body.username)
        response.headers["Location"] = f"/api/v1/shares?kind={body.kind}&id={body.id}"
        if made.fresh:
            _told(request, who, "shared", made)
        else:
            response.status_code = 200
        return _answer(made)

    @router.get("")
    async def shares(
        who: somebody,
        kind: Annotated[str | None, Query(max_length=40)] = None,
        id: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
    ) -> SharesAnswer:
        """With whom something of one's own is shared; without ``kind`` and ``id``, what is shared with oneself."""
        after = None if cursor is None else SharePlace(*place_in(cursor, float, str))
        if kind is not None and id is not None:
            found = await sharing.shares(who, kind, id, after=after, limit=limit + 1)
        elif kind is None and id is None:
            found = await sharing.shared_with(who, after=after, limit=limit + 1)
        else:
            missing = "id" if id is None else "kind"
            told = "send kind and id, or neither for what is shared with you"
            raise ValidationError(f"{missing}: {told}", details={"fields": {missing: told}})
        last = found[limit - 1].share if len(found) > limit else None
        return SharesAnswer(
            items=[_answer(each) for each in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.delete("/{share_id}", status_code=204)
    async def unshare(share_id: str, request: Request, who: somebody) -> Response:
        """Share no more; it counts from the next request, subscription or sign-in on."""
        ended = await sharing.unshare(who, share_id)
        _told(request, who, "unshared", Shared(ended, None))
        return Response(status_code=204)

    return router


def _told(request: Request, who: Principal, action: str, shared: Shared) -> None:
    """A line in the audit log."""
    share = shared.share
    facts = {"action": action, "kind": share.kind, "resource_id": share.resource_id, "with": share.user_id}
    about = {"user_id": who.user_id, "request_id": request.scope.get(REQUEST_ID)}
    _audit.info("shares changed by an owner", extra={**facts, **about})


def _answer(shared: Shared) -> ShareAnswer:
    share, user = shared.share, shared.user
    return ShareAnswer(
        share_id=share.id,
        kind=share.kind,
        id=share.resource_id,
        user_id=share.user_id,
        username=None if user is None else user.username,
        created_at=stamp(share.created_at),
    )
