"""Subject, grade and objectives that a text itself offers: its headings, definitions, key terms and relations under a verb.

Nothing is rephrased. What stands in an objective stands in the text, and an objective is kept only where the text
speaks of it when it is asked for, so that a lesson can be made of every one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice, zip_longest
from typing import Final

from toolboxai.platform.content.analysis.analyse import PASSES, Found, look_through
from toolboxai.platform.content.analysis.objectives import match_objectives
from toolboxai.platform.content.analysis.reading import Reading, read, require_enough
from toolboxai.platform.content.language.detection import language_of
from toolboxai.platform.content.language.frames import Frames, frames_for
from toolboxai.platform.content.language.lexicon import Lexicon, lexicon_for
from toolboxai.platform.content.language.tokens import tokenise
from toolboxai.platform.content.model.analysis import ConceptKind, Definition, Relation
from toolboxai.platform.content.model.proposal import Proposals, ProposedObjective
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import Objective
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.sources.text import one_line

__all__ = ["propose"]

_MOST: Final = 8  # a lesson has ten at most, and two are left for the teacher's own
_OF_A_KIND: Final = 4
_SENTENCES: Final = 2
_TITLE_CHARS: Final = 120
_ITEMS: Final = range(3, 7)
_ITEM_WORDS: Final = 4
_EXPLAINED: Final = ("cause", "effect", "change")  # kinds of relation that have a how
_BANDS: Final = ((2, "K-2"), (5, "3-5"), (8, "6-8"), (12, "9-12"))
_BEYOND: Final = "13-16"


@dataclass(frozen=True, slots=True)
class _Draft:
    """An objective, and the sentences that it was made from; None: those that speak of it under this heading."""

    title: str
    sentences: tuple[int, ...] = ()
    heading: int | None = None


class _Small:
    """How words from the start of a sentence are written in the midst of one."""

    def __init__(self, reading: Reading, found: Found, lexicon: Lexicon) -> None:
        self._small = set(lexicon.stopwords)
        self._small.update(word for each in found.concepts for word in each.term.split() if word.islower())
        for parsed in reading.sentences:
            self._small.update(token.text for token in parsed.tokens if token.text.islower())

    def within(self, text: str) -> str:
        """The same text, with a small first letter where the text, or its language, writes one."""
        return text[:1].lower() + text[1:] if text.split()[0].lower() in self._small else text


def propose(source_text: str, language: str | None, report: Report) -> Proposals:
    """Look through a checked text.

    Args:
        source_text: plain text or Markdown.
        language: BCP 47 tag; None has it found out.
        report: is told how far it is.

    Raises:
        SourceTooShort: see ``reading.require_enough``.
    """
    language = language or language_of(source_text)
    lexicon = lexicon_for(language)
    reading = read(source_text, lexicon)
    require_enough(reading)
    count = len(reading.sentences)
    found = look_through(reading, lexicon, Progress(report, PASSES * count, f"Reading {count} sentences"))
    heading = next((text for each in reading.headings if (text := one_line(each))), "")
    term = _capital(_subject(heading, found))
    return Proposals(
        title=(heading or term)[:_TITLE_CHARS],
        subject=(term or heading)[:_TITLE_CHARS],
        language=language,
        grade_level=_band(found.readability.grade) if lexicon.complete else None,
        words=reading.words,
        objectives=_objectives(reading, found, lexicon, frames_for(language)) if lexicon.complete else (),
    )


def _subject(heading: str, found: Found) -> str:
    """The longest key term that the heading names, else the strongest; empty where there is none."""
    named = [each for each in found.concepts if _names(heading, each.forms)]
    best = max(named, key=lambda each: (len(each.term.split()), each.score), default=None)
    return (best or found.concepts[0]).term if found.concepts else ""


def _band(grade: float) -> str:
    return next((band for last, band in _BANDS if round(grade) <= last), _BEYOND)


def _objectives(
    reading: Reading, found: Found, lexicon: Lexicon, frames: Frames
) -> tuple[ProposedObjective, ...]:
    """In turn one of each kind, the best of each kind first."""
    small = _Small(reading, found, lexicon)
    kinds = (
        _sections(reading, frames),
        _hows(reading, found, small, frames),
        _defined(found, small, frames),
        _compared(found, small, lexicon, frames),
        _ordered(found, frames),
        _doers(found, frames),
        _described(found, frames),
    )
    drafts = [
        each
        for each in dict.fromkeys(chain(*zip_longest(*(islice(kind, _OF_A_KIND) for kind in kinds))))
        if each
    ]
    matches = match_objectives(
        [Objective(draft.title) for draft in drafts],
        reading.sentences,
        reading.headings,
        found.definitions,
        lexicon,
    )
    taken: list[ProposedObjective] = []
    for draft, match in zip(drafts, matches, strict=True):
        made_from = draft.sentences or _under(draft.heading, match.sentences, reading)
        if match.sentences and match.bloom_level and made_from and len(taken) < _MOST:
            texts = tuple(reading.sentences[index].text for index in made_from)
            taken.append(ProposedObjective(draft.title, match.bloom_level, texts))
    return tuple(taken)


def _under(heading: int | None, sentences: Sequence[int], reading: Reading) -> tuple[int, ...]:
    below = [index for index in sentences if reading.sentences[index].sentence.section == heading]
    return tuple(sorted(below[:_SENTENCES]))


# ---- the kinds ----------------------------------------------------------------------------------------------


def _sections(reading: Reading, frames: Frames) -> Iterator[_Draft]:
    """Headings with the most whole sentences below them."""
    below = [0] * len(reading.headings)
    for parsed in reading.sentences:
        if parsed.sentence.section is not None:
            below[parsed.sentence.section] += parsed.whole
    ranked = sorted(range(len(below)), key=lambda number: (-below[number], number))
    for number in ranked:
        text = one_line(reading.headings[number])
        if text and below[number] >= _SENTENCES and len(text) <= _TITLE_CHARS:
            yield _Draft(frames.objective_section.format(heading=text), heading=number)


def _hows(reading: Reading, found: Found, small: _Small, frames: Frames) -> Iterator[_Draft]:
    """How one key thing causes or becomes another, where a sentence begins with it."""
    forms = [form for concept in found.concepts for form in concept.forms]
    told = [relation for relation in found.relations if relation.kind in _EXPLAINED]
    for relation in told:
        begins = reading.sentences[relation.sentence].text.startswith(relation.subject)
        if begins and _names(relation.subject, forms) and _names(relation.object, forms):
            verb, rest = _clause(relation)
            subject = small.within(relation.subject)
            title = frames.objective_how.format(subject=subject, verb=verb, rest=rest)
            yield _Draft(title, (relation.sentence,))


def _defined(found: Found, small: _Small, frames: Frames) -> Iterator[_Draft]:
    for definition in _strongest(found):
        term = small.within(definition.term)
        yield _Draft(frames.objective_define.format(term=term), (definition.sentence,))


def _compared(found: Found, small: _Small, lexicon: Lexicon, frames: Frames) -> Iterator[_Draft]:
    """Two things of which the text says that they are the same kind of thing."""
    kinds = {each: _kind(each, lexicon) for each in _strongest(found)}
    for one, other in combinations(kinds, 2):
        if kinds[one] and kinds[one] == kinds[other]:
            title = frames.objective_compare.format(
                one=small.within(one.term), other=small.within(other.term)
            )
            yield _Draft(title, tuple(sorted({one.sentence, other.sentence})))
            return


def _ordered(found: Found, frames: Frames) -> Iterator[_Draft]:
    """Short things whose order the text tells; here they stand in that of the alphabet, which gives nothing away."""
    for each in found.enumerations:
        short = all(len(item.split()) <= _ITEM_WORDS for item in each.items)
        if each.ordered and short and len(each.items) in _ITEMS:
            items = ", ".join(sorted(each.items, key=str.lower))
            yield _Draft(frames.objective_order.format(items=items), each.sentences[:_SENTENCES])


def _doers(found: Found, frames: Frames) -> Iterator[_Draft]:
    """Who did what, of persons."""
    people = {form for each in found.concepts if each.kind is ConceptKind.PERSON for form in each.forms}
    for relation in found.relations:
        if relation.kind == "deed" and relation.subject.lower() in people:
            verb, rest = _clause(relation)
            yield _Draft(frames.objective_who.format(verb=verb, rest=rest), (relation.sentence,))


def _described(found: Found, frames: Frames) -> Iterator[_Draft]:
    """What the text speaks of most, and does not define."""
    known = {definition.term.lower() for definition in found.definitions}
    for concept in found.concepts:
        if len(concept.sentences) >= _SENTENCES and known.isdisjoint(concept.forms):
            yield _Draft(frames.objective_describe.format(term=concept.term), concept.sentences[:_SENTENCES])


# ---- words --------------------------------------------------------------------------------------------------


def _strongest(found: Found) -> list[Definition]:
    """Definitions, those of the strongest terms first."""
    scores = {form: concept.score for concept in found.concepts for form in concept.forms}
    return sorted(found.definitions, key=lambda each: (-scores.get(each.term.lower(), 0.0), each.sentence))


def _kind(definition: Definition, lexicon: Lexicon) -> str:
    """The first noun of a meaning, as far as it can be told: "process" of "the process in which …"."""
    known = lexicon.stopwords | lexicon.modifiers
    words = (token.lower for token in tokenise(definition.meaning) if not token.number)
    return next((word for word in words if word not in known), "")


def _clause(relation: Relation) -> tuple[str, str]:
    """The finite verb, and what follows it."""
    verb, _, rest = relation.relation.partition(" ")
    return verb, f"{rest} {relation.object}".strip()


def _names(text: str, forms: Sequence[str]) -> bool:
    """Whether one of these terms stands in a text."""
    words = f" {' '.join(token.lower for token in tokenise(text))} "
    return any(f" {form} " in words for form in forms)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
