"""What a teacher found wrong with questions on texts that nobody had tuned the engine on, each as a rule."""

from pathlib import Path

import pytest

from content_runs import run, source, water_request
from toolboxai.platform.content.analysis.names import find_names
from toolboxai.platform.content.analysis.reading import parse
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.model.analysis import ConceptKind, Definition, Sentence, SentenceKind
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import Objective
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.questions.definition import shows_its_term

CORPUS = Path(__file__).parents[2] / "corpus" / "texts"

LIMES = """# Das Reich

Der Limes war eine befestigte Grenze zwischen dem Reich und den Germanen. Die Mauer am Limes war an vielen Stellen 3 Meter hoch.
Kaiser Trajan führte die Soldaten aus Rom nach Osten. Das Reich reichte damals von Britannien bis zum Nil in Afrika.
Die Soldaten am Limes bewachten die Grenze mit ihren Waffen. Die Germanen tauschten Felle gegen Geld mit den Soldaten am Limes.
Die Türme an der Grenze waren aus Holz und später aus Stein gebaut. Die Straßen verbanden Rom mit der Grenze am Limes.
"""


def asked(text: str, language: str, kind: str) -> list[Question]:
    return [
        question
        for seed in range(8)
        for question in run(
            water_request(
                source_text=text,
                language=language,
                question_types=[kind],
                num_questions=10,
                seed=seed,
                learning_objectives=[Objective("Limes" if language == "de" else "Explain rays")],
            )
        ).quiz.questions
    ]


def test_a_noun_and_a_measure_have_no_opposite() -> None:
    questions = asked(LIMES, "de", "true_false")
    assert questions
    for question in questions:
        assert "dem Arm" not in question.question  # das Reich, not reich
        assert "niedrig" not in question.question  # 3 Meter hoch


def test_who_was_a_chemist_is_not_put_another_person_in_place_of() -> None:
    false = [one for one in asked(source("curie.md"), "en", "true_false") if one.correct_answer == "False"]
    assert false
    assert not [one for one in false if "was a physicist" in one.question]


def test_when_is_not_asked_of_the_second_of_two_verbs() -> None:
    questions = asked(source("volcanes.md"), "es", "short_answer")
    assert questions
    assert not [one for one in questions if "nueve años y" in one.question]


def test_a_part_of_a_places_name_is_not_accepted_for_it() -> None:
    answers = [
        one for one in asked(source("bolivar.md"), "es", "short_answer") if one.answers == ("Alto Perú",)
    ]
    assert answers
    assert not [one for one in answers if "Perú" in one.accepted]


@pytest.mark.parametrize(
    ("term", "meaning", "shown"),
    [
        ("Konversationsheft", "ein Heft, in das Gäste ihre Fragen schreiben", True),
        ("estratovolcán", "un volcán de laderas empinadas", True),
        ("Metronom", "ein Gerät, das ein Tempo vorgibt", False),
        ("fusion", "an ion that joins another one", False),
    ],
)
def test_a_term_that_its_meaning_shows(term: str, meaning: str, shown: bool) -> None:
    assert shows_its_term(Definition(term=term, meaning=meaning, sentence=0, verb="ist")) is shown


def test_what_became_a_city_is_no_person() -> None:
    texts = [
        "Samarkand became the most splendid city of the region under Timur.",
        "Merchants came to Samarkand and sold their silk.",
    ]
    lexicon = lexicon_for("en")
    parsed = [parse(Sentence(at, text, SentenceKind.PROSE, None, 0)) for at, text in enumerate(texts)]
    found = {name.text: name.kind for name in find_names(parsed, lexicon, Progress(lambda *_: None, 1, ""))}
    assert found["Samarkand"] is not ConceptKind.PERSON


def test_a_place_and_a_person_side_by_side_are_two_names() -> None:
    texts = [
        "In France Jean de La Fontaine wrote many fables.",
        "The fables of La Fontaine are read in France.",
    ]
    lexicon = lexicon_for("en")
    parsed = [parse(Sentence(at, text, SentenceKind.PROSE, None, 0)) for at, text in enumerate(texts)]
    found = {name.text: name.kind for name in find_names(parsed, lexicon, Progress(lambda *_: None, 1, ""))}
    assert found["France"] is ConceptKind.PLACE
    assert "Jean de La Fontaine" in found
    assert "France Jean de La Fontaine" not in found


def test_a_name_that_the_sentence_says_in_part_is_no_wrong_answer() -> None:
    text = (CORPUS / "en_lovelace.md").read_text(encoding="utf-8")
    kinds = ("multiple_choice", "true_false")
    questions = [
        one for kind in kinds for one in asked(text, "en", kind) if "but Lovelace saw" in one.question
    ]
    assert questions
    assert not [one for one in questions if "Ada Lovelace" in one.options]
    assert not [one for one in questions if "Ada Lovelace thought" in one.question]


@pytest.mark.parametrize(
    ("language", "texts", "name", "place"),
    [
        (
            "en",
            ["We know that the Great Fire of London burned long.", "Most houses in London were of wood."],
            "Great Fire of London",
            "London",
        ),
        (
            "de",
            ["Otto von Berlin kaufte das Land.", "Die Mauer in Berlin ist lang."],
            "Otto von Berlin",
            "Berlin",
        ),
    ],
)
def test_a_place_that_ends_a_longer_name_is_not_short_for_it(
    language: str, texts: list[str], name: str, place: str
) -> None:
    lexicon = lexicon_for(language)
    parsed = [parse(Sentence(at, text, SentenceKind.PROSE, None, 0)) for at, text in enumerate(texts)]
    found = {one.text: one for one in find_names(parsed, lexicon, Progress(lambda *_: None, 1, ""))}
    assert found[place].kind is ConceptKind.PLACE
    assert found[name].sentences == [0]
