"""Stage content_analysis on whole texts."""

import msgspec
import pytest

from content_runs import source, unheard, water_request
from toolboxai.errors import SourceTooShort
from toolboxai.platform.content.analysis.analyse import analyse
from toolboxai.platform.content.model.analysis import Analysis, ConceptKind, SentenceKind
from toolboxai.platform.content.model.request import Objective
from toolboxai.platform.content.sources.text import normalise


@pytest.fixture(scope="module")
def water() -> Analysis:
    return analyse(water_request(), unheard)


def test_the_concepts_of_the_water_cycle_are_found(water: Analysis) -> None:
    terms = {concept.term for concept in water.concepts}
    assert terms >= {
        "evaporation", "condensation", "precipitation", "groundwater", "runoff", "aquifer", "rain shadow",
        "water vapour", "Edmond Halley",
    }  # fmt: skip
    assert water.concepts_identified == len(water.concepts)


def test_what_the_first_version_kept_can_still_be_read(water: Analysis) -> None:
    kept = msgspec.to_builtins(water)
    for name in ("relations", "dates", "written_source"):
        del kept[name]
    numbers = kept["readability"].pop("formulas")
    kept["readability"] |= {name: numbers[name] for name in numbers}
    assert msgspec.convert(kept, Analysis).sentences == water.sentences


def test_each_concept_stands_in_the_sentences_it_names(water: Analysis) -> None:
    for concept in water.concepts:
        assert 0 < concept.score <= 1
        assert concept.sentences
        for index in concept.sentences:
            assert any(form in water.sentences[index].text.lower() for form in concept.forms)


def test_no_concept_is_a_verb_a_function_word_or_an_adjective(water: Analysis) -> None:
    terms = {concept.term for concept in water.concepts}
    assert not terms & {
        "is",
        "which",
        "falls",
        "evaporates",
        "called",
        "large",
        "about",
        "many",
        "form",
        "slowly",
    }


def test_definitions_are_cut_from_their_sentence_word_for_word(water: Analysis) -> None:
    assert len(water.definitions) >= 14
    for definition in water.definitions:
        text = water.sentences[definition.sentence].text
        assert definition.term in text
        assert definition.meaning in text


def test_sentences_are_the_source_word_for_word_and_in_order(water: Analysis) -> None:
    flat = " ".join(normalise(source("water_cycle")).split())
    at = 0
    for number, sentence in enumerate(water.sentences):
        assert sentence.index == number
        at = flat.index(sentence.text, at) + len(sentence.text)


def test_objectives_get_their_bloom_level_and_their_passages(water: Analysis) -> None:
    clouds, evaporation, groundwater = water.objectives
    assert (clouds.bloom_verb, clouds.bloom_level) == ("explain", "understand")
    assert {water.sentences[index].text.split()[0] for index in evaporation.sentences[:2]} == {
        "Evaporation",
        "Condensation",
    }
    assert "roundwater" in water.sentences[groundwater.sentences[0]].text
    assert "cloud" in water.sentences[clouds.sentences[0]].text.lower()


def test_what_the_teacher_should_know_is_said() -> None:
    objectives = [Objective("Understanding of dinosaurs"), Objective("List kinds of clouds", "evaluate")]
    found = analyse(water_request(learning_objectives=objectives, difficulty="easy"), unheard)
    assert [warning.split(":")[0].split(",")[0] for warning in found.warnings] == [
        'You asked for "easy"',
        "Objective 1 has no verb that says what pupils will do",
        "The text says nothing about objective 1",
        'Objective 2 is marked "evaluate"',
    ]
    assert found.objectives[1].bloom_level == "evaluate"


def test_an_objective_that_nobody_can_observe_is_told() -> None:
    found = analyse(water_request(learning_objectives=[Objective("Understand clouds")]), unheard)
    assert found.warnings[0].startswith('Objective 1 says "understand", which nobody can see or hear')
    assert "explain" not in found.warnings[0].split(":")[0]
    assert found.objectives[0].bloom_verb is None


def test_difficulty_follows_the_grade() -> None:
    levels = [
        analyse(water_request(grade_level=grade), unheard).difficulty_level for grade in (1, 4, "6-8", 11)
    ]
    assert levels == ["expert", "hard", "medium", "easy"]


def test_list_items_and_names_are_told_apart() -> None:
    cells = analyse(water_request(source_text=source("cells.md")), unheard)
    assert [s.text for s in cells.sentences if s.kind is SentenceKind.ITEM][1].startswith(
        "Nucleus: the control centre"
    )
    assert {concept.term: concept.kind for concept in cells.concepts}["Robert Hooke"] is not ConceptKind.TERM
    assert ("plants", "animals", "fungi", "bacteria") in [listed.items for listed in cells.enumerations]


def test_a_text_that_carries_no_lesson_is_refused_with_what_it_needs() -> None:
    with pytest.raises(SourceTooShort, match=r"10 words and 1 whole sentence.*at least 60 words") as refused:
        analyse(water_request(source_text="Rain falls from the clouds down to the green ground."), unheard)
    assert refused.value.details == {"words": 10, "sentences": 1, "words_needed": 60, "sentences_needed": 4}
    with pytest.raises(SourceTooShort):
        analyse(water_request(source_text="water " * 500), unheard)


def test_another_language_gets_what_needs_no_tables_and_is_told_so() -> None:
    found = analyse(water_request(source_text=source("agua_pt.txt"), language="pt"), unheard)
    assert "evaporação" in {concept.term for concept in found.concepts}
    assert found.definitions == ()
    assert "no word tables here" in found.warnings[0]


def test_the_title_is_asked_for_or_the_first_heading_or_the_subject() -> None:
    assert analyse(water_request(), unheard).title == "The Water Cycle"
    assert analyse(water_request(title="Rain\nand sun"), unheard).title == "Rain and sun"
    assert (
        analyse(water_request(source_text=source("agua_pt.txt"), language="pt"), unheard).title == "Science"
    )


def test_notes_of_how_files_were_read_are_the_first_warnings() -> None:
    note = "notes.pdf: Damaged, and passed over: page 2."
    analysis = analyse(msgspec.structs.replace(water_request(), source_notes=(note,)), unheard)
    assert analysis.warnings[0] == note


def matched(title: str) -> list[str]:
    text = """# The harbour

The harbour lies at the mouth of a wide river. Ships from many countries come to the harbour in summer.
The harbour has four long quays of grey stone. Fishermen mend their nets in the harbour every evening.

## The decline

Since 1970 the sand of the river has filled the channel. Large ships need much deeper water than before.
The last shipyard closed and its workers moved away. Today the quays are empty for most of the year.

## Perils of the coast

Thick fog comes from the sea in the morning. Many boats were lost in the storm of 1907.
A danger of another kind is the strong tide.
"""
    found = analyse(water_request(source_text=text, learning_objectives=[Objective(title)]), unheard)
    return [found.sentences[index].text for index in found.objectives[0].sentences]


def test_an_objective_is_matched_with_what_stands_under_its_own_heading() -> None:
    best = matched("Explain the decline of the harbour")[:3]
    assert set(best) <= {
        "Since 1970 the sand of the river has filled the channel.",
        "Large ships need much deeper water than before.",
        "The last shipyard closed and its workers moved away.",
        "Today the quays are empty for most of the year.",
    }


def test_another_word_that_means_the_same_will_do_where_the_text_has_not_the_objectives() -> None:
    assert matched("Describe the tempest") == ["Many boats were lost in the storm of 1907."]
    assert matched("Describe the physician") == []  # a doctor is nowhere either


def test_what_neither_text_nor_heading_speaks_of_stays_a_gap() -> None:
    assert matched("Describe the lighthouse") == []
    assert matched("Explain the decline of the whaling trade in Norway") == []


WAX = """# The hive

A hive is a home that bees build for their young. Bees carry nectar into the hive on warm days.
Bees feed the young with honey and pollen. In the cold months the bees sit close together in the hive.

## The role of wax

Cells of wax keep the honey clean and dry. A new brand of candle is made of old combs.
Thin plates come from glands under the body. A comb weighs little and holds much honey.
"""


@pytest.mark.parametrize(
    ("title", "silent"),
    [
        (
            "Describe the role of bees",
            "Thin plates come from glands under the body.",
        ),  # "role" alone names nothing
        ("Explain how they make furniture", "A new brand of candle is made of old combs."),  # a make of car
    ],
)
def test_a_word_that_says_little_matches_nothing_by_itself(title: str, silent: str) -> None:
    found = analyse(water_request(source_text=WAX, learning_objectives=[Objective(title)]), unheard)
    assert silent not in [found.sentences[index].text for index in found.objectives[0].sentences]
