"""The messages of classes."""

from typing import Annotated, Final

from msgspec import Meta

from toolboxai.platform.messages.message import (
    ClassId,
    ContentId,
    Data,
    Instant,
    Message,
    MessageType,
    PersonId,
    Sender,
)

__all__ = ["CLASSROOM_MESSAGES", "QuizAnswer", "QuizAnswerData"]


class QuizAnswerData(Data):
    """What a pupil has answered, and what it is worth."""

    content_id: ContentId
    class_id: Annotated[ClassId | None, Meta(description="null: the content was shared otherwise")]
    question_id: Annotated[str, Meta(min_length=1, max_length=16)]
    user_id: Annotated[PersonId, Meta(description="a player of a world has no account here")]
    name: Annotated[
        str,
        Meta(
            description="the pseudonym in the class, or the name where its teacher has turned names on; of a player, "
            "what the world shows them as"
        ),
    ]
    correct: Annotated[bool, Meta(description="whether all of it is right")]
    score: Annotated[float, Meta(ge=0, le=1)]
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
