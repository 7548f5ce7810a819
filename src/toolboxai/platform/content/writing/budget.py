"""What one stage may cost: tokens, time, money, and tries in vain."""

from dataclasses import dataclass
from typing import Final

import msgspec

from toolboxai.platform.content.writing.writer import Asked, Written

__all__ = ["Budget", "BudgetSpent", "Purse", "another_try", "counted", "size"]

_BYTES_PER_TOKEN: Final = (
    3  # fewer than any usual tokenizer has in our languages: an estimate on the safe side
)
_LEAST_TOKENS: Final = 500  # an answer that is shorter is no lesson
_MILLION: Final = 1_000_000


class BudgetSpent(Exception):
    """There is not enough left for another call; the text says of what."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits for one stage of one attempt, the repair included.

    An attempt has at most three stages with a model in them; a stage that is run again by a retry has them anew.

    Args:
        tokens: read and written together.
        seconds: for all calls.
        money: in the currency of the prices; 0: no limit.
        input_price, output_price: of a million tokens read or written.
        output_tokens: that one answer may have.
        tries: requests for the first answer; the repair has what is left of them, and one at least.
    """

    tokens: int = 60_000
    seconds: float = 120.0
    money: float = 0.0
    input_price: float = 0.0
    output_price: float = 0.0
    output_tokens: int = 16_000
    tries: int = 4

    def cost(self, read: int, written: int) -> float:
        """What so many tokens cost."""
        return (read * self.input_price + written * self.output_price) / _MILLION


class Purse:
    """What is left of a budget while a stage is worked on.

    Args:
        budget: for the stage.
        began_at: seconds of a clock that never goes back.
    """

    def __init__(self, budget: Budget, began_at: float) -> None:
        self._budget = budget
        self._ends_at = began_at + budget.seconds
        self._read = 0
        self._written = 0
        self._tries = budget.tries

    def allow(self, sent: int, now: float) -> tuple[int, float]:
        """How many tokens the next answer may have, and how many seconds it may take.

        Args:
            sent: bytes of all that is sent.
            now: of the same clock.

        Raises:
            BudgetSpent: too little is left.
        """
        reads = sent // _BYTES_PER_TOKEN
        most = min(self._budget.output_tokens, self._budget.tokens - self._read - self._written - reads)
        if most < _LEAST_TOKENS:
            raise BudgetSpent(
                f"about {reads:,} tokens to read leave too few of the {self._budget.tokens:,} that a stage may have"
            )
        if self._budget.money and self._budget.output_price:
            left = self._budget.money - self._budget.cost(self._read + reads, self._written)
            most = min(most, int(left * _MILLION / self._budget.output_price))
        elif self._budget.money and self._budget.cost(self._read + reads, 0) > self._budget.money:
            most = 0
        if most < _LEAST_TOKENS:
            raise BudgetSpent(f"it would cost more than the {self._budget.money:g} that a stage may cost")
        left_s = self._ends_at - now
        if left_s <= 1.0:
            raise BudgetSpent(f"the {self._budget.seconds:g} s that a stage may take are over")
        return most, left_s

    def all_tokens(self) -> int:
        """How many tokens may still be read and written; where money is the limit, as if all had the higher price."""
        left = self._budget.tokens - self._read - self._written
        price = max(self._budget.input_price, self._budget.output_price)
        if self._budget.money and price:
            money = self._budget.money - self._budget.cost(self._read, self._written)
            left = min(left, int(money * _MILLION / price))
        return max(left, 0)

    def tries(self) -> int:
        """How many requests the next answer may take."""
        return self._tries

    def spend(self, asked: Asked, written: Written) -> None:
        """Count an answer: as the provider says, or else as estimated."""
        read, wrote = counted(asked, written)
        self._read += read
        self._written += wrote
        self._tries = max(1, self._tries - written.tries)


def counted(asked: Asked, written: Written) -> tuple[int, int]:
    """Tokens that were read and written: as the provider says, or else as estimated."""
    return (
        written.input_tokens or size(asked) // _BYTES_PER_TOKEN,
        written.output_tokens or len(written.text.encode()) // _BYTES_PER_TOKEN,
    )


def another_try(asked: Asked, read: int, wrote: int) -> Asked:
    """The same question with as long an answer as is left after tries that broke off.

    Args:
        asked: as at first.
        read: tokens that those tries read.
        wrote: tokens that they wrote.

    Raises:
        BudgetSpent: too little is left.
    """
    left = asked.all_tokens - read - wrote - size(asked) // _BYTES_PER_TOKEN
    if left < _LEAST_TOKENS:
        raise BudgetSpent(f"the {read + wrote:,} tokens of answers that broke off leave too few for another")
    return msgspec.structs.replace(asked, max_tokens=min(asked.max_tokens, left))


def size(asked: Asked) -> int:
    """Bytes of all that is sent: where letters have more bytes, there are more tokens too."""
    parts = (asked.system, asked.data, *(asked.earlier or ()))
    return sum(len(part.encode()) for part in parts)
