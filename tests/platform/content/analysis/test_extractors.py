"""Definitions, names, quantities and enumerations: what is found, and what is left alone."""

import pytest

from toolboxai.platform.content.analysis.definitions import find_definition
from toolboxai.platform.content.analysis.enumerations import find_enumerations
from toolboxai.platform.content.analysis.names import find_names
from toolboxai.platform.content.analysis.quantities import find_quantities
from toolboxai.platform.content.analysis.reading import Parsed, parse
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.model.analysis import ConceptKind, Sentence, SentenceKind
from toolboxai.platform.content.progress import Progress

ENGLISH = lexicon_for("en")


def sentence(text: str, index: int = 0, kind: SentenceKind = SentenceKind.PROSE) -> Parsed:
    return parse(Sentence(index, text, kind, None, len(text.split())))


@pytest.mark.parametrize(
    ("text", "term", "meaning"),
    [
        ("Evaporation is the process by which a liquid turns into a gas.", "Evaporation", "the process by which a liquid turns into a gas"),
        ("A cloud is a visible mass of tiny droplets.", "cloud", "a visible mass of tiny droplets"),
        ("Mitochondria are tiny structures that release energy.", "Mitochondria", "tiny structures that release energy"),
        ("Osmosis means the slow diffusion of a solvent.", "Osmosis", "the slow diffusion of a solvent"),
        ("The area of land that feeds a river is called its drainage basin.", "drainage basin", "The area of land that feeds a river"),
        ("Tiny openings in a leaf are known as stomata.", "stomata", "Tiny openings in a leaf"),
        ("The centre of gravity is the point at which a body balances.", "centre of gravity", "the point at which a body balances"),
    ],
)  # fmt: skip
def test_what_the_text_says_a_term_is(text: str, term: str, meaning: str) -> None:
    found = find_definition(sentence(text), ENGLISH)
    assert found is not None
    assert (found.term, found.meaning) == (term, meaning)
    assert found.term in text
    assert found.meaning in text


def test_a_glossary_line_is_a_definition_only_in_a_list() -> None:
    text = "Nucleus: the control centre of the cell"
    assert find_definition(sentence(text, kind=SentenceKind.ITEM), ENGLISH) is not None
    assert find_definition(sentence(text), ENGLISH) is None


@pytest.mark.parametrize(
    "text",
    [
        "It is the process by which water rises.",
        "This process is called evaporation.",
        "Rain is the most important source of water.",
        "Water is an important part of every body.",
        "Farmers are sure that rain will come to the fields.",
        "Farmers are afraid that rain will come to the fields.",
        "Farming is proof that rain will come to the fields.",
        "The result is a cloud of small droplets.",
        "A reader is a person who reads a lot of books.",
        "The reason is that it was late.",
        'The word "rain" is a noun in most cases.',
    ],
)
def test_what_is_no_definition_is_left_alone(text: str) -> None:
    assert find_definition(sentence(text), ENGLISH) is None


def names(*texts: str) -> dict[str, ConceptKind]:
    parsed = [sentence(text, index) for index, text in enumerate(texts)]
    found = find_names(parsed, ENGLISH, Progress(lambda *_: None, 1, ""))
    return {name.text: name.kind for name in found}


def test_names_are_found_with_their_kind() -> None:
    assert names(
        "Edmond Halley studied the Mediterranean Sea in those years.",
        "The rain in Chile was measured by Pierre Perrault in that year.",
        "Halley showed that the Bay of Bengal gets more rain.",
        "Many people read about the Nobel Prize in the news.",
    ) == {
        "Edmond Halley": ConceptKind.PERSON,
        "Mediterranean Sea": ConceptKind.PLACE,
        "Chile": ConceptKind.PLACE,
        "Pierre Perrault": ConceptKind.PERSON,
        "Bay of Bengal": ConceptKind.PLACE,
        "Nobel Prize": ConceptKind.NAME,
    }


def test_sentence_starts_months_and_titles_in_capitals_are_no_names() -> None:
    assert (
        names(
            "Mountains rise in May and June.",
            "ALL OF THIS IS WRITTEN IN CAPITALS.",
            "We met a French potter there.",
        )
        == {}
    )


def test_a_surname_of_several_people_is_nobody() -> None:
    found = names(
        "We know that Marie Curie worked.", "We know that Pierre Curie died.", "It was said that Curie won."
    )
    assert set(found) == {"Marie Curie", "Pierre Curie"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("About 71 percent of it is water.", [("71", "percent", "percent")]),
        ("It covers 71% of the surface today.", [("71", "percent", "%")]),
        ("He wrote it in 1580 and died.", [("1580", "year", "")]),
        ("It is 12 per cent of all.", [("12", "percent", "percent")]),
        ("The heart beats 70 per minute.", [("70", "number", "")]),
        ("The height of 1500 metres is enough.", [("1500", "number", "metres")]),
        ("It got almost 12,000 millimetres of rain.", [("12,000", "number", "millimetres")]),
        ("The H2O molecule and COVID-19 and 10:30 and 3/4 stay.", []),
        ("Version 1.2.3 has 1,23 and 37 trillion parts.", [("37", "number", "trillion")]),
    ],
)
def test_numbers_with_kind_and_unit(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = find_quantities(sentence(text), ENGLISH)
    assert [(quantity.text, quantity.kind, quantity.unit) for quantity in found] == expected


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("The main forms are rain, snow, sleet and hail.", ("rain", "snow", "sleet", "hail")),
        ("There are three families: cirrus, cumulus, and stratus.", ("cirrus", "cumulus", "stratus")),
    ],
)
def test_things_listed_side_by_side(text: str, items: tuple[str, ...]) -> None:
    assert [found.items for found in find_enumerations(sentence(text), ENGLISH)] == [items]


def test_clauses_between_commas_are_no_list() -> None:
    text = "Moist air rises on one side, cools as it goes, and loses its rain."
    assert find_enumerations(sentence(text), ENGLISH) == []
