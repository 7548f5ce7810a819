"""Stage lesson_generation: timed sections out of the text's own sentences and the fixed frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.lexicon import Lexicon, lexicon_for
from toolboxai.platform.content.lesson.activity import activity
from toolboxai.platform.content.lesson.timing import share_minutes
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import (
    Lesson,
    LessonSection,
    SectionKind,
    Statement,
    VocabularyEntry,
)
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest, Objective
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.sources.text import one_line

__all__ = ["make_lesson"]

# A lesson shorter than this has no time for words, activity and check apart from the reading.
_SHORT_MINUTES: Final = 15
_VOCABULARY: Final = 8  # as many new words as pupils keep from one lesson
_PARTS: Final = 3  # of a text whose objectives match nothing
_SENTENCES_PER_MINUTE: Final = 0.8  # read aloud and talked about
_SENTENCES: Final = (3, 12)
# Shares of the time beside the explanations, which together have as much as all of these.
_WEIGHTS: Final = {
    SectionKind.HOOK: 10.0,
    SectionKind.VOCABULARY: 15.0,
    SectionKind.ACTIVITY: 15.0,
    SectionKind.CHECK: 10.0,
    SectionKind.EXIT_TICKET: 5.0,
}
_EXPLANATION_WEIGHT: Final = 45.0


@dataclass(frozen=True, slots=True)
class _Topic:
    """One explanation section to come: its title, its objectives, and its sentences, best first."""

    title: str
    objectives: tuple[int, ...]
    sentences: tuple[int, ...]


def make_lesson(request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
    """Build the lesson; the minutes of its sections sum to ``request.duration_minutes``."""
    lexicon = lexicon_for(request.language)
    progress = Progress(report, len(analysis.sentences) + 10, "Choosing sentences for the lesson")
    passages = Passages(analysis, lexicon, progress)
    vocabulary = _vocabulary(passages)
    kinds = _kinds(request.duration_minutes, bool(vocabulary))
    topics = _topics(passages, most=request.duration_minutes - len(kinds))
    plan = _plan(kinds, topics)
    minutes = share_minutes(request.duration_minutes, [weight for _, _, weight in plan])
    sections = []
    used: set[int] = set()
    for number, ((kind, topic, _), time) in enumerate(zip(plan, minutes, strict=True), start=1):
        sections.append(_section(f"s{number}", kind, topic, time, passages, topics, used))
        progress.advance()
    lesson = Lesson(
        title=analysis.title,
        subject=one_line(request.subject),
        grade_level=str(request.grade_level).strip(),
        language=request.language,
        duration_minutes=request.duration_minutes,
        difficulty_level=analysis.difficulty_level,
        objectives=tuple(Objective(match.title, match.bloom_level) for match in analysis.objectives),
        vocabulary=vocabulary if SectionKind.VOCABULARY in kinds else (),
        sections=tuple(sections),
        warnings=tuple(_warnings(request, topics, vocabulary, lexicon)),
    )
    progress.finish(f"Wrote {len(sections)} sections")
    return lesson


# ---- the plan -----------------------------------------------------------------------------------------------


def _kinds(minutes: int, has_vocabulary: bool) -> list[SectionKind]:
    """The sections beside the explanations."""
    if minutes < _SHORT_MINUTES:
        return [SectionKind.HOOK, SectionKind.EXIT_TICKET]
    return [kind for kind in _WEIGHTS if kind is not SectionKind.VOCABULARY or has_vocabulary]


def _plan(
    kinds: Sequence[SectionKind], topics: Sequence[_Topic]
) -> list[tuple[SectionKind, _Topic | None, float]]:
    """All sections in order with their weights; the explanations come before the activity or the exit ticket."""
    whole = sum(max(1, len(topic.objectives)) for topic in topics)
    reading = [
        (SectionKind.EXPLANATION, topic, _EXPLANATION_WEIGHT * max(1, len(topic.objectives)) / whole)
        for topic in topics
    ]
    before = [kind for kind in kinds if kind in (SectionKind.HOOK, SectionKind.VOCABULARY)]
    after = [kind for kind in kinds if kind not in before]
    return [
        *((kind, None, _WEIGHTS[kind]) for kind in before),
        *reading,
        *((kind, None, _WEIGHTS[kind]) for kind in after),
    ]


def _topics(passages: Passages, *, most: int) -> list[_Topic]:
    """What is explained: the objectives of which the text speaks, joined where time is short; else parts of the text."""
    matches = passages.analysis.objectives
    found = [number for number, match in enumerate(matches) if match.sentences]
    if not found:
        return _parts(passages, min(_PARTS, most))
    groups = min(len(found), most)
    topics = []
    for group in range(groups):
        numbers = found[group * len(found) // groups : (group + 1) * len(found) // groups]
        title = "; ".join(matches[number].title for number in numbers)
        topics.append(_Topic(title, tuple(numbers), tuple(_in_turn([matches[n].sentences for n in numbers]))))
    return topics


def _in_turn(lists: Sequence[Sequence[int]]) -> Iterator[int]:
    seen: set[int] = set()
    for rank in range(max(map(len, lists))):
        for one in lists:
            if rank < len(one) and one[rank] not in seen:
                seen.add(one[rank])
                yield one[rank]


def _parts(passages: Passages, most: int) -> list[_Topic]:
    """The text cut into equal parts, each with its weightiest sentences."""
    whole = passages.whole
    count = max(1, min(most, len(whole) // _SENTENCES[0]))
    topics = []
    for part in range(count):
        inside = whole[part * len(whole) // count : (part + 1) * len(whole) // count]
        title = passages.frames.titles["explanation"] + (
            passages.frames.part.format(number=part + 1) if count > 1 else ""
        )
        topics.append(
            _Topic(title, (), tuple(sorted(inside, key=lambda index: (-passages.weight(index), index))))
        )
    return topics


# ---- the sections -------------------------------------------------------------------------------------------


def _section(
    section_id: str,
    kind: SectionKind,
    topic: _Topic | None,
    minutes: int,
    passages: Passages,
    topics: Sequence[_Topic],
    used: set[int],
) -> LessonSection:
    title = topic.title if topic else passages.frames.titles[kind.value]
    checked: tuple[int, ...] = ()
    match kind:
        case SectionKind.HOOK:
            statements = _hook(passages)
        case SectionKind.VOCABULARY:
            statements = [Statement(passages.frames.vocabulary_intro)]
        case SectionKind.EXPLANATION:
            assert topic is not None
            statements = _explanation(topic, minutes, passages, used)
        case SectionKind.ACTIVITY:
            statements = activity(passages)
        case SectionKind.CHECK:
            statements, checked = _check(passages, topics)
        case SectionKind.EXIT_TICKET:
            topic_words = passages.analysis.title
            statements = [
                Statement(passages.frames.exit_learned.format(topic=topic_words)),
                Statement(passages.frames.exit_open),
            ]
    objectives = topic.objectives if topic else checked
    return LessonSection(kind, title, minutes, tuple(statements), objectives, section_id)


def _hook(passages: Passages) -> list[Statement]:
    statements = [Statement(passages.frames.hook_know.format(topic=passages.analysis.title))]
    striking = passages.most_striking()
    if striking is not None:
        statements += [
            Statement(passages.frames.hook_read),
            passages.quote(striking),
            Statement(passages.frames.hook_wonder),
        ]
    return statements


def _explanation(topic: _Topic, minutes: int, passages: Passages, used: set[int]) -> list[Statement]:
    fewest, most = _SENTENCES
    count = max(fewest, min(most, round(minutes * _SENTENCES_PER_MINUTE)))
    fresh = [index for index in topic.sentences if index not in used]
    chosen = set(fresh[:count] or topic.sentences[:fewest])
    # A sentence that starts with a pronoun brings the one before it, so that pupils know who or what is meant.
    for index in sorted(chosen):
        if passages.leans(index) and index > 0 and passages.is_whole(index - 1):
            chosen.add(index - 1)
    used |= chosen
    statements = [
        Statement(passages.frames.explanation_read),
        *(passages.quote(index) for index in sorted(chosen)),
    ]
    pair = passages.pair_in(sorted(chosen))
    if pair:
        statements.append(Statement(passages.frames.explanation_link.format(one=pair[0], other=pair[1])))
    else:
        statements.append(Statement(passages.frames.explanation_tell))
    return statements


def _check(passages: Passages, topics: Sequence[_Topic]) -> tuple[list[Statement], tuple[int, ...]]:
    """One prompt for each topic, with the sentence to listen for; and the objectives that are checked so."""
    statements = [Statement(passages.frames.check_intro)]
    asked: set[str] = set()
    checked: list[int] = []
    for topic in topics:
        found = passages.check_item(topic.sentences, asked)
        if found is not None:
            index, term = found
            asked.add(term)
            checked += topic.objectives
            statements.append(Statement(passages.frames.check_prompt.format(term=term)))
            statements.append(passages.expected(index))
    if len(statements) == 1:
        statements.append(Statement(passages.frames.explanation_tell))
    return statements, tuple(checked)


def _vocabulary(passages: Passages) -> tuple[VocabularyEntry, ...]:
    """Terms that the text explains come first, then its strongest concepts with the sentence that shows them best."""
    entries: list[VocabularyEntry] = []
    for concept in passages.key_concepts(_VOCABULARY):
        definition = passages.definition_of(concept)
        index = definition.sentence if definition else passages.best_sentence(concept)
        meaning = definition.meaning if definition else None
        number = f"v{len(entries) + 1}"
        entries.append(
            VocabularyEntry(passages.term_in(concept, index), meaning, passages.text(index), index, number)
        )
    return tuple(entries)


def _warnings(
    request: GenerationRequest,
    topics: Sequence[_Topic],
    vocabulary: Sequence[VocabularyEntry],
    lexicon: Lexicon,
) -> Iterator[str]:
    served = sum(len(topic.objectives) for topic in topics)
    if not served:
        yield "None of the learning objectives was found in the text: the lesson follows the order of the text instead."
    elif len(topics) < served:
        yield f"{request.duration_minutes} minutes leave room for {len(topics)} explanations: objectives were joined."
    if request.duration_minutes < _SHORT_MINUTES:
        yield (
            f"Below {_SHORT_MINUTES} minutes a lesson has no sections of their own for words, activity and check."
        )
    elif not vocabulary:
        yield "The text repeats and explains no term: there is no section of words to know."
    if lexicon.complete and vocabulary and not any(entry.meaning for entry in vocabulary):
        yield "The text explains none of its key terms; the words to know have a sentence and no meaning."
