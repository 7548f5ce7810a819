"""Roblox's Open Cloud: a model becomes an asset, by an operation that is asked after until it has ended."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx2

from toolboxai import __version__
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.run.uploads import UploadFailed

__all__ = ["ROBLOX_API", "OpenCloud"]

ROBLOX_API: Final = "https://apis.roblox.com"
_CONNECT_S: Final = 5.0
_WHOLE_S: Final = 60.0
_MOST_BYTES: Final = 20 * 1024 * 1024  # of a model, as the API says
_NAME_CHARS: Final = 50
_DESCRIPTION_CHARS: Final = 1000
_OPERATION_CHARS: Final = 200
_LOOKS: Final = 60  # an operation and its moderation; the pauses between grow to a minute
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})


class OpenCloud:
    """Satisfies ``platform.roblox.run.uploads.AssetUploader``.

    Args:
        key: of the operator, with the right to write assets.
        user_id: to whom the models will belong; or
        group_id: to which group.
        url: of the API.
        pause_s: before the first look at an operation; it doubles from look to look.
    """

    def __init__(
        self,
        key: str,
        *,
        user_id: int | None,
        group_id: int | None,
        url: str = ROBLOX_API,
        pause_s: float = _FIRST_PAUSE_S,
    ) -> None:
        self._creator = {"userId": str(user_id)} if user_id is not None else {"groupId": str(group_id)}
        self._pause_s = pause_s
        self._http = httpx2.AsyncClient(
            base_url=url,
            trust_env=False,
            follow_redirects=False,  # the key goes nowhere else
            timeout=httpx2.Timeout(_WHOLE_S, connect=_CONNECT_S),
            headers={"x-api-key": key, "User-Agent": f"toolboxai/{__version__}"},
        )

    async def close(self) -> None:
        """Let go of what is open."""
        await self._http.aclose()

    async def begin(self, file: WorldFile, *, name: str, description: str) -> str:
        """See the port."""
        if len(file.content) > _MOST_BYTES:
            raise UploadFailed(
                f"the model has {len(file.content)} bytes; Roblox takes {_MOST_BYTES}", retryable=False
            )
        request = {
            "assetType": "Model",
            "displayName": name[:_NAME_CHARS],
            "description": description[:_DESCRIPTION_CHARS],
            "creationContext": {"creator": self._creator},
        }
        operation = await self._ask(
            "POST",
            "/assets/v1/assets",
            data={"request": json.dumps(request)},
            files={"fileContent": (file.name, file.content, "model/x-rbxmx")},
        )
        return _operation_id(operation)

    async def outcome(self, operation: str) -> str:
        """See the port."""
        path = f"/assets/v1/operations/{operation}"
        done = await self._until({}, path, lambda said: bool(said.get("done")))
        if "error" in done:
            raise UploadFailed(f"Roblox refused it: {_message(done['error'])}", retryable=False)
        asset = done.get("response")
        if not isinstance(asset, dict) or not str(asset.get("assetId", "")).isdecimal():
            raise UploadFailed("Roblox says that it is done, and names no asset", retryable=False)
        asset_id = str(asset["assetId"])
        looked_at = await self._until(
            asset, f"/assets/v1/assets/{asset_id}", lambda said: _moderation(said) != "reviewing"
        )
        if _moderation(looked_at) == "rejected":
            raise UploadFailed(f"Roblox's moderation rejected asset {asset_id}", retryable=False)
        return f"rbxassetid://{asset_id}"

    async def _until(
        self, said: Mapping[str, Any], path: str, over: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any]:
        """Ask again and again, until what is said is the end."""
        pause_s = self._pause_s
        for _ in range(_LOOKS):
            if over(said):
                return said
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            try:
                said = await self._ask("GET", path)
            except UploadFailed as failed:
                if not failed.retryable:
                    raise
        raise UploadFailed("Roblox did not come to an end with it", retryable=False)

    async def _ask(self, method: str, path: str, **sent: Any) -> Mapping[str, Any]:
        try:
            answer = await self._http.request(method, path, **sent)
        except httpx2.HTTPError as fault:
            raise UploadFailed(f"Roblox did not answer: {type(fault).__name__}", retryable=True) from fault
        if answer.status_code != 200:
            raise UploadFailed(
                f"Roblox answered {answer.status_code}: {answer.text[:200]}",
                retryable=answer.status_code in _AGAIN,
            )
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise UploadFailed("Roblox answered with something else than an object", retryable=True)
        return said


def _operation_id(operation: Mapping[str, Any]) -> str:
    """Of ``operations/ID`` the id alone is taken over, so that the key is sent to no other path."""
    operation_id = str(operation.get("operationId") or str(operation.get("path", "")).rpartition("/")[2])
    letters = operation_id.replace("-", "")
    if len(operation_id) > _OPERATION_CHARS or not (letters.isascii() and letters.isalnum()):
        raise UploadFailed("Roblox named no operation", retryable=False)
    return operation_id


def _moderation(asset: Mapping[str, Any]) -> str:
    """``approved``, ``reviewing`` or ``rejected``; what says nothing is taken for approved."""
    result = asset.get("moderationResult")
    state = str(result.get("moderationState", "")) if isinstance(result, dict) else ""
    return state.rpartition("_")[2].lower() or "approved"


def _message(error: Any) -> str:
    return str(error.get("message", error))[:200] if isinstance(error, dict) else str(error)[:200]
