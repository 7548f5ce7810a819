"""The routes of a task queue, each answer of which a test decides."""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

__all__ = ["CLAIMED", "ScriptedTasks", "cut_off", "refused"]

CLAIMED: dict[str, Any] = {
    "task_id": "task_1",
    "agent_id": "agent_1",
    "task_type": "lesson_generation",
    "input": {"topic": "Tides"},
    "attempt": 2,
    "priority": 7,
    "lease_id": "lease_1",
    "lease_s": 30,
    "lease_expires_at": "2031-03-01T10:00:30Z",
    "deadline": "2031-03-01T10:05:00Z",
}


def refused(status: int, message: str = "no", **details: Any) -> Response:
    """An error as the service answers it; `retry_after` among the details is the header."""
    headers = {"Retry-After": str(details.pop("retry_after"))} if "retry_after" in details else {}
    body = {"error_code": "X", "message": message, "details": details, "request_id": "r"}
    return JSONResponse(body, status, headers)


def cut_off() -> Response:
    """An answer that breaks off: whoever asked does not learn what was done."""

    async def half() -> Any:
        yield b'{"task'

    return StreamingResponse(half(), headers={"Content-Length": "1000", "Content-Type": "application/json"})


class ScriptedTasks:
    """Takes down what it is asked, and answers what comes next in `answers`."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[Response] = []
        self.asked: list[tuple[str, dict[str, Any], str | None]] = []

    async def answer(self, request: Request) -> Response:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.asked.append((path, json.loads(await request.body()), request.headers.get("authorization")))
        return self.answers.pop(0) if self.answers else JSONResponse({})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=["POST"])])
