"""What a text offers: its own words under a verb, each of which a lesson can be made of."""

import re
from pathlib import Path

import pytest

from content_parts import SOURCE, a_request
from toolboxai.errors import SourceTooShort
from toolboxai.platform.content.analysis.analyse import analyse
from toolboxai.platform.content.analysis.proposals import propose
from toolboxai.platform.content.language.detection import UNKNOWN
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.language.tokens import tokenise
from toolboxai.platform.content.model.proposal import Proposals
from toolboxai.platform.content.model.request import Objective
from toolboxai.platform.content.validation import grade_band

TEXTS = sorted((Path(__file__).parents[3] / "corpus" / "texts").glob("*.md"))
FRENCH = (
    "L'évaporation est le passage de l'eau à l'état de vapeur. Le soleil chauffe la surface des océans. "
    "La vapeur monte et se refroidit au-dessus du sol. De petites gouttes forment alors un nuage. "
    "La pluie tombe des nuages et revient dans les rivières. Les rivières mènent cette eau à la mer. "
) * 2


def silent(_done: int, _total: int, _message: str) -> None:
    pass


def offered(text: str, language: str | None = None) -> Proposals:
    return propose(text, language, silent)


def flat(text: str) -> str:
    """Without what Markdown and line ends add."""
    return re.sub(r"\s+", " ", text).lower()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_word_of_a_proposal_is_the_texts_own_but_for_its_verb(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = offered(text)
    assert found.language == path.stem[:2]
    known = {token.lower for token in tokenise(text)}
    lexicon = lexicon_for(found.language)
    assert 3 <= len(found.objectives) <= 8
    assert len({objective.title for objective in found.objectives}) == len(found.objectives)
    for objective in found.objectives:
        added = [token.lower for token in tokenise(objective.title) if token.lower not in known]
        verbs = [word for word in added if word in lexicon.bloom]
        others = {"how", "who", "put", "in", "and", "cómo", "quién", "y", "wie", "wer", "und"}
        assert set(added) - set(verbs) <= others, objective.title
        assert objective.bloom_level in lexicon.bloom.values()
        assert objective.sentences
        for sentence in objective.sentences:
            assert flat(sentence) in flat(text)
    for told in (found.title, found.subject):
        assert {token.lower for token in tokenise(told)} <= known
    assert found.grade_level is not None
    assert grade_band(found.grade_level)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_lesson_of_what_is_proposed_has_nothing_to_say_against_its_objectives(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = offered(text)
    objectives = [Objective(each.title, each.bloom_level) for each in found.objectives]
    made = analyse(
        a_request(source_text=text, language=found.language, learning_objectives=objectives), silent
    )
    assert [warning for warning in made.warnings if "bjective" in warning] == []
    assert all(match.sentences for match in made.objectives)


def test_each_kind_of_finding_has_its_verb() -> None:
    titles = {objective.title: objective for objective in offered(SOURCE).objectives}
    assert "Summarise “The water cycle”" in titles
    assert titles["Define “evaporation”"].bloom_level == "remember"
    compared = titles["Compare “groundwater” and “precipitation”"]
    assert compared.bloom_level == "analyze"
    assert compared.sentences == (
        "Precipitation is water that falls from clouds as rain, snow, sleet or hail.",
        "Groundwater is water that fills the spaces between rocks below the surface.",
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("en_ocean", "Explain how tides are caused by the gravity of the Moon"),
        ("en_printing", "Name who published a book about the motion of the planets"),
        ("de_vulkane", "Nennen, wer den Ausbruch in zwei Briefen beschrieb"),
        ("de_vulkane", "„Lava“ und „Magma“ vergleichen"),
        ("es_celula", "Comparar «orgánulo» y «cromosoma»"),
    ],
)
def test_a_clause_keeps_the_order_of_its_language(text: str, title: str) -> None:
    [path] = [path for path in TEXTS if path.stem == text]
    assert title in [objective.title for objective in offered(path.read_text(encoding="utf-8")).objectives]


def test_subject_and_title_come_from_the_heading_or_where_there_is_none_from_the_key_terms() -> None:
    with_heading = offered(SOURCE)
    assert (with_heading.title, with_heading.subject) == ("The water cycle", "Water cycle")
    without = offered(SOURCE.partition("\n")[2])
    assert without.title == without.subject != ""


def test_in_a_language_without_tables_nothing_is_proposed_that_would_need_them() -> None:
    found = offered(FRENCH)
    assert (found.language, found.grade_level, found.objectives) == (UNKNOWN, None, ())
    assert found.words > 60
    assert offered(FRENCH, "fr").language == "fr"


def test_a_language_that_was_chosen_is_kept() -> None:
    assert offered(SOURCE, "en-GB").language == "en-GB"
    assert offered(SOURCE, "en-GB").objectives == offered(SOURCE).objectives


def test_a_text_that_carries_no_lesson_is_told_at_once() -> None:
    with pytest.raises(SourceTooShort):
        offered("Too short. Really.")
