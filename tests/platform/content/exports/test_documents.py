"""One content in every readable form: the same questions and answers, for teachers; no answer at all, for pupils."""

import itertools
import re
from functools import cache

import msgspec
import pytest

from sheet_readers import READERS, without_spaces
from toolboxai.platform.content.exports.formats import render
from toolboxai.platform.content.exports.pdf import UNSHOWN
from toolboxai.platform.content.exports.words import WORDS
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType
from whole_documents import SENTENCES, TRUE_AND_FALSE, whole_document

FORMS = list(READERS)
LANGUAGES = list(WORDS)
LETTERS = "ABCD"


@cache
def file(form: str, audience: Audience, language: str = "en") -> ContentFile:
    return render(whole_document(language), form, audience)


@cache
def text_of(form: str, audience: Audience, language: str = "en") -> str:
    """All that a reader of this form reads, without spaces, in which every form has its own way."""
    return without_spaces("\n".join(READERS[form](file(form, audience, language).content)))


def as_shown(form: str, text: str) -> list[str]:
    """The pieces of a text that a form shows in one piece.

    The PDF has a box for what its fonts cannot show; and its reader puts marks beside words that run from the right
    in its own order.
    """
    if form == "pdf":
        text = re.sub("[\u6c34\U0001f4a7]", UNSHOWN, text)
        if RIGHT.search(text):
            return [without_spaces(piece) for piece in re.split("([\u0590-\u06ff]+)|[,. ]", text) if piece]
    return [without_spaces(text)]


RIGHT = re.compile("[\u0590-\u06ff]")


def assert_shown(form: str, text: str, inside: str) -> None:
    for piece in as_shown(form, text):
        assert piece in inside, (piece, text)


def as_answered(question: Question) -> list[str]:
    """The right answer in the words of a key, with the letters and numbers of the sheet."""
    letters = dict(zip(question.options, LETTERS, strict=False))
    match question.type:
        case QuestionType.MULTIPLE_CHOICE | QuestionType.TRUE_FALSE:
            return [f"{letters[answer]}) {answer}" for answer in question.answers]
        case QuestionType.MATCHING:
            return [
                f"{at}. {prompt}: {letters[answer]}) {answer}"
                for at, (prompt, answer) in enumerate(
                    zip(question.prompts, question.answers, strict=True), start=1
                )
            ]
        case QuestionType.ORDERING:
            return [f"{at}. {answer}" for at, answer in enumerate(question.answers, start=1)]
        case QuestionType.NUMERIC:
            return [f"{question.correct_answer} {question.unit}".strip()]
        case _:
            return list(question.answers)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("audience", list(Audience))
def test_every_question_is_read_back_with_what_pupils_need_to_answer_it(
    form: str, audience: Audience, language: str
) -> None:
    inside, words = text_of(form, audience, language), WORDS[language]
    for number, question in enumerate(whole_document(language).quiz.questions, start=1):
        assert_shown(form, words.question.format(number=number), inside)
        assert_shown(form, question.question, inside)
        match question.type:
            case QuestionType.MULTIPLE_CHOICE | QuestionType.TRUE_FALSE:
                shown = [f"{letter}) {text}" for letter, text in zip(LETTERS, question.options, strict=False)]
            case QuestionType.MATCHING:
                shown = [f"{at}. {prompt}" for at, prompt in enumerate(question.prompts, start=1)]
                shown += [
                    f"{letter}) {text}" for letter, text in zip(LETTERS, question.options, strict=False)
                ]
                shown += [words.match_hint, words.item, words.letter, words.partner]
            case QuestionType.ORDERING:
                shown = [*question.options, words.order_hint.format(count=3)]
            case _:
                shown = [f"{words.your_answer}:", question.unit]
        for text in shown:
            assert_shown(form, text, inside)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_the_teachers_key_has_answer_reason_source_objective_and_difficulty(form: str, language: str) -> None:
    inside, words = text_of(form, Audience.TEACHER, language), WORDS[language]
    document = whole_document(language)
    for question in document.quiz.questions:
        for answer in as_answered(question):
            assert_shown(form, answer, inside)
        if len(question.answers) == 1:
            assert_shown(
                form, f"{words.answer}: {as_answered(question)[0]}", colons(form, inside, words.answer)
            )
        for accepted in question.accepted:
            assert_shown(form, accepted, inside)
        assert_shown(form, question.rationale, inside)
        for source in question.sources or (question.source_index,):
            assert source is not None
            assert_shown(form, f"[{source + 1}] {SENTENCES[source]}", inside)
        if question.objective is not None:
            title = document.lesson.objectives[question.objective].title
            assert_shown(form, f"{question.objective + 1}. {title}", inside)
        assert_shown(form, words.levels[question.difficulty.value], inside)
    assert_shown(form, words.tolerance_amount.format(amount="0.25"), inside)


def colons(form: str, inside: str, label: str) -> str:
    """HTML has the label in an element of its own, without a colon."""
    label = without_spaces(label)
    return inside.replace(label, f"{label}:") if form == "html" else inside


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_the_pupils_sheet_has_no_answer_no_reason_and_no_key(form: str, language: str) -> None:
    inside, words = text_of(form, Audience.STUDENT, language), WORDS[language]
    document = whole_document(language)
    for question in document.quiz.questions:
        assert without_spaces(question.rationale[:20]) not in inside
        for accepted in question.accepted:
            if accepted != "=SUM(A1)":  # stands in a sentence that the question quotes no part of
                assert without_spaces(accepted) not in inside
    assert without_spaces("caf\u00e9 na\u00efve Stra\u00dfe") not in inside
    assert "=SUM(A1)" not in inside
    assert not re.search("Samos(?!})", inside), (
        "the missing word stands in no other place than the lesson's quotation"
    )
    for label in (
        words.expected,
        words.listen_for,
        words.coverage,
        words.accepted,
        words.tolerance,
        words.for_teacher,
    ):
        assert without_spaces(label) not in inside
    assert SENTENCES[2].replace(" ", "") not in inside  # an answer to expect in the lesson
    assert "[1]" not in inside


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_the_lesson_has_its_sections_with_times_and_for_teachers_where_each_line_comes_from(
    form: str, language: str
) -> None:
    document, words = whole_document(language), WORDS[language]
    for audience in Audience:
        inside = text_of(form, audience, language)
        for number, section in enumerate(document.lesson.sections, start=1):
            heading = (
                f"{number}. {section.title} ({words.minutes_short.format(minutes=section.duration_minutes)})"
            )
            assert_shown(form, heading, inside)
            for statement in section.statements:
                if audience is Audience.TEACHER and statement.sentence is not None:
                    assert_shown(form, f"{statement.text} [{statement.sentence + 1}]", inside)
                elif not statement.for_teacher:
                    assert_shown(form, statement.text, inside)
        for entry in document.lesson.vocabulary:
            assert_shown(form, entry.term, inside)
            assert_shown(form, entry.source_sentence, inside)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_coverage_is_a_table_and_its_gaps_are_named_in_words(form: str, language: str) -> None:
    inside, words = text_of(form, Audience.TEACHER, language), WORDS[language]
    covered = [
        ("Explain \u221ax & <roots>", "3, 6", "1, 6, 7"),
        ("Order what happens to *ice*", "4", "4, 5"),
        ("Discuss dragons, which the text does not know", words.none, words.none),
    ]
    table = without_spaces("".join(itertools.chain(*covered)))
    header = without_spaces(words.objective + words.sections + words.questions)
    assert header + table in inside
    assert without_spaces(words.neither.format(number=3)) in inside
    assert inside.count(without_spaces("Objective 3 has no section")) == (language == "en")


@pytest.mark.parametrize("form", FORMS)
def test_words_for_true_and_false_are_those_of_the_lesson(form: str) -> None:
    for language, (true, false) in TRUE_AND_FALSE.items():
        inside = text_of(form, Audience.TEACHER, language)
        assert without_spaces(f"A) {true}") in inside
        assert inside.count(without_spaces(f"B) {false}")) == 2
        assert ("B)False" in inside) is (language == "en")


@pytest.mark.parametrize("form", [*FORMS, "json"])
def test_the_same_content_gives_the_same_bytes(form: str) -> None:
    assert render(whole_document(), form, Audience.TEACHER) == file(form, Audience.TEACHER)


def test_only_the_pdf_leaves_anything_out_and_says_so() -> None:
    notes = {form: file(form, Audience.TEACHER).notes for form in FORMS}
    assert notes.pop("pdf") == (
        "The fonts of the PDF cannot show \u6c34 \U0001f4a7: \u25a1 stands in their place. "
        "The Word and HTML forms have them.",
    )
    assert set(notes.values()) == {()}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_teacher_wrote_without_the_text_is_shown_and_said(form: str) -> None:
    document = whole_document()
    (first, *others), (word, *_) = document.quiz.questions, document.lesson.vocabulary
    own = msgspec.structs.replace(first, edited=True, source_index=None, source_sentence="")
    gone = msgspec.structs.replace(word, edited=True, source_index=None, source_sentence="", term="radix")
    document = msgspec.structs.replace(
        document,
        quiz=msgspec.structs.replace(document.quiz, questions=(own, *others)),
        lesson=msgspec.structs.replace(document.lesson, vocabulary=(gone,)),
    )
    inside = without_spaces("\n".join(READERS[form](render(document, form, Audience.TEACHER).content)))
    assert_shown(form, "no sentence of your text: written by a teacher", inside)
    assert "radix:anumber" in inside or (form == "html" and "radix" in inside)
    assert "[None]" not in inside
