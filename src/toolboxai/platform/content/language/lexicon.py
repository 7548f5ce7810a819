"""The word tables of a language. English, Spanish and German have all; others have none, and the engine says so.

Tables of words stand in ``data/<language>/*.txt``, small sets and patterns in ``grammar.toml`` beside them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Final

from toolboxai.platform.content.language.grammar import Grammar, decode_grammar

__all__ = ["FULL_LANGUAGES", "Lexicon", "lexicon_for", "primary_language"]

FULL_LANGUAGES: Final = ("en", "es", "de")
_VOWELS: Final = frozenset("aeiou")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of one language, all in lower case.

    Args:
        language: primary subtag, such as ``en``.
        complete: whether the tables are filled; without them nothing is known of the language's words.
        stopwords: function words.
        verbs: forms of common verbs that are no common nouns.
        modifiers: words that describe and name nothing.
        generic: nouns too general to be key terms alone.
        abbreviations: words after which a full stop ends no sentence, without that stop.
        antonyms: word to its opposite, both ways.
        bloom: verb to its level in Bloom's revised taxonomy.
        grammar: small sets of words and patterns, by the part that reads them.
    """

    language: str
    complete: bool
    stopwords: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()
    generic: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    antonyms: Mapping[str, str] = field(default_factory=dict)
    bloom: Mapping[str, str] = field(default_factory=dict)
    grammar: Grammar = field(default_factory=Grammar)


def primary_language(language: str) -> str:
    """The language of a BCP 47 tag without script and region: ``es`` of ``es-MX``."""
    return language.split("-", 1)[0].lower()


@lru_cache(maxsize=16)
def lexicon_for(language: str) -> Lexicon:
    """The tables for a language tag; empty ones where we have none.

    Args:
        language: BCP 47 tag; only its primary subtag counts.
    """
    primary = primary_language(language)
    if primary not in FULL_LANGUAGES:
        return Lexicon(language=primary, complete=False)
    pairs = [line.split() for line in _lines(primary, "antonyms")]
    return Lexicon(
        language=primary,
        complete=True,
        stopwords=_words(primary, "stopwords"),
        verbs=_verb_forms(primary) - _words(primary, "nouns"),
        modifiers=_modifiers(primary),
        generic=_words(primary, "generic"),
        abbreviations=_words(primary, "abbreviations"),
        antonyms={one: other for pair in pairs for one, other in (pair, reversed(pair))},
        bloom=_bloom(primary),
        grammar=decode_grammar(_text(primary, "grammar.toml")),
    )


def _text(language: str, name: str) -> str:
    return (
        files("toolboxai.platform.content.language")
        .joinpath("data", language, name)
        .read_text(encoding="utf-8")
    )


def _lines(language: str, table: str) -> Iterator[str]:
    lines = _text(language, f"{table}.txt").splitlines()
    return (line for line in lines if line and not line.startswith("#"))


def _words(language: str, table: str) -> frozenset[str]:
    return frozenset(word for line in _lines(language, table) for word in line.split())


def _modifiers(language: str) -> frozenset[str]:
    """The table, and in German each of its words with the endings that adjectives take."""
    table = _words(language, "modifiers")
    endings = ("", "e", "en", "er", "es", "em") if language == "de" else ("",)
    return frozenset(f"{word}{ending}" for word in table for ending in endings)


def _bloom(language: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _lines(language, "bloom"):
        level, _, verbs = line.partition(":")
        for verb in verbs.split():
            table.setdefault(verb, level)
    return table


def _verb_forms(language: str) -> frozenset[str]:
    forms = set(_words(language, "irregular_verbs"))
    inflect = _INFLECT[language]
    for base in _words(language, "verbs"):
        forms.update(inflect(base))
    return frozenset(forms)


def _english(base: str) -> tuple[str, ...]:
    """The regular forms of an English verb; doubling is tried both ways, a form that is no word harms nothing."""
    last, before = base[-1], base[-2]
    if last == "y" and before not in _VOWELS:
        return base, f"{base[:-1]}ies", f"{base[:-1]}ied", f"{base}ing"
    if last == "e":
        return base, f"{base}s", f"{base}d", f"{base[:-1]}ing", f"{base[:-2]}ying"
    plural = f"{base}es" if base.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{base}s"
    return base, plural, f"{base}ed", f"{base}ing", f"{base}{last}ed", f"{base}{last}ing"


# The third persons, which a text about a subject is written in, the participle and the gerund.
_AR: Final = (
    "ar",
    "a",
    "an",
    "ó",
    "aron",
    "aba",
    "aban",
    "ará",
    "arán",
    "ado",
    "ados",
    "ada",
    "adas",
    "ando",
    "arse",
)
_ER: Final = ("e", "en", "ió", "ieron", "ía", "ían", "ido", "idos", "ida", "idas", "iendo")


def _spanish(base: str) -> tuple[str, ...]:
    """The regular forms of a Spanish infinitive; a verb that changes its stem has the others in its own table."""
    root, ending = base[:-2], base[-2:]
    if ending == "ar":
        return tuple(f"{root}{one}" for one in _AR)
    forms = tuple(f"{root}{one}" for one in _ER)
    return base, f"{base}á", f"{base}án", f"{base}se", *forms


def _german(base: str) -> tuple[str, ...]:
    """The regular forms of a German infinitive, with and without the ge- of the participle."""
    root = base.removesuffix("n").removesuffix("e")
    tense = f"{root}e" if root.endswith(("t", "d", "chn", "ffn", "dn", "gn")) else root
    return base, f"{tense}t", f"{tense}te", f"{tense}ten", f"ge{tense}t", f"{root}e", f"{root}end"


_INFLECT: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "en": _english,
    "es": _spanish,
    "de": _german,
}
