"""What the settings make of the engine: the offline one alone, or a language model in front of it.

That such a server words lessons is shown by a journey: ``tests/journeys/test_lessons.py``.
"""

from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.app.content_engine import content_engine
from toolboxai.config.llm_table import LlmTable
from toolboxai.platform.content.writing.budget import Budget
from toolboxai.platform.content.writing.engine import WrittenEngine


def test_without_a_provider_it_is_the_offline_engine_alone() -> None:
    engine, close = content_engine(LlmTable(), EngineProcesses(stage_limit_s=60.0))
    close()
    assert isinstance(engine, EngineProcesses)
    assert engine.generator == "offline"


def test_with_one_the_model_words_lessons_within_the_budget_of_the_settings() -> None:
    budget = {
        "tries": 3,
        "stage_tokens": 5000,
        "stage_s": 70.0,
        "stage_money": 0.5,
        "input_price": 1.0,
        "output_price": 2.0,
        "output_tokens": 900,
    }
    table = LlmTable.model_validate({"provider": "openai", "model": "m", "api_key": "k", **budget})
    engine, close = content_engine(table, EngineProcesses(stage_limit_s=60.0))
    close()  # nobody waits until its process has begun
    assert isinstance(engine, WrittenEngine)
    assert engine.generator == "openai:m"
    assert engine.budget == Budget(5000, 70.0, 0.5, 1.0, 2.0, 900, 3)
