"""What the settings make of the engine: the offline one alone, or a language model in front of it."""

import pytest

from content_parts import a_request
from content_runs import unheard
from provider_server import KEY, provider
from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.app.content_engine import content_engine
from toolboxai.config.llm_table import LlmTable


def test_without_a_provider_it_is_the_offline_engine_alone() -> None:
    engine, close = content_engine(LlmTable(), stage_limit_s=60.0)
    close()
    assert isinstance(engine, EngineProcesses)


@pytest.mark.timeout(40)
def test_with_one_lesson_and_quiz_are_worded_by_it() -> None:
    with provider() as server:
        table = LlmTable.model_validate(
            {"provider": "openai", "base_url": server.url(), "model": "m", "api_key": KEY}
        )
        engine, close = content_engine(table, stage_limit_s=60.0)
        try:
            analysis = engine.analyse(a_request(), unheard)
            lesson = engine.lesson(a_request(), analysis, unheard)
            quiz = engine.quiz(a_request(), analysis, lesson, unheard)
            package = engine.package(a_request(), analysis, lesson, quiz, "content_1", unheard)
        finally:
            close()
    assert (analysis.generator, lesson.generator, quiz.generator) == ("offline", "openai:m", "openai:m")
    assert package.generator == "openai:m"
    assert lesson.warnings[0] in package.warnings
    assert KEY not in str(package)
