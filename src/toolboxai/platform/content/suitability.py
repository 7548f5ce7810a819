"""Which sentences can stand alone, outside their paragraph."""

import re
from typing import Final

from toolboxai.platform.content.lexicon import Lexicon
from toolboxai.platform.content.reading import Parsed
from toolboxai.platform.content.sentences import balanced
from toolboxai.platform.content.wordlist import words

__all__ = ["QUESTION_WORDS", "leans_on_before", "stands_alone"]

QUESTION_WORDS: Final = (8, 30)  # shorter sentences say too little to ask about, longer ones too much

# At the start of a sentence these point to what was said before.
_POINTING: Final = words(
    "it its itself they them their theirs he him his she her hers this that these those such here there then thus",
    "we us our i me my mine you your one ones another other others both either neither none some-of",
    "however therefore moreover furthermore nevertheless nonetheless instead otherwise meanwhile besides likewise",
    "similarly consequently hence accordingly also too still yet and but or nor so because next later afterwards finally",
    "again indeed rather firstly secondly thirdly",
)
_POINTING_PHRASES: Final = (
    "for example", "for instance", "in contrast", "in addition", "as a result", "on the other hand", "in this", "at this",
    "in other words", "in fact", "that is", "after that", "because of this", "as such", "of course", "by contrast",
    "in turn", "at first", "at last", "in the same way", "the same", "the former", "the latter", "the first", "the second",
    "the third", "the other", "the following", "to do this", "to do so", "as mentioned", "as we", "some of",
)  # fmt: skip
# Anywhere in a sentence these need the sentences before it, or a speaker.
_NEEDS_CONTEXT: Final = words(
    "this these those such i me my we us our you your aforementioned above-mentioned",
    # Whom these mean is told by gender and by what was said before; neither is known here.
    "he him his himself she her hers herself",
)
# At the end they mostly mean something of an earlier sentence: "soldiers were examined with them".
_OPEN_END: Final = words("it them they")
_THAT_TIME: Final = re.compile(
    r"\bthat (?:time|day|year|period|age|era|way|place|moment|point|case|reason|kind)\b", re.I
)
# Before the first noun they have nothing to refer to in their own sentence.
_PRONOUNS: Final = words("it they he she them him her its their his this these those")
_VERB_SIGNS: Final = words(
    "is are was were be been has have had can could may might must will would should do does did cannot"
)


def leans_on_before(parsed: Parsed) -> bool:
    """Whether an English sentence starts with a pronoun or another word that points back."""
    lower = [token.lower for token in parsed.tokens[:5]]
    if not lower or lower[0] in _POINTING or any(word in _PRONOUNS for word in lower[:3]):
        return True
    start = " ".join(lower)
    return any(start == phrase or start.startswith(f"{phrase} ") for phrase in _POINTING_PHRASES)


def stands_alone(parsed: Parsed, lexicon: Lexicon) -> bool:
    """Whether a question may be made of this sentence alone.

    It has 8 to 30 words, is a statement with its full stop, closes its quotations, has a verb, and neither starts
    with a pronoun nor points elsewhere. Where the language is not known only the form is looked at.
    """
    text = parsed.text
    fewest, most = QUESTION_WORDS
    if not parsed.whole or not fewest <= len(parsed.tokens) <= most:
        return False
    if (
        not text.endswith((".", "\u3002"))
        or text.endswith("..")
        or text[0].islower()
        or not text[0].isalnum()
    ):
        return False
    if not balanced(text) or any(mark in text for mark in '"\u201c\u201d\u00ab\u00bb_?!\u2026;:'):
        return False
    letters = sum(c.isalnum() or c.isspace() for c in text)
    if letters < 0.9 * len(text) or text.isupper():
        return False
    if not lexicon.complete:
        return True
    lower = [token.lower for token in parsed.tokens]
    if (
        lower[-1] in _OPEN_END
        or _THAT_TIME.search(text)
        or any(word in _NEEDS_CONTEXT for word in lower)
        or leans_on_before(parsed)
    ):
        return False
    return any(word in _VERB_SIGNS or word in lexicon.verbs for word in lower)
