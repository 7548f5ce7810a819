"""Stage lesson_generation: timed, traceable, and nothing invented."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_runs import Run, run, source, water_request
from forms import FULL
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.language.frames import frames_for
from toolboxai.platform.content.model.lesson import SectionKind
from toolboxai.platform.content.model.request import Objective


@pytest.fixture(scope="module")
def water() -> Run:
    return run(water_request())


def test_a_lesson_has_its_parts_in_order(water: Run) -> None:
    assert [section.kind.value for section in water.lesson.sections] == [
        "hook", "vocabulary", "explanation", "explanation", "explanation", "activity", "check", "exit_ticket",
    ]  # fmt: skip
    assert [section.objectives for section in water.lesson.sections[2:5]] == [(0,), (1,), (2,)]


FRAMES = [
    re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(frame)))
    for frame in msgspec.structs.asdict(frames_for("en")).values()
    if isinstance(frame, str) and "{" not in frame[:1]
]


@pytest.mark.parametrize("name", ["water_cycle", "curie.txt", "cells.md"])
def test_every_line_is_a_sentence_of_the_source_or_a_fixed_frame(name: str) -> None:
    made = run(water_request(source_text=source(name)))
    for section in made.lesson.sections:
        for statement in section.statements:
            if statement.sentence is None:
                assert any(frame.fullmatch(statement.text) for frame in FRAMES), statement.text
            else:
                assert statement.text == made.analysis.sentences[statement.sentence].text
    for entry in made.lesson.vocabulary:
        assert entry.source_index is not None
        assert entry.source_sentence == made.analysis.sentences[entry.source_index].text
        assert entry.meaning is None or entry.meaning in entry.source_sentence


@settings(deadline=None, max_examples=40 if FULL else 15)
@given(minutes=st.integers(5, 120), objectives=st.integers(1, 10))
def test_minutes_sum_to_the_duration_whatever_is_asked(minutes: int, objectives: int) -> None:
    titles = [Objective(f"Explain {word}") for word in WORDS[:objectives]]
    request = water_request(duration_minutes=minutes, learning_objectives=titles)
    engine = OfflineEngine()
    lesson = engine.lesson(request, engine.analyse(request, lambda *_: None), lambda *_: None)
    assert sum(section.duration_minutes for section in lesson.sections) == minutes
    assert min(section.duration_minutes for section in lesson.sections) >= 1
    assert {number for section in lesson.sections for number in section.objectives} == set(range(objectives))


WORDS = [
    "clouds",
    "evaporation",
    "rivers",
    "groundwater",
    "glaciers",
    "oceans",
    "rain",
    "soil",
    "mountains",
    "plants",
]


def test_a_short_lesson_says_what_it_leaves_out(water: Run) -> None:
    short = run(water_request(duration_minutes=5))
    assert [section.kind for section in short.lesson.sections] == [
        SectionKind.HOOK, *[SectionKind.EXPLANATION] * 3, SectionKind.EXIT_TICKET,
    ]  # fmt: skip
    assert "Below 15 minutes" in short.lesson.warnings[0]
    assert short.lesson.vocabulary == ()


def test_objectives_that_the_text_does_not_know_are_named_gaps() -> None:
    made = run(water_request(learning_objectives=[Objective("Explain plate tectonics")]))
    assert made.lesson.warnings[0].startswith("None of the learning objectives was found")
    reading = [section.title for section in made.lesson.sections if section.kind is SectionKind.EXPLANATION]
    assert reading == ["Reading the text, part 1", "Reading the text, part 2", "Reading the text, part 3"]
    assert "Objective 1 has no section and no question." in made.package.warnings


def test_a_sentence_that_starts_with_a_pronoun_brings_the_one_before_it(water: Run) -> None:
    for section in water.lesson.sections:
        indexes = [s.sentence for s in section.statements if s.sentence is not None]
        for index in indexes:
            if water.analysis.sentences[index].text.startswith(("These ", "It ", "They ")):
                assert index - 1 in indexes


@pytest.mark.parametrize("name", ["water_cycle", "curie.txt", "cells.md"])
def test_the_activity_is_worked_once_then_it_is_the_pupils_turn(name: str) -> None:
    made = run(water_request(source_text=source(name)))
    (activity,) = (one for one in made.lesson.sections if one.kind is SectionKind.ACTIVITY)
    task, example, quote, line, turn, *rest = activity.statements
    terms = task.text.removeprefix("Write each of these terms on a card: ").removesuffix(".").split(", ")
    assert len(terms) == len(set(terms)) == 8
    one, other = re.findall("\u201c(.+?)\u201d", example.text)
    (link,) = re.findall("\u201c(.+?)\u201d", line.text)
    assert {one, other} <= set(terms)
    assert quote.sentence is not None
    assert link in quote.text.partition(link)[1]
    assert turn.text == frames_for("en").activity_turn
    assert 2 <= len(rest) <= 6
    for pair, expected in zip(rest[::2], rest[1::2], strict=True):
        assert set(re.findall("\u201c(.+?)\u201d", pair.text)) <= set(terms)
        assert expected.for_teacher
        assert expected.sentence not in (None, quote.sentence)
    assert len({expected.sentence for expected in rest[1::2]}) == len(rest[1::2])


def test_a_text_that_links_no_terms_is_worked_with_one_sentence_for_each_card() -> None:
    lonely = (
        "# Trees\n\nOaks grow slowly in the north, and nobody knows for how long. Acorns are bitter in the first "
        "weeks of autumn. Jays hide their food in deep holes all winter long. Beeches keep their leaves until spring. "
        "Moss covers everything in the wet valley. Acorns fall in October when nights are cold. Oaks stand alone "
        "on the hills for a thousand years. Beeches burn well. Jays are loud and blue and seldom shy."
    )
    made = run(water_request(source_text=lonely, learning_objectives=[Objective("Describe oaks")]))
    (activity,) = (one for one in made.lesson.sections if one.kind is SectionKind.ACTIVITY)
    task, example, quote, turn, *rest = activity.statements
    assert task.text.startswith("Write each of these terms on a card: ")
    assert example.text.startswith("Worked example: copy the sentence")
    assert quote.sentence is not None
    assert turn.text == frames_for("en").activity_find
    assert rest
    for card, expected in zip(rest[::2], rest[1::2], strict=True):
        (term,) = re.findall("\u201c(.+?)\u201d", card.text)
        assert expected.for_teacher
        assert term in expected.text.lower()


def test_what_is_checked_counts_for_its_objective(water: Run) -> None:
    (check,) = (one for one in water.lesson.sections if one.kind is SectionKind.CHECK)
    assert check.objectives == (0, 1, 2)
    assert sum(statement.for_teacher for statement in check.statements) == 3
