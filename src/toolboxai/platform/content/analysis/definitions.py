"""What the text itself says a term is.

Three forms: "X is a …" (also are, means, refers to, is defined as), "… is called X" (also known as, named, termed),
as the language's grammar has them, and a glossary line "X: …". Term and meaning are cut from the sentence, word for
word; nothing is rephrased.
"""

import re
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.grammar import pattern
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.sentences import balanced
from toolboxai.platform.content.language.tokens import is_plural, stems, tokenise
from toolboxai.platform.content.model.analysis import Definition, SentenceKind

__all__ = ["find_definition"]

_TERM_WORDS: Final = 4
_MEANING_WORDS: Final = (3, 32)
_WEAK: Final = re.compile("(?:Der|Das) |Die [a-zäöüß]+en ")
_GLOSSARY: Final = re.compile(
    r"(?P<term>[^\W\d_][^.,;:!?()\"]{1,50}?)(?:: | [\u2013\u2014-] )(?P<meaning>.{12,240}?)[.!]?"
)


def find_definition(parsed: Parsed, lexicon: Lexicon) -> Definition | None:
    """The definition that a sentence is, or None."""
    text = parsed.text
    if not parsed.whole or not balanced(text):
        return None
    for form in lexicon.grammar.defining.forms:
        if found := pattern(form).fullmatch(text):
            parts = found.groupdict()
            if parts.get("head") and not _is_noun(parts["head"].lower(), parts["verb"], lexicon):
                return None
            return _checked(parts["term"], parts["meaning"], parts.get("verb") or "", parsed, lexicon)
    if parsed.sentence.kind is SentenceKind.ITEM and (found := _GLOSSARY.fullmatch(text)):
        return _checked(found["term"], found["meaning"], ":", parsed, lexicon)
    return None


def _is_noun(head: str, verb: str, lexicon: Lexicon) -> bool:
    """Whether "organisms that …" explains, and does not say as "sure that …" does what someone thinks."""
    if (
        head in lexicon.modifiers
        or head in lexicon.stopwords
        or head in lexicon.verbs
        or head.endswith(lexicon.grammar.forms.participles)
    ):
        return False
    defining = lexicon.grammar.defining
    return (
        is_plural(head, lexicon.language) if verb in defining.plural_verbs else head not in defining.opinions
    )


def _checked(term: str, meaning: str, verb: str, parsed: Parsed, lexicon: Lexicon) -> Definition | None:
    """The definition, unless its term is no term or its meaning cannot stand alone."""
    defining = lexicon.grammar.defining
    if defining.goes_on:
        meaning = pattern(defining.goes_on).sub("", meaning)
    words = [token.lower for token in tokenise(term)]
    if not 1 <= len(words) <= _TERM_WORDS or words[-1] in lexicon.generic | lexicon.modifiers:
        return None
    if lexicon.grammar.forms.capitals and _WEAK.match(parsed.text) and term[0].islower():
        return None  # "Der tropische Wald": without its article the adjective would have another ending
    # "of" alone may stand inside a term: "speed of light".
    if any(word in lexicon.stopwords for word in (words[0], words[-1])):
        return None
    if any(word in lexicon.stopwords - defining.inside for word in words):
        return None
    no_nouns = lexicon.grammar.forms.no_nouns
    if words[-1] in lexicon.verbs or any(word.endswith(no_nouns) for word in words):
        return None
    length = len(meaning.split())
    if not _MEANING_WORDS[0] <= length <= _MEANING_WORDS[1] or pattern(defining.no_meaning).match(meaning):
        return None
    if pattern(defining.dangling).search(meaning.split(",")[0][:60]):
        return None
    if stems(term, lexicon.language) & stems(meaning, lexicon.language):
        return None
    return Definition(term=term, meaning=meaning, sentence=parsed.index, verb=verb)
