"""What the routes of classes take and answer."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from toolboxai.platform.classes.joining import Joined
from toolboxai.platform.classes.model import Member
from toolboxai.platform.classes.service import OpenDoor, Seen
from toolboxai.web.auth import SignedInAnswer, UserAnswer, signed_in, user_answer
from toolboxai.web.times import timestamp
from toolboxai.web.whole_text import whole_text

__all__ = [
    "ClassAnswer",
    "ClassBody",
    "ClassChangeBody",
    "ClassesAnswer",
    "DoorAnswer",
    "EnteredAnswer",
    "JoinBody",
    "JoinCodeAnswer",
    "JoinCodeBody",
    "JoinedAnswer",
    "LinkBackAnswer",
    "MemberAnswer",
    "MemberBody",
    "MembersAnswer",
    "PseudonymBody",
    "ReturnBody",
    "ReturnedAnswer",
    "class_answer",
    "door_answer",
    "joined_answer",
    "member_answer",
]

_Name = Annotated[str, Field(min_length=1, max_length=400)]
_Text = Annotated[str, Field(min_length=1, max_length=254)]
_Hours = Annotated[int, Field(ge=1, le=720)]


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


def class_answer(seen: Seen) -> ClassAnswer:
    """A class as JSON, as somebody sees it."""
    classroom = seen.classroom
    return ClassAnswer(
        class_id=classroom.id,
        name=classroom.name,
        owner_id=classroom.owner_id,
        names_shown=classroom.names_shown,
        members=classroom.members,
        join=None if seen.door is None else door_answer(seen.door),
        channel=f"private-class-{classroom.id}",
        presence_channel=f"presence-classroom-{classroom.id}",
        created_at=timestamp(classroom.created_at),
    )


def door_answer(door: OpenDoor) -> DoorAnswer:
    """An open door as JSON."""
    return DoorAnswer(code=door.code, expires_at=timestamp(door.expires_at))


def member_answer(member: Member) -> MemberAnswer:
    """A member as JSON."""
    return MemberAnswer(
        user_id=member.user_id,
        pseudonym=member.pseudonym,
        display_name=member.display_name or None,
        joined_at=timestamp(member.joined_at),
    )


def joined_answer(joined: Joined) -> EnteredAnswer | JoinedAnswer:
    """Somebody who is in a class now, as JSON."""
    shown = class_answer(joined.seen)
    if joined.session is None:
        return JoinedAnswer(user=user_answer(joined.user), class_=shown)
    return EnteredAnswer(**signed_in(joined.session).model_dump(), class_=shown)
