"""Classes over HTTP: for teachers who make them, and pupils who join them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, Actor, By
from toolboxai.platform.classes.joining import Joined, Joining
from toolboxai.platform.classes.model import Member
from toolboxai.platform.classes.service import Classes, OpenDoor, Seen
from toolboxai.platform.classes.store import Place
from toolboxai.platform.identity.model import Principal
from toolboxai.web.auth import SignedInAnswer, UserAnswer, signed_in, user_answer
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp
from toolboxai.web.whole_text import whole_text

__all__ = ["class_routes"]

_PATH = "/api/v1/classes"
_Name = Annotated[str, Field(min_length=1, max_length=400)]
_Text = Annotated[str, Field(min_length=1, max_length=254)]
_Hours = Annotated[int, Field(ge=1, le=720)]
_Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARS)]
_Limit = Annotated[int, Query(ge=1, le=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)


class ClassBody(_Body):
    """A new class."""

    name: _Name


class ClassChangeBody(_Body):
    """What is to be other; what is not named stays."""

    name: _Name | None = None
    names_shown: bool | None = None


class JoinCodeBody(_Body):
    """For how long pupils may join by the code."""

    hours: _Hours = 168


class JoinBody(_Body):
    """A code as it was typed, and what the class shall call whoever typed it."""

    code: _Text
    pseudonym: _Name


class ReturnBody(_Body):
    """The code of a link back."""

    code: _Text


class MemberBody(_Body):
    """A pupil who has an account, and what the class calls them."""

    user_id: _Text | None = None
    username: _Text | None = None
    pseudonym: _Name | None = None

    @model_validator(mode="after")
    def _one_user(self) -> "MemberBody":
        if (self.user_id is None) == (self.username is None):
            raise ValueError("send either user_id or username")
        return self


class PseudonymBody(_Body):
    """What the class calls a member."""

    pseudonym: _Name


class JoinCodeAnswer(BaseModel):
    """The code by which pupils join until ``expires_at``, and the page where it is filled in."""

    code: str
    expires_at: str
    link: str


class DoorAnswer(BaseModel):
    """The code by which pupils join until ``expires_at``."""

    code: str
    expires_at: str


class ClassAnswer(BaseModel):
    """A class; ``join`` is for its owner, null while nobody can join. ``members`` counts them."""

    class_id: str
    name: str
    owner_id: str
    names_shown: bool
    members: int
    join: DoorAnswer | None
    channel: str
    presence_channel: str
    created_at: str


class ClassesAnswer(BaseModel):
    """A page, oldest first; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[ClassAnswer]
    next_cursor: str | None


class JoinedAnswer(BaseModel):
    """A pupil who was signed in and is in the class now."""

    user: UserAnswer
    class_: ClassAnswer = Field(serialization_alias="class")


class EnteredAnswer(SignedInAnswer):
    """A pupil who is in the class with an account that was made for them: tokens and user, as a login has them."""

    class_: ClassAnswer = Field(serialization_alias="class")


class ReturnedAnswer(SignedInAnswer):
    """A pupil who is back; ``class`` is null where they are not in it any more."""

    class_: ClassAnswer | None = Field(serialization_alias="class")


class MemberAnswer(BaseModel):
    """A member; ``display_name`` is for the owner, and for all where names are shown, else null."""

    user_id: str
    pseudonym: str
    display_name: str | None
    joined_at: str


class MembersAnswer(BaseModel):
    """A page, the first who came first; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[MemberAnswer]
    next_cursor: str | None


class LinkBackAnswer(BaseModel):
    """A link by which one pupil signs in once, until ``expires_at``; a secret between teacher and pupil."""

    link: str
    expires_at: str


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
        return _class(made)

    @router.get("")
    async def all_of_them(who: somebody, limit: _Limit = 20, cursor: _Cursor = None) -> ClassesAnswer:
        """One's own classes, and those one is in."""
        after = None if cursor is None else Place(*place_in(cursor, float, str))
        found = await classes.all(who, after=after, limit=limit + 1)
        last = found[limit - 1].classroom if len(found) > limit else None
        return ClassesAnswer(
            items=[_class(each) for each in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.get("/{class_id}")
    async def one(class_id: str, who: somebody) -> ClassAnswer:
        """One class of one's own, or that one is in."""
        return _class(await classes.one(who, class_id))

    @router.patch("/{class_id}")
    async def change(class_id: str, body: ClassChangeBody, request: Request, who: owner) -> ClassAnswer:
        """Rename a class, or have its members see one another's names in the place of pseudonyms."""
        changed = await classes.change(who, class_id, name=body.name, names_shown=body.names_shown)
        await told(Action.CLASS_CHANGED, request, who, class_id, names_shown=changed.classroom.names_shown)
        return _class(changed)

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
        return JoinCodeAnswer(**_door(door).model_dump(), link=f"/#join={door.code}")

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
        return _joined(joined)

    @router.post("/return")
    async def come_back(body: ReturnBody, request: Request) -> ReturnedAnswer:
        """Sign in by the link that one's teacher has made; once."""
        session, seen = await joining.come_back(body.code, authenticator.address(request))
        return ReturnedAnswer(
            **signed_in(session).model_dump(), class_=None if seen is None else _class(seen)
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
            items=[_member(each) for each in found[:limit]],
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
        return _member(member)

    @router.patch("/{class_id}/members/{user_id}")
    async def rename(class_id: str, user_id: str, body: PseudonymBody, who: owner) -> MemberAnswer:
        """Give a member another pseudonym."""
        return _member(await classes.rename(who, class_id, user_id, body.pseudonym))

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


def _class(seen: Seen) -> ClassAnswer:
    classroom = seen.classroom
    return ClassAnswer(
        class_id=classroom.id,
        name=classroom.name,
        owner_id=classroom.owner_id,
        names_shown=classroom.names_shown,
        members=classroom.members,
        join=None if seen.door is None else _door(seen.door),
        channel=f"private-class-{classroom.id}",
        presence_channel=f"presence-classroom-{classroom.id}",
        created_at=timestamp(classroom.created_at),
    )


def _door(door: OpenDoor) -> DoorAnswer:
    return DoorAnswer(code=door.code, expires_at=timestamp(door.expires_at))


def _member(member: Member) -> MemberAnswer:
    return MemberAnswer(
        user_id=member.user_id,
        pseudonym=member.pseudonym,
        display_name=member.display_name or None,
        joined_at=timestamp(member.joined_at),
    )


def _joined(joined: Joined) -> EnteredAnswer | JoinedAnswer:
    shown = _class(joined.seen)
    if joined.session is None:
        return JoinedAnswer(user=user_answer(joined.user), class_=shown)
    return EnteredAnswer(**signed_in(joined.session).model_dump(), class_=shown)
