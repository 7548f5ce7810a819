"""The five old endpoints to plain HTTP: what replaces each, and until when it is served.

Browsers show a page neither the headers of a WebSocket's handshake nor the body of one that is refused. A plain GET of
the same path tells both.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from toolboxai.clock import Clock
from toolboxai.errors import ResourceNotFound
from toolboxai.legacy.deprecation import MIGRATION_GUIDE, Deprecation, replacement
from toolboxai.legacy.endpoints import ENDPOINTS, Endpoint, called
from toolboxai.web.errors import ErrorAnswer, error_response

__all__ = ["old_socket_routes"]


def old_socket_routes(deprecation: Deprecation, clock: Clock) -> APIRouter:
    """The routes below ``/ws/``.

    Args:
        deprecation: what is told of each, and when it is refused.
        clock: for brown-outs.
    """
    router = APIRouter(tags=["old sockets"])

    async def tell(request: Request) -> Response:
        path: str = request.scope["path"]
        call = called(path)
        if call is None:
            known = ", ".join(endpoint.path for endpoint in ENDPOINTS.values())
            raise ResourceNotFound(f"there is nothing at {path[:80]}; WebSockets are at {known}")
        refused = deprecation.refusal(call, clock.now()) or deprecation.upgrade_required(call)
        return error_response(
            request.scope,
            refused.status,
            refused.error_code,
            refused.message,
            details=refused.details,
            headers=refused.headers,
        )

    for endpoint in ENDPOINTS.values():
        router.add_api_route(endpoint.path, tell, methods=["GET"], **_description(endpoint))
    # HEAD, a slash at the end, and whatever is no endpoint.
    router.add_api_route("/ws/{rest:path}", tell, methods=["GET", "HEAD"], include_in_schema=False)
    return router


def _description(endpoint: Endpoint) -> dict[str, Any]:
    """How the API index shows it."""
    resource_id = endpoint.path.partition("{")[2].rstrip("}")
    there = replacement(endpoint, f"{{{resource_id}}}" if resource_id else "")
    path = {"name": resource_id, "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "name": f"old_socket_{endpoint.name}",
        "deprecated": True,
        "summary": f"WebSocket: {endpoint.purpose}",
        "description": (
            f"Deprecated. Subscribe to `{there.channel}` over Channels instead; the public name in the guide is "
            f"`{there.public_channel}`. Events: {', '.join(f'`{name}`' for name in there.events)}. "
            f"How to move: {MIGRATION_GUIDE}. A plain GET tells the same in its details."
        ),
        "status_code": 426,
        "response_description": "It is a WebSocket; ask with Upgrade: websocket",
        "response_model": ErrorAnswer,
        "responses": {
            410: {"model": ErrorAnswer, "description": "It is no longer served"},
            503: {"model": ErrorAnswer, "description": "It is not served in this announced window"},
        },
        "openapi_extra": {"parameters": [path]} if resource_id else None,
    }
