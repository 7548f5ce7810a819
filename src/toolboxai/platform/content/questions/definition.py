"""From an explained term to its meaning, and from the meaning to the term."""

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.tokens import tokenise
from toolboxai.platform.content.model.analysis import Concept, ConceptKind, Definition
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.distractors import other_meanings, other_terms
from toolboxai.platform.content.questions.draft import Draft, Finished, in_case_of

__all__ = ["definition_drafts", "same_start", "shows_its_term"]

_TELLING: Final = 4  # letters: "Heft"; shorter ends, such as "ion", stand in many words


def definition_drafts(passages: Passages, definition: Definition, concept: Concept) -> Iterator[Draft]:
    """Choose the term for the meaning, and the meaning for the term.

    They need no sentence that stands alone: term and meaning were checked to do so.
    """
    if shows_its_term(definition):
        return
    topic = concept.term.lower()
    worth = 1.6 + 0.5 * concept.score
    term = partial(_choose_term, passages, definition, concept)
    yield Draft(QuestionType.MULTIPLE_CHOICE, definition.sentence, topic, worth, False, term)
    meaning = partial(_choose_meaning, passages, definition)
    yield Draft(QuestionType.MULTIPLE_CHOICE, definition.sentence, topic, worth - 0.1, False, meaning)


def shows_its_term(definition: Definition) -> bool:
    """Whether the end of the term stands in the meaning, as in "Schulheft: ein Heft, …": then nobody has to know it."""
    term = definition.term.casefold()
    words = (token.lower for token in tokenise(definition.meaning))
    return any(len(word) >= _TELLING and term.endswith(word.casefold()) for word in words)


def _choose_term(
    passages: Passages, definition: Definition, concept: Concept, dice: Random
) -> Finished | None:
    others = other_terms(passages, concept, definition.sentence, article=None, dice=dice, fits=False)
    options = [definition.term, *(in_case_of(definition.term, other) for other in others)]
    if not others or len({option.lower() for option in options}) < len(options):
        return None
    dice.shuffle(options)
    return Finished(
        question=passages.frames.definition_term.format(meaning=definition.meaning),
        body=definition.meaning,
        options=tuple(options),
        answer=definition.term,
        rationale=passages.frames.rationale_quote.format(sentence=passages.text(definition.sentence)),
    )


def _choose_meaning(passages: Passages, definition: Definition, dice: Random) -> Finished | None:
    others = other_meanings(passages, definition, dice)
    if not others:
        return None
    options = [definition.meaning, *(same_start(passages, definition.meaning, other) for other in others)]
    if len({option.lower() for option in options}) < len(options):
        return None
    dice.shuffle(options)
    return Finished(
        question=passages.frames.definition_meaning.format(term=definition.term),
        body=definition.term,
        options=tuple(options),
        answer=definition.meaning,
        rationale=passages.frames.rationale_quote.format(sentence=passages.text(definition.sentence)),
    )


def same_start(passages: Passages, model: str, text: str) -> str:
    """All options begin alike, large or small, or the odd one would stand out.

    A meaning that stood at the start of its sentence has its capital from there, unless it starts with a name.
    """
    if model[:1].isupper():
        return in_case_of(model, text)
    lexicon = passages.lexicon
    if lexicon.grammar.forms.capitals and text.split(" ", 1)[0].lower() not in lexicon.stopwords:
        return text  # a noun has its capital from itself
    names = (one.term for one in passages.analysis.concepts if one.kind is not ConceptKind.TERM)
    if any(text.startswith(name) for name in names) or text[1:2].isupper():
        return text
    return text[0].lower() + text[1:]
