"""The small word sets and patterns of a language, by the part that reads them.

They stand in ``data/<language>/grammar.toml``. A set of words may be written there as one string, parted by spaces.
All words are in lower case. Of a language without tables everything is empty.
"""

import re
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct, field

__all__ = [
    "Asking",
    "Defining",
    "Forms",
    "Grammar",
    "Listing",
    "Naming",
    "Numbers",
    "Parting",
    "Pointing",
    "Relating",
    "Stops",
    "Wishing",
    "Words",
    "decode_grammar",
    "pattern",
]

Words = frozenset[str]
_NONE: Final = frozenset[str]()


class Stops(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``sentences``: words before a full stop that does not end a sentence.

    Args:
        titles: always in front of a name.
        numbered: only in front of a number.
        units: after a number they may end a sentence.
        ordinals: whether a number with a full stop is an ordinal, as in "am 3. Oktober".
    """

    titles: Words = _NONE
    numbered: Words = _NONE
    units: Words = _NONE
    ordinals: bool = False


class Forms(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``tokens``: what the forms of a word have in common.

    Args:
        suffixes: what stemming takes off, the longest first.
        plurals: plural ending and the singular's in its place, tried in order; a word that ends so is a plural.
        irregular: plurals that no ending tells.
        singular: words that look like plurals and are none.
        cases: endings that tell neither number nor meaning, taken off to compare.
        masculine, feminine, neuter: endings of nouns of this gender; whole words are written with ``=`` in front.
        articles: article or other word before a noun, and the genders it leaves open, as ``m``, ``mn`` and so on.
        capitals: whether all nouns are written with a capital.
        no_nouns: endings of words that are no nouns, such as ``ly``.
        after_nouns: endings of words that do not make a longer term with a noun before them.
        participles: endings of words that may describe a noun and are none, such as ``ed``.
    """

    suffixes: Words = _NONE
    plurals: dict[str, str] = field(default_factory=dict)
    irregular: Words = _NONE
    singular: Words = _NONE
    cases: Words = _NONE
    masculine: Words = _NONE
    feminine: Words = _NONE
    neuter: Words = _NONE
    articles: dict[str, str] = field(default_factory=dict)
    capitals: bool = False
    no_nouns: tuple[str, ...] = ()
    participles: tuple[str, ...] = ()
    after_nouns: tuple[str, ...] = ()


class Pointing(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.suitability``: what makes a sentence lean on the ones before it.

    Args:
        openers: at the start of a sentence they point to what was said before.
        phrases: the same, of several words.
        context: anywhere they need the sentences before, or a speaker.
        open_end: at the end they mostly mean something of an earlier sentence.
        pronouns: among the first three words they have nothing to refer to.
        dropped_subject: whether a sentence that starts with a verb leaves out whom it speaks of.
        that_time: regular expression of "that time" and the like, or empty.
        leans: regular expression of sentences with a time, a pronoun or a left out subject that needs an earlier one.
        verb_signs: forms that make a sentence of it, beside ``Lexicon.verbs``.
    """

    openers: Words = _NONE
    phrases: tuple[str, ...] = ()
    context: Words = _NONE
    open_end: Words = _NONE
    pronouns: Words = _NONE
    dropped_subject: bool = False
    that_time: str = ""
    leans: str = ""
    verb_signs: Words = _NONE


class Naming(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.names`` and ``analysis.capital_names``: what stands in and around named things.

    Args:
        links: small words inside a name.
        bynames: what may follow a name and an article, as in "Plinius der Jüngere".
        places: known by name.
        place_before: words before a place.
        place_words, thing_words: parts of the names of places, and of works, wars and prizes.
        deeds: what people do; right after a name they tell a person.
        titles: before a person.
        subjects: written with a capital now and then, and no named things.
        by: the word before who did it.
        adjectives: endings of adjectives of a place.
        start_articles: at a sentence's start they have the capital, so that the next one is the name's own.
    """

    links: Words = _NONE
    bynames: Words = _NONE
    places: Words = _NONE
    place_before: Words = _NONE
    place_words: Words = _NONE
    thing_words: Words = _NONE
    deeds: Words = _NONE
    titles: Words = _NONE
    subjects: Words = _NONE
    by: Words = _NONE
    adjectives: tuple[str, ...] = ()
    start_articles: Words = _NONE


class Numbers(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.quantities`` and ``analysis.dates``.

    Args:
        decimal, thousands: the marks in a number.
        percent: what means per cent, of one word or two.
        scales: words that make a number larger.
        months, weekdays: their names, the months in order.
        before_year: words before a year.
        year_words: after them any number is a year.
        bare_years: whether a number of four digits without a mark counts nothing, unless a noun follows.
        counting: those of them that stand before what is counted as well, where nouns have a capital.
        bounds: regular expression of what makes a number only a bound, up to the number.
        dates: regular expressions of whole dates, with groups ``day``, ``month`` and ``year``.
        centuries: regular expression with group ``number`` (digits, Roman digits or a word), and ``bc`` if before.
        ordinals: words for the numbers of centuries, in order from the first.
        before_christ: regular expression of what follows a year before our era.
    """

    decimal: str = "."
    thousands: str = ","
    percent: Words = _NONE
    scales: Words = _NONE
    months: tuple[str, ...] = ()
    weekdays: Words = _NONE
    before_year: Words = _NONE
    year_words: Words = _NONE
    bare_years: bool = False
    counting: Words = _NONE
    bounds: str = ""
    dates: tuple[str, ...] = ()
    centuries: str = ""
    ordinals: tuple[str, ...] = ()
    before_christ: str = ""

    @property
    def calendar(self) -> Words:
        """Months and weekdays."""
        return self.weekdays.union(self.months)


class Defining(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.definitions``: regular expressions of whole sentences, with groups ``term``, ``meaning`` and ``verb``.

    ``of_a_sort`` is for ``questions.statement``, ``kin`` for ``questions.word_kinds``.

    A group ``head`` is checked to be a noun. Order counts: the first one that fits decides.

    Args:
        forms: the sentences.
        no_meaning: meanings that compare or judge.
        opinions: heads that start what someone thinks.
        goes_on: what follows a meaning as a clause of its own and is no part of it.
        of_a_sort: after a name it says only what sort of thing that is; others may be such a thing, too.
        kin: regular expression of all that stands between a term and what it is, or is also called.
        dangling: words in a meaning that point out of it.
        inside: function words that may stand inside a term.
        plural_verbs: verbs whose head must be a plural.
    """

    forms: tuple[str, ...] = ()
    no_meaning: str = ""
    opinions: Words = _NONE
    goes_on: str = ""
    of_a_sort: str = ""
    kin: str = ""
    dangling: str = ""
    inside: Words = _NONE
    plural_verbs: Words = _NONE


class Listing(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.enumerations`` and ``analysis.sequences``.

    Args:
        links: words before the last item.
        first, then, last: openings of sentences and clauses that tell an order of events.
    """

    links: Words = _NONE
    first: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


class Parting(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.word_runs`` and ``analysis.keyterms``: what stands before verbs, before nouns, and before a noun that is not bare."""

    verb_before: Words = _NONE
    noun_before: Words = _NONE
    determiners: Words = _NONE


class Relating(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.relations``.

    Args:
        verbs: verb phrases, regular expressions all, by the kind of relation that they tell.
        joints: words that start another clause.
    """

    verbs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    joints: Words = _NONE


class Wishing(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``analysis.objectives``.

    Args:
        unseen: verbs of what nobody can observe.
        talk: words of the classroom that say nothing about the subject.
    """

    unseen: Words = _NONE
    talk: Words = _NONE


class Asking(Struct, frozen=True, forbid_unknown_fields=True):
    """For ``questions.short_answer`` and ``questions.numeric``.

    Args:
        articles: what may stand before a subject at the start of its sentence.
        inverting: finite verbs that change places with the subject in a question.
        inverts_all: whether every finite verb does.
        plural_verbs, plural_ends: finite verbs, and endings of such, that no question for one subject can have.
        clauses: words after a comma that begin a clause which belongs to what stands before.
        at_time, at_place: words before a time and a place that a sentence ends with.
        numbers: words for the numbers from 0 on, as they count things.
    """

    articles: Words = _NONE
    inverting: Words = _NONE
    inverts_all: bool = False
    plural_verbs: Words = _NONE
    plural_ends: tuple[str, ...] = ()
    clauses: Words = _NONE
    at_time: Words = _NONE
    at_place: Words = _NONE
    numbers: tuple[str, ...] = ()


class Grammar(Struct, frozen=True, forbid_unknown_fields=True):
    """All of a language."""

    stops: Stops = Stops()
    forms: Forms = Forms()
    pointing: Pointing = Pointing()
    naming: Naming = Naming()
    numbers: Numbers = Numbers()
    defining: Defining = Defining()
    listing: Listing = Listing()
    parting: Parting = Parting()
    relating: Relating = Relating()
    wishing: Wishing = Wishing()
    asking: Asking = Asking()


def decode_grammar(toml: str) -> Grammar:
    """Read a file.

    Raises:
        msgspec.ValidationError: it has a name that is not known, or a value of another kind.
    """
    tables: dict[str, Any] = msgspec.toml.decode(toml)
    for part in msgspec.structs.fields(Grammar):
        table = tables.get(part.name, {})
        for one in msgspec.structs.fields(part.type):
            if one.type == Words and isinstance(table.get(one.name), str):
                table[one.name] = table[one.name].split()
    return msgspec.convert(tables, Grammar)


@lru_cache(maxsize=256)
def pattern(expression: str) -> re.Pattern[str]:
    """A regular expression of the tables, compiled."""
    return re.compile(expression)
