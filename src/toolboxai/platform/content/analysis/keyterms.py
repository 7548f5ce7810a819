"""Key terms: runs of content words, weighted by their place in the text's own net of words.

Candidates are found as RAKE does (function words, verbs and punctuation part the runs), words are weighted as
TextRank does (words that stand near many weighty words are weighty).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log2, sqrt
from typing import Final

from toolboxai.platform.content.analysis.names import Name
from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.analysis.word_runs import Run, find_runs
from toolboxai.platform.content.language.lexicon import Lexicon, lexicon_for
from toolboxai.platform.content.language.tokens import ending_gender, is_plural, singular
from toolboxai.platform.content.model.analysis import Concept, ConceptKind
from toolboxai.platform.content.progress import Progress

__all__ = ["RANK_ROUNDS", "find_concepts"]

RANK_ROUNDS: Final = 20  # weights change by less than a thousandth after that
_DAMPING: Final = 0.85  # TextRank's and PageRank's
_WINDOW: Final = 3  # words of one run or of neighbouring runs so near are linked
_LONGEST: Final = 3
# So many concepts at most: twenty, and one more for every 30 words; a list longer than 400 helps nobody.
_BASE, _WORDS_PER_CONCEPT, _MOST = 20, 30, 400


@dataclass(slots=True)
class _Term:
    """A candidate while it is counted; its key is the singular of its words."""

    surfaces: Counter[str] = field(default_factory=Counter)
    sentences: list[int] = field(default_factory=list)
    words: tuple[str, ...] = ()
    alone: int = 0
    bare: int = 0
    genders: Counter[str] = field(default_factory=Counter)

    def add(self, surface: str, sentence: int, *, nested: bool, bare: bool) -> None:
        self.surfaces[surface] += 1
        if not self.sentences or self.sentences[-1] != sentence:
            self.sentences.append(sentence)
        self.alone += not nested
        self.bare += bare


def find_concepts(
    sentences: Sequence[Parsed],
    names: Iterable[Name],
    defined: Iterable[str],
    headings: Iterable[str],
    lexicon: Lexicon,
    progress: Progress,
) -> tuple[Concept, ...]:
    """The concepts of a text, strongest first.

    A term must be said twice, be defined, or stand in a heading; a named thing is one wherever it is found.

    Args:
        sentences: of the whole text.
        names: its named things; their words are left out of the terms.
        defined: the terms that have a definition.
        headings: the text's headings.
        lexicon: the language's words.
        progress: is advanced by one unit per sentence twice, and by as many again while the weights settle.
    """
    names = list(names)
    runs = list(find_runs(sentences, names, lexicon, progress))
    weights = _rank(runs, lexicon, progress, units=len(sentences))
    terms = _collect(runs, lexicon, sentences, progress)
    wanted = {_key(term, lexicon) for term in defined}
    titled = {key for heading in headings for key in _heading_keys(heading, lexicon)}
    scored: list[tuple[float, Concept]] = []
    for key, term in terms.items():
        if not _is_term(key, term, wanted, titled, lexicon):
            continue
        # The root: one word that is everywhere ("water") shall not push all others to nothing.
        weight = sqrt(sum(weights.get(word, 0.0) for word in term.words) / len(term.words))
        score = weight * log2(1 + len(term.sentences)) * (1.15 if len(term.words) > 1 else 1.0)
        score *= (1.6 if key in wanted else 1.0) * (1.2 if key in titled else 1.0)
        scored.append((score, _concept(term, lexicon)))
    strongest = max((score for score, _ in scored), default=1.0)
    average = sqrt(sum(weights.values()) / max(1, len(weights)))
    for name in names:
        # A name has no word of the net; it weighs as much as an average word said so often.
        score = average * log2(1 + len(name.sentences))
        scored.append(
            (
                score,
                Concept(
                    name.text,
                    name.kind,
                    score,
                    tuple(name.sentences),
                    _longest_first(name.forms),
                    bare=name.bare,
                ),
            )
        )
        strongest = max(strongest, score)
    scored.sort(key=lambda pair: (-pair[0], pair[1].sentences[0], pair[1].term))
    most = min(_MOST, _BASE + sum(parsed.sentence.words for parsed in sentences) // _WORDS_PER_CONCEPT)
    return tuple(
        Concept(
            one.term,
            one.kind,
            max(0.001, round(score / strongest, 3)),
            one.sentences,
            one.forms,
            one.plural,
            one.bare,
            one.gender,
        )
        for score, one in scored[:most]
    )


# ---- weights ------------------------------------------------------------------------------------------------


def _rank(runs: Sequence[Run], lexicon: Lexicon, progress: Progress, *, units: int) -> dict[str, float]:
    """TextRank on the words of the runs; progress gets ``units`` in all."""
    links: dict[str, Counter[str]] = defaultdict(Counter)
    recent: list[str] = []
    sentence = -1
    for run in runs:
        if run.parsed.index != sentence:
            sentence, recent = run.parsed.index, []
        for token in run.parsed.tokens[run.first : run.last + 1]:
            word = singular(token.lower, lexicon.language)
            for other in recent[-_WINDOW:]:
                if other != word:
                    links[word][other] += 1
                    links[other][word] += 1
            recent.append(word)
            links[word]  # a word alone in its sentence is a node without links
    weights = dict.fromkeys(links, 1.0)
    degree = {word: sum(others.values()) for word, others in links.items()}
    for turn in range(RANK_ROUNDS):
        weights = {
            word: 1
            - _DAMPING
            + _DAMPING * sum(weights[other] * count / degree[other] for other, count in others.items())
            for word, others in links.items()
        }
        progress.advance(units * (turn + 1) // RANK_ROUNDS - units * turn // RANK_ROUNDS)
    return weights


# ---- candidates ---------------------------------------------------------------------------------------------


def _collect(
    runs: Sequence[Run], lexicon: Lexicon, sentences: Sequence[Parsed], progress: Progress
) -> dict[str, _Term]:
    terms: dict[str, _Term] = defaultdict(_Term)
    at = 0
    for run in runs:
        while at < len(sentences) and sentences[at].index <= run.parsed.index:
            at += 1
            progress.advance()
        _collect_run(run, lexicon, terms)
    progress.advance(len(sentences) - at)
    return terms


def _collect_run(run: Run, lexicon: Lexicon, terms: dict[str, _Term]) -> None:
    """Count the run's endings of one to three words; words that only describe are cut from its end first."""
    tokens = run.parsed.tokens
    last = run.last
    while last >= run.first and (
        tokens[last].lower in lexicon.modifiers
        or tokens[last].lower.endswith(lexicon.grammar.forms.participles)
    ):
        last -= 1
    if last < run.first:
        return
    determiners = lexicon.grammar.parting.determiners
    longest = max(run.first, last - _LONGEST + 1)
    for first in range(last, longest - 1, -1):
        words = tuple(singular(token.lower, lexicon.language) for token in tokens[first : last + 1])
        surface = run.parsed.text[tokens[first].start : tokens[last].start + len(tokens[last].lower)]
        term = terms[" ".join(words)]
        term.words = words
        before = tokens[first - 1].lower if first else ""
        bare = (
            first == run.first
            and before not in determiners
            and not is_plural(tokens[last].lower, lexicon.language)
        )
        written = surface if lexicon.grammar.forms.capitals else surface.lower()
        if not is_plural(tokens[last].lower, lexicon.language):
            term.genders.update(lexicon.grammar.forms.articles.get(_article(run.parsed, first), ""))
        term.add(written, run.parsed.index, nested=first > longest, bare=bare)


def _key(term: str, lexicon: Lexicon) -> str:
    return " ".join(singular(word, lexicon.language) for word in term.lower().split())


def _heading_keys(heading: str, lexicon: Lexicon) -> Iterator[str]:
    words = [singular(word.strip(".,:;!?()"), lexicon.language) for word in heading.lower().split()]
    for length in range(1, _LONGEST + 1):
        for first in range(len(words) - length + 1):
            yield " ".join(words[first : first + length])


def _is_term(key: str, term: _Term, wanted: set[str], titled: set[str], lexicon: Lexicon) -> bool:
    head, first, many = term.words[-1], term.words[0], len(term.words) > 1
    generic, modifiers = _keys(lexicon.language)
    if key in wanted:
        return True
    if head in generic and not many:
        return False
    if many and lexicon.grammar.forms.capitals:
        return False  # its adjective changes with every sentence: only a term that is explained so is one
    if many and (first in modifiers or first in generic or head in generic):
        # "large oak tree" is an oak tree; "fresh water" is believed when the text keeps saying it
        return len(term.sentences) >= 3 and head not in generic and first not in generic
    if many and any(word.endswith(lexicon.grammar.forms.participles) for word in term.words):
        return False
    # A word that only ever ends a longer term is that longer term's.
    return (len(term.sentences) >= 2 and term.alone >= 1) or (key in titled and term.alone >= 1)


@lru_cache(maxsize=8)
def _keys(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """The generic nouns and the modifiers, as they are written and as keys of terms."""
    lexicon = lexicon_for(language)

    def keys(table: frozenset[str]) -> frozenset[str]:
        return table | {singular(word, language) for word in table}

    return keys(lexicon.generic), keys(lexicon.modifiers)


def _concept(term: _Term, lexicon: Lexicon) -> Concept:
    surface = min(term.surfaces, key=lambda form: (-term.surfaces[form], form))
    plural = is_plural(surface.rsplit(" ", 1)[-1].lower(), lexicon.language)
    return Concept(
        term=surface,
        kind=ConceptKind.TERM,
        score=0.0,
        sentences=tuple(term.sentences),
        forms=_longest_first({form.lower() for form in term.surfaces}),
        plural=plural,
        bare=not plural and 2 * term.bare >= sum(term.surfaces.values()),
        gender=_gender(surface, term, lexicon),
    )


def _article(parsed: Parsed, first: int) -> str:
    return parsed.tokens[first - 1].lower if first else ""


def _gender(surface: str, term: _Term, lexicon: Lexicon) -> str:
    """What the articles say that the text puts before it; where they leave it open, its ending, if that can be right."""
    forms = lexicon.grammar.forms
    if not forms.articles:
        return ""
    head = surface.split(" ")[-1 if forms.capitals else 0].lower()
    told = ending_gender(head, lexicon.language)
    most = term.genders.most_common(2)
    if not most or f"={head}" in forms.masculine | forms.feminine | forms.neuter:
        return told
    if len(most) == 1 or most[0][1] > most[1][1]:
        return most[0][0]
    return told if term.genders[told] == most[0][1] else ""


def _longest_first(forms: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))
