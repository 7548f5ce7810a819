"""``/docs``, ``/asyncapi`` and ``/asyncapi.json``: read by anybody, for they hold nothing of anybody."""

from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from starlette.responses import Response

from toolboxai import __version__
from toolboxai.platform.messages.asyncapi import Place, asyncapi
from toolboxai.web.first_use import WrittenOnce
from toolboxai.web.pages import HOST, document_names
from toolboxai.web.realtime_config import RealtimeConfig
from toolboxai.web.reference.asyncapi_page import asyncapi_view, servers_view
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

_SERVERS: Final = "<!-- servers -->"  # in the template


def reference_routes(live: Callable[[], RealtimeConfig]) -> APIRouter:
    """The pages, written in a thread when they are first asked for, and their style.

    Args:
        live: where the Channels server is at that moment.
    """
    router = APIRouter(include_in_schema=False)
    once: dict[str, WrittenOnce] = {}
    style = (files("toolboxai.web.reference") / "reference.css").read_bytes()

    @router.api_route("/docs", methods=["GET", "HEAD"])
    async def rest(request: Request) -> Response:
        """What REST takes and answers."""
        return _page(
            request,
            await once.setdefault("rest", WrittenOnce(partial(_rest_page, request.app.openapi))).get(),
        )

    @router.api_route("/asyncapi", methods=["GET", "HEAD"])
    async def events(request: Request) -> Response:
        """What is told on channels and old sockets."""
        document = _document(request, live())
        servers = _template("servers").render(servers=servers_view(document))
        page = await once.setdefault("events", WrittenOnce(_events_page)).get()
        return _page(request, page.replace(_SERVERS.encode(), servers.encode()))

    @router.api_route("/asyncapi.json", methods=["GET", "HEAD"])
    async def events_for_programs(request: Request) -> Response:
        """The same as an AsyncAPI document."""
        return _answer(request, msgspec.json.encode(_document(request, live())), "application/json", {})

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


def _rest_page(openapi: Callable[[], dict[str, Any]]) -> bytes:
    view = {**openapi_view(openapi()), "documents": document_names()}
    page = _template("openapi").render(title="REST", here="/docs", machine="/api/openapi.json", **view)
    return page.encode()


def _events_page() -> bytes:
    """All of it but the servers, whose names are those by which the reader has come."""
    nowhere = Place("", "ws", "")
    view = asyncapi_view(asyncapi(__version__, nowhere, nowhere))
    return (
        _template("asyncapi")
        .render(title="Events", here="/asyncapi", machine="/asyncapi.json", **view)
        .encode()
    )


def _template(name: str) -> Template:
    return _templates().get_template(f"{name}.html.j2")


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
