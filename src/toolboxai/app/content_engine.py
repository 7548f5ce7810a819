"""Who makes lessons and quizzes: the offline engine, and in front of it a language model where one is configured."""

import random
from collections.abc import Callable
from importlib.util import find_spec

from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.adapters.provider_connection import Connection
from toolboxai.adapters.provider_process import ProviderProcess
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.config.llm_table import LlmTable
from toolboxai.errors import ConfigError
from toolboxai.platform.content.run.stage_work import ContentEngine
from toolboxai.platform.content.writing.budget import Budget
from toolboxai.platform.content.writing.engine import WrittenEngine

__all__ = ["content_engine"]


def content_engine(llm: LlmTable, offline: EngineProcesses) -> tuple[ContentEngine, Callable[[], None]]:
    """The engine, and what ends its processes.

    Args:
        llm: names the model.
        offline: the offline engine.

    Raises:
        ConfigError: a provider is configured, and what speaks with it is not installed.
    """
    if llm.provider is None or llm.model is None:
        return offline, offline.close
    if find_spec("pydantic_ai") is None:
        raise ConfigError([f'llm.provider {llm.provider!r} needs an extra: pip install "toolboxai[llm]"'])
    connection = Connection(
        llm.provider,
        llm.base_url,
        llm.model,
        # Servers on one's own machine ask for none; the client sends some word nevertheless.
        "none" if llm.api_key is None else llm.api_key.get_secret_value(),
        stream=llm.stream,
        stall_s=llm.stall_s,
    )
    writer = ProviderProcess(connection, calls=llm.max_calls)
    budget = Budget(
        tokens=llm.stage_tokens,
        seconds=llm.stage_s,
        money=llm.stage_money,
        input_price=llm.input_price,
        output_price=llm.output_price,
        output_tokens=llm.output_tokens,
        tries=llm.tries,
    )
    engine = WrittenEngine(
        offline, writer, budget, SystemClock(), random.SystemRandom(), on_outage=llm.on_outage
    )

    def close() -> None:
        writer.close()
        offline.close()

    return engine, close
