"""Every sentence of a lesson that is not the text's own, in each language that is fully served.

They stand in ``data/<language>/frames.toml``, the same names in each. None of them says anything about the subject.
``{…}`` is filled with words of the text or of the request, in quotation marks where they are quoted.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct

from toolboxai.platform.content.language.lexicon import FULL_LANGUAGES, primary_language

__all__ = ["Frames", "frames_for"]

_ELSEWHERE: Final = "en"  # what a text in another language is framed with; a warning says so


class Frames(Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences of one language; ``titles`` has one for each kind of section.

    ``true`` and ``false`` are the options of a true or false question, in this order. ``labels`` are the single words
    of a printed sheet, such as ``grade`` or ``listen_for``. ``objective_…`` are objectives: each has a verb of Bloom's table.
    """

    titles: dict[str, str]
    part: str

    hook_know: str
    hook_read: str
    hook_wonder: str

    vocabulary_intro: str

    explanation_read: str
    explanation_link: str
    explanation_tell: str

    activity_cards: str
    activity_example: str
    activity_line: str
    activity_turn: str
    activity_pair: str
    activity_example_find: str
    activity_find: str
    activity_card: str

    check_intro: str
    check_prompt: str

    exit_learned: str
    exit_open: str

    objective_section: str
    objective_how: str
    objective_define: str
    objective_compare: str
    objective_order: str
    objective_who: str
    objective_describe: str

    cloze_choice: str
    cloze_fill: str
    definition_term: str
    definition_meaning: str
    true_false: str
    true: str
    false: str

    numeric: str
    matching_terms: str
    matching_years: str
    ordering_steps: str
    ordering_under: str
    ordering_events: str
    short_who: str
    short_what: str
    short_which_place: str
    short_when: str
    short_where: str

    rationale_quote: str
    rationale_false: str


@lru_cache(maxsize=16)
def frames_for(language: str) -> Frames:
    """The sentences for a language tag; the English ones where we have none.

    Args:
        language: BCP 47 tag; only its primary subtag counts.
    """
    primary = primary_language(language)
    found = primary if primary in FULL_LANGUAGES else _ELSEWHERE
    text = files("toolboxai.platform.content.language").joinpath("data", found, "frames.toml").read_bytes()
    return msgspec.toml.decode(text, type=Frames)
