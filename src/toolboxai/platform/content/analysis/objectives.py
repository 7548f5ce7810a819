"""What an objective asks for, by its verb, and which passages speak of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from math import log, sqrt
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.tokens import Token, stem, stems, tokenise
from toolboxai.platform.content.language.wordnet import load_nouns
from toolboxai.platform.content.model.analysis import Definition, ObjectiveMatch
from toolboxai.platform.content.model.request import Objective
from toolboxai.platform.content.sources.text import one_line

__all__ = ["bloom_of", "match_objectives", "objective_warnings", "unseen_verb"]

_PASSAGES: Final = 60  # as many as the longest lesson can use
_FIRST_WORDS: Final = 8  # the verb stands early: "Students will be able to explain how …"
_LEVELS: Final = ("remember", "understand", "analyze")
_CONTEXT: Final = 0.3  # what the heading's words count for a sentence
_BELOW: Final = 0.8  # the same for a heading that is the objective's own
_USUAL: Final = 10**0.25  # a heading's words say no more of a short sentence than of one of ten words
_NAMES_IT: Final = 0.6  # of an objective's words, by weight: a heading with so many is the objective's own
_SYNONYM: Final = 0.7  # what another word for the same counts, where the text has not the objective's


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

    The words of a sentence's heading count a little: a passage need not repeat what stands above it. Under a heading
    that has most of the objective's words they count nearly as much as its own. A sentence that explains a
    term of the objective counts double for it. Where the text has not an English noun of the objective, one that means
    the same will do.
    """
    text = _Postings(sentences, headings, definitions, lexicon)
    return tuple(_match(objective, text, sentences, lexicon) for objective in objectives)


class _Postings:
    """Where the words of a text stand: in which sentences, with how much weight, and under which headings."""

    def __init__(
        self,
        sentences: Sequence[Parsed],
        headings: Sequence[str],
        definitions: Sequence[Definition],
        lexicon: Lexicon,
    ) -> None:
        self.own: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.lengths: list[int] = []
        self.headings = [_content(heading, lexicon) for heading in headings]
        self._general = frozenset(stem(word, lexicon.language) for word in lexicon.generic)
        self.below: dict[int, list[int]] = defaultdict(list)
        self.words: dict[int, frozenset[str]] = {}
        for parsed in sentences:
            counted = Counter(_stems(parsed, lexicon))
            self.lengths.append(max(1, sum(counted.values())))
            self.words[parsed.index] = frozenset(counted)
            for word in counted:
                self.own[word].append((parsed.index, 1.0))
            if parsed.sentence.section is not None:
                self.below[parsed.sentence.section].append(parsed.index)
        for definition in definitions:
            for word in sorted(stems(definition.term, lexicon.language)):
                self.own[word].append((definition.sentence, 1.0))

    def weight(self, word: str) -> float:
        """How much a word tells: rare ones more."""
        return log(1 + len(self.lengths) / max(1, len(self.own.get(word, ()))))

    def has(self, word: str) -> bool:
        """Whether a word stands in the text or its headings."""
        return word in self.own or any(word in heading for heading in self.headings)

    def shared(self, heading: frozenset[str], words: Set[str]) -> frozenset[str]:
        """The words of a heading that an objective has, too; none where only the general ones are: "The role of …"."""
        both = heading & words
        return frozenset[str]() if both <= self._general and not heading <= self._general else both


def _match(
    objective: Objective, text: _Postings, sentences: Sequence[Parsed], lexicon: Lexicon
) -> ObjectiveMatch:
    title = one_line(objective.title)
    verb, level = bloom_of(title, lexicon)
    wanted = dict.fromkeys(_content(title, lexicon), 1.0)
    for token in tokenise(title) if lexicon.language == "en" else ():
        if (word := stem(token.lower, lexicon.language)) in wanted and not text.has(word):
            wanted |= {same: _SYNONYM for same in _synonyms(token.lower, lexicon) if text.has(same)}
    weights = {word: text.weight(word) * share for word, share in sorted(wanted.items())}
    scores: dict[int, float] = defaultdict(float)
    above: dict[int, float] = defaultdict(float)
    spoken_of = False
    for word, weight in weights.items():
        for index, share in text.own.get(word, ()):
            scores[index] += weight * share
            spoken_of = True
    asked = sum(weight for word, weight in weights.items() if wanted[word] == 1.0)
    for number, heading in enumerate(text.headings):
        shared = text.shared(heading, weights.keys())
        share = sum(weights[word] for word in sorted(shared)) / asked if asked else 0.0
        spoken_of = spoken_of or share >= _NAMES_IT
        context = _BELOW if share >= _NAMES_IT else _CONTEXT
        for index in text.below[number] if shared else ():
            above[index] = context * sum(weights[word] for word in sorted(shared - text.words[index]))
    worth = {
        index: scores[index] / sqrt(sqrt(text.lengths[index])) + above[index] / _USUAL
        for index in {**scores, **above}
        if sentences[index].whole
    }
    ranked = sorted(worth, key=lambda index: (-worth[index], index))
    given = objective.bloom_level.lower() if objective.bloom_level else level
    # A single word of a longer heading is not enough to say that the text speaks of the objective.
    return ObjectiveMatch(title, given, verb, tuple(ranked[:_PASSAGES]) if spoken_of else ())


def _synonyms(word: str, lexicon: Lexicon) -> frozenset[str]:
    """The stems of single words that mean the same as an English noun of one clear meaning.

    None of a word that is as well a verb ("make"), describes ("main"), or is too general to say what is meant ("steps").
    """
    if word in lexicon.verbs or word in lexicon.modifiers or word in lexicon.generic:
        return frozenset()
    same = load_nouns().synonyms(word)
    return frozenset(stem(other, lexicon.language) for other in same if " " not in other)


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
