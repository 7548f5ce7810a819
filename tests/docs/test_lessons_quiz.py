"""The examples of questions on the page about lessons are what the sample that comes with the package gives."""

import json
from functools import cache
from typing import Any

import msgspec
import pytest

from content_runs import run, water_request
from doc_snippets import Snippet, snippets
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES

SEEDS = range(4)


def examples() -> list[Snippet]:
    told = [one for one in snippets("json") if one.page == "docs/lessons.md"]
    return [one for one in told if json.loads(one.text).get("type") in SUPPORTED_QUESTION_TYPES]


@cache
def made(kind: str) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(msgspec.json.encode(question))
        for seed in SEEDS
        for question in run(water_request(question_types=[kind], num_questions=12, seed=seed)).quiz.questions
    ]


def of_one_order(question: dict[str, Any]) -> dict[str, Any]:
    """A question with what the dice shuffle sorted: options, and pairs to match."""
    question = {**question, "options": sorted(question.get("options", ()))}
    if question.get("prompts"):
        pairs = sorted(zip(question["prompts"], question["correct_answer"], strict=True))
        question["prompts"], question["correct_answer"] = ([pair[side] for pair in pairs] for side in (0, 1))
    return question


def test_there_is_one_example_of_each_kind() -> None:
    kinds = [json.loads(one.text)["type"] for one in examples()]
    assert sorted(kinds) == sorted(SUPPORTED_QUESTION_TYPES)


@pytest.mark.parametrize("example", examples(), ids=lambda one: json.loads(one.text)["type"])
def test_the_sample_gives_the_question_that_is_shown(example: Snippet) -> None:
    shown = json.loads(example.text)
    left_out = {"prompts": [], "options": [], "accepted": [], "tolerance": 0, "unit": ""}
    wanted = of_one_order({**left_out, **shown})
    found = [{name: of_one_order(one)[name] for name in wanted} for one in made(shown["type"])]
    assert wanted in found
