"""What a sentence says that one thing does to or is for another: who discovered what, what causes, lies in, is part of what.

Only plain clauses are read: a short subject right before a verb phrase of the language's table, and a short object
right after it. Nothing is rephrased, and a subject that points out of the sentence is none.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.lexicon import Lexicon, lexicon_for
from toolboxai.platform.content.language.tokens import tokenise
from toolboxai.platform.content.model.analysis import Relation

__all__ = ["find_relations"]

_SUBJECT_WORDS: Final = 6
_OBJECT_WORDS: Final = 8
_CLAUSE: Final = re.compile(r"[,;:()\u2013\u2014\u201c\u201d\u201e\u00ab\u00bb\"]")


@lru_cache(maxsize=8)
def _verbs(language: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """All verb phrases as one pattern, and the kind of each of its groups."""
    kinds: dict[str, str] = {}
    parts = []
    for kind, phrases in lexicon_for(language).grammar.relating.verbs.items():
        kinds[f"k{len(kinds)}"] = kind
        parts.append(f"(?P<k{len(kinds) - 1}>{'|'.join(phrases)})")
    return re.compile(rf"(?<= )(?:{'|'.join(parts)})(?= )"), kinds


def find_relations(parsed: Parsed, lexicon: Lexicon) -> Iterator[Relation]:
    """The first relation of each clause of a sentence."""
    verbs, kinds = _verbs(lexicon.language)
    if not parsed.whole or not kinds:
        return
    clauses = _CLAUSE.split(parsed.text)
    for number, clause in enumerate(clauses):
        found = verbs.search(clause)
        if found is None or found.lastgroup is None:
            continue
        subject = clause[: found.start()].strip()
        rest = clause[found.end() :].strip().rstrip(".!?")
        if number and not _names_something(subject, lexicon):
            continue
        thing = _object(rest, lexicon)
        if _is_subject(subject, lexicon) and _is_object(thing, lexicon):
            yield Relation(subject, found[0], thing, parsed.index, kinds[found.lastgroup])


def _is_subject(text: str, lexicon: Lexicon) -> bool:
    words = [token.lower for token in tokenise(text)]
    if not 1 <= len(words) <= _SUBJECT_WORDS or not _names_something(text, lexicon):
        return False
    pointing, parting = lexicon.grammar.pointing, lexicon.grammar.parting
    if words[0] in pointing.openers or any(word in pointing.context | pointing.pronouns for word in words):
        return False
    if words[0] in lexicon.stopwords and words[0] not in parting.determiners:
        return False  # "In the north lies …": a place and no subject
    if lexicon.grammar.forms.capitals:
        return not any(token.lower in lexicon.verbs and token.text[0].islower() for token in tokenise(text))
    return not any(word in lexicon.verbs or word in pointing.verb_signs for word in words)


def _object(text: str, lexicon: Lexicon) -> str:
    """Up to where another clause starts: a verb, or a word that joins clauses."""
    end = len(text)
    tokens, before_year = tokenise(text), lexicon.grammar.numbers.before_year
    for at, token in enumerate(tokens):
        if at > 1 and token.number and tokens[at - 1].lower in before_year:
            end = tokens[at - 1].start  # "discovered radium in 1898"
            break
        known = token.lower in lexicon.verbs or token.lower in lexicon.grammar.pointing.verb_signs
        small = not lexicon.grammar.forms.capitals or token.text[0].islower()
        if at and ((known and small) or token.lower in lexicon.grammar.relating.joints):
            end = token.start
            break
    return text[:end].strip()


def _is_object(text: str, lexicon: Lexicon) -> bool:
    words = [token.lower for token in tokenise(text)]
    if not 1 <= len(words) <= _OBJECT_WORDS or not _names_something(text, lexicon):
        return False
    pointing = lexicon.grammar.pointing
    if any(word in pointing.pronouns or word in pointing.context for word in words):
        return False
    if words[0] in lexicon.grammar.naming.place_before | lexicon.grammar.numbers.before_year:
        return False  # "bewies um 300 vor Christus": a time and no object
    last = words[-1]
    return last not in lexicon.stopwords and last not in lexicon.modifiers


def _names_something(text: str, lexicon: Lexicon) -> bool:
    known = (lexicon.stopwords, lexicon.modifiers)
    tokens = [token for token in tokenise(text) if not token.number]
    if lexicon.grammar.forms.capitals:
        return any(token.text[0].isupper() and token.lower not in lexicon.stopwords for token in tokens)
    return any(all(token.lower not in table for table in known) for token in tokens)
