"""Named things: words that the text writes with a capital though no sentence starts there.

Where all nouns have a capital, ``capital_names`` finds them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from toolboxai.platform.content.analysis.capital_names import CapitalRun, capital_runs
from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.tokens import Token
from toolboxai.platform.content.model.analysis import ConceptKind
from toolboxai.platform.content.progress import Progress

__all__ = ["Name", "find_names"]

_NEW_START: Final = re.compile('[:;"\u201c\u2018\u00ab(]|[.!?] ?$|\u2014|--')
_PLACE_WITHIN: Final = 5  # words: "the most splendid city"
_MAX_WORDS: Final = 5
_STOPWORD_LETTERS: Final = 6  # longer function words are parts of names as well


@dataclass(slots=True)
class Name:
    """A named thing, its kind, the sentences that have it and the words it takes there.

    ``bare`` when it never has an article, in a language in which some names do.
    """

    text: str
    kind: ConceptKind
    sentences: list[int] = field(default_factory=list)
    forms: set[str] = field(default_factory=set)
    words: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    bare: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """Capitalised words side by side; ``sure`` when their capitals cannot be those of a sentence start."""

    parsed: Parsed
    first: int
    last: int
    sure: bool

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.parsed.tokens[self.first : self.last + 1]

    @property
    def text(self) -> str:
        """The words as written, without a possessive ending."""
        first, last = self.tokens[0], self.tokens[-1]
        return self.parsed.text[first.start : last.start + len(last.lower)]


def find_names(sentences: Sequence[Parsed], lexicon: Lexicon, progress: Progress) -> list[Name]:
    """All named things in the order of their first mention.

    A short form is counted for the one longer name that it starts or ends ("Halley" for "Edmond Halley").
    """
    if lexicon.grammar.forms.capitals:
        return _names_of(capital_runs(sentences, lexicon), len(sentences), lexicon, progress)
    lower: Counter[str] = Counter()
    runs: list[_Run] = []
    for parsed in sentences:
        if parsed.whole:
            lower.update(token.lower for token in parsed.tokens if token.text[0].islower())
            runs.extend(_runs(parsed, lexicon))
        progress.advance()
    sure: dict[str, int] = Counter(run.text for run in runs if run.sure)
    known = {run.text for run in runs if run.sure and _is_name(run, sure, lower, lexicon)}
    longer, shared = _longer_forms(known, lexicon)
    known -= shared
    names: dict[str, Name] = {}
    places: Counter[str] = Counter()
    persons: Counter[str] = Counter()
    for run in runs:
        text = longer.get(run.text, run.text)
        if text not in known:
            continue
        name = names.setdefault(text, Name(text, ConceptKind.NAME))
        if not name.sentences or name.sentences[-1] != run.parsed.index:
            name.sentences.append(run.parsed.index)
        name.forms.add(run.text.lower())
        name.words[run.parsed.index].update(range(run.first, run.last + 1))
        places[text] += _says_place(run, lexicon)
        persons[text] += _says_person(run, lexicon)
    for name in names.values():
        if persons[name.text] > places[name.text]:
            name.kind = ConceptKind.PERSON
        elif places[name.text] or name.text.lower() in lexicon.grammar.naming.places:
            name.kind = ConceptKind.PLACE
    return list(names.values())


def _names_of(runs: Sequence[CapitalRun], sentences: int, lexicon: Lexicon, progress: Progress) -> list[Name]:
    """The names of all mentions; a short form is counted for the one longer name that it ends."""
    texts = {
        parsed.text[parsed.tokens[first].start : parsed.tokens[last].end] for parsed, first, last, _ in runs
    }
    longer = {
        parts[-1]: text
        for text in sorted(texts)
        if len(parts := text.split(" ")) > 1 and not _is_of_place(parts, lexicon)
    }
    names: dict[str, Name] = {}
    for parsed, first, last, kind in runs:
        written = parsed.text[parsed.tokens[first].start : parsed.tokens[last].end]
        known = (
            written[:-1] in texts,
            written[:-1] in longer,
            written[:-1].lower() in lexicon.grammar.naming.places,
        )
        genitive = written.endswith("s") and any(known)
        bare = written[:-1] if genitive else written
        name = names.setdefault(longer.get(bare, bare), Name(longer.get(bare, bare), kind, bare=True))
        name.bare &= not first or parsed.tokens[first - 1].lower not in lexicon.grammar.forms.articles
        if name.kind is ConceptKind.NAME:
            name.kind = kind
        if not name.sentences or name.sentences[-1] != parsed.index:
            name.sentences.append(parsed.index)
        if not genitive:
            name.forms.add(bare.lower())
        name.words[parsed.index].update(range(first, last + 1))
    progress.advance(sentences)
    return [name for name in names.values() if name.forms]


def _runs(parsed: Parsed, lexicon: Lexicon) -> Iterator[_Run]:
    """Maximal runs of capitalised words; none in a sentence written wholly so."""
    tokens = parsed.tokens
    capital = [token.text[0].isupper() and not token.number for token in tokens]
    if sum(capital) > 0.6 * len(tokens):
        return
    at = 0
    while at < len(tokens):
        if not capital[at] or _opens(tokens[at], at, lexicon):
            at += 1
            continue
        last = _run_end(parsed, capital, at, lexicon)
        starts = at == 0 or bool(_NEW_START.search(parsed.between(at - 1, at)))
        if at and tokens[at - 1].lower in lexicon.grammar.naming.start_articles and tokens[at - 1].start == 0:
            starts = False  # "The Sun": the article has the sentence's capital
        if _place_opens(parsed, at, last, lexicon):
            yield _Run(parsed, at, at, sure=True)
            at += 1
            starts = False
        if last - at < _MAX_WORDS:
            yield _Run(parsed, at, last, sure=not starts or last > at)
        at = last + 1


def _place_opens(parsed: Parsed, first: int, last: int, lexicon: Lexicon) -> bool:
    """Whether a place and another name meet, as in "In France Jean de La Fontaine wrote …"."""
    tokens, naming = parsed.tokens, lexicon.grammar.naming
    if first != 1 or first == last or tokens[0].lower not in naming.place_before:
        return False
    return (
        tokens[first].lower in naming.places
        and tokens[first + 1].lower not in naming.place_words | naming.thing_words | naming.links
    )


def _opens(token: Token, at: int, lexicon: Lexicon) -> bool:
    """Whether a word has its capital only from its sentence: a function word, or a verb whose subject is left out."""
    if token.lower in lexicon.stopwords and len(token.text) < _STOPWORD_LETTERS:
        return True
    return not at and lexicon.grammar.pointing.dropped_subject and token.lower in lexicon.verbs


def _run_end(parsed: Parsed, capital: list[bool], at: int, lexicon: Lexicon) -> int:
    tokens, last = parsed.tokens, at
    while (
        last + 1 < len(tokens)
        and parsed.between(last, last + 1) == " "
        and tokens[last].text == _bare(tokens[last])
    ):
        if capital[last + 1] and tokens[last + 1].lower not in lexicon.stopwords:
            last += 1
        elif (
            tokens[last + 1].lower in lexicon.grammar.naming.links
            and last + 2 < len(tokens)
            and capital[last + 2]
            and parsed.between(last + 1, last + 2) == " "
        ):
            last += 2
        else:
            break
    return last


def _bare(token: Token) -> str:
    return token.text[: len(token.lower)]


def _is_name(run: _Run, sure: dict[str, int], lower: Counter[str], lexicon: Lexicon) -> bool:
    naming, calendar = lexicon.grammar.naming, lexicon.grammar.numbers.calendar
    first = run.tokens[0]
    if run.first != run.last:
        return not all(token.lower in calendar for token in run.tokens)
    if (
        len(first.text) < 2
        or first.text[1] == "-"
        or first.lower in calendar | naming.subjects
        or lower[first.lower] >= sure[run.text]
    ):
        return False
    after = run.parsed.tokens[run.last + 1] if run.last + 1 < len(run.parsed.tokens) else None
    # "a French potter": an adjective of a place, in front of what it describes
    return not (after and first.lower.endswith(naming.adjectives) and _side_by_side(run, after))


def _side_by_side(run: _Run, after: Token) -> bool:
    return (
        run.parsed.text[run.tokens[-1].end : after.start] == " "
        and after.text[0].islower()
        and len(after.text) > 3
    )


def _longer_forms(known: set[str], lexicon: Lexicon) -> tuple[dict[str, str], set[str]]:
    """Single words that start or end one longer name, with that name; and those that several share, plurals too."""
    ends: dict[str, set[str]] = defaultdict(set)
    for text in known:
        parts = text.split(" ")
        if len(parts) > 1:
            ends[parts[0]].add(text)
            if not _is_of_place(parts, lexicon):
                ends[parts[-1]].add(text)
    one = {
        word: min(texts)
        for word, texts in ends.items()
        if len(texts) == 1 and word.lower() not in lexicon.grammar.naming.place_words
    }
    shared = {word for word, texts in ends.items() if len(texts) > 1} | {f"{word}s" for word in ends}
    return one, shared


def _is_of_place(parts: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a name ends with the place that it is of: "London" is not short for "Great Fire of London"."""
    naming = lexicon.grammar.naming
    return parts[-1].lower() in naming.places and parts[-2].lower() in naming.links


def _says_place(run: _Run, lexicon: Lexicon) -> bool:
    naming = lexicon.grammar.naming
    if any(token.lower in naming.place_words for token in run.tokens):
        return True
    if any(token.lower in naming.thing_words for token in run.tokens):
        return False
    if run.tokens[-1].text != _bare(run.tokens[-1]):
        return False  # "in Darwin's book"
    before = [token.lower for token in run.parsed.tokens[max(0, run.first - 2) : run.first]]
    if before and before[-1] in naming.start_articles:
        before.pop()
    return bool(before) and before[-1] in naming.place_before


def _is_called_place(run: _Run, lexicon: Lexicon) -> bool:
    """Whether the sentence goes on to say that the name is a place: "Samarkand became the most splendid city of …"."""
    follow = [token.lower for token in run.parsed.tokens[run.last + 1 : run.last + 2 + _PLACE_WITHIN]]
    if len(follow) < 2 or follow[1] not in lexicon.grammar.asking.articles | {"a", "an", "un", "una"}:
        return False
    return not lexicon.grammar.naming.place_words.isdisjoint(follow[2:])


def _says_person(run: _Run, lexicon: Lexicon) -> bool:
    """Whether a deed stands after the name, a title before it, or "by" before two words without a thing's word."""
    tokens, naming = run.parsed.tokens, lexicon.grammar.naming
    if any(token.lower in naming.place_words or token.lower in naming.thing_words for token in run.tokens):
        return False
    before = tokens[run.first - 1].lower if run.first else ""
    if before in naming.titles:
        return True
    if before in naming.start_articles:
        return False
    after = tokens[run.last + 1].lower if run.last + 1 < len(tokens) else ""
    deed = after in naming.deeds and run.parsed.between(run.last, run.last + 1) == " "
    if deed and _is_called_place(run, lexicon):
        return False
    return (run.last > run.first and (deed or before in naming.by)) or (
        deed and after not in lexicon.stopwords and run.first == 0
    )
