"""Key terms where nothing is known of the language: longer words that the text keeps saying, but not everywhere."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.model.analysis import Concept, ConceptKind
from toolboxai.platform.content.progress import Progress

__all__ = ["find_plain_concepts"]

_LETTERS: Final = 6  # most function words of most alphabets' languages are shorter
_MOST_SENTENCES: Final = 0.25  # a word in more sentences than that is a function word
_BASE, _WORDS_PER_CONCEPT, _MOST = 12, 60, 300


def find_plain_concepts(sentences: Sequence[Parsed], progress: Progress) -> tuple[Concept, ...]:
    """Words of six letters or more that stand in two sentences at least, most frequent and longest first."""
    where: dict[str, list[int]] = defaultdict(list)
    surfaces: dict[str, Counter[str]] = defaultdict(Counter)
    for parsed in sentences:
        if parsed.whole:
            for token in parsed.tokens:
                if token.number or len(token.lower) < _LETTERS:
                    continue
                surfaces[token.lower][token.text] += 1
                if not where[token.lower] or where[token.lower][-1] != parsed.index:
                    where[token.lower].append(parsed.index)
        progress.advance()
    most = max(5.0, _MOST_SENTENCES * len(sentences))
    scores = {word: len(at) * len(word) for word, at in where.items() if 2 <= len(at) <= most}
    strongest = max(scores.values(), default=1)
    kept = sorted(scores, key=lambda word: (-scores[word], word))
    limit = min(_MOST, _BASE + sum(parsed.sentence.words for parsed in sentences) // _WORDS_PER_CONCEPT)
    return tuple(
        Concept(
            term=min(surfaces[word], key=lambda form: (-surfaces[word][form], form)),
            kind=ConceptKind.TERM,
            score=round(scores[word] / strongest, 3),
            sentences=tuple(where[word]),
            forms=(word,),
        )
        for word in kept[:limit]
    )
