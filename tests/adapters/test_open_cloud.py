"""The way to Roblox, against a local server that speaks that API."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mounted import under_uvicorn
from toolboxai.adapters.open_cloud import OpenCloud
from toolboxai.platform.roblox.model.files import WorldFile, WorldFormat
from toolboxai.platform.roblox.run.uploads import UploadFailed

FILE = WorldFile(
    name="water.rbxmx", format=WorldFormat.RBXMX, media_type="application/xml", content=b"<roblox/>"
)


class Roblox:
    """Takes models, works on each for two looks, and then looks it over."""

    def __init__(self) -> None:
        self.url = ""
        self.taken: list[dict[str, Any]] = []
        self.looks = 0
        self.refusal: Response | None = None
        self.fault: dict[str, Any] | None = None
        self.moderation = ["MODERATION_STATE_REVIEWING", "MODERATION_STATE_APPROVED"]

    async def create(self, request: Request) -> Response:
        if request.headers.get("x-api-key") != "key":
            return JSONResponse({"message": "no"}, 401)
        if self.refusal is not None:
            return self.refusal
        async with request.form() as form:
            upload: Any = form["fileContent"]
            self.taken.append(
                {
                    "request": json.loads(str(form["request"])),
                    "type": upload.content_type,
                    "content": await upload.read(),
                }
            )
        return JSONResponse({"path": "operations/op-1", "operationId": "op-1", "done": False})

    async def operation(self, request: Request) -> Response:
        assert request.path_params["id"] == "op-1"
        self.looks += 1
        if self.looks == 1:
            return JSONResponse({"path": "operations/op-1", "done": False})
        if self.looks == 2:
            return JSONResponse({"message": "too often"}, 429)
        if self.fault is not None:
            return JSONResponse({"path": "operations/op-1", "done": True, "error": self.fault})
        return JSONResponse({"path": "operations/op-1", "done": True, "response": self._asset()})

    async def asset(self, request: Request) -> Response:
        assert request.path_params["id"] == "4711"
        return JSONResponse(self._asset())

    def _asset(self) -> dict[str, Any]:
        state = self.moderation.pop(0) if len(self.moderation) > 1 else self.moderation[0]
        return {"assetId": "4711", "moderationResult": {"moderationState": state}}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/assets/v1/assets", self.create, methods=["POST"]),
                Route("/assets/v1/operations/{id}", self.operation),
                Route("/assets/v1/assets/{id}", self.asset),
            ]
        )


@pytest.fixture
async def roblox() -> AsyncIterator[Roblox]:
    there = Roblox()
    async with under_uvicorn(there.app()) as port:
        there.url = f"http://127.0.0.1:{port}"
        yield there


async def upload(roblox: Roblox, *, key: str = "key", file: WorldFile = FILE) -> str:
    way = OpenCloud(key, user_id=7, group_id=None, url=roblox.url, pause_s=0.001)
    try:
        return await way.outcome(await way.begin(file, name="W" * 80, description="A world"))
    finally:
        await way.close()


async def test_a_model_has_its_id_when_roblox_has_looked_at_it(roblox: Roblox) -> None:
    assert await upload(roblox) == "rbxassetid://4711"
    [taken] = roblox.taken
    assert taken["content"] == FILE.content
    assert taken["type"] == "model/x-rbxmx"
    assert taken["request"] == {
        "assetType": "Model",
        "displayName": "W" * 50,
        "description": "A world",
        "creationContext": {"creator": {"userId": "7"}},
    }
    assert roblox.looks == 3
    assert roblox.moderation == ["MODERATION_STATE_APPROVED"]


async def test_what_moderation_rejects_has_no_id(roblox: Roblox) -> None:
    roblox.moderation = ["MODERATION_STATE_REVIEWING", "MODERATION_STATE_REJECTED"]
    with pytest.raises(UploadFailed, match="moderation rejected asset 4711") as fault:
        await upload(roblox)
    assert not fault.value.retryable


async def test_an_operation_that_fails_says_why(roblox: Roblox) -> None:
    roblox.fault = {"code": "INVALID", "message": "not a model"}
    with pytest.raises(UploadFailed, match="not a model"):
        await upload(roblox)


@pytest.mark.parametrize(("status", "again"), [(400, False), (401, False), (429, True), (503, True)])
async def test_a_refusal_tells_whether_it_may_pass(roblox: Roblox, status: int, again: bool) -> None:
    roblox.refusal = JSONResponse({"message": "no"}, status)
    with pytest.raises(UploadFailed, match=str(status)) as fault:
        await upload(roblox)
    assert fault.value.retryable is again


async def test_an_operation_of_another_path_is_not_asked_after(roblox: Roblox) -> None:
    roblox.refusal = JSONResponse({"path": "operations/../../users/1", "operationId": "../x", "done": False})
    with pytest.raises(UploadFailed, match="named no operation"):
        await upload(roblox)


async def test_what_roblox_does_not_take_is_not_sent(roblox: Roblox) -> None:
    large = WorldFile(
        name="a",
        format=WorldFormat.RBXMX,
        media_type="application/xml",
        content=b"x" * (20 * 1024 * 1024 + 1),
    )
    with pytest.raises(UploadFailed, match="bytes"):
        await upload(roblox, file=large)
    assert roblox.taken == []


async def test_nobody_there_may_pass() -> None:
    way = OpenCloud("key", user_id=None, group_id=7, url="http://127.0.0.1:9")
    with pytest.raises(UploadFailed, match="did not answer") as fault:
        await way.begin(FILE, name="a", description="b")
    await way.close()
    assert fault.value.retryable
