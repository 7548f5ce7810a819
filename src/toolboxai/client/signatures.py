"""Signatures of subscriptions; those that one turn of the loop asks for go out as one request."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from toolboxai.client.errors import RequestRefused, RequestUnavailable
from toolboxai.client.requests import Requests

__all__ = ["Signature", "Signatures", "signature_in"]

_NAMES_MOST: Final = 100  # in one authorisation


@dataclass(frozen=True, slots=True)
class Signature:
    """What the auth endpoint answers.

    Args:
        auth: the signature itself.
        channel_data: who one is on a presence channel, as signed.
        shared_secret: of an encrypted channel, in base64.
    """

    auth: str
    channel_data: str | None = None
    shared_secret: str | None = None


class _Asked(NamedTuple):
    channel: str
    answer: asyncio.Future[Signature]


class Signatures:
    """An auth endpoint.

    Args:
        requests: to reach it by.
        path: of it, or its whole address.
        together: whether it takes many channels at once, as this project's does.
    """

    def __init__(self, requests: Requests, path: str, *, together: bool) -> None:
        self.path = path
        self._requests = requests
        self._together = together
        self._waiting: dict[str, list[_Asked]] = {}  # by connection
        self._turns: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Nothing is asked any more."""
        for turn in self._turns:
            turn.cancel()

    async def sign(self, channel: str, socket_id: str) -> Signature:
        """Ask for the signature of one subscription.

        Raises:
            RequestRefused, RequestUnavailable: see there.
        """
        if not self._together:
            return await self._one(channel, socket_id)
        asked = _Asked(channel, asyncio.get_running_loop().create_future())
        waiting = self._waiting.setdefault(socket_id, [])
        waiting.append(asked)
        if len(waiting) == 1:
            turn = asyncio.create_task(self._turn(socket_id))
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
        return await asked.answer

    async def _turn(self, socket_id: str) -> None:
        """What came while this waited for its turn goes out now, a hundred at a time."""
        waiting = self._waiting.pop(socket_id)
        parts = [waiting[at : at + _NAMES_MOST] for at in range(0, len(waiting), _NAMES_MOST)]
        await asyncio.gather(*(self._part(part, socket_id) for part in parts))

    async def _part(self, part: list[_Asked], socket_id: str) -> None:
        names = list(dict.fromkeys(asked.channel for asked in part))
        try:
            if len(names) == 1:
                signed: dict[str, Any] = {names[0]: await self._one(names[0], socket_id)}
            else:
                signed = await self._many(names, socket_id)
        except (RequestRefused, RequestUnavailable) as no:
            signed = dict.fromkeys(names, no)
        for channel, answer in part:
            if answer.done():  # nobody waits for it any more
                continue
            if isinstance(signed[channel], Signature):
                answer.set_result(signed[channel])
            else:
                answer.set_exception(signed[channel])

    async def _one(self, channel: str, socket_id: str) -> Signature:
        form = {"socket_id": socket_id, "channel_name": channel}
        answer = signature_in(await self._requests.object("POST", self.path, data=form))
        if answer is None:
            raise RequestRefused("the auth endpoint answered without a signature", 200)
        return answer

    async def _many(self, names: Iterable[str], socket_id: str) -> dict[str, Any]:
        form = {"socket_id": socket_id, "channel_names[]": list(names)}
        answer = await self._requests.object("POST", self.path, data=form)
        channels = answer.get("channels")
        said = channels if isinstance(channels, dict) else {}
        return {name: signature_in(said.get(name)) or _refusal(name, said.get(name)) for name in names}


def signature_in(said: Any) -> Signature | None:
    """The signature in an answer; None when there is none. Other members are passed over."""
    if not isinstance(said, Mapping):
        return None
    auth, data, secret = said.get("auth"), said.get("channel_data"), said.get("shared_secret")
    if isinstance(auth, str) and isinstance(data, str | None) and isinstance(secret, str | None):
        return Signature(auth, data, secret)
    return None


def _refusal(channel: str, said: Any) -> RequestRefused | RequestUnavailable:
    """Why one of many was not signed."""
    said = said if isinstance(said, dict) else {}
    code, status = said.get("error_code"), said.get("status")
    status = status if type(status) is int else 200
    if status == 429 or status >= 500:
        return RequestUnavailable(f"{channel}: {code}", status)
    if not isinstance(code, str):
        return RequestRefused("the auth endpoint answered without a signature", status)
    return RequestRefused(f"you may not follow it ({code})", status, code)
