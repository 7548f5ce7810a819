"""The pages, the files that they load, the documentation with the guide that old sockets' headers name, and the Studio plugin.

All come from this server, under a policy that allows nothing else.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.content.samples import sample_text, sample_wishes
from toolboxai.web.realtime_config import RealtimeConfig

__all__ = ["HOST", "PAGES", "SAMPLE", "SAMPLE_WISHES", "document_names", "page_routes"]

PAGES: Final[Mapping[str, tuple[str, str]]] = {
    "/": ("desk", "a lesson from your text"),
    "/worlds": ("worlds", "worlds for Roblox"),
    "/learn": ("learn", "lessons and quizzes to learn with"),
    "/school": ("school", "classes and accounts"),
    "/console": ("console", "console"),
}
"""Each page's path: the name of its files, and its title. ``shell.html`` is around all of them."""

SAMPLE: Final = "sample.md"  # the bundled text, under this name beside the page's files
SAMPLE_WISHES: Final = "sample.json"  # and what may be wished of it

# Of worlds there are pictures. They come over the API, with a token, which an address in a page cannot carry: the script
# fetches them and shows them as images of its own, under blob: addresses. In an image no script runs and nothing is loaded.
_PICTURED: Final = frozenset({"/", "/worlds"})

_MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "schema.json": "application/schema+json",
    "txt": "text/plain; charset=utf-8",
    "luau": "text/plain; charset=utf-8",
    "rbxmx": "application/xml",
}
# What may stand in a policy as it is. An address in brackets may not: 'self' has to do for it.
HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str
    tag: str

    @classmethod
    def of(cls, name: str, content: bytes) -> "_Asset":
        digest = hashlib.sha256(content).hexdigest()
        ending = "schema.json" if name.endswith(".schema.json") else name.rpartition(".")[2]
        return cls(content, _MEDIA_TYPES[ending], f'"{digest[:32]}"')


def page_routes(live: RealtimeConfig) -> APIRouter:
    """The paths of PAGES, ``/static/NAME``, ``/docs/NAME`` and ``/plugins/NAME``.

    Args:
        live: where the pages' WebSocket goes; their policy allows that one and no other.
    """
    assets = _assets()
    documents = _documents()
    plugins = _plugins()
    router = APIRouter(include_in_schema=False)

    for path, shown in _pages().items():
        pictures = " blob:" if path in _PICTURED else ""
        router.add_api_route(path, _page(shown, live, pictures), methods=["GET", "HEAD"])

    @router.api_route("/static/{name}", methods=["GET", "HEAD"])
    async def asset(name: str, request: Request) -> Response:
        """A file of the page."""
        found = assets.get(name)
        if found is None:
            raise ResourceNotFound(
                f"there is nothing at /static/{name[:80]}; the pages are {', '.join(PAGES)}"
            )
        return _answer(request, found, {})

    @router.api_route("/docs/{name:path}", methods=["GET", "HEAD"])
    async def document(name: str, request: Request) -> Response:
        """A page of the documentation: where the old sockets' own headers lead, and where that page leads on."""
        found = documents.get(name)
        if found is None:
            raise ResourceNotFound(
                f"there is nothing at /docs/{name[:80]}; its pages end in .md, such as legacy.md"
            )
        return _answer(request, found, {})

    @router.api_route("/plugins/{name}", methods=["GET", "HEAD"])
    async def plugin(name: str, request: Request) -> Response:
        """What Studio takes: the plugin, and the client of Channels. They hold no secret."""
        found = plugins.get(name)
        if found is None:
            raise ResourceNotFound(
                f"there is nothing at /plugins/{name[:80]}; there are {', '.join(sorted(plugins))}"
            )
        return _answer(request, found, {"Content-Disposition": f'attachment; filename="{name}"'})

    return router


def _page(shown: _Asset, live: RealtimeConfig, pictures: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        """The page itself; what is personal in it comes over the API."""
        policy = _policy(live, request.headers.get("host", ""), pictures)
        return _answer(request, shown, {"Content-Security-Policy": policy})

    return page


def _pages() -> Mapping[str, _Asset]:
    """Every page by its path: what is its own, set into what is around all; what two have stands in a file of its own."""
    folder = files("toolboxai.web") / "static"
    shell = (folder / "shell.html").read_text(encoding="utf-8")
    sharing = (folder / "sharing.html").read_text(encoding="utf-8").rstrip()
    found = {}
    for path, (name, title) in PAGES.items():
        content = (folder / f"{name}.html").read_text(encoding="utf-8").rstrip()
        text = shell.replace("{name}", name).replace("{title}", title).replace("{content}", content)
        text = text.replace("{sharing}", sharing)
        found[path] = _Asset.of(f"{name}.html", text.encode())
    return found


def _assets() -> Mapping[str, _Asset]:
    """Every file that the pages load, by name. They are few, and a name that is not among them leads nowhere."""
    found = {
        file.name: _Asset.of(file.name, file.read_bytes())
        for file in (files("toolboxai.web") / "static").iterdir()
        if file.name.rpartition(".")[2] in _MEDIA_TYPES and not file.name.endswith(".html")
    }
    samples = {SAMPLE: sample_text(), SAMPLE_WISHES: json.dumps(sample_wishes())}
    return {**found, **{name: _Asset.of(name, text.encode()) for name, text in samples.items()}}


def _documents() -> Mapping[str, _Asset]:
    """Every page of the documentation by its path, its pictures and the schema, so that their links hold here too."""
    top = files("toolboxai.web") / "docs"
    folders = {
        "": (".md", ".schema.json"),
        "adr/": (".md",),
        "images/": (".png", ".svg"),
    }
    return {
        f"{folder}{file.name}": _Asset.of(file.name, file.read_bytes())
        for folder, endings in folders.items()
        for file in (top / folder).iterdir()
        if file.name.endswith(endings)
    }


def _plugins() -> Mapping[str, _Asset]:
    """What ``scripts/write_studio_plugin.py`` has made, by name."""
    return {
        file.name: _Asset.of(file.name, file.read_bytes())
        for file in (files("toolboxai.web") / "studio").iterdir()
        if file.name.endswith((".rbxmx", ".luau"))
    }


def document_names() -> list[str]:
    """The paths below ``/docs/`` of all pages of the documentation, in the order of the alphabet."""
    return sorted(name for name in _documents() if name.endswith(".md"))


def _answer(request: Request, asset: _Asset, headers: Mapping[str, str]) -> Response:
    """The file, or 304 when the browser has this very one. It asks each time, so a new version is seen at once."""
    kept = {"ETag": asset.tag, "Cache-Control": "no-cache", **headers}
    if asset.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=kept)
    return Response(asset.content, media_type=asset.media_type, headers=kept)


def _policy(live: RealtimeConfig, host: str, pictures: str) -> str:
    """What a page may load, ``pictures`` from elsewhere than here, and where it may connect to.

    ``'self'`` covers WebSockets of the same host in current browsers only; older ones need them named.
    """
    if live.socket_origin is not None:
        sockets = f" {live.socket_origin}"
    else:
        sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self'{pictures}",
            f"connect-src 'self'{sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )
