"""What a program writes."""

import pytest

from task_queues import FaultyQueue
from toolboxai.agent import Agent, AgentMisconfigured, OutcomeKind, Result, Task
from toolboxai.agent.testing import LocalQueue

NAMES = ("TOOLBOXAI_URL", "TOOLBOXAI_AGENT_ID", "TOOLBOXAI_AGENT_TOKEN")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def working(agent: Agent) -> Agent:
    @agent.task("lesson_generation")
    async def lesson(_task: Task) -> Result:
        return {}

    return agent


def test_a_function_is_taken_for_its_type() -> None:
    assert working(Agent()).task_types == ("lesson_generation",)


def test_two_functions_for_one_type_are_refused() -> None:
    with pytest.raises(ValueError, match="has a handler already"):
        working(working(Agent()))


@pytest.mark.parametrize("name", ["", " a", "a b", "a" * 65, "ü"])
def test_a_type_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="are allowed"):
        Agent().task(name)(lambda _task: None)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"concurrency": 0}, "1 to 100"), ({"concurrency": 101}, "1 to 100"), ({"drain_s": -1}, "0 or")],
)
def test_numbers_have_bounds(settings: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Agent(**settings)  # type: ignore[arg-type]


def test_what_is_missing_is_named_at_once() -> None:
    with pytest.raises(AgentMisconfigured, match="TOOLBOXAI_URL, TOOLBOXAI_AGENT_TOKEN: not set"):
        working(Agent(agent_id="agent_1")).run_once()


def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(NAMES, ("ftp://school", "agent_1", "t"), strict=True):
        monkeypatch.setenv(name, value)
    with pytest.raises(AgentMisconfigured, match="http://HOST:PORT"):
        working(Agent()).run_once()


def test_a_program_that_cannot_begin_ends_with_a_text() -> None:
    with pytest.raises(SystemExit, match=r"toolboxai\.agent: TOOLBOXAI_URL.*not set"):
        working(Agent()).run()
    with pytest.raises(SystemExit, match="this agent does nothing yet"):
        Agent("http://127.0.0.1:1", agent_id="agent_1", token="t").run()


async def test_one_task_and_no_more() -> None:
    agent, queue = working(Agent()), FaultyQueue(LocalQueue())
    assert await agent.serve_once(queue=queue) is None
    queue.queue.submit("lesson_generation")
    queue.queue.submit("lesson_generation")
    outcome = await agent.serve_once(queue=queue)
    assert outcome is not None
    assert outcome.kind is OutcomeKind.COMPLETED
    assert [task.status for task in queue.queue.tasks] == ["completed", "queued"]


async def test_an_object_that_is_called_asynchronously_is_no_thread() -> None:
    class Lesson:
        async def __call__(self, task: Task) -> Result:
            await task.progress(10)
            return {"topic": task.input["topic"]}

    agent, queue = Agent(), LocalQueue()
    agent.task("lesson_generation")(Lesson())
    task_id = queue.submit("lesson_generation", {"topic": "Tides"})
    await queue.serve(agent)
    assert queue.task(task_id).result == {"topic": "Tides"}
