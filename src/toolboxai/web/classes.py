"""Classes over HTTP: for teachers who make them, and pupils who join them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, Actor, By
from toolboxai.platform.classes.joining import Joining
from toolboxai.platform.classes.service import Classes
from toolboxai.platform.classes.store import Place
from toolboxai.platform.identity.model import Principal
from toolboxai.web.auth import signed_in
from toolboxai.web.class_bodies import (
    ClassAnswer,
    ClassBody,
    ClassChangeBody,
    ClassesAnswer,
    EnteredAnswer,
    JoinBody,
    JoinCodeAnswer,
    JoinCodeBody,
    JoinedAnswer,
    LinkBackAnswer,
    MemberAnswer,
    MemberBody,
    MembersAnswer,
    PseudonymBody,
    ReturnBody,
    ReturnedAnswer,
    class_answer,
    door_answer,
    joined_answer,
    member_answer,
)
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["class_routes"]

_PATH = "/api/v1/classes"
_Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARS)]
_Limit = Annotated[int, Query(ge=1, le=100)]


def class_routes(classes: Classes, joining: Joining, authenticator: Authenticator, audit: Audit) -> APIRouter:
    """The routes under ``/api/v1/classes``.

    Args:
        classes: what teachers do, and members see.
        joining: the way in.
        authenticator: who asks.
        audit: notes who did what.
    """
    router, told = APIRouter(prefix=_PATH, tags=["classes"]), _Told(audit)
    _add_joining(router, joining, authenticator, told)  # first: its paths are no ids of classes
    _add_classes(router, classes, authenticator, told)
    _add_members(router, classes, joining, authenticator, told)
    return router


class _Told:
    """Notes what was done to a class."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def __call__(
        self, action: Action, request: Request, who: Actor, class_id: str, **facts: Any
    ) -> None:
        request_id = request.scope.get(REQUEST_ID)
        await self._audit.note(action, who, "class", class_id, request_id=request_id, details=facts)


def _add_classes(router: APIRouter, classes: Classes, authenticator: Authenticator, told: _Told) -> None:
    somebody = Annotated[Principal, Depends(authenticator)]
    teacher = Annotated[Principal, Depends(authenticator.require("class:manage"))]
    owner = Annotated[Principal, Depends(_owning(classes, authenticator))]

    @router.post("", status_code=201)
    async def make(body: ClassBody, request: Request, response: Response, who: teacher) -> ClassAnswer:
        """Make a class of one's own; nobody can join it until it has a code."""
        made = await classes.make(who, body.name)
        response.headers["Location"] = f"{_PATH}/{made.classroom.id}"
        await told(Action.CLASS_MADE, request, who, made.classroom.id)
        return class_answer(made)

    @router.get("")
    async def all_of_them(who: somebody, limit: _Limit = 20, cursor: _Cursor = None) -> ClassesAnswer:
        """One's own classes, and those one is in."""
        after = None if cursor is None else Place(*place_in(cursor, float, str))
        found = await classes.all(who, after=after, limit=limit + 1)
        last = found[limit - 1].classroom if len(found) > limit else None
        return ClassesAnswer(
            items=[class_answer(each) for each in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.get("/{class_id}")
    async def one(class_id: str, who: somebody) -> ClassAnswer:
        """One class of one's own, or that one is in."""
        return class_answer(await classes.one(who, class_id))

    @router.patch("/{class_id}")
    async def change(class_id: str, body: ClassChangeBody, request: Request, who: owner) -> ClassAnswer:
        """Rename a class, or have its members see one another's names in the place of pseudonyms."""
        changed = await classes.change(who, class_id, name=body.name, names_shown=body.names_shown)
        await told(Action.CLASS_CHANGED, request, who, class_id, names_shown=changed.classroom.names_shown)
        return class_answer(changed)

    @router.delete("/{class_id}", status_code=204)
    async def remove(class_id: str, request: Request, who: owner) -> Response:
        """Delete a class: nobody is in it any more, and what was shared with it is not."""
        await classes.remove(who, class_id)
        await told(Action.CLASS_DELETED, request, who, class_id)
        return Response(status_code=204)

    @router.post("/{class_id}/join-code", status_code=201)
    async def open_door(
        class_id: str, request: Request, who: owner, body: JoinCodeBody | None = None
    ) -> JoinCodeAnswer:
        """Let pupils join by a new code; an earlier one is worth nothing any more."""
        door = await classes.open(who, class_id, hours=(body or JoinCodeBody()).hours)
        await told(Action.CLASS_OPENED, request, who, class_id)
        return JoinCodeAnswer(**door_answer(door).model_dump(), link=f"/#join={door.code}")

    @router.delete("/{class_id}/join-code", status_code=204)
    async def close_door(class_id: str, request: Request, who: owner) -> Response:
        """Let nobody join any more; who is in the class stays."""
        await classes.close(who, class_id)
        await told(Action.CLASS_CLOSED, request, who, class_id)
        return Response(status_code=204)


def _owning(classes: Classes, authenticator: Authenticator) -> Callable[..., Awaitable[Principal]]:
    """Who asks, and owns the class of the path; what is another's is told before anything of the request is looked at."""
    teacher = Annotated[Principal, Depends(authenticator.require("class:manage"))]

    async def owner(class_id: str, who: teacher) -> Principal:
        await classes.own(who, class_id)
        return who

    return owner


def _add_joining(router: APIRouter, joining: Joining, authenticator: Authenticator, told: _Told) -> None:
    perhaps = Annotated[Principal | None, Depends(authenticator.optional)]

    @router.post("/join", status_code=201)
    async def join(
        body: JoinBody, request: Request, response: Response, who: perhaps
    ) -> EnteredAnswer | JoinedAnswer:
        """Come into a class by its code: without a token an account is made; 200 where one is in it already."""
        joined = await joining.join(who, body.code, body.pseudonym, authenticator.address(request))
        if joined.fresh:
            user, class_id = joined.user, joined.seen.classroom.id
            by = By(user.organization_id, user.id)
            await told(Action.CLASS_JOINED, request, by, class_id, guest=user.guest)
        else:
            response.status_code = 200
        return joined_answer(joined)

    @router.post("/return")
    async def come_back(body: ReturnBody, request: Request) -> ReturnedAnswer:
        """Sign in by the link that one's teacher has made; once."""
        session, seen = await joining.come_back(body.code, authenticator.address(request))
        return ReturnedAnswer(
            **signed_in(session).model_dump(), class_=None if seen is None else class_answer(seen)
        )


def _add_members(
    router: APIRouter, classes: Classes, joining: Joining, authenticator: Authenticator, told: _Told
) -> None:
    somebody = Annotated[Principal, Depends(authenticator)]
    owner = Annotated[Principal, Depends(_owning(classes, authenticator))]

    @router.get("/{class_id}/members")
    async def members(
        class_id: str, who: somebody, limit: _Limit = 100, cursor: _Cursor = None
    ) -> MembersAnswer:
        """Who is in a class, for its owner and for who is in it."""
        after = None if cursor is None else Place(*place_in(cursor, float, str))
        found = await classes.members(who, class_id, after=after, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return MembersAnswer(
            items=[member_answer(each) for each in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.joined_at, last.user_id)),
        )

    @router.post("/{class_id}/members", status_code=201)
    async def add(
        class_id: str, body: MemberBody, request: Request, response: Response, who: owner
    ) -> MemberAnswer:
        """Take a pupil of one's organisation in who has an account; 200 where they are in it already."""
        member, fresh = await classes.add(
            who, class_id, user_id=body.user_id, username=body.username, pseudonym=body.pseudonym
        )
        if fresh:
            await told(Action.MEMBER_ADDED, request, who, class_id, member=member.user_id)
        else:
            response.status_code = 200
        return member_answer(member)

    @router.patch("/{class_id}/members/{user_id}")
    async def rename(class_id: str, user_id: str, body: PseudonymBody, who: owner) -> MemberAnswer:
        """Give a member another pseudonym."""
        return member_answer(await classes.rename(who, class_id, user_id, body.pseudonym))

    @router.delete("/{class_id}/members/{user_id}", status_code=204)
    async def dismiss(class_id: str, user_id: str, request: Request, who: somebody) -> Response:
        """Take a member out, or leave: what is shared with the class is theirs no more, from the next request on."""
        await classes.dismiss(who, class_id, user_id)
        await told(Action.MEMBER_REMOVED, request, who, class_id, member=user_id)
        return Response(status_code=204)

    @router.post("/{class_id}/members/{user_id}/link", status_code=201)
    async def link_back(class_id: str, user_id: str, request: Request, who: owner) -> LinkBackAnswer:
        """A link by which a pupil who joined by the code comes back on another device; it works once, within a day."""
        code, expires_at = await joining.way_back(who, class_id, user_id)
        await told(Action.MEMBER_LINKED, request, who, class_id, member=user_id)
        return LinkBackAnswer(link=f"/#return={code}", expires_at=timestamp(expires_at))
