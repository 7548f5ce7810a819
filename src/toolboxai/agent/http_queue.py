"""The queue of a server, over its REST routes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx2

from toolboxai import __version__
from toolboxai.agent.errors import AgentRefused, LeaseLost, LossReason, QueueUnavailable, ResultRefused
from toolboxai.agent.queue import Assignment
from toolboxai.client.endpoints import reaching
from toolboxai.client.requests import asks_to_come_back

__all__ = ["HttpQueue", "assignment_of", "json_object"]

_TIMEOUT_S = 10.0
_REASONS: Mapping[Any, LossReason] = {
    "cancelled": "cancelled",
    "expired": "expired",
    "ended": "ended",
    "deleted": "deleted",
}


class HttpQueue:
    """The tasks of one agent.

    Args:
        url: of the server, such as ``http://127.0.0.1:8009``.
        agent_id: ``agent_…``.
        token: of the agent, as its registration answered it; sent as a header, never logged.
        debug: takes a line for each request.
    """

    def __init__(
        self, url: str, agent_id: str, token: str, *, debug: Callable[[str], None] = lambda _line: None
    ) -> None:
        self._agent = f"/api/v1/agents/{agent_id}"
        self._debug = debug
        self._http = httpx2.AsyncClient(
            base_url=url.rstrip("/"),
            timeout=_TIMEOUT_S,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),  # the places bound them
            headers={"User-Agent": f"toolboxai-python/{__version__}", "Authorization": f"Bearer {token}"},
            **reaching(url),
        )

    async def claim(self, worker: str, task_types: Sequence[str], *, wait_s: int) -> Assignment | None:
        """See TaskQueue."""
        answer = await self._post(
            f"{self._agent}/claim?wait={wait_s}",
            {"worker": worker, "task_types": list(task_types)},
            timeout_s=wait_s + _TIMEOUT_S,
        )
        return None if answer.status_code == 204 else assignment_of(json_object(answer))

    async def progress(self, held: Assignment, percent: int | None, message: str | None) -> None:
        """See TaskQueue."""
        said = {"progress_percent": percent, "message": message}
        body = {"lease_id": held.lease_id} | {name: word for name, word in said.items() if word is not None}
        await self._of_task(held, "progress", body)

    async def complete(self, held: Assignment, result: Mapping[str, Any]) -> None:
        """See TaskQueue."""
        await self._of_task(held, "complete", {"lease_id": held.lease_id, "result": dict(result)})

    async def fail(self, held: Assignment, error_code: str, message: str, *, retry: bool) -> None:
        """See TaskQueue."""
        said = {"error_code": error_code, "message": message, "retry": retry}
        await self._of_task(held, "fail", {"lease_id": held.lease_id, **said})

    async def release(self, held: Assignment) -> None:
        """See TaskQueue."""
        await self._of_task(held, "release", {"lease_id": held.lease_id})

    async def aclose(self) -> None:
        """See TaskQueue."""
        await self._http.aclose()

    async def _of_task(self, held: Assignment, verb: str, body: dict[str, Any]) -> None:
        try:
            await self._post(f"/api/v1/tasks/{held.task_id}/{verb}", body)
        except AgentRefused as refused:
            if refused.status == 404:  # the task is gone; whether the agent is, too, its next claim learns
                raise LeaseLost("deleted") from refused
            raise

    async def _post(
        self, path: str, body: dict[str, Any], *, timeout_s: float = _TIMEOUT_S
    ) -> httpx2.Response:
        try:
            answer = await self._http.post(path, json=body, timeout=timeout_s)
        except httpx2.HTTPError as fault:
            words = str(fault) or type(fault).__name__
            self._debug(f"POST {path}: {words}")
            # What never left, as no connection was had, cannot have been done.
            sent = not isinstance(fault, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
            raise QueueUnavailable(f"POST {path}: {words}", answered=not sent) from fault
        self._debug(f"POST {path}: {answer.status_code}")
        if not answer.is_success:
            raise _refusal(answer)
        return answer


def assignment_of(said: Mapping[str, Any]) -> Assignment:
    """A claim's answer as a value.

    The server's times are told apart only among themselves: the two clocks need not agree.
    """
    try:
        lease_s = float(said["lease_s"])
        left = datetime.fromisoformat(said["deadline"]) - datetime.fromisoformat(said["lease_expires_at"])
        return Assignment(
            task_id=said["task_id"],
            task_type=said["task_type"],
            input=said["input"],
            attempt=said["attempt"],
            priority=said["priority"],
            lease_id=said["lease_id"],
            lease_s=lease_s,
            time_s=left.total_seconds() + lease_s,
        )
    except (KeyError, TypeError, ValueError) as fault:
        told = f"the answer to a claim is none that is understood ({fault!r}); is this a server of another version?"
        raise QueueUnavailable(told) from fault


def json_object(answer: httpx2.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is none, as a proxy's page would be."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(answer: httpx2.Response) -> Exception:
    """What an answer that is no success means for a worker."""
    body, status = json_object(answer), answer.status_code
    message = str(body.get("message") or f"HTTP status {status}")
    details = body.get("details")
    path = answer.request.url.path
    if status == 409 and "/api/v1/tasks/" in path:  # a proxy may have put something before it
        return LeaseLost(
            _REASONS.get(details.get("reason") if isinstance(details, dict) else None, "expired")
        )
    if status in (413, 422) and path.endswith("/complete"):
        return ResultRefused("RESULT_TOO_LARGE" if status == 413 else "RESULT_INVALID", message)
    asked_s = asks_to_come_back(answer)
    if asked_s is not None:
        # A gateway that lost the server does not know whether it was done.
        return QueueUnavailable(message, retry_after_s=asked_s, answered=status not in (502, 504))
    return AgentRefused(_told(status, message), status=status)


def _told(status: int, message: str) -> str:
    advice = {
        401: "the token is no longer good: register the agent again and start the worker with the new token",
        403: "the token is another agent's, or may not do this: see which agent_id it was made for",
        404: "there is no such agent: see TOOLBOXAI_AGENT_ID, or register it again",
        422: "the agent has to be registered with every type of task that this worker does",
    }.get(status, "this worker and the server do not understand each other: are their versions the same?")
    return f"the server refused the worker with {status}: {message}; {advice}"
