"""What was found in a text. Sentences are referred to by their index in ``Analysis.sentences``."""

from enum import StrEnum

from msgspec import Struct

from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.request import Difficulty

__all__ = [
    "Analysis",
    "Concept",
    "ConceptKind",
    "Date",
    "Definition",
    "Enumeration",
    "ObjectiveMatch",
    "Quantity",
    "Readability",
    "Relation",
    "Sentence",
    "SentenceKind",
]


class SentenceKind(StrEnum):
    """Where a sentence stood."""

    PROSE = "prose"
    ITEM = "item"


class Sentence(Struct, frozen=True):
    """One sentence or list item of the source.

    Args:
        index: its place in ``Analysis.sentences``.
        text: its exact characters, but for runs of white space, which are one space.
        section: index in ``Analysis.headings`` of the heading above it, or None.
        words: number of words.
    """

    index: int
    text: str
    kind: SentenceKind
    section: int | None
    words: int


class ConceptKind(StrEnum):
    """The class of a concept; distractors are taken from the same one."""

    TERM = "term"
    PERSON = "person"
    PLACE = "place"
    NAME = "name"


class Concept(Struct, frozen=True):
    """A key term or a named thing of the text.

    Args:
        term: as the text writes it most often, in lower case unless it is a name.
        forms: all ways in which the text writes it, in lower case, longest first.
        score: weight relative to the strongest concept, above 0 and at most 1.
        sentences: indexes of the sentences that have it, ascending, at least one.
        plural: whether the term has the form of a plural.
        bare: whether the text uses the singular without an article ("evaporation", not "a cloud").
        gender: ``m``, ``f`` or ``n`` where the language has genders and the text or the word's ending tells it; else
            empty. What stands around a word agrees with it, so only words of one gender can stand in one place.
    """

    term: str
    kind: ConceptKind
    score: float
    sentences: tuple[int, ...]
    forms: tuple[str, ...]
    plural: bool = False
    bare: bool = False
    gender: str = ""


class Definition(Struct, frozen=True):
    """What the text says a term is: both are parts of the sentence, word for word.

    Args:
        verb: the words between them, such as ``is``; empty when the meaning stands first ("… is called X").
    """

    term: str
    meaning: str
    sentence: int
    verb: str


class Quantity(Struct, frozen=True):
    """A number of the text.

    Args:
        text: its digits and sign as written, such as ``71``, ``12,000`` or ``3.5`` (``12.000``, ``3,5`` in Spanish).
        kind: ``year``, ``percent`` or ``number``.
        value: as a number.
        unit: the word after it in lower case ("percent", "litres", "million"), or empty.
    """

    text: str
    kind: str
    value: float
    unit: str
    sentence: int


class Enumeration(Struct, frozen=True):
    """Things that the text lists side by side; ``items`` are word for word from the sentences named.

    Args:
        ordered: whether the text itself says in what order they come: a numbered list, or "first … then …
            finally". What is dated has its order by ``Analysis.dates``.
    """

    items: tuple[str, ...]
    sentences: tuple[int, ...]
    ordered: bool = False


class Date(Struct, frozen=True):
    """A time that the text names.

    Args:
        text: its words, such as ``3 October 1990``, ``1492`` or ``19th century``.
        kind: ``day``, ``month``, ``year`` or ``century``; a ``day`` may have no year.
        year: the year, a century's first one, negative before our era; None where the text gives none.
        month: 1 to 12, or None.
        day: 1 to 31, or None.
    """

    text: str
    kind: str
    sentence: int
    year: int | None = None
    month: int | None = None
    day: int | None = None


class Relation(Struct, frozen=True):
    """What a sentence says that one thing does to or is for another; all three are word for word from it.

    Args:
        kind: ``cause``, ``effect`` (the other way round), ``part``, ``whole`` (the other way round), ``has``, ``place``,
            ``change``, ``use`` or ``deed``.
    """

    subject: str
    relation: str
    object: str
    sentence: int
    kind: str


class Readability(Struct, frozen=True, kw_only=True):
    """Counts of the prose, and published formulas on them.

    Args:
        letters: letters and digits.
        formulas: what each formula gives, by its name, such as ``flesch_kincaid_grade``; only those made for the
            text's language, but for a language without tables, whose two that count letters are a rough measure. Empty
            in what was kept before they had names.
        grade: school year, from those of the formulas that estimate one.
    """

    sentences: int
    words: int
    syllables: int
    letters: int
    formulas: dict[str, float] = {}
    grade: float


class ObjectiveMatch(Struct, frozen=True):
    """An objective and the passages that speak of it, best first; none when the text is silent about it.

    ``bloom_verb`` is a verb of what can be seen or heard, as the objective writes it; None when it has none.
    """

    title: str
    bloom_level: str | None
    bloom_verb: str | None
    sentences: tuple[int, ...]


class Analysis(Struct, frozen=True, kw_only=True):
    """What the text holds. Every number in it was counted or computed from the text.

    ``written_source`` is the text itself where a language model wrote it, for the request had none; else empty.
    """

    title: str
    language: str
    headings: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    concepts: tuple[Concept, ...]
    definitions: tuple[Definition, ...]
    quantities: tuple[Quantity, ...]
    enumerations: tuple[Enumeration, ...]
    objectives: tuple[ObjectiveMatch, ...]
    readability: Readability
    difficulty_level: Difficulty
    relations: tuple[Relation, ...] = ()
    dates: tuple[Date, ...] = ()
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR
    written_source: str = ""

    @property
    def concepts_identified(self) -> int:
        """How many concepts were found."""
        return len(self.concepts)
