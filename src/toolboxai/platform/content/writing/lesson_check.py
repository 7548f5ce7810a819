"""A model's lesson, held to the text: what is said about the subject is the text's own, or it is refused."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from toolboxai.platform.content.language.lexicon import primary_language
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import (
    Lesson,
    LessonSection,
    SectionKind,
    Statement,
    VocabularyEntry,
)
from toolboxai.platform.content.model.request import GenerationRequest, Objective
from toolboxai.platform.content.sources.text import one_line
from toolboxai.platform.content.writing.drafts import LessonDraft, SectionDraft, StatementDraft
from toolboxai.platform.content.writing.wording import Known, folded, stands_in, strange

__all__ = ["Faulty", "checked_lesson", "known_to", "read_draft"]

T = TypeVar("T", bound=msgspec.Struct)

_FRAME_CHARS = 300
_TOLD = 12  # faults that a repair is told of: a model that made more has to begin anew anyway


class Faulty(Exception):
    """An answer does not hold.

    Args:
        faults: each with its place, for the model.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults[:_TOLD]))
        self.faults = faults[:_TOLD]


def read_draft(text: str, kind: type[T]) -> T:
    """Read an answer; a fence of Markdown around it is let pass.

    Raises:
        Faulty: it is no JSON, or of another form.
    """
    begin, end = text.find("{"), text.rfind("}")
    try:
        return msgspec.json.decode(text[begin : end + 1].encode(), type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise Faulty([f"the answer is not JSON of the schema: {fault}"]) from None


def known_to(request: GenerationRequest, analysis: Analysis) -> Known:
    """What instructions may name."""
    wishes = [request.subject, request.title or "", str(request.grade_level), str(request.duration_minutes)]
    wishes += [objective.title for objective in request.learning_objectives]
    texts = [*(sentence.text for sentence in analysis.sentences), *analysis.headings, *wishes]
    return Known(texts, capitals=primary_language(request.language) != "de")


def checked_lesson(text: str, request: GenerationRequest, analysis: Analysis, generator: str) -> Lesson:
    """The lesson that an answer is.

    Args:
        text: the answer.
        request: what was asked for.
        analysis: of the text.
        generator: name of the model.

    Raises:
        Faulty: it does not hold.
    """
    draft = read_draft(text, LessonDraft)
    faults = [*_faults(draft, request, analysis)]
    if faults:
        raise Faulty(faults)
    return Lesson(
        title=analysis.title,
        subject=one_line(request.subject),
        grade_level=str(request.grade_level).strip(),
        language=request.language,
        duration_minutes=request.duration_minutes,
        difficulty_level=analysis.difficulty_level,
        objectives=tuple(Objective(match.title, match.bloom_level) for match in analysis.objectives),
        vocabulary=tuple(
            VocabularyEntry(
                one_line(entry.term),
                None if entry.meaning is None else one_line(entry.meaning),
                analysis.sentences[entry.sentence].text,
                entry.sentence,
                f"v{number}",
            )
            for number, entry in enumerate(draft.vocabulary, start=1)
        ),
        sections=tuple(
            _section(f"s{number}", section, analysis)
            for number, section in enumerate(draft.sections, start=1)
        ),
        warnings=(
            f"The instructions and questions of this lesson were worded by {generator}; what they say about the "
            "subject are the text's own sentences.",
        ),
        generator=generator,
    )


def _section(id: str, draft: SectionDraft, analysis: Analysis) -> LessonSection:
    return LessonSection(
        draft.kind,
        one_line(draft.title),
        draft.minutes,
        tuple(
            Statement(
                one_line(each.text) if each.sentence is None else analysis.sentences[each.sentence].text,
                each.sentence,
                each.for_teacher,
            )
            for each in draft.statements
        ),
        tuple(sorted(set(draft.objectives))),
        id,
    )


def _faults(draft: LessonDraft, request: GenerationRequest, analysis: Analysis) -> Iterator[str]:
    minutes = sum(section.minutes for section in draft.sections)
    if minutes != request.duration_minutes:
        yield f"minutes add up to {minutes}, not to {request.duration_minutes}"
    explained = [section for section in draft.sections if section.kind is SectionKind.EXPLANATION]
    if not any(each.sentence is not None for section in explained for each in section.statements):
        yield "no explanation has a sentence of the text"
    known = known_to(request, analysis)
    for at, section in enumerate(draft.sections):
        place = f"sections[{at}]"
        for number in section.objectives:
            if number >= len(analysis.objectives):
                yield f"{place}: there is no objective {number}"
        yield from (f"{place}.title: {word!r} is not of the text" for word in strange(section.title, known))
        for line, each in enumerate(section.statements):
            yield from _of_statement(f"{place}.statements[{line}]", each, analysis, known)
    yield from _of_vocabulary(draft, analysis)


def _of_statement(place: str, draft: StatementDraft, analysis: Analysis, known: Known) -> Iterator[str]:
    if draft.sentence is None:
        if len(draft.text) > _FRAME_CHARS:
            yield f"{place}: an instruction has at most {_FRAME_CHARS} characters"
            return
        for word in strange(draft.text, known):
            yield f"{place}: an instruction names {word!r}, which is not of the text"
    elif draft.sentence >= len(analysis.sentences):
        yield f"{place}: there is no sentence {draft.sentence}"
    elif folded(draft.text) != folded(analysis.sentences[draft.sentence].text):
        yield f"{place}: it is not sentence {draft.sentence} word for word"


def _of_vocabulary(draft: LessonDraft, analysis: Analysis) -> Iterator[str]:
    seen: set[str] = set()
    for at, entry in enumerate(draft.vocabulary):
        place = f"vocabulary[{at}]"
        if entry.sentence >= len(analysis.sentences):
            yield f"{place}: there is no sentence {entry.sentence}"
            continue
        sentence = analysis.sentences[entry.sentence].text
        if not stands_in(entry.term, sentence):
            yield f"{place}: the term is not in sentence {entry.sentence}"
        if entry.meaning is not None and not stands_in(entry.meaning, sentence):
            yield f"{place}: the meaning is not in sentence {entry.sentence} word for word"
        if folded(entry.term) in seen:
            yield f"{place}: the term is there twice"
        seen.add(folded(entry.term))
