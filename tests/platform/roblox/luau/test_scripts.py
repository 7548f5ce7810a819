"""Which scripts a world gets, what stands in each, and that a lesson is data in them and nothing else."""

import re

import pytest

from fake_roblox import FakeRoblox
from luau import machine
from small_worlds import NASTY, QUESTIONS, small_land, small_plan, small_spec, station_question
from toolboxai.platform.roblox.luau.report import SOURCE_BYTES
from toolboxai.platform.roblox.luau.risks import risks
from toolboxai.platform.roblox.luau.scripts import script_source, scripts
from toolboxai.platform.roblox.luau.words import PLAYER_WORDS
from toolboxai.platform.roblox.model.instances import Script, ScriptKind

QUIZ = {
    "pupil_records",
    "text_folding",
    "grading",
    "quiz_answers",
    "quiz_questions",
    "quiz_server",
    "score_reporter",
    "quiz_controls",
    "quiz_client",
}
WORLD = {each.id: each for each in scripts(small_spec(), small_plan())}


def test_a_world_with_everything_has_all_scripts_each_where_it_belongs() -> None:
    others = {"terrain_builder", "buildings_check", "board_pages", "progress_door", "guide_hints"}
    assert set(WORLD) == QUIZ | others
    for script in WORLD.values():
        assert re.fullmatch("[a-z_]+", script.id)
        assert script.name == script.id.title().replace("_", "")
        allowed = {
            ScriptKind.SERVER: {"ServerScriptService"},
            ScriptKind.CLIENT: {"StarterPlayer/StarterPlayerScripts"},
            ScriptKind.MODULE: {"ServerStorage", "ReplicatedStorage"},
        }
        assert script.parent in allowed[script.kind]


@pytest.mark.parametrize(
    ("spec", "plan", "ids"),
    [
        (
            small_spec(without=["terrain", "buildings", "npcs"]),
            small_plan(guide=None, boards=()),
            QUIZ | {"buildings_check", "progress_door"},
        ),
        (small_spec(), small_plan((), guide=None, boards=()), {"terrain_builder", "buildings_check"}),
        (small_spec(), small_plan((), boards=()), {"terrain_builder", "buildings_check", "guide_hints"}),
        (small_spec(), small_plan(gate=None), set(WORLD) - {"progress_door"}),
    ],
)
def test_what_is_not_wanted_has_no_script(spec: object, plan: object, ids: set[str]) -> None:
    assert {each.id for each in scripts(spec, plan)} == ids  # type: ignore[arg-type]


def test_the_same_world_has_the_same_scripts_to_the_byte() -> None:
    assert list(scripts(small_spec(), small_plan())) == list(WORLD.values())


@pytest.mark.parametrize("language", ["en", "de-AT", "es", "fr"])
def test_each_script_compiles_is_ascii_and_fits_into_roblox(language: str) -> None:
    for script in scripts(small_spec(language=language), small_plan()):
        machine().load_chunk(script.source, name=f"={script.id}")
        assert script.source.isascii()
        assert "\r" not in script.source
        assert len(script.source) <= SOURCE_BYTES


def test_no_script_has_a_risk_but_the_one_that_posts_scores() -> None:
    found = {each.id: risks(each.source, may_call_out=each.id == "score_reporter") for each in WORLD.values()}
    assert not any(found.values()), found
    assert risks(WORLD["score_reporter"].source)


def code(script: Script) -> str:
    """A script without its data: all but what stands between ``local DATA =`` and the line on which it ends."""
    lines = script.source.split("\n")
    if not any(line.startswith("local DATA = ") for line in lines):
        return script.source
    first = next(at for at, line in enumerate(lines) if line.startswith("local DATA = "))
    last = next(at for at in range(first, len(lines)) if lines[at] == "}" or lines[first].endswith("}"))
    return "\n".join(lines[:first] + lines[last + 1 :])


def test_the_code_of_a_script_is_the_same_whatever_the_lesson_says() -> None:
    nasty = [
        station_question(
            each.id,
            each.type,
            each.correct_answer,
            options=(*each.options, NASTY),
            question=NASTY,
            rationale=NASTY,
            prompts=each.prompts,
        )
        for each in QUESTIONS
    ]
    for script in scripts(small_spec(nasty), small_plan(nasty)):
        assert code(script) == code(WORLD[script.id])
        assert "HttpService" in script.source or script.id != "score_reporter"


def test_the_answers_are_where_no_client_can_see_them() -> None:
    secret = "Quetzalcoatlus"
    asked = [
        station_question(
            "q1", "short_answer", secret, rationale=f"It is {secret}.", accepted=(f"{secret} II",)
        )
    ]
    having = [each for each in scripts(small_spec(asked), small_plan(asked)) if secret in each.source]
    assert [each.id for each in having] == ["quiz_answers"]
    assert having[0].parent == "ServerStorage"


def test_the_code_keeps_to_what_lua_5_1_has() -> None:
    newer = re.compile(r"\bcontinue\b|[-+*/%^]=|\.\.=|`|//|::|\\u\{|:\s*(?:string|number)\b")
    for script in WORLD.values():
        bare = re.sub(r"--[^\n]*|\"(?:[^\"\\\n]|\\.)*\"", "", code(script))
        assert not newer.search(bare), (script.id, newer.search(bare))


def test_a_quiz_too_long_for_one_script_has_parts_that_a_world_puts_together() -> None:
    letters = "\u6f22" * 300
    asked = [
        station_question(f"q{number}", "short_answer", letters, question=letters, rationale=letters)
        for number in range(1, 101)
    ]
    made = scripts(small_spec(asked), small_plan(asked))
    ids = [each.id for each in made if each.id.startswith(("quiz_answers", "quiz_questions"))]
    assert len(ids) > 6
    assert "quiz_questions_3" in ids
    assert all(len(each.source) <= SOURCE_BYTES for each in made)
    world = FakeRoblox(made)
    found = world.do(
        """
        local answers = fake.modules().QuizAnswers
        local quiz = fake.environment(nil, nil).require(game:GetService("ReplicatedStorage").QuizQuestions)
        local found = {}
        for _, question in quiz.questions do
            assert(answers[question.id].right[1] == question.question)
            table.insert(found, question.id)
        end
        return found
        """
    )
    assert found == [each.id for each in asked]


def test_all_languages_have_the_same_words() -> None:
    english = set(PLAYER_WORDS["en"])
    assert {language: set(words) for language, words in PLAYER_WORDS.items()} == dict.fromkeys(
        ("en", "de", "es"), english
    )


def test_a_template_says_first_what_it_is_for() -> None:
    for script in WORLD.values():
        assert script.source.startswith("-- ")
    assert script_source("quiz_answers", {"a": 1}).splitlines()[2] == "local DATA = {a = 1}"


@pytest.mark.parametrize(
    ("spec", "plan", "fault"),
    [
        (small_spec(QUESTIONS[:2]), small_plan(), "no question of the lesson"),
        (small_spec(), small_plan(land=small_land(width=39)), "make both even"),
        (small_spec(), small_plan(land=small_land(heights=(1, 2))), "need 1600 heights"),
        (small_spec(), small_plan(land=small_land(materials="1" * 1600)), "digits below 1"),
    ],
)
def test_a_plan_that_no_script_can_carry_out_is_refused(spec: object, plan: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        scripts(spec, plan)  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"type": "essay"}, {"type": "numeric", "correct_answer": "many"}])
def test_a_question_that_nobody_can_grade_is_refused(changes: dict[str, str]) -> None:
    asked = [station_question("q1", changes["type"], changes.get("correct_answer", "x"))]
    with pytest.raises(ValueError, match="q1"):
        scripts(small_spec(asked), small_plan(asked))
