"""Letting others of one's organisation look at what is one's own: users, classes, and whoever has a link."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolboxai.errors import ValidationError
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, Actor, By
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.resources.links import ShareLinks
from toolboxai.platform.resources.model import Share, ShareRole
from toolboxai.platform.resources.sharing import Shared, Sharing
from toolboxai.platform.resources.store import SharePlace
from toolboxai.web.auth import SignedInAnswer, signed_in
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["share_routes"]

_Text = Annotated[str, Field(min_length=1, max_length=254)]


class LinkBody(BaseModel):
    """For how long a link holds."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hours: Annotated[int, Field(ge=1, le=720)] = 168


class ShareBody(BaseModel):
    """What to share, and with whom."""

    model_config = ConfigDict(extra="forbid")

    kind: _Text
    id: _Text
    role: ShareRole = ShareRole.VIEWER
    user_id: _Text | None = None
    username: _Text | None = None
    class_id: _Text | None = None
    link: LinkBody | None = None

    @model_validator(mode="after")
    def _one_other(self) -> "ShareBody":
        others = (self.user_id, self.username, self.class_id, self.link)
        if sum(each is not None for each in others) != 1:
            raise ValueError("send one of user_id, username, class_id and link")
        return self


class RedeemBody(BaseModel):
    """The code of a link; whoever is not signed in says what they want to be called."""

    model_config = ConfigDict(extra="forbid")

    code: _Text
    pseudonym: Annotated[str, Field(min_length=1, max_length=400)] | None = None


class ShareAnswer(BaseModel):
    """A share; ``kind`` and ``id`` say of what.

    ``shared_with`` says which of the others are there: the user, the class, or the time at which a link ends. ``username``
    and ``class_name`` are null where the account or the class has gone. ``link`` is told once, when it is made.
    """

    share_id: str
    kind: str
    id: str
    role: str
    shared_with: Literal["user", "class", "link"]
    user_id: str | None
    username: str | None
    class_id: str | None
    class_name: str | None
    link: str | None
    expires_at: str | None
    created_at: str


class SharesAnswer(BaseModel):
    """A page of shares, oldest first; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[ShareAnswer]
    next_cursor: str | None


class RedeemedAnswer(BaseModel):
    """What somebody who is signed in has from a link."""

    share: ShareAnswer


class GuestAnswer(SignedInAnswer):
    """What somebody has from a link for whom an account was made: tokens and user, as a login has them."""

    share: ShareAnswer


def share_routes(
    sharing: Sharing, links: ShareLinks, authenticator: Authenticator, audit: Audit
) -> APIRouter:
    """The routes under ``/api/v1/shares``.

    Args:
        sharing: does it with users and classes.
        links: does it by link.
        authenticator: who asks.
        audit: notes who shared what.
    """
    router = APIRouter(prefix="/api/v1/shares", tags=["shares"])
    somebody = Annotated[Principal, Depends(authenticator)]
    perhaps = Annotated[Principal | None, Depends(authenticator.optional)]

    async def told(action: Action, request: Request, who: Actor, share: Share) -> None:
        request_id = request.scope.get(REQUEST_ID)
        await audit.note(
            action, who, share.kind, share.resource_id, request_id=request_id, details=share.facts
        )

    @router.post("", status_code=201)
    async def share(body: ShareBody, request: Request, response: Response, who: somebody) -> ShareAnswer:
        """Let others of one's organisation look at what is one's own, or edit it; 200 where they may already."""
        code = None
        if body.link is not None:
            made, code = await links.make(who, body.kind, body.id, role=body.role, hours=body.link.hours)
        elif body.class_id is not None:
            made = await sharing.share_with_class(who, body.kind, body.id, body.class_id, role=body.role)
        else:
            made = await sharing.share(
                who, body.kind, body.id, user_id=body.user_id, username=body.username, role=body.role
            )
        response.headers["Location"] = f"/api/v1/shares?kind={body.kind}&id={body.id}"
        if not made.fresh:
            response.status_code = 200
        await told(Action.SHARED, request, who, made.share)
        return _answer(made, code)

    @router.post("/redeem", status_code=201)
    async def redeem(
        body: RedeemBody, request: Request, response: Response, who: perhaps
    ) -> GuestAnswer | RedeemedAnswer:
        """Have a share of one's own for the code of a link: without a token an account is made; 200 where one has it."""
        redeemed = await links.redeem(
            who, body.code, authenticator.address(request), pseudonym=body.pseudonym
        )
        share = redeemed.shared
        if not share.fresh:
            response.status_code = 200
        by = who or By(share.share.organization_id, share.share.user_id)
        await told(Action.LINK_REDEEMED, request, by, share.share)
        if redeemed.session is None:
            return RedeemedAnswer(share=_answer(share))
        return GuestAnswer(**signed_in(redeemed.session).model_dump(), share=_answer(share))

    @router.get("")
    async def shares(
        who: somebody,
        kind: Annotated[str | None, Query(max_length=40)] = None,
        id: Annotated[str | None, Query(max_length=200)] = None,
        class_id: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
    ) -> SharesAnswer:
        """With whom something of one's own is shared, or what with a class of one's own or one is in; else what with oneself."""
        after = None if cursor is None else SharePlace(*place_in(cursor, float, str))
        if class_id is not None:
            if kind is not None or id is not None:
                told = "send either class_id, or kind and id"
                raise ValidationError(f"class_id: {told}", details={"fields": {"class_id": told}})
            found = await sharing.with_class(who, class_id, after=after, limit=limit + 1)
        elif kind is not None and id is not None:
            found = await sharing.shares(who, kind, id, after=after, limit=limit + 1)
        elif kind is None and id is None:
            found = await sharing.shared_with(who, after=after, limit=limit + 1)
        else:
            missing = "id" if id is None else "kind"
            told = "send kind and id, or class_id, or none of them for what is shared with you"
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
        await told(Action.UNSHARED, request, who, ended)
        return Response(status_code=204)

    return router


def _answer(shared: Shared, code: str | None = None) -> ShareAnswer:
    share, user, classroom = shared.share, shared.user, shared.classroom
    return ShareAnswer(
        share_id=share.id,
        kind=share.kind,
        id=share.resource_id,
        role=share.role.value,
        shared_with="user" if share.user_id else "class" if share.class_id else "link",
        user_id=share.user_id,
        username=None if user is None else user.username,
        class_id=share.class_id,
        class_name=None if classroom is None else classroom.name,
        link=None if code is None else f"/#share={code}",
        expires_at=None if share.expires_at is None else timestamp(share.expires_at),
        created_at=timestamp(share.created_at),
    )
