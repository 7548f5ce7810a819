"""Routes that are asked so often that they go past the framework: no search through all routes, no dependencies.

What every request gets it gets here too: this stands inside of the middleware for ids, bounds, headers and origins, and
errors are answered by the same handlers.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from inspect import signature
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Direct", "direct_endpoints"]

_Endpoint = Callable[[Request], Awaitable[Response]]


def direct_endpoints(routers: Sequence[APIRouter], paths: Collection[str]) -> dict[str, _Endpoint]:
    """By path, what answers a POST there. It takes the request alone, and returns the whole answer.

    Args:
        routers: in which it is a route as well, for the description of the API and for every other method.
        paths: whole ones, without parameters.

    Raises:
        ValueError: one of them is no such route.
    """
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    found = {route.path: route for route in routes if route.path in paths and route.methods == {"POST"}}
    for path in paths:
        if path not in found or not _takes_the_request_alone(found[path]):
            raise ValueError(f"{path} is no POST that takes the request alone")
    return {path: route.endpoint for path, route in found.items()}


def _takes_the_request_alone(route: APIRoute) -> bool:
    asks = [each.annotation for each in signature(route.endpoint).parameters.values()]
    return asks == [Request] and not route.dependencies


class Direct:
    """ASGI middleware.

    Args:
        app: the framework, with all routes.
        endpoints: from `direct_endpoints`.
        handlers: of the framework, for what an endpoint raises.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, _Endpoint], handlers: Mapping[Any, Any]) -> None:
        self._app = app
        self._direct = {
            path: ExceptionMiddleware(_answering(endpoint), handlers) for path, endpoint in endpoints.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        app: ASGIApp | None = None
        if scope["type"] == "http" and scope["method"] == "POST":
            app = self._direct.get(scope["path"])
        await (app or self._app)(scope, receive, send)


def _answering(endpoint: _Endpoint) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return answer
