"""Named things where every noun has a capital, so that a capital alone tells nothing.

A name is told by what stands beside it: a class noun ("Stadt Lübeck", "Kaiser Karl"), a second name ("Ada Lovelace"), a
link ("Plinius der Jüngere"), or a deed right after it ("Eratosthenes bewies"); places that are known the world over are
in a table. A word that the text uses with an article is a common noun, and no part of a name of two words.
"""

import itertools
from collections.abc import Iterator, Sequence

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.tokens import ending_gender, is_plural
from toolboxai.platform.content.model.analysis import ConceptKind

__all__ = ["CapitalRun", "capital_runs"]

CapitalRun = tuple[Parsed, int, int, ConceptKind]
"""A named thing in a sentence: its first and its last token, and what it is there."""


def capital_runs(sentences: Sequence[Parsed], lexicon: Lexicon) -> list[CapitalRun]:
    """All mentions of named things, in order; a surname or a place counts wherever it stands alone."""
    whole = [parsed for parsed in sentences if parsed.whole]
    common = _common(whole, lexicon)
    found: list[CapitalRun] = []
    singles: dict[str, ConceptKind] = dict.fromkeys(lexicon.grammar.naming.places, ConceptKind.PLACE)
    for parsed in whole:
        for first, last, kind in _told(parsed, common, lexicon):
            found.append((parsed, first, last, kind))
            end = parsed.tokens[last].lower
            if end not in common and (first == last or kind is ConceptKind.PERSON):
                singles.setdefault(end, kind)
    taken = {(parsed.index, at) for parsed, first, last, _ in found for at in range(first, last + 1)}
    for parsed in whole:
        for at, token in enumerate(parsed.tokens):
            known = singles.get(_without_case(token.lower, singles))
            if known is not None and token.text[0].isupper() and (parsed.index, at) not in taken:
                found.append((parsed, at, at, known))
    return sorted(found, key=lambda run: (run[0].index, run[1]))


def _common(sentences: Sequence[Parsed], lexicon: Lexicon) -> frozenset[str]:
    """Words that the text uses with an article or after an adjective, plurals, and words with the ending of a noun."""
    naming, forms = lexicon.grammar.naming, lexicon.grammar.forms
    found = set(naming.place_words | naming.thing_words | naming.titles | lexicon.generic)
    for parsed in sentences:
        for at, (before, token) in enumerate(itertools.pairwise(parsed.tokens), start=1):
            lower = token.lower
            after = parsed.tokens[at + 1].text if at + 1 < len(parsed.tokens) else ""
            paired = after[:1].isupper() and parsed.between(at, at + 1) == " "
            if not token.text[0].isupper() or lower in naming.places:
                continue
            described = before.lower.endswith(("en", "er", "es", "em")) and before.text[0].islower()
            adjective = (
                described and before.lower not in lexicon.stopwords and before.lower not in lexicon.verbs
            )
            plural = is_plural(lower, lexicon.language) and lower not in forms.singular
            ending = ending_gender(lower, lexicon.language) == "f" and lower.endswith(
                ("ung", "heit", "keit", "tion")
            )
            used = (
                before.lower in forms.articles or adjective or before.number
            ) and not paired  # "der Mauna Loa"
            if used or plural or ending:
                found.add(lower)
    return frozenset(found)


def _told(parsed: Parsed, common: frozenset[str], lexicon: Lexicon) -> Iterator[tuple[int, int, ConceptKind]]:
    """The names of a sentence that are told by what stands beside them."""
    tokens, naming = parsed.tokens, lexicon.grammar.naming
    at = 0
    while at < len(tokens):
        last = _run_end(parsed, at, lexicon)
        if last is None:
            at += 1
            continue
        first = at
        at = last + 1
        before = tokens[first].lower
        kind = _kind_after(before, lexicon)
        if last > first and (kind is not None or before in common):
            own = first + 1
            while tokens[own].lower in naming.links:
                own += 1
            told = kind is not None or before in naming.thing_words
            if (
                told
                and tokens[own].lower not in common
                and (own == first + 1 or tokens[own].lower in naming.places)
            ):
                yield own, last, kind or ConceptKind.NAME
            continue
        # "Heinrich der Löwe": what follows an article that is part of the name is common by itself
        if any(
            tokens[place].lower in common and tokens[place].lower not in naming.bynames
            for place in range(first, last + 1)
        ):
            continue
        after = tokens[last + 1].lower if last + 1 < len(tokens) else ""
        does = after in naming.deeds and parsed.between(last, last + 1) == " "
        person = does or (first > 0 and tokens[first - 1].lower in naming.by)
        end = tokens[last].lower
        if last > first and end.endswith("s") and end[:-1] in naming.places:
            continue  # "Norden Europas"
        if last > first:
            yield first, last, ConceptKind.PERSON if person else ConceptKind.NAME
        elif does and first == 0 and len(before) > 2 and before not in lexicon.grammar.numbers.calendar:
            yield first, last, ConceptKind.PERSON


def _run_end(parsed: Parsed, at: int, lexicon: Lexicon) -> int | None:
    """The last of capitalised words side by side, over links; None where none starts."""
    tokens, naming = parsed.tokens, lexicon.grammar.naming

    def capital(place: int) -> bool:
        return (
            place < len(tokens)
            and tokens[place].text[0].isupper()
            and not tokens[place].number
            and tokens[place].lower not in lexicon.stopwords
        )

    def beside(place: int) -> bool:
        return place < len(tokens) and parsed.between(place - 1, place) == " "

    def byname(place: int) -> bool:
        return place < len(tokens) and tokens[place].lower in naming.bynames

    if not capital(at):
        return None
    last = at
    while beside(last + 1):
        if capital(last + 1):
            last += 1
        elif (
            (tokens[last + 1].lower in naming.links or byname(last + 2))
            and capital(last + 2)
            and beside(last + 2)
        ):
            last += 2
        else:
            break
    return last


def _kind_after(word: str, lexicon: Lexicon) -> ConceptKind | None:
    """What a name right after this class noun is."""
    naming = lexicon.grammar.naming
    if word in naming.titles:
        return ConceptKind.PERSON
    if word in naming.place_words or word.endswith(("insel", "stadt", "fluss", "berg")):
        return ConceptKind.PLACE
    return None


def _without_case(word: str, known: dict[str, ConceptKind]) -> str:
    """A name without the s of its genitive."""
    return word[:-1] if word not in known and word.endswith("s") and word[:-1] in known else word
