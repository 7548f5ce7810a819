"""What the text itself says a term is. For English.

Three forms: "X is a …" (also are, means, refers to, is defined as), "… is called X" (also known as, named, termed),
and a glossary line "X: …". Term and meaning are cut from the sentence, word for word; nothing is rephrased.
"""

import re
from typing import Final

from toolboxai.platform.content.lexicon import Lexicon
from toolboxai.platform.content.model import Definition, SentenceKind
from toolboxai.platform.content.reading import Parsed
from toolboxai.platform.content.sentences import balanced
from toolboxai.platform.content.tokens import is_plural, stems, tokenise

__all__ = ["find_definition"]

_TERM: Final = r"(?P<term>[^\W\d_][^.,;:!?()\"]{1,50}?)"
_IS: Final = re.compile(
    rf"(?:The |A |An )?{_TERM}(?:, which|, or [^,]{{1,40}},)? "
    r"(?P<verb>is defined as|are defined as|is|are|means|mean|refers to|refer to) "
    r"(?P<meaning>(?:a|an|the|any|one of the|what|when|living|all) .{8,240}?)[.!]"
)
_ARE_BARE: Final = re.compile(
    rf"(?:The )?{_TERM} (?P<verb>are) "
    r"(?P<meaning>(?:[\w-]+ ){0,2}(?P<head>[^\W\d_][\w-]+) (?:that|which|who|whose|made of) .{8,240}?)[.!]"
)
_IS_BARE: Final = re.compile(
    rf"(?:The )?{_TERM} (?P<verb>is) "
    r"(?P<meaning>(?P<head>[^\W\d_][\w-]+) (?:that|which|in the form of|made of) .{8,240}?)[.!]"
)
_CALLED: Final = re.compile(
    r"(?P<meaning>(?:The|A|An|Any|All|Tiny|Small|Large|Animals|Plants|People|Rocks|Substances|Materials|Things) .{8,240}?) "
    r"(?:is|are) (?:also )?(?:called|known as|named|termed|referred to as) (?:its |their |the |a |an )?"
    r"(?P<term>[^\W\d_][^.,;:!?()\"]{1,50})[.!]"
)
_GLOSSARY: Final = re.compile(
    r"(?P<term>[^\W\d_][^.,;:!?()\"]{1,50}?)(?:: | [\u2013\u2014-] )(?P<meaning>.{12,240}?)[.!]?"
)
_FORMS: Final = (_CALLED, _IS, _ARE_BARE, _IS_BARE)

_TERM_WORDS: Final = 4
_MEANING_WORDS: Final = (3, 32)
# A meaning that starts so compares or judges: it says something about the term, not what the term is.
_NO_MEANING: Final = re.compile(
    r"(?:the (?:same|only|first|last|next|best|worst|main|most|least|result|reason|cause|case|\w+est)\b|one of|a (?:good|bad|few|lot|bit)\b"
    r"|an? (?:example|important|essential|part|result)\b|all (?:around|over|of)\b|when it\b)",
    re.IGNORECASE,
)
# Before "that" these start what someone thinks, and explain nothing.
_OPINIONS: Final = frozenset(
    {"afraid", "aware", "glad", "sad", "sorry", "convinced", "proof", "evidence", "confident"}
)
_DANGLING: Final = re.compile(r"\b(?:it|this|these|those|they|he|she|such)\b", re.IGNORECASE)


def find_definition(parsed: Parsed, lexicon: Lexicon) -> Definition | None:
    """The definition that a sentence is, or None."""
    text = parsed.text
    if not parsed.whole or not balanced(text):
        return None
    for form in _FORMS:
        if found := form.fullmatch(text):
            parts = found.groupdict()
            if "head" in parts and not _is_noun(parts["head"].lower(), parts["verb"], lexicon):
                return None
            return _checked(parts["term"], parts["meaning"], parts.get("verb", ""), parsed, lexicon)
    if parsed.sentence.kind is SentenceKind.ITEM and (found := _GLOSSARY.fullmatch(text)):
        return _checked(found["term"], found["meaning"], ":", parsed, lexicon)
    return None


def _is_noun(head: str, verb: str, lexicon: Lexicon) -> bool:
    """Whether "organisms that …" explains, and does not say as "sure that …" does what someone thinks."""
    if head in lexicon.modifiers or head in lexicon.stopwords or head in lexicon.verbs or head.endswith("ed"):
        return False
    return is_plural(head) if verb == "are" else head not in _OPINIONS


def _checked(term: str, meaning: str, verb: str, parsed: Parsed, lexicon: Lexicon) -> Definition | None:
    """The definition, unless its term is no term or its meaning cannot stand alone."""
    words = [token.lower for token in tokenise(term)]
    if not 1 <= len(words) <= _TERM_WORDS or words[-1] in lexicon.generic | lexicon.modifiers:
        return None
    # "of" alone may stand inside a term: "speed of light".
    if (
        any(word in lexicon.stopwords and word != "of" for word in words)
        or words[0] == "of"
        or words[-1] == "of"
    ):
        return None
    if any(word in lexicon.verbs for word in words[-1:]) or any(word.endswith("ly") for word in words):
        return None
    length = len(meaning.split())
    if not _MEANING_WORDS[0] <= length <= _MEANING_WORDS[1] or _NO_MEANING.match(meaning):
        return None
    if _DANGLING.search(meaning.split(",")[0][:60]) or stems(term) & stems(meaning):
        return None
    return Definition(term=term, meaning=meaning, sentence=parsed.index, verb=verb)
