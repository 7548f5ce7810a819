"""The REST side: what is sent, and what each answer means to a worker."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import uvicorn
from starlette.responses import JSONResponse, PlainTextResponse, Response

from scripted_tasks import CLAIMED, ScriptedTasks, cut_off, refused
from task_queues import assignment
from toolboxai.agent import (
    AgentRefused,
    HttpQueue,
    LeaseLost,
    QueueUnavailable,
    Registration,
    ResultRefused,
    register,
)

TOKEN = "eyJhbGciOi.eyJzdWIi.c2ln"
HELD = replace(assignment(), lease_id="lease_1")


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[ScriptedTasks]:
    script = ScriptedTasks()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(script.app(), lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        running = uvicorn.Server(config)
        task = asyncio.create_task(running.serve(sockets=[listener]))
        yield script
        running.should_exit = True
        await task


@pytest.fixture
async def queue(server: ScriptedTasks) -> AsyncIterator[HttpQueue]:
    queue = HttpQueue(server.url + "/", "agent_1", TOKEN)
    yield queue
    await queue.aclose()


async def test_a_claim_is_a_lease_whatever_the_servers_clock_says(
    server: ScriptedTasks, queue: HttpQueue
) -> None:
    server.answers = [JSONResponse(CLAIMED), Response(status_code=204)]
    assert await queue.claim("host-1", ["lesson_generation"], wait_s=25) == replace(
        HELD, attempt=2, priority=7, lease_s=30.0, time_s=300.0
    )
    assert await queue.claim("host-1", ["lesson_generation"], wait_s=0) is None
    asked = {"worker": "host-1", "task_types": ["lesson_generation"]}
    assert server.asked == [
        ("/api/v1/agents/agent_1/claim?wait=25", asked, f"Bearer {TOKEN}"),
        ("/api/v1/agents/agent_1/claim?wait=0", asked, f"Bearer {TOKEN}"),
    ]


async def test_what_is_told_of_a_task_has_its_lease(server: ScriptedTasks, queue: HttpQueue) -> None:
    await queue.progress(HELD, 40, "reading")
    await queue.progress(HELD, None, None)
    await queue.complete(HELD, {"a": 1})
    await queue.fail(HELD, "NO_SOURCE", "none", retry=False)
    await queue.release(HELD)
    assert [(path, body) for path, body, _ in server.asked] == [
        (
            "/api/v1/tasks/task_1/progress",
            {"lease_id": "lease_1", "progress_percent": 40, "message": "reading"},
        ),
        ("/api/v1/tasks/task_1/progress", {"lease_id": "lease_1"}),
        ("/api/v1/tasks/task_1/complete", {"lease_id": "lease_1", "result": {"a": 1}}),
        (
            "/api/v1/tasks/task_1/fail",
            {"lease_id": "lease_1", "error_code": "NO_SOURCE", "message": "none", "retry": False},
        ),
        ("/api/v1/tasks/task_1/release", {"lease_id": "lease_1"}),
    ]


@pytest.mark.parametrize("reason", ["cancelled", "expired", "ended", "deleted"])
async def test_a_lease_that_is_not_held_any_more_says_why(
    reason: str, server: ScriptedTasks, queue: HttpQueue
) -> None:
    server.answers = [refused(409, reason=reason)]
    with pytest.raises(LeaseLost) as lost:
        await queue.complete(HELD, {})
    assert lost.value.reason == reason


async def test_a_task_that_is_unknown_is_deleted(server: ScriptedTasks, queue: HttpQueue) -> None:
    server.answers = [refused(404)]
    with pytest.raises(LeaseLost) as lost:
        await queue.progress(HELD, None, None)
    assert lost.value.reason == "deleted"


@pytest.mark.parametrize(("status", "code"), [(413, "RESULT_TOO_LARGE"), (422, "RESULT_INVALID")])
async def test_a_result_that_cannot_be_kept(
    status: int, code: str, server: ScriptedTasks, queue: HttpQueue
) -> None:
    server.answers = [refused(status, "at most 65536 bytes")]
    with pytest.raises(ResultRefused) as raised:
        await queue.complete(HELD, {})
    assert (raised.value.error_code, raised.value.message) == (code, "at most 65536 bytes")


@pytest.mark.parametrize(("status", "retry_after"), [(429, 7), (503, 3), (500, None), (408, None)])
async def test_what_may_be_tried_again_says_when(
    status: int, retry_after: int | None, server: ScriptedTasks, queue: HttpQueue
) -> None:
    details = {} if retry_after is None else {"retry_after": retry_after}
    server.answers = [refused(status, "later", **details)]
    with pytest.raises(QueueUnavailable, match="later") as raised:
        await queue.claim("w", ["a"], wait_s=0)
    assert (raised.value.retry_after_s, raised.value.answered) == (retry_after or 0, True)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "register the agent again"),
        (403, "another agent's"),
        (404, "TOOLBOXAI_AGENT_ID"),
        (400, "versions"),
    ],
)
async def test_a_worker_that_is_not_wanted_is_told_what_to_do(
    status: int, advice: str, server: ScriptedTasks, queue: HttpQueue
) -> None:
    server.answers = [refused(status, "not you")]
    with pytest.raises(AgentRefused, match=f"{status}: not you; .*{advice}") as raised:
        await queue.claim("w", ["a"], wait_s=0)
    assert raised.value.status == status


async def test_an_answer_that_breaks_off_may_have_been_done(server: ScriptedTasks, queue: HttpQueue) -> None:
    server.answers = [cut_off()]
    with pytest.raises(QueueUnavailable) as raised:
        await queue.complete(HELD, {})
    assert not raised.value.answered


@pytest.mark.parametrize("status", [502, 504])
async def test_a_gateway_does_not_know_whether_it_was_done(
    status: int, server: ScriptedTasks, queue: HttpQueue
) -> None:
    server.answers = [PlainTextResponse("the server did not answer", status)]
    with pytest.raises(QueueUnavailable) as raised:
        await queue.complete(HELD, {})
    assert not raised.value.answered


async def test_nobody_there(anyio_backend: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    queue = HttpQueue(f"http://127.0.0.1:{port}", "agent_1", TOKEN)
    with pytest.raises(QueueUnavailable) as raised:
        await queue.claim("w", ["a"], wait_s=0)
    assert raised.value.answered  # nothing was sent, so nothing was done
    await queue.aclose()


@pytest.mark.parametrize("answer", [JSONResponse({"task_id": "task_1"}), PlainTextResponse("a proxy's page")])
async def test_a_claim_that_is_not_understood_is_not_taken(
    answer: Response, server: ScriptedTasks, queue: HttpQueue
) -> None:
    server.answers = [answer]
    with pytest.raises(QueueUnavailable, match="another version"):
        await queue.claim("w", ["a"], wait_s=0)


async def test_neither_lines_nor_logs_have_the_token(
    server: ScriptedTasks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    queue = HttpQueue(server.url, "agent_1", TOKEN, debug=lines.append)
    server.answers = [refused(401)]
    with pytest.raises(AgentRefused):
        await queue.claim("w", ["a"], wait_s=0)
    await queue.aclose()
    assert lines == ["POST /api/v1/agents/agent_1/claim?wait=0: 401"]
    assert TOKEN not in caplog.text


async def test_an_agent_is_registered_and_its_token_is_in_no_text(server: ScriptedTasks) -> None:
    server.answers = [
        JSONResponse({"agent_id": "agent_9", "token": TOKEN, "channel": "private-agent-9"}, 201)
    ]
    made = await asyncio.to_thread(
        register, server.url, "owner", name="Lessons", task_types=["lesson_generation"]
    )
    assert made == Registration("agent_9", TOKEN, "private-agent-9")
    assert TOKEN not in repr(made)
    assert server.asked == [
        (
            "/api/v1/agents",
            {"name": "Lessons", "task_types": ["lesson_generation"], "concurrency": 1},
            "Bearer owner",
        )
    ]


@pytest.mark.parametrize(
    ("status", "kind"), [(403, AgentRefused), (422, AgentRefused), (503, QueueUnavailable)]
)
async def test_a_registration_that_is_refused_says_why(
    status: int, kind: type[Exception], server: ScriptedTasks
) -> None:
    server.answers = [refused(status, "not so")]
    with pytest.raises(kind, match=f"{status} not so"):
        await asyncio.to_thread(register, server.url, "owner", name="L", task_types=["a"])
