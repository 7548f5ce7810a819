"""What the page on workers lists is what the kit has."""

from inspect import signature

import toolboxai.agent
from doc_snippets import ROOT
from docs.test_reference import code, rows
from toolboxai.agent import Agent, Task
from toolboxai.agent.results import RESULT_BYTES
from toolboxai.agent.running import PROGRESS_EVERY_S
from toolboxai.agent.worker import FIRST_PAUSE_S, PAUSE_CAP_S

PAGE = "agent-worker.md"
TEXT = (ROOT / "docs" / PAGE).read_text(encoding="utf-8")


def test_every_argument_of_an_agent_is_documented() -> None:
    written = {code(row[0])[0]: "".join(code(row[1])) for row in rows(PAGE, "Agent") if len(row) == 3}
    assert written == {each.name: repr(each.default) for each in signature(Agent).parameters.values()}


def test_every_call_of_an_agent_is_documented() -> None:
    calls = {name for row in rows(PAGE, "Agent") if len(row) == 2 for name in code(row[0])}
    written = {call.removeprefix("await ").removeprefix("agent.").partition("(")[0] for call in calls}
    public = {name for name in vars(Agent) if not name.startswith("_")} - {"task", "task_types"}
    assert written - {"call"} == public


def test_every_error_of_the_kit_is_documented() -> None:
    offered = [getattr(toolboxai.agent, name) for name in toolboxai.agent.__all__]
    errors = {each.__name__ for each in offered if isinstance(each, type) and issubclass(each, Exception)}
    assert {code(row[0])[0] for row in rows(PAGE, "Errors")} == errors - {"AgentError"}


def test_what_a_function_has_of_its_task_is_documented() -> None:
    attributes = {"id", "type", "input", "attempt", "priority", "progress", "cancelled"}
    assert {name for name in vars(Task) if not name.startswith("_")} <= attributes | {"cancel"}
    assert [name for name in sorted(attributes) if f"task.{name}" not in TEXT] == []


def test_the_numbers_of_the_page_are_those_of_the_kit() -> None:
    assert f"{RESULT_BYTES // 1024} KiB" in TEXT
    assert PROGRESS_EVERY_S == 0.25
    assert "four a second are sent" in TEXT
    assert f"after {FIRST_PAUSE_S:g}, 2, 4, … {PAUSE_CAP_S:g} s" in TEXT
