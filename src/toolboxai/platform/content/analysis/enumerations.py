"""Things listed side by side: "rain, snow, sleet and hail", and short items of a list; in order or in none."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed, Reading
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.model.analysis import Enumeration

__all__ = ["find_enumerations", "list_enumerations"]

# Longer ones are often an item and the verb after it: "farmers, engineers and weather services measure".
_ITEM_WORDS: Final = 2
_LIST_ITEM_WORDS: Final = 6
# Steps of a numbered list may be longer: each is a whole thing to do or to happen.
_STEP_WORDS: Final = 16


@lru_cache(maxsize=16)
def _patterns(links: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A series: item, item (, item)* and item, with what stands around the first and the last; and its last link."""
    link = "|".join(sorted(links))
    series = rf"[^,;:.!?()]{{1,80}}(?:, [^,;:.!?()]{{1,40}}){{1,8}},? (?:{link}) [^,;:.!?()]{{1,80}}"
    return re.compile(series), re.compile(rf",? (?:{link}) ")


def find_enumerations(parsed: Parsed, lexicon: Lexicon) -> list[Enumeration]:
    """The series in one sentence that have three items or more of at most two words."""
    links = lexicon.grammar.listing.links
    series_of, last_link = _patterns(links)
    openings = tuple(f"{link} " for link in sorted(links))
    found = []
    for series in series_of.finditer(parsed.text):
        *chunks, end = series[0].split(", ")
        parts = last_link.split(f" {end}" if end.startswith(openings) else end)
        chunks.extend(part.strip() for part in parts if part.strip())
        if len(chunks) < 3:
            continue
        first = _tail(chunks[0], lexicon)
        last = _head(chunks[-1], lexicon)
        items = (first, *(_without_article(chunk, lexicon) for chunk in chunks[1:-1]), last)
        if all(_is_item(item, lexicon) for item in items) and len({item.lower() for item in items}) == len(
            items
        ):
            found.append(Enumeration(items, (parsed.index,)))
    return found


def list_enumerations(reading: Reading) -> list[Enumeration]:
    """The lists of the text whose items are all short; the steps of numbered lists may be sentences."""
    found = []
    for group in reading.lists:
        items = [reading.sentences[index] for index in group]
        numbers = [reading.numbered.get(index) for index in group]
        ordered = numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(group)))
        most = _STEP_WORDS if ordered else _LIST_ITEM_WORDS
        if len(items) >= 3 and all(len(item.tokens) <= most for item in items):
            texts = tuple(item.text.rstrip(".;,") for item in items)
            if len({text.lower() for text in texts}) == len(texts):
                found.append(Enumeration(texts, tuple(group), ordered))
    return found


def _boundary(word: str, lexicon: Lexicon) -> bool:
    lower = word.lower().strip("'\"\u201c\u201d")
    forms = lexicon.grammar.forms
    return lower in lexicon.stopwords or lower in lexicon.verbs or lower.endswith(forms.no_nouns)


def _without_article(chunk: str, lexicon: Lexicon) -> str:
    """An item in the middle without the article that languages with genders repeat before each."""
    first, _, rest = chunk.partition(" ")
    return rest if rest and first.lower() in lexicon.grammar.forms.articles else chunk


def _tail(chunk: str, lexicon: Lexicon) -> str:
    """The last words before the first comma, back to a word that cannot be part of an item."""
    return " ".join(reversed(_until_boundary(list(reversed(chunk.split())), lexicon)))


def _head(chunk: str, lexicon: Lexicon) -> str:
    return " ".join(_until_boundary(_without_article(chunk, lexicon).split(), lexicon))


def _until_boundary(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    kept: list[str] = []
    for word in words:
        if _boundary(word, lexicon):
            break
        kept.append(word)
    return kept


def _is_item(item: str, lexicon: Lexicon) -> bool:
    words = item.split()
    if not 1 <= len(words) <= _ITEM_WORDS or not any(map(str.isalpha, item)):
        return False
    if any(_boundary(word, lexicon) for word in words):
        return False
    return words[-1].lower() not in lexicon.modifiers
