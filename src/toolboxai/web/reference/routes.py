"""``/docs``, ``/asyncapi`` and ``/asyncapi.json``: read by anybody, for they hold nothing of anybody."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import JSONResponse, Response

from toolboxai import __version__
from toolboxai.platform.messages.asyncapi import Place, asyncapi
from toolboxai.web.pages import HOST, document_names
from toolboxai.web.realtime_config import RealtimeConfig
from toolboxai.web.reference.asyncapi_page import asyncapi_view
from toolboxai.web.reference.fields import prose
from toolboxai.web.reference.openapi_page import openapi_view

__all__ = ["reference_routes"]

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def reference_routes(live: Callable[[], RealtimeConfig]) -> APIRouter:
    """The pages, written when they are first asked for, and their style.

    Args:
        live: where the Channels server is at that moment.
    """
    router = APIRouter(include_in_schema=False)
    style = (files("toolboxai.web.reference") / "reference.css").read_bytes()

    @router.api_route("/docs", methods=["GET", "HEAD"])
    async def rest(request: Request) -> Response:
        """What REST takes and answers."""
        return _page(request, _rest_page(request.app.openapi))

    @router.api_route("/asyncapi", methods=["GET", "HEAD"])
    async def events(request: Request) -> Response:
        """What is told on channels and old sockets."""
        view = asyncapi_view(_document(request, live()))
        return _page(request, _written("asyncapi", "Events", view, "/asyncapi.json"))

    @router.api_route("/asyncapi.json", methods=["GET", "HEAD"])
    async def events_for_programs(request: Request) -> Response:
        """The same as an AsyncAPI document."""
        return JSONResponse(_document(request, live()), headers={"Cache-Control": "no-cache"})

    @router.api_route("/reference.css", methods=["GET", "HEAD"])
    async def looks(request: Request) -> Response:
        """The style of the pages."""
        return _answer(request, style, "text/css; charset=utf-8", {})

    return router


def _document(request: Request, live: RealtimeConfig) -> dict[str, Any]:
    host = request.headers.get("host", "")
    shown = host if HOST.fullmatch(host) else "localhost"
    here = Place(shown, "wss" if request.url.scheme == "https" else "ws", live.key)
    there = here
    if live.socket_origin is not None:
        scheme, _, name = live.socket_origin.partition("://")
        there = Place(name, "wss" if scheme == "wss" else "ws", live.key)
    return asyncapi(__version__, there, here)


@cache
def _rest_page(openapi: Callable[[], dict[str, Any]]) -> bytes:
    view = {**openapi_view(openapi()), "documents": document_names()}
    return _written("openapi", "REST", view, "/api/openapi.json")


def _written(template: str, title: str, view: dict[str, Any], machine: str) -> bytes:
    here = machine.removesuffix(".json") if template == "asyncapi" else "/docs"
    page = _templates().get_template(f"{template}.html.j2")
    return page.render(title=title, here=here, machine=machine, **view).encode()


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("toolboxai.web.reference"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["prose"] = prose
    return templates


def _page(request: Request, content: bytes) -> Response:
    return _answer(request, content, "text/html; charset=utf-8", {"Content-Security-Policy": _POLICY})


def _answer(request: Request, content: bytes, media_type: str, headers: dict[str, str]) -> Response:
    """The content, or 304 when the browser has this very one. It asks each time, so a new version is seen at once."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    kept = {"ETag": tag, "Cache-Control": "no-cache", **headers}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=kept)
    return Response(content, media_type=media_type, headers=kept)
