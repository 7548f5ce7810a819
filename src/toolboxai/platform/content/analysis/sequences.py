"""What the text itself puts in order over several sentences: "first … then … finally"."""

from collections.abc import Iterator, Sequence
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.model.analysis import Enumeration

__all__ = ["told_in_order"]

_FEWEST: Final = 3


def told_in_order(sentences: Sequence[Parsed], lexicon: Lexicon) -> Iterator[Enumeration]:
    """Runs of sentences that open with words for first, next and last; the items are what follows those words."""
    listing = lexicon.grammar.listing
    run: list[tuple[Parsed, str]] = []
    for parsed in [*sentences, None]:
        opening = None if parsed is None else _opening(parsed, (*listing.first, *listing.then, *listing.last))
        follows = bool(run) and opening is not None and opening not in listing.first
        if follows and parsed is not None and opening is not None:
            run.append((parsed, opening))
            continue
        if len(run) >= _FEWEST:
            yield from _steps(run)
        starts = parsed is not None and opening is not None and opening in listing.first
        run = [(parsed, opening)] if starts and parsed is not None and opening is not None else []


def _opening(parsed: Parsed, phrases: Sequence[str]) -> str | None:
    start = " ".join(token.lower for token in parsed.tokens[:4])
    fit = [phrase for phrase in phrases if start == phrase or start.startswith(f"{phrase} ")]
    return max(fit, key=len, default=None)


def _steps(run: Sequence[tuple[Parsed, str]]) -> Iterator[Enumeration]:
    items = tuple(
        parsed.text[parsed.tokens[opening.count(" ")].end :].lstrip(" ,").rstrip(".!")
        for parsed, opening in run
    )
    if all(items) and len({item.lower() for item in items}) == len(items):
        yield Enumeration(items, tuple(parsed.index for parsed, _ in run), ordered=True)
