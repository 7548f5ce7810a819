"""What a text offers a teacher who has not said yet what her lesson is to be about."""

from msgspec import Struct

__all__ = ["Proposals", "ProposedObjective"]


class ProposedObjective(Struct, frozen=True):
    """What pupils could learn from the text.

    Args:
        title: to be taken as an objective as it is.
        bloom_level: of its verb.
        sentences: those of the text that it was made from, word for word, at least one.
    """

    title: str
    bloom_level: str
    sentences: tuple[str, ...]


class Proposals(Struct, frozen=True, kw_only=True):
    """All that is proposed, best first. Every word is the text's own, but for the verbs.

    Args:
        title: of the lesson: the first heading, else the strongest key term; empty where the text has neither.
        subject: the strongest key term, else the first heading; empty where the text has neither.
        language: the tag that was given, else the language that the text was found to be in; ``und`` when it was not.
        grade_level: a band that the text is read in, by its measured reading grade; None where that is a rough one.
        words: of the text.
        objectives: 8 at most; none in a language without tables of words.
    """

    title: str
    subject: str
    language: str
    grade_level: str | None
    words: int
    objectives: tuple[ProposedObjective, ...]
