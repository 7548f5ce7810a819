"""Questions with a question word, answered in a word or two.

Three forms, each only where the sentence allows it as it stands:

- the subject asked for: "Robert Hooke first saw cells …" gives "Who first saw cells …?"; nothing else is changed
- time or place asked for: "The first balloon was built in 1783." gives "When was the first balloon built?"; the finite
  verb changes places with the subject
- the term asked for that the text explains
"""

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.tokens import Token, is_plural
from toolboxai.platform.content.language.wordnet import load_nouns
from toolboxai.platform.content.model.analysis import Concept, ConceptKind, Definition
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.definition import shows_its_term
from toolboxai.platform.content.questions.draft import Draft, Finished
from toolboxai.platform.content.questions.spans import Span, concept_spans

__all__ = ["explained_term_drafts", "short_answer_drafts"]

_ANSWER_WORDS: Final = 4
_REST_WORDS: Final = 3  # "What melts?" could mean anything


def short_answer_drafts(passages: Passages, index: int) -> Iterator[Draft]:
    """The questions of one sentence that stands alone."""
    asking = passages.lexicon.grammar.asking
    subject = next((span for span in concept_spans(passages, index) if _leads(passages, index, span)), None)
    if subject is None:
        return
    verb = next((t for t in passages.parsed[index].tokens if t.start > subject.end), None)
    if verb is None or passages.text(index)[subject.end : verb.start] != " ":
        return
    weight = passages.weight(index)
    if (
        _finite(passages, verb)
        and _simple(passages, index, verb)
        and (word := _question_word(passages, index, subject))
    ):
        topic = subject.concept.term.lower()
        finish = partial(_ask_subject, passages, index, subject, word)
        yield Draft(QuestionType.SHORT_ANSWER, index, topic, 1.0 + weight, True, finish)
    if verb.lower in asking.inverting or (asking.inverts_all and verb.lower in passages.lexicon.verbs):
        if time := _time_at_end(passages, index):
            finish = partial(_ask_end, passages, index, subject, verb, time, passages.frames.short_when)
            yield Draft(QuestionType.SHORT_ANSWER, index, time[2].lower(), 1.2 + weight, True, finish)
        if place := _place_at_end(passages, index, subject):
            finish = partial(_ask_end, passages, index, subject, verb, place, passages.frames.short_where)
            yield Draft(QuestionType.SHORT_ANSWER, index, place[2].lower(), 1.2 + weight, True, finish)


def explained_term_drafts(passages: Passages, definition: Definition, concept: Concept) -> Iterator[Draft]:
    """The term that an explanation belongs to; the sentence need not stand alone."""
    if shows_its_term(definition):
        return
    finish = partial(_ask_term, passages, definition, concept)
    worth = 0.9 + 0.5 * concept.score
    yield Draft(QuestionType.SHORT_ANSWER, definition.sentence, concept.term.lower(), worth, True, finish)


def _leads(passages: Passages, index: int, span: Span) -> bool:
    """Whether a concept starts its sentence, but for an article."""
    before = passages.text(index)[: span.start].strip().lower()
    return not before or before in passages.lexicon.grammar.asking.articles


def _finite(passages: Passages, verb: Token) -> bool:
    """Whether a word right after a subject is its verb, in the singular or in a form that is the same in both."""
    lexicon = passages.lexicon
    asking = lexicon.grammar.asking
    if (
        verb.text[0].isupper()
        or verb.lower in asking.plural_verbs
        or verb.lower.endswith(asking.plural_ends or "\0")
    ):
        return False
    if verb.lower in lexicon.grammar.pointing.verb_signs:
        return True
    # "The steam press of … printed": a noun that is a verb's first form as well.
    noun = (
        lexicon.language == "en" and not verb.lower.endswith(("s", "ed")) and load_nouns().knows(verb.lower)
    )
    return verb.lower in lexicon.verbs and not noun


def _simple(passages: Passages, index: int, verb: Token) -> bool:
    """Whether no other main clause follows, of which the question would not ask: "…, but the lion is strong"."""
    text = passages.text(index)
    after = [
        text[at + 1 :].split(" ", 2)[1] for at, mark in enumerate(text) if mark == "," and at > verb.start
    ]
    return all(word.lower() in passages.lexicon.grammar.asking.clauses for word in after)


def _question_word(passages: Passages, index: int, subject: Span) -> str | None:
    """The frame that asks for the subject, or None where its class is not known or the verb would not agree."""
    concept, lexicon = subject.concept, passages.lexicon
    head = passages.text(index)[subject.start : subject.end].split()[-1].lower()
    if is_plural(head, lexicon.language):
        return None
    if concept.kind is ConceptKind.PERSON:
        return passages.frames.short_who
    if concept.kind is ConceptKind.PLACE:
        return passages.frames.short_which_place
    if concept.kind is ConceptKind.NAME:
        return None
    definition = passages.definition_of(concept)
    if definition is not None and shows_its_term(definition):
        return None
    explained = definition is not None
    if lexicon.language == "en" and load_nouns().knows(head):
        person = load_nouns().is_person(head)
        if person and explained:
            return None  # a word such as "personification" is of both classes
        return passages.frames.short_who if person else passages.frames.short_what
    # What is explained as a thing that has a name of its own is no person.
    return passages.frames.short_what if explained else None


def _ask_subject(passages: Passages, index: int, subject: Span, frame: str, dice: Random) -> Finished | None:
    text = passages.text(index)
    rest = text[subject.end :].strip().rstrip(".")
    if len(rest.split()) < _REST_WORDS:
        return None
    return _finish(
        passages, index, frame.format(rest=rest), rest, text[subject.start : subject.end], subject.concept
    )


def _ask_end(
    passages: Passages,
    index: int,
    subject: Span,
    verb: Token,
    end: tuple[int, str, str, Concept | None],
    frame: str,
    dice: Random,
) -> Finished | None:
    text = passages.text(index)
    start, _, answer, concept = end
    middle = text[verb.end : start].strip()
    if not middle or start <= verb.end:
        return None
    if not passages.lexicon.grammar.listing.links.isdisjoint(middle.lower().split()):
        return None  # "lasted nine years and ended in 1952": the time is that of the second verb
    rest = f"{verb.text} {_inside(passages, text[: subject.end], subject)} {middle}"
    return _finish(passages, index, frame.format(rest=rest), rest, answer, concept)


def _inside(passages: Passages, words: str, subject: Span) -> str:
    """The subject as it is written inside a sentence."""
    article = words[: subject.start].strip()
    if article:
        return f"{article.lower()} {words[subject.start :]}"
    return words if subject.concept.kind is not ConceptKind.TERM else subject.concept.term


def _time_at_end(passages: Passages, index: int) -> tuple[int, str, str, Concept | None] | None:
    """Where the time with which a sentence ends begins, and the time."""
    text = passages.text(index)
    years = [one for one in passages.quantities_in(index) if one.kind == "year"]
    if len(years) != 1 or not text.endswith(f" {years[0].text}."):
        return None
    dates = [date.text for date in passages.dates_in(index) if text.endswith(f" {date.text}.")]
    answer = max([*dates, years[0].text], key=len)
    before = text[: -len(answer) - 2]
    word = before.rsplit(" ", 1)[-1]
    if word not in passages.lexicon.grammar.asking.at_time:
        return None
    return len(before) - len(word), word, answer, None


def _place_at_end(
    passages: Passages, index: int, subject: Span
) -> tuple[int, str, str, Concept | None] | None:
    text = passages.text(index)
    for span in concept_spans(passages, index):
        if span.concept.kind is not ConceptKind.PLACE or text[span.end :] != "." or span == subject:
            continue
        words = text[: span.start].split()
        article = words[-1] if words and words[-1] in passages.lexicon.grammar.asking.articles else ""
        word = words[-2] if article and len(words) > 1 else words[-1]
        if word in passages.lexicon.grammar.asking.at_place:
            length = len(f"{word} {article} ") if article else len(word) + 1
            return span.start - length, word, text[span.start : span.end], span.concept
    return None


def _ask_term(passages: Passages, definition: Definition, concept: Concept, dice: Random) -> Finished | None:
    question = passages.frames.definition_term.format(meaning=definition.meaning)
    return _finish(passages, definition.sentence, question, definition.meaning, definition.term, concept)


def _finish(
    passages: Passages, index: int, question: str, body: str, answer: str, concept: Concept | None
) -> Finished | None:
    if not 1 <= len(answer.split()) <= _ANSWER_WORDS:
        return None
    return Finished(
        question=question,
        body=body,
        options=(),
        answer=answer,
        rationale=passages.frames.rationale_quote.format(sentence=passages.text(index)),
        accepted=_accepted(passages, index, answer, concept),
    )


def _accepted(passages: Passages, index: int, answer: str, concept: Concept | None) -> tuple[str, ...]:
    """The answer with the article that the text gives it, its other forms in the text, and a person's last name."""
    found: dict[str, None] = {}
    articles = passages.lexicon.grammar.asking.articles
    before = passages.text(index)[: passages.text(index).find(answer)].split()
    if before and before[-1].lower() in articles:
        found[f"{before[-1].lower()} {answer}"] = None
    if concept is not None and concept.kind is ConceptKind.TERM:
        found.update(dict.fromkeys(concept.forms))
    elif concept is not None and concept.kind is ConceptKind.PERSON:
        last = answer.split()[-1]
        shared = sum(last.lower() in one.term.lower().split() for one in passages.analysis.concepts)
        found.update(dict.fromkeys(word for word in answer.split() if word.lower() in concept.forms))
        if shared == 1 and all(part[0].isupper() for part in answer.split()):
            found[last] = None
    return tuple(form for form in found if form.lower() != answer.lower())
