"""The application's HTTP side: routes joined with errors, limits and origins."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from toolboxai import __version__
from toolboxai.metrics import Metrics
from toolboxai.web.direct import Direct, direct_endpoints
from toolboxai.web.errors import ErrorAnswer, handle_errors
from toolboxai.web.first_use import add_openapi
from toolboxai.web.request_scope import RequestScope

__all__ = ["BODY_BYTES", "LOOPBACK_ORIGINS", "create_api"]

# JSON is read in the loop, before anybody is asked who they are: ten megabytes of it would hold up everyone for half a
# second. This is an event of the usual 10 kB with every character escaped, twice over.
BODY_BYTES: Final = 128 * 1024
LOOPBACK_ORIGINS: Final = r"https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?"
PREFLIGHT_S: Final = 600

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


def create_api(
    routers: Sequence[APIRouter],
    *,
    lifespan: Lifespan | None = None,
    allowed_origins: Sequence[str] = (),
    body_bytes: Callable[[], int] = lambda: BODY_BYTES,
    larger_bodies: Mapping[str, int] = MappingProxyType({}),
    passing: Sequence[type[Exception]] = (),
    direct: Collection[str] = (),
    metrics: Metrics | None = None,
) -> FastAPI:
    """The ASGI application.

    Args:
        routers: the routes, with their whole paths.
        lifespan: what starts and stops with it.
        allowed_origins: pages of these origins may call; none given: pages of this machine's loopback addresses.
            Pages of the server's own origin always may.
        body_bytes: asked with each request: longer bodies are refused with 413.
        larger_bodies: the bound of each path that takes more.
        passing: faults that are nobody's error and pass by, such as a database that is busy: answered with 503.
        direct: paths of POST routes that go past the framework; see ``web.direct``.
        metrics: of the process; its ``faults_total`` counts what failed.
    """
    api = FastAPI(
        title="ToolBoxAI",
        version=__version__,
        openapi_url=None,  # the framework writes it anew for each who asks, in the loop
        docs_url=None,  # the framework's page loads scripts from other hosts
        redoc_url=None,
        lifespan=lifespan,
        responses={"default": {"model": ErrorAnswer, "description": "what is wrong"}},
        redirect_slashes=False,  # a redirect drops the Authorization header in some clients; 404 is clearer
    )
    add_openapi(api)
    handle_errors(api, passing=passing)
    for router in routers:
        api.include_router(router)
    if direct:
        endpoints = direct_endpoints(routers, direct)
        api.add_middleware(Direct, endpoints=endpoints, handlers=api.exception_handlers)
    api.add_middleware(
        RequestScope,
        body_bytes=body_bytes,
        larger=larger_bodies,
        dice=random.SystemRandom(),
        metrics=metrics or Metrics(),
    )
    # Outermost, so that a page may read errors too.
    api.add_middleware(
        CORSMiddleware,
        allow_origins=list(allowed_origins),
        allow_origin_regex=None if allowed_origins else LOOPBACK_ORIGINS,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id"],
        expose_headers=["X-Request-Id", "Retry-After", "Location", "Deprecation", "Sunset", "Link"],
        max_age=PREFLIGHT_S,
    )
    return api
