"""The one number of a sentence, and what stands before it."""

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.grammar import pattern
from toolboxai.platform.content.model.analysis import Quantity

__all__ = ["bounded", "quantity_place"]


def quantity_place(passages: Passages, index: int) -> tuple[Quantity, int, int] | None:
    """The number of a sentence and where its digits stand; None when it has none or several."""
    found = passages.quantities_in(index)
    tokens = [token for token in passages.parsed[index].tokens if token.number]
    if len(found) != 1 or len(tokens) != 1:
        return None
    return found[0], tokens[0].start, tokens[0].end


def bounded(passages: Passages, index: int, start: int) -> bool:
    """Whether the number is only a bound ("at least", "since"), so that another number may be true as well."""
    bounds = passages.lexicon.grammar.numbers.bounds
    return bool(bounds) and bool(pattern(bounds).search(passages.text(index)[:start]))
