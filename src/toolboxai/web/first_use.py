"""What the framework leaves for the first who asks: done before anybody does, or where nobody waits behind it."""

import asyncio

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

__all__ = ["OPENAPI_URL", "add_openapi", "join_routes"]

OPENAPI_URL = "/api/openapi.json"


def join_routes(api: FastAPI) -> None:
    """Have every route put together now.

    Left alone, the first request that comes by a router has all of its routes put together in the loop, up to 50 ms
    for one router.
    """
    nowhere: Scope = {"type": "http", "method": "GET", "path": "/\0", "root_path": "", "headers": []}
    for route in api.routes:
        route.matches(dict(nowhere))


def add_openapi(api: FastAPI) -> None:
    """The document at ``OPENAPI_URL``: put together in a thread, for it takes a third of a second, and kept as bytes."""
    kept: list[bytes] = []

    async def described(_request: Request) -> Response:
        if not kept:
            # Two who ask at once have it written twice, once.
            kept.append(msgspec.json.encode(await asyncio.to_thread(api.openapi)))
        return Response(kept[0], media_type="application/json")

    api.add_route(OPENAPI_URL, described, include_in_schema=False)
