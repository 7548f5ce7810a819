"""The messages of classes."""

from typing import Annotated, Final

from msgspec import Meta

from toolboxai.platform.messages.message import (
    ContentId,
    Data,
    Instant,
    Message,
    MessageType,
    Sender,
)

__all__ = ["CLASSROOM_MESSAGES", "QuizAnswer", "QuizAnswerData"]

_WORD: Final = "[A-Za-z0-9_]+$"


class QuizAnswerData(Data):
    """What a pupil has answered, and what it is worth."""

    content_id: ContentId
    class_id: Annotated[str, Meta(pattern="^class_" + _WORD)] | None
    question_id: Annotated[str, Meta(min_length=1, max_length=16)]
    user_id: Annotated[str, Meta(pattern="^user_" + _WORD)]
    name: Annotated[
        str, Meta(description="the pseudonym in the class, or the name where its teacher has turned names on")
    ]
    correct: Annotated[bool, Meta(description="whether all of it is right")]
    score: Annotated[float, Meta(ge=0, le=1, description="0 to 1")]
    answered_at: Instant


class QuizAnswer(Message, tag="quiz_answer"):
    """A pupil has answered a question; for the owner of the content alone."""

    data: QuizAnswerData


CLASSROOM_MESSAGES: Final = (
    MessageType(
        QuizAnswer,
        Sender.SERVER,
        (),
        ("private-user-{user_id}",),
        "a pupil has answered a question of one's quiz",
    ),
)
