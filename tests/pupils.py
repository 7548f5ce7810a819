"""Pupils with devices of their own: they join a class by its code, are there, and answer, all over the wire."""

import asyncio
import secrets
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from school import Open
from toolboxai.adapters.loop_thread import LoopThread
from toolboxai.client import connect

__all__ = ["Pupil", "Pupils"]


@dataclass
class Pupil:
    """One pupil.

    Args:
        name: what the class calls them.
        id: of the account.
        token: an access token.
        device: what is connected.
    """

    name: str
    id: str
    token: str
    device: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Pupils:
    """All pupils of a test. A browser's driver keeps the loop of the test's thread, so theirs runs in another."""

    def __init__(self, opened: Open, thread: LoopThread, caller: ThreadPoolExecutor) -> None:
        self._opened = opened
        self._thread = thread
        self._caller = caller

    @classmethod
    @contextmanager
    def of(cls, opened: Open) -> Iterator["Pupils"]:
        thread = LoopThread("pupils")
        thread.start()
        try:
            with ThreadPoolExecutor(1) as caller:
                yield cls(opened, thread, caller)
        finally:
            thread.stop()

    def join(self, code: str, name: str) -> Pupil:
        answer = self._post("/api/v1/classes/join", {"code": code, "pseudonym": name})
        return Pupil(name, answer["user"]["id"], answer["access_token"])

    def come(self, pupil: Pupil, classroom: Mapping[str, Any]) -> None:
        """Be there, until they leave."""
        self._do(self._come(pupil, classroom["presence_channel"]))

    def leave(self, pupil: Pupil) -> None:
        self._do(pupil.device.aclose())

    def answer(self, pupil: Pupil, content_id: str, class_id: str, answers: Mapping[str, Any]) -> None:
        """Answer these questions, by their ids."""
        given = [{"question_id": name, "answer": answer} for name, answer in answers.items()]
        body = {"content_id": content_id, "class_id": class_id, "answers": given}
        self._post("/api/v1/attempts", body, {**pupil.bearer, "Idempotency-Key": secrets.token_hex(8)})

    def _post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        answer = httpx2.post(self._opened.server.url + path, json=body, headers=headers, trust_env=False)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def _come(self, pupil: Pupil, channel: str) -> None:
        to_it = connect(self._opened.server.url, self._opened.school.key, token=pupil.token)
        client = await pupil.device.enter_async_context(to_it)
        await client.subscribe(channel)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._caller.submit(asyncio.run, self._thread.call(work)).result()
