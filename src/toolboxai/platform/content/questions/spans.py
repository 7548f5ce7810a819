"""Where a concept stands in a sentence, when it can be taken out of it."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.tokens import Token, tokenise
from toolboxai.platform.content.model.analysis import Concept, ConceptKind
from toolboxai.platform.content.model.quiz import BLANK

__all__ = ["Span", "article_before", "blank_out", "concept_spans"]

_ARTICLE: Final = re.compile(r"\b(an?) $", re.IGNORECASE)


class Span(NamedTuple):
    """A concept and its place in the characters of a sentence."""

    concept: Concept
    start: int
    end: int


@lru_cache(maxsize=2048)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, forms))})(?![\w'\u2019-])", re.IGNORECASE)


def concept_spans(passages: Passages, index: int) -> list[Span]:
    """The concepts of a sentence that may be taken out.

    A concept is left in where it is only part of a longer term, where it stands twice, or where another form of it
    stays in the sentence and would tell it.
    """
    text = passages.text(index)
    found: list[Span] = []
    for concept in passages.concepts_in(index):
        places = list(_pattern(concept.forms).finditer(text))
        if len(places) == 1:
            found.append(Span(concept, places[0].start(), places[0].end()))
    return [span for span in found if not _inside_longer(span, found) and _free(passages, index, span)]


def _inside_longer(span: Span, spans: list[Span]) -> bool:
    return any(
        other.start <= span.start
        and span.end <= other.end
        and other.end - other.start > span.end - span.start
        for other in spans
    )


def _free(passages: Passages, index: int, span: Span) -> bool:
    parsed = passages.parsed[index]
    own = passages.stems(span.concept.term) | passages.stems(parsed.text[span.start : span.end])
    for at, token in enumerate(parsed.tokens):
        if span.start <= token.start < span.end:
            continue
        if passages.stems(token.lower) & own:
            return False
        if (
            token.start == span.end + 1
            and parsed.text[span.end] == " "
            and _belongs(passages, parsed.tokens[at])
        ):
            return False
    # A name goes on with its next capital: "Mediterranean" of "Mediterranean Sea".
    after = tokenise(parsed.text[span.end :])
    return not (
        span.concept.kind is not ConceptKind.TERM
        and after
        and parsed.text[span.end :].startswith(f" {after[0].text}")
        and after[0].text[0].isupper()
    )


def _belongs(passages: Passages, token: Token) -> bool:
    """Whether a word right after a term may make a longer term with it: "oak" of "oak tree"."""
    lexicon = passages.lexicon
    if not lexicon.complete:
        return False
    if lexicon.grammar.forms.capitals:
        return token.text[0].isupper()
    word = token.lower
    known = word in lexicon.stopwords or word in lexicon.verbs or word in lexicon.modifiers
    return not (known or word.endswith(lexicon.grammar.forms.after_nouns) or word.isdigit())


def blank_out(text: str, start: int, end: int) -> str:
    """The sentence with a blank in it."""
    return f"{text[:start]}{BLANK}{text[end:]}"


def article_before(text: str, start: int) -> str | None:
    """``a`` or ``an`` right before a place in a sentence, which tells how the word there begins."""
    found = _ARTICLE.search(text[:start])
    return found[1].lower() if found else None
