"""The whole way from a text to files: repeatable, measured, bounded, and safe with any text."""

import os
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as Xml

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from content_runs import run, source, unheard, water_request
from forms import FULL
from toolboxai.errors import SourceRequired, SourceTooShort, ValidationError
from toolboxai.platform.content.engine import OfflineEngine, stage_results
from toolboxai.platform.content.exports.formats import FORMATS, render
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.request import GenerationRequest, Objective


def test_each_stage_can_be_stored_as_json_and_taken_up_by_another_process() -> None:
    engine, request = OfflineEngine(), water_request()

    def stored(value: Any, kind: type) -> Any:
        return msgspec.convert(msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(value))), kind)

    request = stored(request, GenerationRequest)
    analysis = stored(engine.analyse(request, unheard), Analysis)
    lesson = stored(engine.lesson(request, analysis, unheard), Lesson)
    quiz = stored(engine.quiz(request, analysis, lesson, unheard), Quiz)
    package = engine.package(request, analysis, lesson, quiz, "content_456", unheard)
    assert package == run(water_request()).package


def test_the_same_request_gives_the_same_bytes_in_every_process() -> None:
    script = "from content_runs import *; print([f.sha256 for f in run(water_request(seed=5)).package.files])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{[file.sha256 for file in run(water_request(seed=5)).package.files]}\n"}


def test_stage_results_are_counts_without_a_word_of_the_text() -> None:
    made = run(water_request())
    analysis, lesson = stage_results(made.analysis), stage_results(made.lesson)
    quiz, package = stage_results(made.quiz), stage_results(made.package)
    assert analysis["concepts_identified"] == len(made.analysis.concepts)
    assert analysis["difficulty_level"] == "medium"
    assert (lesson["sections"], lesson["duration_minutes"]) == (len(made.lesson.sections), 45)
    assert (quiz["questions"], sum(quiz["by_type"].values())) == (10, 10)
    files = made.package.files
    assert (package["files"], package["bytes"]) == (len(files), sum(len(file.content) for file in files))
    assert len(msgspec.json.encode([analysis, lesson, quiz, package])) < 700


def test_progress_of_each_stage_goes_from_none_to_all_and_never_back() -> None:
    engine, request = OfflineEngine(), water_request()
    heard: list[tuple[int, int, str]] = []

    def checked(stage: Callable[[Any], Any]) -> Any:
        heard.clear()
        result = stage(lambda done, total, message: heard.append((done, total, message)))
        done = [entry[0] for entry in heard]
        assert done[0] == 0
        assert done == sorted(done)
        assert done[-1] == heard[-1][1]
        assert len({total for _, total, _ in heard}) == 1
        assert all(message for *_, message in heard)
        return result

    analysis = checked(lambda report: engine.analyse(request, report))
    assert len(heard) > 50
    lesson = checked(lambda report: engine.lesson(request, analysis, report))
    quiz = checked(lambda report: engine.quiz(request, analysis, lesson, report))
    assert len(heard) > 50
    checked(lambda report: engine.package(request, analysis, lesson, quiz, "content_1", report))


class Cancelled(Exception):
    pass


@pytest.mark.parametrize("calls", [1, 30, 80])
def test_what_the_report_raises_passes_through(calls: int) -> None:
    left = iter(range(calls))

    def report(done: int, total: int, message: str) -> None:
        if next(left, None) is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        OfflineEngine().analyse(water_request(), report)


def test_a_bad_request_is_refused_before_any_work() -> None:
    def report(done: int, total: int, message: str) -> None:
        raise AssertionError("no work was to be done")

    with pytest.raises(ValidationError):
        OfflineEngine().analyse(water_request(question_types=["essay"]), report)
    with pytest.raises(SourceRequired):
        OfflineEngine().analyse(water_request(source_text=""), report)
    with pytest.raises(SourceTooShort):
        OfflineEngine().analyse(water_request(source_text="Too short."), report)


def long_text(words: int) -> str:
    """The sample again and again, with other nouns each time, so that no sentence comes twice."""
    text, made = source("water_cycle"), 0
    parts: list[str] = []
    while made < words:
        mark = f"{chr(97 + len(parts) % 26)}{chr(97 + len(parts) // 26)}"
        parts.append(
            text.replace("water", f"water{mark}")
            .replace("cloud", f"cloud{mark}")
            .replace("air", f"air{mark}")
        )
        made += len(text.split())
    return "\n\n".join(parts)


def cpu_seconds(words: int) -> float:
    request = water_request(source_text=long_text(words), num_questions=50)
    begun = time.process_time()
    made = run(request)
    assert len(made.quiz.questions) == 50
    return time.process_time() - begun


def test_two_thousand_words_take_less_than_five_seconds_of_cpu() -> None:
    assert cpu_seconds(2_000) < 5


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_the_cost_grows_with_the_text_and_not_with_its_square() -> None:
    small, large = (10_000, 60_000) if FULL else (5_000, 20_000)
    cpu_seconds(1_000)  # the tables are read once
    growth = cpu_seconds(large) / cpu_seconds(small)
    assert growth < 2 * large / small


PIECES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "Rain is water that falls from the clouds to the ground.", "Snow is rain that froze in the cold air.",
            "The Nile is a river in Egypt.", "In 1905 Albert Einstein wrote about 4 papers.", "- item one", "# Heading", "\n\n",
            "<script>alert(1)</script>", "<b>&amp;</b>", "]]>", "{{ 7 }}{% x %}", "a" * 3000, "\x00\x1b[31m\x07", "\ud800",
            "\u202egnirts", "It is said that it was so.", "_____ is *a* _thing_ that ~~was~~ `so`.", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643.",
            "\u6c34\u5faa\u74b0\u3002", "e\u0301" * 20, "1. 2. 3. 4.", "Mr. Dr. St. Prof.", "||||", "a, b, c and d, e or f",
        ]
    ),
)  # fmt: skip


@settings(
    deadline=None,
    max_examples=300 if FULL else 30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    base=st.sampled_from(["", source("cells.md"), source("curie.txt")[:900]]),
    pieces=st.lists(PIECES, max_size=30),
    between=st.sampled_from([" ", "\n", "\n\n", ""]),
    subject=st.text(min_size=1, max_size=30),
    objective=st.text(min_size=1, max_size=60),
    language=st.sampled_from(["en", "de", "ar"]),
    seed=st.integers(0, 5),
)
@example(
    base="",
    pieces=["Water is a gas that is _____ now and then here. "] * 12,
    between=" ",
    subject="S",
    objective="O",
    language="en",
    seed=0,
)
@example(
    base="",
    pieces=["a." * 2000, "b! " * 500],
    between=" ",
    subject="\x00",
    objective="\ud800",
    language="en",
    seed=0,
)
def test_any_text_gives_a_valid_result_or_a_clear_refusal(
    base: str, pieces: list[str], between: str, subject: str, objective: str, language: str, seed: int
) -> None:
    request = water_request(
        source_text=between.join([base, *pieces]),
        subject=subject,
        learning_objectives=[Objective(objective)],
        language=language,
        seed=seed,
    )
    try:
        made = run(request)
    except (SourceTooShort, SourceRequired, ValidationError):
        return
    assert sum(section.duration_minutes for section in made.lesson.sections) == 45
    for question in made.quiz.questions:
        assert question.source_index is not None
        named = question.sources or (question.source_index,)
        assert question.source_sentence == " ".join(made.analysis.sentences[at].text for at in named)
        assert not question.options or set(question.answers) <= set(question.options)
    for audience in Audience:
        root = Xml.fromstring(made.text("html", audience))
        assert not [element for element in root.iter() if element.tag in ("script", "b")]
        assert len(root.findall(".//legend")) == len(made.quiz.questions)
    for format in TEXTS:
        words = made.text(format).removeprefix("\ufeff").replace("\r\n", "\n")
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in words if c not in "\n\t")
    if seed == 0:  # these take longer to write
        for format in sorted(set(FORMATS) - set(TEXTS) - {"zip"}):
            assert render(made.document, format, Audience.TEACHER).content


# Files that are text.
TEXTS = ("md", "html", "json", "moodle_xml", "gift", "aiken", "csv")
