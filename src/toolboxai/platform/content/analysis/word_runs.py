"""Runs of content words: what stands between function words, verbs, names and punctuation.

What is a noun and what a verb is read from the text itself where the tables do not know the word: nouns follow articles
and prepositions, verbs follow pronouns and auxiliaries.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from toolboxai.platform.content.analysis.names import Name
from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.progress import Progress

__all__ = ["Run", "find_runs"]


@dataclass(frozen=True, slots=True)
class Run:
    """Content words side by side: tokens ``first`` to ``last`` of a sentence."""

    parsed: Parsed
    first: int
    last: int


def find_runs(
    sentences: Sequence[Parsed], names: Sequence[Name], lexicon: Lexicon, progress: Progress
) -> Iterator[Run]:
    """All runs of the text, in order; the progress is advanced by one for each sentence."""
    taken: dict[int, set[int]] = defaultdict(set)
    for name in names:
        for sentence, places in name.words.items():
            taken[sentence] |= places
    capitals = lexicon.grammar.forms.capitals
    # What cannot be a term's word: verbs, and parts of names such as a surname that several people share.
    parting = lexicon.verbs if capitals else _verbs(sentences, lexicon) | _only_names(sentences)
    nouns = _nouns(sentences) if capitals else frozenset[str]()
    for parsed in sentences:
        if parsed.whole:
            inside = taken.get(parsed.index, set())
            if capitals:
                yield from _capital_runs(parsed, inside, nouns, lexicon)
            else:
                yield from _runs(parsed, inside, parting, lexicon)
        progress.advance()


def _verbs(sentences: Sequence[Parsed], lexicon: Lexicon) -> frozenset[str]:
    """Words that the text uses as verbs more often than as nouns, besides those that the tables know."""
    # What cannot be a term's word: verbs, and parts of names such as a surname that several people share.
    parting = lexicon.grammar.parting
    balance: Counter[str] = Counter()
    for parsed in sentences:
        if not parsed.whole:
            continue
        for before, token in zip(parsed.tokens, parsed.tokens[1:], strict=False):
            if before.lower in parting.verb_before:
                balance[token.lower] += 1
            elif before.lower in parting.noun_before or before.lower in lexicon.modifiers:
                balance[token.lower] -= 1
    return lexicon.verbs | {word for word, count in balance.items() if count > 0}


def _only_names(sentences: Sequence[Parsed]) -> frozenset[str]:
    """Words that have a capital inside sentences and are never written without one."""
    large: set[str] = set()
    small: set[str] = set()
    for parsed in sentences:
        for at, token in enumerate(parsed.tokens):
            if not token.text[0].isupper():
                small.add(token.lower)
            elif at:
                large.add(token.lower)
    return frozenset(large - small)


def _runs(parsed: Parsed, taken: set[int], parting: frozenset[str], lexicon: Lexicon) -> Iterator[Run]:
    first: int | None = None
    tokens, no_nouns = parsed.tokens, lexicon.grammar.forms.no_nouns
    for at, token in enumerate(tokens):
        content = not (
            token.number
            or at in taken
            or len(token.lower) < 3
            or token.lower in lexicon.stopwords
            or token.lower in parting
            or token.lower.endswith(no_nouns)
            or "'" in token.text
            or "\u2019" in token.text
        )
        if first is not None and (not content or parsed.between(at - 1, at) != " "):
            yield Run(parsed, first, at - 1)
            first = None
        if content and first is None:
            first = at
    if first is not None:
        yield Run(parsed, first, len(tokens) - 1)


def _nouns(sentences: Sequence[Parsed]) -> frozenset[str]:
    """Words that have a capital inside sentences, where all nouns have one."""
    return frozenset(
        token.lower
        for parsed in sentences
        for at, token in enumerate(parsed.tokens)
        if at and token.text[0].isupper()
    )


def _capital_runs(parsed: Parsed, taken: set[int], nouns: frozenset[str], lexicon: Lexicon) -> Iterator[Run]:
    """Each noun with the adjectives right before it, where nouns are told by their capital."""
    tokens = parsed.tokens
    first: int | None = None
    for at, token in enumerate(tokens):
        lower = token.lower
        if token.number or at in taken or len(lower) < 3 or lower in lexicon.stopwords:
            first = None
        elif token.text[0].isupper() and (at or lower in nouns):
            start = at if first is None or parsed.between(at - 1, at) != " " else first
            yield Run(parsed, start, at)
            first = None
        elif lower in lexicon.verbs or not lower.endswith(_ADJECTIVE):
            first = None
        elif first is None or parsed.between(at - 1, at) != " ":
            first = at


_ADJECTIVE: Final = ("e", "en", "er", "es", "em")
