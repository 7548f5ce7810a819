"""Stage packaging: what the summary says is what the files hold."""

import hashlib
import re

import msgspec
import pytest

from content_runs import Run, run, source, water_request
from toolboxai.platform.content.exports.formats import sheets
from toolboxai.platform.content.exports.json import read_json
from toolboxai.platform.content.model.package import Audience, Package, Summary


@pytest.fixture(scope="module")
def water() -> Run:
    return run(water_request())


def test_there_is_a_file_for_each_format_and_its_readers(water: Run) -> None:
    assert [(file.format, file.audience) for file in water.package.files] == list(sheets())
    names = [file.name for file in water.package.files]
    assert len(set(names)) == len(names)
    assert {"the-water-cycle-teacher.md", "the-water-cycle-student.html", "the-water-cycle.json"} <= set(
        names
    )
    assert water.package.find("rtf") is None
    assert water.package.find("json", Audience.STUDENT) is None


def test_checksums_are_those_of_the_bytes(water: Run) -> None:
    for file in water.package.files:
        assert file.sha256 == hashlib.sha256(file.content).hexdigest()


@pytest.mark.parametrize("minutes", [45, 7, 120])
@pytest.mark.parametrize("name", ["water_cycle", "curie.txt", "cells.md"])
def test_counts_in_every_file_are_those_of_the_summary(name: str, minutes: int) -> None:
    made = run(water_request(source_text=source(name), duration_minutes=minutes))
    summary = made.package.summary
    assert summary == Summary(len(made.lesson.sections), len(made.quiz.questions), minutes)
    for audience in Audience:
        markdown, html = made.text("md", audience), made.text("html", audience)
        minutes_of_sections = [
            int(found) for found in re.findall(r"^### \d+\. .* \((\d+) min\)$", markdown, re.M)
        ]
        assert (len(minutes_of_sections), sum(minutes_of_sections)) == (summary.lesson_sections, minutes)
        assert len(re.findall(r"^### Question \d+$", markdown, re.M)) == summary.quiz_questions
        html_minutes = [int(found) for found in re.findall(r'<time datetime="PT(\d+)M">', html)]
        assert (len(html_minutes), sum(html_minutes)) == (summary.lesson_sections, minutes)
        assert html.count('<section class="question"') == summary.quiz_questions
    document = read_json(made.text("json").encode())
    assert document.summary == summary
    assert len(document.lesson.sections) == summary.lesson_sections
    assert len(document.quiz.questions) == summary.quiz_questions


def test_the_json_file_is_the_whole_model(water: Run) -> None:
    document = read_json(water.text("json").encode())
    assert (document.analysis, document.lesson, document.quiz) == (water.analysis, water.lesson, water.quiz)
    assert document.coverage == water.package.coverage
    assert document.generator == "offline"
    assert document.schema == "toolboxai.content/1"


def test_coverage_names_sections_and_questions_of_each_objective(water: Run) -> None:
    for number, row in enumerate(water.package.coverage):
        assert row.sections == (number + 2, 6)  # its explanation and the check for understanding
        assert row.questions == tuple(q.id for q in water.quiz.questions if q.objective == number)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("\u00c9t\u00e9: l'eau", "ete-l-eau-teacher.md"),
        ("\u6c34", "lesson-teacher.md"),
        ("../../etc/passwd", "etc-passwd-teacher.md"),
    ],
)
def test_file_names_are_safe(title: str, name: str) -> None:
    made = run(water_request(title=title))
    assert made.package.files[0].name == name
    assert all(re.fullmatch(r"[a-z0-9-]+\.[a-z0-9]+", file.name) for file in made.package.files)


def test_a_stored_package_comes_back_equal(water: Run) -> None:
    assert msgspec.convert(msgspec.to_builtins(water.package), Package) == water.package
