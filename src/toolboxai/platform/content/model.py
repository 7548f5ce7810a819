"""What goes into a generation and what each stage makes of it.

All are frozen msgspec Structs: ``msgspec.to_builtins`` gives JSON objects, ``msgspec.convert`` brings them back
equal, so a stage's result can be stored and handed to the next stage by another process.

Sentences of the source are referred to by their index in ``Analysis.sentences``. An index of None means that the
words are ours: one of the fixed frames, never a statement about the subject.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from msgspec import Struct, field

__all__ = [
    "GENERATOR",
    "MAX_SOURCE_CHARS",
    "SUPPORTED_QUESTION_TYPES",
    "USUAL_QUESTION_TYPES",
    "Analysis",
    "Audience",
    "Concept",
    "ConceptKind",
    "ContentFile",
    "CoverageRow",
    "Date",
    "Definition",
    "Difficulty",
    "Enumeration",
    "GenerationRequest",
    "Lesson",
    "LessonSection",
    "LiveReport",
    "Objective",
    "ObjectiveMatch",
    "Package",
    "Quantity",
    "Question",
    "QuestionType",
    "Quiz",
    "Readability",
    "Relation",
    "Report",
    "SectionKind",
    "Sentence",
    "SentenceKind",
    "Statement",
    "Summary",
    "VocabularyEntry",
]

GENERATOR: Final = "offline"

# About 80,000 words: a whole short novel. The work grows linearly with the text, to a few seconds at this size.
MAX_SOURCE_CHARS: Final = 500_000

Report = Callable[[int, int, str], None]
"""Called while work advances: units done, units in total (at least 1), a sentence for the teacher. May raise to
cancel; the engine lets whatever it raises pass through and keeps nothing."""


@runtime_checkable
class LiveReport(Protocol):
    """A ``Report`` that also takes words while they are being written, for whoever watches."""

    def __call__(self, done: int, total: int, message: str, /) -> None:
        """As ``Report``."""
        ...

    def delta(self, text: str, /, *, anew: bool = False) -> None:
        """The next piece of a stage's text. The pieces are for watching alone; the result does not depend on them.

        Args:
            text: of any length.
            anew: whether the writing begins again, and what was told of this stage no longer counts.
        """
        ...


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


# ---- content_analysis ---------------------------------------------------------------------------------------


class SentenceKind(StrEnum):
    """Where a sentence stood."""

    PROSE = "prose"
    ITEM = "item"


class Sentence(Struct, frozen=True):
    """One sentence or list item of the source.

    Args:
        index: its place in ``Analysis.sentences``.
        text: its exact characters, but for runs of white space, which are one space.
        section: index in ``Analysis.headings`` of the heading above it, or None.
        words: number of words.
    """

    index: int
    text: str
    kind: SentenceKind
    section: int | None
    words: int


class ConceptKind(StrEnum):
    """The class of a concept; distractors are taken from the same one."""

    TERM = "term"
    PERSON = "person"
    PLACE = "place"
    NAME = "name"


class Concept(Struct, frozen=True):
    """A key term or a named thing of the text.

    Args:
        term: as the text writes it most often, in lower case unless it is a name.
        forms: all ways in which the text writes it, in lower case, longest first.
        score: weight relative to the strongest concept, above 0 and at most 1.
        sentences: indexes of the sentences that have it, ascending, at least one.
        plural: whether the term has the form of a plural.
        bare: whether the text uses the singular without an article ("evaporation", not "a cloud").
        gender: ``m``, ``f`` or ``n`` where the language has genders and the text or the word's ending tells it; else
            empty. What stands around a word agrees with it, so only words of one gender can stand in one place.
    """

    term: str
    kind: ConceptKind
    score: float
    sentences: tuple[int, ...]
    forms: tuple[str, ...]
    plural: bool = False
    bare: bool = False
    gender: str = ""


class Definition(Struct, frozen=True):
    """What the text says a term is: both are parts of the sentence, word for word.

    Args:
        verb: the words between them, such as ``is``; empty when the meaning stands first ("… is called X").
    """

    term: str
    meaning: str
    sentence: int
    verb: str


class Quantity(Struct, frozen=True):
    """A number of the text.

    Args:
        text: its digits and sign as written, such as ``71``, ``12,000`` or ``3.5`` (``12.000``, ``3,5`` in Spanish).
        kind: ``year``, ``percent`` or ``number``.
        value: as a number.
        unit: the word after it in lower case ("percent", "litres", "million"), or empty.
    """

    text: str
    kind: str
    value: float
    unit: str
    sentence: int


class Enumeration(Struct, frozen=True):
    """Things that the text lists side by side; ``items`` are word for word from the sentences named.

    Args:
        ordered: whether the text itself says in what order they come: a numbered list, or "first … then …
            finally". What is dated has its order by ``Analysis.dates``.
    """

    items: tuple[str, ...]
    sentences: tuple[int, ...]
    ordered: bool = False


class Date(Struct, frozen=True):
    """A time that the text names.

    Args:
        text: its words, such as ``3 October 1990``, ``1492`` or ``19th century``.
        kind: ``day``, ``month``, ``year`` or ``century``; a ``day`` may have no year.
        year: the year, a century's first one, negative before our era; None where the text gives none.
        month: 1 to 12, or None.
        day: 1 to 31, or None.
    """

    text: str
    kind: str
    sentence: int
    year: int | None = None
    month: int | None = None
    day: int | None = None


class Relation(Struct, frozen=True):
    """What a sentence says that one thing does to or is for another; all three are word for word from it.

    Args:
        kind: ``cause``, ``effect`` (the other way round), ``part``, ``whole`` (the other way round), ``has``, ``place``,
            ``change``, ``use`` or ``deed``.
    """

    subject: str
    relation: str
    object: str
    sentence: int
    kind: str


class Readability(Struct, frozen=True, kw_only=True):
    """Counts of the prose, and published formulas on them.

    Args:
        letters: letters and digits.
        formulas: what each formula gives, by its name, such as ``flesch_kincaid_grade``; only those made for the
            text's language, but for a language without tables, whose two that count letters are a rough measure. Empty
            in what was kept before they had names.
        grade: school year, from those of the formulas that estimate one.
    """

    sentences: int
    words: int
    syllables: int
    letters: int
    formulas: dict[str, float] = {}
    grade: float


class ObjectiveMatch(Struct, frozen=True):
    """An objective and the passages that speak of it, best first; none when the text is silent about it.

    ``bloom_verb`` is a verb of what can be seen or heard, as the objective writes it; None when it has none.
    """

    title: str
    bloom_level: str | None
    bloom_verb: str | None
    sentences: tuple[int, ...]


class Analysis(Struct, frozen=True, kw_only=True):
    """What the text holds. Every number in it was counted or computed from the text.

    ``written_source`` is the text itself where a language model wrote it, for the request had none; else empty.
    """

    title: str
    language: str
    headings: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    concepts: tuple[Concept, ...]
    definitions: tuple[Definition, ...]
    quantities: tuple[Quantity, ...]
    enumerations: tuple[Enumeration, ...]
    objectives: tuple[ObjectiveMatch, ...]
    readability: Readability
    difficulty_level: Difficulty
    relations: tuple[Relation, ...] = ()
    dates: tuple[Date, ...] = ()
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR
    written_source: str = ""

    @property
    def concepts_identified(self) -> int:
        """How many concepts were found."""
        return len(self.concepts)


# ---- lesson_generation --------------------------------------------------------------------------------------


class Statement(Struct, frozen=True):
    """One line of a lesson.

    Args:
        text: when ``sentence`` is given, exactly that sentence of the source; else one of the fixed frames, into
            which at most words of the source or of the request were set.
        sentence: index of the sentence, or None for a frame.
        for_teacher: an answer to listen for; the student's sheet leaves it out.
        edited: somebody has written the text since.
    """

    text: str
    sentence: int | None = None
    for_teacher: bool = False
    edited: bool = False


class SectionKind(StrEnum):
    """What a section is for."""

    HOOK = "hook"
    VOCABULARY = "vocabulary"
    EXPLANATION = "explanation"
    ACTIVITY = "activity"
    CHECK = "check"
    EXIT_TICKET = "exit_ticket"


class LessonSection(Struct, frozen=True):
    """A timed part of the lesson; ``objectives`` are indexes in ``Lesson.objectives``.

    ``id`` is ``s1``, ``s2``, … in the order of the lesson when it was made; an edit never gives one to another section.
    ``edited`` sections were changed by somebody since.
    """

    kind: SectionKind
    title: str
    duration_minutes: int
    statements: tuple[Statement, ...]
    objectives: tuple[int, ...] = ()
    id: str = ""
    edited: bool = False


class VocabularyEntry(Struct, frozen=True):
    """A word to learn, its meaning where the text gives one, and the sentence that shows it.

    ``id`` is ``v1``, ``v2``, … as that of a section. Of an ``edited`` entry ``source_sentence`` may be empty and
    ``source_index`` None: no sentence of the source shows it.
    """

    term: str
    meaning: str | None
    source_sentence: str
    source_index: int | None
    id: str = ""
    edited: bool = False


class Lesson(Struct, frozen=True, kw_only=True):
    """The lesson; the minutes of ``sections`` sum exactly to ``duration_minutes``."""

    title: str
    subject: str
    grade_level: str
    language: str
    duration_minutes: int
    difficulty_level: Difficulty
    objectives: tuple[Objective, ...]
    vocabulary: tuple[VocabularyEntry, ...]
    sections: tuple[LessonSection, ...]
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR


# ---- quiz_generation ----------------------------------------------------------------------------------------


class Question(Struct, frozen=True, kw_only=True):
    """One question, answerable from the sentences it names.

    ===============  =========================  =================================================================
    type             options                    correct_answer
    ===============  =========================  =================================================================
    multiple_choice  what to choose from        one of the options
    true_false       ``True``, ``False``        one of the options
    fill_blank       none                       the missing words; ``accepted`` count as well
    short_answer     none                       the answer; ``accepted`` count as well
    numeric          none                       digits, a decimal point and a sign; up to ``tolerance`` away counts
    ordering         the items, shuffled        the items in their order; a year that orders them is a blank
    matching         the partners, shuffled     for each of ``prompts``, in their order, its partner
    ===============  =========================  =================================================================

    Args:
        id: ``q1``, ``q2``, … in the order of the quiz when it was made; an edit never gives one to another question.
        question: what the pupil reads; a blank is five low lines.
        options: all distinct.
        prompts: of a matching question, what partners are sought for, all distinct.
        accepted: other answers that are as good.
        tolerance: of a numeric question, how far off an answer may be; 0 when it must be exact.
        unit: of a numeric question, what the number counts; empty when nothing is said.
        rationale: why, quoting the text.
        source_sentence: exactly ``Analysis.sentences[source_index].text``; several are joined by a space. The words of
            ``correct_answer`` stand in it, but for those for true and false; a number may have thousands parted there.
        source_index: of the first sentence.
        sources: indexes of all sentences, when there are several; else empty.
        objective: index of the learning objective that the sentence speaks of, or None.
        edited: somebody has changed or written it since. ``source_sentence`` is then empty and ``source_index`` None
            where the source does not have the answer.
    """

    id: str
    type: QuestionType
    question: str
    options: tuple[str, ...]
    correct_answer: str | tuple[str, ...]
    rationale: str
    source_sentence: str
    source_index: int | None
    objective: int | None
    difficulty: Difficulty
    prompts: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    tolerance: float = 0.0
    unit: str = ""
    sources: tuple[int, ...] = ()
    edited: bool = False

    @property
    def answers(self) -> tuple[str, ...]:
        """The parts of the right answer, one but for ordering and matching."""
        return (self.correct_answer,) if isinstance(self.correct_answer, str) else self.correct_answer


class Quiz(Struct, frozen=True, kw_only=True):
    """The questions; fewer than ``requested`` when the text does not carry more, and then a warning says so."""

    title: str
    requested: int
    questions: tuple[Question, ...]
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR

    def by_type(self) -> dict[str, int]:
        """How many questions of each type there are, in the order of ``QuestionType``; absent types are left out."""
        counts = {
            kind.value: sum(question.type is kind for question in self.questions) for kind in QuestionType
        }
        return {kind: count for kind, count in counts.items() if count}


# ---- packaging ----------------------------------------------------------------------------------------------


class Audience(StrEnum):
    """Who may read a file: the student's has no answers."""

    TEACHER = "teacher"
    STUDENT = "student"


class ContentFile(Struct, frozen=True):
    """One file to download.

    Args:
        name: safe as a file name: ASCII letters, digits, ``-`` and one ``.``.
        format: as in ``?format=``; one of ``exports.formats.FORMATS``.
        media_type: for ``Content-Type``.
        content: its bytes (base64 text in JSON).
        sha256: lower-case hex digits of ``content``'s SHA-256.
        notes: what the format cannot carry and was left out, one sentence each.
    """

    name: str
    format: str
    audience: Audience
    media_type: str
    content: bytes
    sha256: str
    notes: tuple[str, ...] = ()


class CoverageRow(Struct, frozen=True):
    """Which sections (indexes) and questions (ids) serve an objective; none of either is a gap."""

    objective: str
    sections: tuple[int, ...]
    questions: tuple[str, ...]


class Summary(Struct, frozen=True):
    """The three counts of ``generation_complete``."""

    lesson_sections: int
    quiz_questions: int
    duration_minutes: int


class Package(Struct, frozen=True, kw_only=True):
    """The files, and what stands in them. ``warnings`` are those of all stages, in order."""

    content_id: str
    title: str
    summary: Summary
    coverage: tuple[CoverageRow, ...]
    files: tuple[ContentFile, ...]
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR

    def find(self, format: str, audience: Audience = Audience.TEACHER) -> ContentFile | None:
        """The file of this format for these readers, or None where there is none."""
        for file in self.files:
            if file.format == format and file.audience is audience:
                return file
        return None
