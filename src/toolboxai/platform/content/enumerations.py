"""Things listed side by side: "rain, snow, sleet and hail", and short items of a list. For English."""

import re
from collections.abc import Sequence
from typing import Final

from toolboxai.platform.content.lexicon import Lexicon
from toolboxai.platform.content.model import Enumeration
from toolboxai.platform.content.reading import Parsed, Reading

__all__ = ["find_enumerations", "list_enumerations"]

# item, item (, item)* and item: the items between the commas, with what stands around the first and the last one
_SERIES: Final = re.compile(r"[^,;:.!?()]{1,80}(?:, [^,;:.!?()]{1,40}){1,8},? (?:and|or) [^,;:.!?()]{1,80}")
_LAST_LINK: Final = re.compile(r",? (?:and|or) ")
# Longer ones are often an item and the verb after it: "farmers, engineers and weather services measure".
_ITEM_WORDS: Final = 2
_LIST_ITEM_WORDS: Final = 6


def find_enumerations(parsed: Parsed, lexicon: Lexicon) -> list[Enumeration]:
    """The series in one sentence that have three items or more of at most two words."""
    found = []
    for series in _SERIES.finditer(parsed.text):
        *chunks, end = series[0].split(", ")
        parts = _LAST_LINK.split(f" {end}" if end.startswith(("and ", "or ")) else end)
        chunks.extend(part.strip() for part in parts if part.strip())
        if len(chunks) < 3:
            continue
        first = _tail(chunks[0], lexicon)
        last = _head(chunks[-1], lexicon)
        items = (first, *chunks[1:-1], last)
        if all(_is_item(item, lexicon) for item in items) and len({item.lower() for item in items}) == len(
            items
        ):
            found.append(Enumeration(items, (parsed.index,)))
    return found


def list_enumerations(reading: Reading) -> list[Enumeration]:
    """The lists of the text whose items are all short."""
    found = []
    for group in reading.lists:
        items = [reading.sentences[index] for index in group]
        if len(items) >= 3 and all(len(item.tokens) <= _LIST_ITEM_WORDS for item in items):
            found.append(Enumeration(tuple(item.text.rstrip(".;,") for item in items), tuple(group)))
    return found


def _boundary(word: str, lexicon: Lexicon) -> bool:
    lower = word.lower().strip("'\"\u201c\u201d")
    return lower in lexicon.stopwords or lower in lexicon.verbs or lower.endswith("ly")


def _tail(chunk: str, lexicon: Lexicon) -> str:
    """The last words before the first comma, back to a word that cannot be part of an item."""
    return " ".join(reversed(_until_boundary(list(reversed(chunk.split())), lexicon)))


def _head(chunk: str, lexicon: Lexicon) -> str:
    return " ".join(_until_boundary(chunk.split(), lexicon))


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
