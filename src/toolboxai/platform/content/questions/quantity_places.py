"""The one number of a sentence, and what stands before it."""

import re
from typing import Final

from toolboxai.platform.content.model import Quantity
from toolboxai.platform.content.passages import Passages

__all__ = ["bounded", "quantity_place"]

_BOUND: Final = re.compile(
    r"\b(?:less|more|fewer|greater|larger|smaller|longer|shorter|higher|lower|older|younger|better|worse|earlier|later) than $"
    r"|\b(?:at least|at most|up to|over|under|above|below|before|after|until|till|since|between|minimum of|maximum of|from|to|and|or) $",
    re.IGNORECASE,
)


def quantity_place(passages: Passages, index: int) -> tuple[Quantity, int, int] | None:
    """The number of a sentence and where its digits stand; None when it has none or several."""
    found = passages.quantities_in(index)
    tokens = [token for token in passages.parsed[index].tokens if token.number]
    if len(found) != 1 or len(tokens) != 1:
        return None
    return found[0], tokens[0].start, tokens[0].end


def bounded(passages: Passages, index: int, start: int) -> bool:
    """Whether the number is only a bound ("at least", "since"), so that another number may be true as well."""
    return bool(_BOUND.search(passages.text(index)[:start]))
