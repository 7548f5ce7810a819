"""Making an agent known to a server, once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2

from toolboxai import __version__
from toolboxai.agent.errors import AgentRefused, QueueUnavailable
from toolboxai.agent.http_queue import json_object
from toolboxai.client.endpoints import reaching
from toolboxai.client.requests import asks_to_come_back

__all__ = ["Registration", "register"]

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Registration:
    """What a server answered.

    Args:
        agent_id: ``agent_…``; in the addresses of its tasks.
        token: for its workers; shown this once, and never in the text of this value.
        channel: where its status and results are told.
    """

    agent_id: str
    token: str = field(repr=False)
    channel: str


def register(
    url: str, token: str, *, name: str, task_types: Sequence[str], concurrency: int = 1
) -> Registration:
    """Register an agent; its owner is the account of the token.

    Args:
        url: the server, such as ``http://127.0.0.1:8009``.
        token: of an account that may (``agent:execute``).
        name: for people.
        task_types: 1 to 20 types of task that it does.
        concurrency: tasks at once, of all its workers together; 1 to 100.

    Raises:
        AgentRefused: the account may not, or something of this is not allowed.
        QueueUnavailable: the server does not answer, or asks to come back.
    """
    body = {"name": name, "task_types": list(task_types), "concurrency": concurrency}
    headers = {"User-Agent": f"toolboxai-python/{__version__}", "Authorization": f"Bearer {token}"}
    try:
        with httpx2.Client(timeout=_TIMEOUT_S, **reaching(url)) as http:
            answer = http.post(f"{url.rstrip('/')}/api/v1/agents", json=body, headers=headers)
    except httpx2.HTTPError as fault:
        raise QueueUnavailable(f"no agent could be registered: {fault!r}", answered=False) from fault
    said = json_object(answer)
    if answer.status_code == 201:
        try:
            return Registration(said["agent_id"], said["token"], said["channel"])
        except KeyError as missing:
            told = f"the answer to the registration has no {missing}; is this a server of another version?"
            raise QueueUnavailable(told) from missing
    message = (
        f"the server did not register the agent: {answer.status_code} {said.get('message', '')}".rstrip()
    )
    wait_s = asks_to_come_back(answer)
    if wait_s is not None:
        raise QueueUnavailable(message, retry_after_s=wait_s)
    raise AgentRefused(message, status=answer.status_code)
