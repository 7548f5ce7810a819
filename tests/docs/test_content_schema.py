"""The documented schema is that of the types, and each JSON file of a lesson holds to it."""

import json
import runpy
from typing import Any

import jsonschema_rs
import pytest

from content_runs import run, source, water_request
from doc_snippets import ROOT
from toolboxai.platform.content.exports.json import read_json, render_json
from toolboxai.platform.content.exports.words import WORDS
from toolboxai.platform.content.model.request import QuestionType
from whole_documents import whole_document

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "write_content_schema.py"), run_name="writing")
SCHEMA = json.loads(SCRIPT["PAGE"].read_text(encoding="utf-8"))
VALID = jsonschema_rs.validator_for(SCHEMA)


def test_the_page_is_written_as_the_types_are() -> None:
    page = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert page == SCRIPT["written"](), "run: .venv-dev/bin/python scripts/write_content_schema.py"


@pytest.mark.parametrize("language", list(WORDS))
def test_the_file_with_every_kind_of_question_holds_to_it(language: str) -> None:
    document = whole_document(language)
    content = json.loads(render_json(document))
    VALID.validate(content)
    assert read_json(render_json(document)) == document
    assert {question["type"] for question in content["quiz"]["questions"]} == set(QuestionType)


@pytest.mark.parametrize("name", ["water_cycle", "curie.txt", "cells.md", "agua.txt"])
def test_so_does_what_the_engine_makes(name: str) -> None:
    language = "es" if name == "agua.txt" else "en"
    VALID.validate(json.loads(run(water_request(source_text=source(name), language=language)).text("json")))


def test_the_promised_fields_stand_where_they_were_promised() -> None:
    content = json.loads(render_json(whole_document()))
    for section in content["lesson"]["sections"]:
        assert section["title"]
        assert section["duration_minutes"] >= 1
    assert content["lesson"]["vocabulary"][0]["term"] == "root"
    wanted = {
        "type", "question", "options", "correct_answer", "rationale", "source_sentence", "objective", "difficulty",
    }  # fmt: skip
    for question in content["quiz"]["questions"]:
        assert wanted <= set(question)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "toolboxai.content/2"},
        {"quiz": None},
        {"coverage": [{"objective": "Explain", "sections": ["one"], "questions": []}]},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    content = {**json.loads(render_json(whole_document())), **change}
    assert not VALID.is_valid(content)


def test_a_field_that_is_missing_is_refused() -> None:
    for name in ("schema", "lesson", "quiz", "warnings"):
        content = json.loads(render_json(whole_document()))
        del content[name]
        assert not VALID.is_valid(content), name
