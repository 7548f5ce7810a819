"""What a teacher asks for."""

from enum import StrEnum
from typing import Final

from msgspec import Struct, field

__all__ = [
    "MAX_SOURCE_CHARS",
    "SUPPORTED_QUESTION_TYPES",
    "USUAL_QUESTION_TYPES",
    "Difficulty",
    "GenerationRequest",
    "Objective",
    "QuestionType",
]

# About 80,000 words: a whole short novel. The work grows linearly with the text, to a few seconds at this size.
MAX_SOURCE_CHARS: Final = 500_000


class Difficulty(StrEnum):
    """How hard a text is for its readers, or a question for who has read the text."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"
    EXPERT = "expert"


class QuestionType(StrEnum):
    """The kinds of question; ``Question`` says how each is answered."""

    MULTIPLE_CHOICE = "multiple_choice"
    TRUE_FALSE = "true_false"
    FILL_BLANK = "fill_blank"
    MATCHING = "matching"
    ORDERING = "ordering"
    SHORT_ANSWER = "short_answer"
    NUMERIC = "numeric"


# What the offline engine builds, and what a request gets that names no kinds: of each as much as the text carries.
SUPPORTED_QUESTION_TYPES: Final[tuple[str, ...]] = tuple(kind.value for kind in QuestionType)


# What a quiz has when its request names no kinds: every form carries them whole, but for Aiken, which has choices alone.
USUAL_QUESTION_TYPES: Final[tuple[str, ...]] = (
    QuestionType.MULTIPLE_CHOICE.value,
    QuestionType.TRUE_FALSE.value,
    QuestionType.FILL_BLANK.value,
    QuestionType.SHORT_ANSWER.value,
)


class Objective(Struct, frozen=True):
    """What pupils shall be able to do; ``bloom_level`` is one of the six of Bloom's revised taxonomy, or None."""

    title: str
    bloom_level: str | None = None


class GenerationRequest(Struct, frozen=True, kw_only=True):
    """What the teacher asks for. ``validation.check_request`` tells whether it can be done.

    Args:
        subject: such as ``Science``.
        grade_level: a school year (``7``) or a band (``"6-8"``, ``"K-2"``).
        learning_objectives: 1 to 10.
        source_text: plain text or Markdown, at most ``MAX_SOURCE_CHARS`` characters.
        language: BCP 47 tag of the source; those of ``lexicon.FULL_LANGUAGES`` are fully served.
        difficulty: the difficulty wanted of the questions, or None for a mixture.
        duration_minutes: 5 to 120; the lesson's timings sum to it.
        num_questions: 1 to 50; fewer come back when the text does not carry so many good ones.
        question_types: of ``SUPPORTED_QUESTION_TYPES``; those of ``USUAL_QUESTION_TYPES`` when none are named.
        seed: the same request with the same seed gives the same bytes.
        title: the lesson's; None takes the text's first heading, or the subject.
        source_notes: what the teacher should know of how files were read; they become warnings of the result.
    """

    subject: str
    grade_level: str | int
    learning_objectives: list[Objective]
    source_text: str
    language: str = "en"
    difficulty: str | None = None
    duration_minutes: int = 45
    num_questions: int = 10
    question_types: list[str] = field(default_factory=lambda: list(USUAL_QUESTION_TYPES))
    seed: int = 0
    title: str | None = None
    source_notes: tuple[str, ...] = ()
