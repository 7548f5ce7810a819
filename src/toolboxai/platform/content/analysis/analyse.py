"""Stage content_analysis: what a text holds, counted and computed."""

from dataclasses import dataclass
from typing import Final

from toolboxai.platform.content.analysis.dates import find_dates
from toolboxai.platform.content.analysis.definitions import find_definition
from toolboxai.platform.content.analysis.enumerations import find_enumerations, list_enumerations
from toolboxai.platform.content.analysis.keyterms import find_concepts
from toolboxai.platform.content.analysis.names import find_names
from toolboxai.platform.content.analysis.objectives import match_objectives, objective_warnings
from toolboxai.platform.content.analysis.plain_terms import find_plain_concepts
from toolboxai.platform.content.analysis.quantities import find_quantities
from toolboxai.platform.content.analysis.readability import difficulty_against, measure
from toolboxai.platform.content.analysis.reading import Reading, read, require_enough
from toolboxai.platform.content.analysis.relations import find_relations
from toolboxai.platform.content.analysis.sequences import told_in_order
from toolboxai.platform.content.language.lexicon import Lexicon, lexicon_for
from toolboxai.platform.content.model.analysis import (
    Analysis,
    Concept,
    Date,
    Definition,
    Enumeration,
    Quantity,
    Readability,
    Relation,
)
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import Difficulty, GenerationRequest
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.sources.text import one_line
from toolboxai.platform.content.validation import grade_band

__all__ = ["PASSES", "Found", "analyse", "look_through"]

PASSES: Final = 6  # over all sentences: patterns, names, runs, weights, terms, objectives
_TITLE_CHARS: Final = 120


def analyse(request: GenerationRequest, report: Report) -> Analysis:
    """Analyse the text of a checked request.

    Raises:
        SourceTooShort: see ``reading.require_enough``.
    """
    lexicon = lexicon_for(request.language)
    reading = read(request.source_text, lexicon)
    require_enough(reading)
    count = len(reading.sentences)
    progress = Progress(report, PASSES * count, f"Reading {count} sentences")
    found = look_through(reading, lexicon, progress)
    progress.phase("Matching the learning objectives with the text")
    objectives = match_objectives(
        request.learning_objectives, reading.sentences, reading.headings, found.definitions, lexicon
    )
    difficulty = difficulty_against(found.readability.grade, grade_band(request.grade_level))
    warnings = [
        *request.source_notes,
        *_language_warnings(request, lexicon),
        *_difficulty_warnings(request, difficulty),
    ]
    warnings.extend(objective_warnings(request.learning_objectives, objectives, lexicon))
    progress.finish(f"Found {len(found.concepts)} concepts in {count} sentences")
    return Analysis(
        title=_title(request, reading),
        language=request.language,
        headings=reading.headings,
        sentences=tuple(parsed.sentence for parsed in reading.sentences),
        concepts=found.concepts,
        definitions=found.definitions,
        quantities=found.quantities,
        enumerations=found.enumerations,
        objectives=objectives,
        readability=found.readability,
        difficulty_level=difficulty,
        relations=found.relations,
        dates=found.dates,
        warnings=tuple(warnings),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a text holds, whoever asks: ``Analysis`` says what each is."""

    concepts: tuple[Concept, ...]
    readability: Readability
    definitions: tuple[Definition, ...]
    quantities: tuple[Quantity, ...]
    enumerations: tuple[Enumeration, ...]
    relations: tuple[Relation, ...]
    dates: tuple[Date, ...]


def look_through(reading: Reading, lexicon: Lexicon, progress: Progress) -> Found:
    """All but what depends on a teacher's wishes; it takes ``PASSES`` - 1 passes over the sentences."""
    definitions: dict[str, Definition] = {}
    quantities: list[Quantity] = []
    enumerations: list[Enumeration] = list_enumerations(reading)
    relations: list[Relation] = []
    dates: list[Date] = []
    for parsed in reading.sentences:
        if parsed.whole:
            counted = list(find_quantities(parsed, lexicon))
            quantities.extend(counted)
            dates.extend(find_dates(parsed, counted, lexicon))
            if lexicon.complete:
                enumerations.extend(find_enumerations(parsed, lexicon))
                relations.extend(find_relations(parsed, lexicon))
                found = find_definition(parsed, lexicon)
                if found is not None:
                    definitions.setdefault(found.term.lower(), found)  # the first one introduces the term
        progress.advance()
    enumerations.extend(told_in_order(reading.sentences, lexicon))
    explained = tuple(definitions.values())
    return Found(
        concepts=_concepts(reading, explained, lexicon, progress),
        readability=_readability(reading, lexicon),
        definitions=explained,
        quantities=tuple(quantities),
        enumerations=tuple(enumerations),
        relations=tuple(relations),
        dates=tuple(dates),
    )


def _concepts(
    reading: Reading, definitions: tuple[Definition, ...], lexicon: Lexicon, progress: Progress
) -> tuple[Concept, ...]:
    if not lexicon.complete:
        progress.phase("Counting words")
        return find_plain_concepts(reading.sentences, progress)
    progress.phase("Finding named things")
    names = find_names(reading.sentences, lexicon, progress)
    progress.phase("Weighing key terms")
    terms = [definition.term for definition in definitions]
    return find_concepts(reading.sentences, names, terms, reading.headings, lexicon, progress)


def _readability(reading: Reading, lexicon: Lexicon) -> Readability:
    prose = [parsed for parsed in reading.prose if parsed.whole] or list(reading.prose)
    words = (token.lower for parsed in prose for token in parsed.tokens)
    return measure(len(prose), words, lexicon.language)


def _title(request: GenerationRequest, reading: Reading) -> str:
    asked = one_line(request.title or "")
    if asked:
        return asked
    first = one_line(reading.headings[0]) if reading.headings else ""
    return (first or one_line(request.subject) or request.subject.strip())[:_TITLE_CHARS]


def _language_warnings(request: GenerationRequest, lexicon: Lexicon) -> list[str]:
    if lexicon.complete:
        return []
    return [
        f'Language "{request.language}" has no word tables here: key terms are frequent long words, definitions and '
        "names are not recognised, the reading grade is a rough one, the only questions are fill_blank, which are not "
        "checked for pronouns, and the instructions around the text are in English."
    ]


def _difficulty_warnings(request: GenerationRequest, measured: Difficulty) -> list[str]:
    order = list(Difficulty)
    if request.difficulty is None or order.index(measured) <= order.index(Difficulty(request.difficulty)):
        return []
    return [
        f'You asked for "{request.difficulty}", but the text measures "{measured}" for grade {request.grade_level}. The '
        "questions were chosen to your wish; the sentences are the text's own."
    ]
