"""Answers that were given, and what they were worth."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

__all__ = [
    "ANSWERS_MOST",
    "NTH_MOST",
    "Attempt",
    "FirstAnswer",
    "GivenAnswer",
    "KeptAnswer",
    "Place",
    "Source",
    "player_id",
    "player_name",
]

ANSWERS_MOST: Final = 100  # in one attempt
NTH_MOST: Final = 50  # answers of one pupil to one question that are kept
_PLAYER: Final = "player_"
_SHOWN: Final = 6  # digits of a player's key; worlds show as many


def player_id(key: str) -> str:
    """What stands in the place of a user id for a player of a world, who has no account here.

    Args:
        key: a UUID that the running world has made for them, and forgets when it ends.
    """
    return _PLAYER + key.replace("-", "").lower()


def player_name(user_id: str) -> str:
    """What a player is called: ``Player 7F3A2C``, as the world shows it; empty for whoever has an account."""
    return f"Player {user_id.removeprefix(_PLAYER)[:_SHOWN].upper()}" if user_id.startswith(_PLAYER) else ""


class Source(StrEnum):
    """Where a pupil answers."""

    PAGE = "page"
    WORLD = "world"
    GAME = "game"


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer as it came in.

    Args:
        question_id: of the quiz.
        answer: see ``grading.Answer``.
        answered_at: Unix seconds; None: now.
    """

    question_id: str
    answer: Any
    answered_at: float | None = None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer as it is kept.

    Args:
        question_id: of the quiz.
        answer: as it came in.
        correct: whether all of it is right.
        score: 0 to 1.
        answered_at: Unix seconds.
        nth: which of this pupil's answers to the question it is, from 1.
    """

    question_id: str
    answer: Any
    correct: bool
    score: float
    answered_at: float
    nth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Answers that came in together.

    Args:
        id: ``attempt_`` and random digits.
        content_id: whose quiz it was.
        revision: of the content, by which it was graded.
        organization_id: of the content and of the pupil.
        user_id: of the pupil; of a player of a world, ``player_id`` of their key.
        class_id: of the class that they answered in; None: the content was shared with them otherwise.
        source: where they answered.
        created_at: Unix seconds.
        answers: in the order in which they came.
        idempotency_key: of the caller; the same key leads to the same attempt.
        request_sha256: of what was sent, to tell whether a known key comes with the same request.
        display_name: of the pupil's account; empty where it has gone.
        environment_id: of the world that posted it; None: no world did.
    """

    id: str
    content_id: str
    revision: int
    organization_id: str
    user_id: str
    class_id: str | None
    source: Source
    created_at: float
    answers: tuple[KeptAnswer, ...]
    idempotency_key: str | None = None
    request_sha256: str = ""
    display_name: str = ""
    environment_id: str | None = None

    @property
    def name(self) -> str:
        """What the pupil is called where no class has another name for them."""
        return self.display_name or player_name(self.user_id)


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """A pupil's first answer to a question; results count no other.

    Args:
        class_id: that it was given in.
        display_name: of the pupil's account; empty where it has gone.
    """

    user_id: str
    question_id: str
    answer: Any
    correct: bool
    score: float
    class_id: str | None
    display_name: str

    @property
    def name(self) -> str:
        """See ``Attempt.name``."""
        return self.display_name or player_name(self.user_id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt stands in the order of lists: the newest first."""

    created_at: float
    id: str
