"""Which sentences can stand alone, outside their paragraph."""

from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.grammar import pattern
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.sentences import balanced

__all__ = ["QUESTION_WORDS", "leans_on_before", "stands_alone"]

QUESTION_WORDS: Final = (8, 30)  # shorter sentences say too little to ask about, longer ones too much


def leans_on_before(parsed: Parsed, lexicon: Lexicon) -> bool:
    """Whether a sentence starts with a pronoun or another word that points back; never where no word is known."""
    if not lexicon.complete:
        return False
    pointing = lexicon.grammar.pointing
    lower = [token.lower for token in parsed.tokens[:5]]
    if not lower or lower[0] in pointing.openers or any(word in pointing.pronouns for word in lower[:3]):
        return True
    if pointing.dropped_subject and (lower[0] in lexicon.verbs or lower[0] in pointing.verb_signs):
        return True
    if pointing.leans and pattern(pointing.leans).search(parsed.text):
        return True
    start = " ".join(lower)
    return any(start == phrase or start.startswith(f"{phrase} ") for phrase in pointing.phrases)


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
    pointing = lexicon.grammar.pointing
    if (
        lower[-1] in pointing.open_end
        or pattern(pointing.that_time).search(text)
        or any(word in pointing.context for word in lower)
        or leans_on_before(parsed, lexicon)
    ):
        return False
    return any(word in pointing.verb_signs or word in lexicon.verbs for word in lower)
