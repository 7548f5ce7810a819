"""The text as the extractors see it: numbered sentences with their words, under their headings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from toolboxai.errors import SourceTooShort
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.sentences import split_sentences
from toolboxai.platform.content.language.tokens import Token, tokenise
from toolboxai.platform.content.model.analysis import Sentence, SentenceKind
from toolboxai.platform.content.sources.text import BlockKind, blocks, normalise

__all__ = ["MIN_SENTENCES", "MIN_WORDS", "Parsed", "Reading", "parse", "read", "require_enough"]

# Below this there is nothing to choose from: a lesson would be the text itself. 60 words are about five sentences.
MIN_WORDS: Final = 60
MIN_SENTENCES: Final = 4
# What counts as a whole sentence, and what the extractors look into: longer ones are lists without stops, tables or
# noise, and patterns over them would cost time and give nothing.
_WORDS_FROM: Final = 4
_WORDS_TO: Final = 80
_CHARS_TO: Final = 800


@dataclass(frozen=True, slots=True)
class Parsed:
    """A sentence with its words; ``whole`` when it is of a length that the extractors may look into."""

    sentence: Sentence
    tokens: tuple[Token, ...]
    whole: bool

    @property
    def index(self) -> int:
        """The sentence's place in the text."""
        return self.sentence.index

    @property
    def text(self) -> str:
        """The sentence's characters."""
        return self.sentence.text

    def between(self, left: int, right: int) -> str:
        """The characters between two tokens, by their numbers."""
        return self.sentence.text[self.tokens[left].end : self.tokens[right].start]


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole text.

    Args:
        lists: runs of sentence indexes that were one list.
        numbered: the first sentence of each item of a numbered list, and its number.
    """

    headings: tuple[str, ...]
    sentences: tuple[Parsed, ...]
    lists: tuple[tuple[int, ...], ...]
    numbered: Mapping[int, int]

    @property
    def words(self) -> int:
        """Words and numbers of all sentences."""
        return sum(len(parsed.tokens) for parsed in self.sentences)

    @property
    def prose(self) -> tuple[Parsed, ...]:
        """The sentences that are no list items, or all when there is nothing but items."""
        prose = tuple(parsed for parsed in self.sentences if parsed.sentence.kind is SentenceKind.PROSE)
        return prose or self.sentences


def parse(sentence: Sentence) -> Parsed:
    """A sentence with its words found."""
    tokens = tokenise(sentence.text)
    whole = _WORDS_FROM <= len(tokens) <= _WORDS_TO and len(sentence.text) <= _CHARS_TO
    return Parsed(sentence, tokens, whole)


def read(source_text: str, lexicon: Lexicon) -> Reading:
    """Find headings and sentences."""
    headings: list[str] = []
    sentences: list[Parsed] = []
    lists: list[tuple[int, ...]] = []
    items: list[int] = []
    numbered: dict[int, int] = {}
    for kind, text, number in _pieces(source_text, lexicon):
        if kind is not BlockKind.ITEM and len(items) > 1:
            lists.append(tuple(items))
        if kind is BlockKind.HEADING:
            headings.append(text)
            items = []
            continue
        parsed = parse(
            Sentence(
                index=len(sentences),
                text=text,
                kind=SentenceKind.ITEM if kind is BlockKind.ITEM else SentenceKind.PROSE,
                section=len(headings) - 1 if headings else None,
                words=0,
            )
        )
        if not parsed.tokens:
            continue
        items = [*items, parsed.index] if kind is BlockKind.ITEM else []
        if number is not None:
            numbered[parsed.index] = number
        sentences.append(_counted(parsed))
    if len(items) > 1:
        lists.append(tuple(items))
    return Reading(tuple(headings), tuple(sentences), tuple(lists), numbered)


def _pieces(source_text: str, lexicon: Lexicon) -> Iterator[tuple[BlockKind, str, int | None]]:
    """Headings and sentences; a number is given to the first sentence of its item alone."""
    for block in blocks(normalise(source_text)):
        if block.kind is BlockKind.HEADING:
            yield block.kind, block.text, None
        else:
            for at, sentence in enumerate(split_sentences(block.text, lexicon)):
                yield block.kind, sentence, None if at else block.number


def _counted(parsed: Parsed) -> Parsed:
    old = parsed.sentence
    counted = Sentence(old.index, old.text, old.kind, old.section, len(parsed.tokens))
    return Parsed(counted, parsed.tokens, parsed.whole)


def require_enough(reading: Reading) -> None:
    """A text must have enough in it to choose from.

    Raises:
        SourceTooShort: it has fewer than ``MIN_WORDS`` words, or fewer than ``MIN_SENTENCES`` sentences of 4 to 80
            words.
    """
    whole = sum(parsed.whole for parsed in reading.sentences)
    if reading.words >= MIN_WORDS and whole >= MIN_SENTENCES:
        return
    raise SourceTooShort(
        f"The source text has {reading.words} words and {whole} whole sentences; a lesson needs at least {MIN_WORDS} "
        f"words (parted by spaces) in at least {MIN_SENTENCES} sentences of {_WORDS_FROM} to {_WORDS_TO} words, each "
        "ended by a full stop or standing on its own line. Add to the text and send it again.",
        details={
            "words": reading.words,
            "sentences": whole,
            "words_needed": MIN_WORDS,
            "sentences_needed": MIN_SENTENCES,
        },
    )
