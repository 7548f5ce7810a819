"""What an objective asks for, by its verb, and which passages speak of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import log, sqrt
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.tokens import Token, stem, stems, tokenise
from toolboxai.platform.content.model.analysis import Definition, ObjectiveMatch
from toolboxai.platform.content.model.request import Objective
from toolboxai.platform.content.sources.text import one_line

__all__ = ["bloom_of", "match_objectives", "objective_warnings", "unseen_verb"]

_PASSAGES: Final = 60  # as many as the longest lesson can use
_FIRST_WORDS: Final = 8  # the verb stands early: "Students will be able to explain how …"
_LEVELS: Final = ("remember", "understand", "analyze")
_CONTEXT: Final = 0.3  # what the neighbours' and the heading's words count for a sentence


def bloom_of(title: str, lexicon: Lexicon) -> tuple[str | None, str | None]:
    """The first verb of Bloom's table in an objective and its level; None and None without one."""
    for token in _verb_places(title, lexicon):
        if level := lexicon.bloom.get(token.lower):
            return token.lower, level
    return None, None


def _verb_places(title: str, lexicon: Lexicon) -> tuple[Token, ...]:
    """Where the verb stands: early, and in German as often at the end."""
    tokens = tokenise(title)
    if not lexicon.grammar.forms.capitals or title[tokens[0].end :].startswith(",") if tokens else True:
        return tokens[:_FIRST_WORDS]
    return (*(token for token in reversed(tokens) if token.text[0].islower()), tokens[0])


def unseen_verb(title: str, lexicon: Lexicon) -> str | None:
    """The first verb of an objective that says what nobody can see or hear, such as understand; None without one."""
    unseen = lexicon.grammar.wishing.unseen
    return next((one.lower for one in _verb_places(title, lexicon) if one.lower in unseen), None)


def match_objectives(
    objectives: Sequence[Objective],
    sentences: Sequence[Parsed],
    headings: Sequence[str],
    definitions: Sequence[Definition],
    lexicon: Lexicon,
) -> tuple[ObjectiveMatch, ...]:
    """For each objective the sentences that share its words, rarer words counting more, best first.

    The words of a sentence's heading count a little: a passage need not repeat what stands above it. A sentence that
    explains a term of the objective counts double for it.
    """
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    lengths: list[int] = []
    above = [_content(heading, lexicon) for heading in headings]
    for parsed in sentences:
        own = Counter(_stems(parsed, lexicon))
        lengths.append(max(1, sum(own.values())))
        heading = above[parsed.sentence.section] if parsed.sentence.section is not None else frozenset()
        for word in own:
            postings[word].append((parsed.index, 1.0))
        for word in sorted(heading - own.keys()):
            postings[word].append((parsed.index, _CONTEXT))
    for definition in definitions:
        for word in sorted(stems(definition.term, lexicon.language)):
            postings[word].append((definition.sentence, 1.0))
    return tuple(_match(objective, postings, lengths, sentences, lexicon) for objective in objectives)


def _match(
    objective: Objective,
    postings: dict[str, list[tuple[int, float]]],
    lengths: Sequence[int],
    sentences: Sequence[Parsed],
    lexicon: Lexicon,
) -> ObjectiveMatch:
    title = one_line(objective.title)
    verb, level = bloom_of(title, lexicon)
    scores: dict[int, float] = defaultdict(float)
    own_words: set[int] = set()
    for word in sorted(_content(title, lexicon)):
        found = postings.get(word, [])
        weight = log(1 + len(lengths) / max(1, len(found)))
        for index, share in found:
            scores[index] += weight * share
            if share == 1.0:
                own_words.add(index)
    usable = (index for index in scores if sentences[index].whole)
    ranked = sorted(usable, key=lambda index: (-scores[index] / sqrt(sqrt(lengths[index])), index))
    given = objective.bloom_level.lower() if objective.bloom_level else level
    # Only a heading's word is not enough to say that the text speaks of the objective.
    return ObjectiveMatch(title, given, verb, tuple(ranked[:_PASSAGES]) if own_words else ())


def objective_warnings(
    objectives: Sequence[Objective], matches: Sequence[ObjectiveMatch], lexicon: Lexicon
) -> Iterator[str]:
    """What a teacher should know about her objectives: no verb, a verb of another level, nothing in the text."""
    for number, (objective, match) in enumerate(zip(objectives, matches, strict=True), start=1):
        verb, level = bloom_of(objective.title, lexicon)
        unseen = unseen_verb(objective.title, lexicon)
        if verb is None and unseen is not None:
            yield (
                f'Objective {number} says "{unseen}", which nobody can see or hear a pupil do: say how it shows, with a verb such '
                f"as {_examples(lexicon)}."
            )
        elif lexicon.complete and verb is None:
            yield f"Objective {number} has no verb that says what pupils will do, such as {_examples(lexicon)}."
        elif level and objective.bloom_level and objective.bloom_level.lower() != level:
            yield (
                f'Objective {number} is marked "{objective.bloom_level.lower()}", but its verb "{verb}" belongs to '
                f'"{level}"; the mark was kept.'
            )
        if not match.sentences:
            yield f"The text says nothing about objective {number}: no sentence shares its words."


def _examples(lexicon: Lexicon) -> str:
    """Three verbs of three levels, for the warning."""
    one, two, three = (min(verb for verb, own in lexicon.bloom.items() if own == level) for level in _LEVELS)
    return f"{one}, {two} or {three}"


def _content(text: str, lexicon: Lexicon) -> frozenset[str]:
    tokens, capitals = tokenise(text), lexicon.grammar.forms.capitals
    return frozenset(
        stem(token.lower, lexicon.language)
        for at, token in enumerate(tokens)
        if not token.number
        and _counts(token.lower, lexicon)
        and not (token.lower in lexicon.bloom and (at < _FIRST_WORDS - 4 or capitals))
    )


def _stems(parsed: Parsed, lexicon: Lexicon) -> Iterator[str]:
    for token in parsed.tokens:
        if not token.number and _counts(token.lower, lexicon):
            yield stem(token.lower, lexicon.language)


def _counts(word: str, lexicon: Lexicon) -> bool:
    if lexicon.complete:
        return word not in lexicon.stopwords and len(word) > 2 and word not in lexicon.grammar.wishing.talk
    return len(word) > 3
