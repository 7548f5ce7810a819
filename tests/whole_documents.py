"""One content with every kind of section and question, made by hand, and every character that a format may trip over.

Each sentence of the source carries marks of some format: of HTML and XML, Markdown, LaTeX, typst, GIFT, CSV and of
writing that is not Latin. Nothing in it is of use in a class; whoever writes it out and reads it back has the same words.
"""

from typing import Final

from toolboxai.platform.content.coverage import coverage, coverage_warnings
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.analysis import (
    Analysis,
    Concept,
    ConceptKind,
    Definition,
    Enumeration,
    ObjectiveMatch,
    Quantity,
    Readability,
    Sentence,
    SentenceKind,
)
from toolboxai.platform.content.model.lesson import (
    Lesson,
    LessonSection,
    SectionKind,
    Statement,
    VocabularyEntry,
)
from toolboxai.platform.content.model.package import Summary
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.model.request import Difficulty, GenerationRequest, Objective, QuestionType

__all__ = ["SENTENCES", "TRUE_AND_FALSE", "whole_document"]

TRUE_AND_FALSE: Final = {
    "en": ("True", "False"),
    "es": ("Verdadero", "Falso"),
    "de": ("Richtig", "Falsch"),
}

SENTENCES: Final = (
    "A <b>root</b> of x & y is a number r with $r^2 = x$, written \u221ax, and r \u2264 x whenever x \u2265 1.",
    "Pythagoras {of Samos} taught that a = b ~ c holds: 100% of the time, #1 among *all* rules.",
    "The height of the tower is 3.5 metres, and the cellar lies at -12 degrees.",
    "First the ice melts; then the water warms, \u201cslowly\u201d; at last it boils [see page 7].",
    "In Arabic water is \u0627\u0644\u0645\u0627\u0621, in Hebrew \u05de\u05d9\u05dd, in Japanese \u6c34, and in a message \U0001f4a7.",
    "The formula \\frac{a}{b} + @ref <label> `code` _under_ ]]> stays as it is: 1 | 2 \\ 3.",
    '=SUM(A1), "quoted, twice", and caf\u00e9 na\u00efve Stra\u00dfe \u00bfse\u00f1or? belong to no formula at all.',
)
_ORDER: Final = ("the ice melts", "the water warms, \u201cslowly\u201d", "it boils [see page 7]")


def whole_document(language: str = "en") -> ContentDocument:
    """The content; ``language`` is its tag, and that of the words for true and false where we have them."""
    lesson, quiz = _lesson(language), _quiz(language)
    rows = coverage(lesson, quiz)
    return ContentDocument(
        content_id="content_456",
        title=lesson.title,
        summary=Summary(len(lesson.sections), len(quiz.questions), lesson.duration_minutes),
        request=GenerationRequest(
            subject=lesson.subject,
            grade_level="6-8",
            learning_objectives=list(lesson.objectives),
            source_text=" ".join(SENTENCES),
            language=language,
            question_types=[kind.value for kind in QuestionType],
            num_questions=quiz.requested,
        ),
        analysis=_analysis(language),
        lesson=lesson,
        quiz=quiz,
        coverage=rows,
        warnings=(*lesson.warnings, *quiz.warnings, *coverage_warnings(rows)),
    )


def _objectives() -> tuple[Objective, ...]:
    return (
        Objective("Explain \u221ax & <roots>", "understand"),
        Objective("Order what happens to *ice*", "apply"),
        Objective("Discuss dragons, which the text does not know"),
    )


def _analysis(language: str) -> Analysis:
    counts = [len(text.split()) for text in SENTENCES]
    return Analysis(
        title="Roots & <ice>",
        language=language,
        headings=("Roots & <ice>",),
        sentences=tuple(
            Sentence(index, text, SentenceKind.PROSE, 0, counts[index])
            for index, text in enumerate(SENTENCES)
        ),
        concepts=(Concept("root", ConceptKind.TERM, 1.0, (0,), ("root",)),),
        definitions=(Definition("root", "a number r with $r^2 = x$", 0, "is"),),
        quantities=(
            Quantity("3.5", "number", 3.5, "metres", 2),
            Quantity("-12", "number", -12, "degrees", 2),
        ),
        enumerations=(Enumeration(_ORDER, (3,)),),
        objectives=(
            ObjectiveMatch(_objectives()[0].title, "understand", "explain", (0, 5)),
            ObjectiveMatch(_objectives()[1].title, "apply", "order", (3,)),
            ObjectiveMatch(_objectives()[2].title, None, "discuss", ()),
        ),
        readability=Readability(
            sentences=len(SENTENCES),
            words=sum(counts),
            syllables=170,
            letters=450,
            formulas={"flesch_kincaid_grade": 6.2},
            grade=6.2,
        ),
        difficulty_level=Difficulty.MEDIUM,
    )


def _quoted(index: int, *, for_teacher: bool = False) -> Statement:
    return Statement(SENTENCES[index], index, for_teacher=for_teacher)


def _lesson(language: str) -> Lesson:
    sections = (
        (SectionKind.HOOK, "Getting started", 5, (Statement("Read this sentence:"), _quoted(1)), ()),
        (SectionKind.VOCABULARY, "Words to know", 8, (Statement("Explain each word."),), ()),
        (
            SectionKind.EXPLANATION,
            _objectives()[0].title,
            10,
            (Statement("Read these sentences aloud:"), _quoted(0), _quoted(5)),
            (0,),
        ),
        (
            SectionKind.EXPLANATION,
            _objectives()[1].title,
            10,
            (Statement("Read this sentence aloud:"), _quoted(3)),
            (1,),
        ),
        (
            SectionKind.ACTIVITY,
            "Activity: linking ideas",
            6,
            (
                Statement("Join the cards \u201croot\u201d and \u201cice\u201d."),
                _quoted(4),
                _quoted(2, for_teacher=True),
            ),
            (),
        ),
        (
            SectionKind.CHECK,
            "Check for understanding",
            4,
            (Statement("What does the text say about \u201croot\u201d?"), _quoted(0, for_teacher=True)),
            (0,),
        ),
        (SectionKind.EXIT_TICKET, "Exit ticket", 2, (Statement("Write one question."),), ()),
    )
    return Lesson(
        title="Roots & <ice>",
        subject="Mathematics & <i>physics</i>",
        grade_level="6-8",
        language=language,
        duration_minutes=45,
        difficulty_level=Difficulty.MEDIUM,
        objectives=_objectives(),
        vocabulary=(
            VocabularyEntry("root", "a number r with $r^2 = x$", SENTENCES[0], 0),
            VocabularyEntry("*all* rules", None, SENTENCES[1], 1),
        ),
        sections=tuple(
            LessonSection(kind, title, minutes, statements, objectives, f"s{number}")
            for number, (kind, title, minutes, statements, objectives) in enumerate(sections, start=1)
        ),
        warnings=("The text explains one of its terms.",),
    )


def _quiz(language: str) -> Quiz:
    true, false = TRUE_AND_FALSE.get(language.partition("-")[0], TRUE_AND_FALSE["en"])
    return Quiz(
        title="Roots & <ice>",
        requested=10,
        warnings=("8 of 10 questions: the text does not carry more.",),
        questions=(
            Question(
                id="q1",
                type=QuestionType.MULTIPLE_CHOICE,
                question="What is a <b>root</b> of x & y, for $r^2 = x$?",
                options=(
                    "a \u2264 b: {no}",
                    "a number r with $r^2 = x$",
                    "~wrong = 50% #2",
                    "\\frac{a}{b} *or* _less_",
                ),
                correct_answer="a number r with $r^2 = x$",
                rationale=f"Because \u201ca number r with $r^2 = x$\u201d stands there: {SENTENCES[0]}",
                source_sentence=SENTENCES[0],
                source_index=0,
                objective=0,
                difficulty=Difficulty.MEDIUM,
            ),
            Question(
                id="q2",
                type=QuestionType.TRUE_FALSE,
                question="According to the text: \u201ca = b ~ c holds: 90% of the time, #1 among *all* rules\u201d",
                options=(true, false),
                correct_answer=false,
                rationale=f"Not 90% but 100%: {SENTENCES[1]}",
                source_sentence=SENTENCES[1],
                source_index=1,
                objective=None,
                difficulty=Difficulty.EASY,
            ),
            Question(
                id="q3",
                type=QuestionType.FILL_BLANK,
                question="Fill in: \u201cPythagoras {of _____} taught that a = b ~ c holds.\u201d",
                options=(),
                correct_answer="Samos",
                accepted=("the isle of Samos", "\u03a3\u03ac\u03bc\u03bf\u03c2"),
                rationale=f"Of Samos, for the text says so: {SENTENCES[1]}",
                source_sentence=SENTENCES[1],
                source_index=1,
                objective=None,
                difficulty=Difficulty.HARD,
            ),
            Question(
                id="q4",
                type=QuestionType.MATCHING,
                question="Match each language & medium with its word.",
                options=("\u6c34", "\U0001f4a7", "\u05de\u05d9\u05dd", "\u0627\u0644\u0645\u0627\u0621"),
                prompts=("Arabic", "Hebrew", "Japanese", "a message"),
                correct_answer=(
                    "\u0627\u0644\u0645\u0627\u0621",
                    "\u05de\u05d9\u05dd",
                    "\u6c34",
                    "\U0001f4a7",
                ),
                rationale=f"Word by word: {SENTENCES[4]}",
                source_sentence=SENTENCES[4],
                source_index=4,
                objective=1,
                difficulty=Difficulty.EXPERT,
            ),
            Question(
                id="q5",
                type=QuestionType.ORDERING,
                question="Put the steps in order; <first> comes first.",
                options=(_ORDER[1], _ORDER[2], _ORDER[0]),
                correct_answer=_ORDER,
                rationale=f"First, then, at last; and {SENTENCES[5]}",
                source_sentence=f"{SENTENCES[3]} {SENTENCES[5]}",
                source_index=3,
                sources=(3, 5),
                objective=1,
                difficulty=Difficulty.MEDIUM,
            ),
            Question(
                id="q6",
                type=QuestionType.SHORT_ANSWER,
                question='What belongs to no formula: "quoted, twice", or more?',
                options=(),
                correct_answer="caf\u00e9 na\u00efve Stra\u00dfe \u00bfse\u00f1or?",
                accepted=("=SUM(A1)",),
                rationale=f"All of it: {SENTENCES[6]}",
                source_sentence=SENTENCES[6],
                source_index=6,
                objective=0,
                difficulty=Difficulty.HARD,
            ),
            Question(
                id="q7",
                type=QuestionType.NUMERIC,
                question="How high is the tower, in metres?",
                options=(),
                correct_answer="3.5",
                tolerance=0.25,
                unit="metres",
                rationale=f"3.5 by measure: {SENTENCES[2]}",
                source_sentence=SENTENCES[2],
                source_index=2,
                objective=0,
                difficulty=Difficulty.EASY,
            ),
            Question(
                id="q8",
                type=QuestionType.NUMERIC,
                question="How cold is the cellar?",
                options=(),
                correct_answer="-12",
                rationale=f"Below zero: {SENTENCES[2]}",
                source_sentence=SENTENCES[2],
                source_index=2,
                objective=None,
                difficulty=Difficulty.EASY,
            ),
        ),
    )
