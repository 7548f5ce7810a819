"""Building worlds, watching them, and fetching what came out."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi import Response as RouteResponse
from starlette.responses import Response

from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, Actor, By
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.roblox.downloads import Fetched, fetched
from toolboxai.platform.roblox.model.files import WorldFormat
from toolboxai.platform.roblox.records.environments import Environment
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.runs.events import envelope, stamp
from toolboxai.web.content_bodies import EventItem, EventsAnswer, LinkAnswer
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.environment_bodies import (
    BuildsAnswer,
    EnvironmentAnswer,
    EnvironmentBody,
    EnvironmentsAnswer,
    RebuildBody,
    build_item,
    environment_answer,
)
from toolboxai.web.environment_scripts import add_scripts
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator

__all__ = ["environment_routes"]

_EVENTS_PAGE = 200
_PREFIX = "/api/v1/roblox/environments"


def environment_routes(service: WorldService, authenticator: Authenticator, audit: Audit) -> APIRouter:
    """The routes under ``/api/v1/roblox/environments``.

    Args:
        service: does the work.
        authenticator: who asks.
        audit: notes who built, changed and downloaded what.
    """
    router = APIRouter(prefix=_PREFIX, tags=["environments"])
    notes = _Notes(audit)
    _add_worlds(router, service, authenticator, notes)
    _add_changes(router, service, authenticator, notes)
    _add_files(router, service, authenticator, notes)
    add_scripts(router, service.scripts, authenticator, audit)
    return router


class _Notes:
    """Notes what somebody did to a world."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def __call__(
        self, action: Action, request: Request, by: Actor, environment_id: str, **facts: str | int | None
    ) -> None:
        await self._audit.note(
            action,
            by,
            "environment",
            environment_id,
            request_id=request.scope.get(REQUEST_ID),
            details=facts,
        )


def _add_worlds(
    router: APIRouter, service: WorldService, authenticator: Authenticator, notes: _Notes
) -> None:
    may_write = authenticator.require("roblox:write")
    may_read = authenticator.require("roblox:read")

    @router.post("", status_code=202)
    async def build(
        body: EnvironmentBody,
        request: Request,
        response: RouteResponse,
        principal: Annotated[Principal, Depends(may_write)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> EnvironmentAnswer:
        """Begin a world from a finished content, or without; watch it on ``private_channel``."""
        world = await service.build(principal, body.wish(), idempotency_key=idempotency_key)
        await notes(Action.WORLD_BEGUN, request, principal, world.id, content_id=world.wish.content_id)
        response.headers["Location"] = f"{_PREFIX}/{world.id}"
        return environment_answer(world, "owner")

    @router.get("")
    async def worlds(
        principal: Annotated[Principal, Depends(may_read)],
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        content_id: Annotated[str | None, Query(max_length=64)] = None,
    ) -> EnvironmentsAnswer:
        """The caller's own worlds, newest first; those of one content where it is named."""
        before: tuple[float, str] | None = None
        if cursor is not None:
            created_at, environment_id = place_in(cursor, float, str)
            before = created_at, environment_id
        found = await service.environments(principal, limit=limit + 1, before=before, content_id=content_id)
        last = found[limit - 1] if len(found) > limit else None
        return EnvironmentsAnswer(
            items=[environment_answer(world, "owner") for world in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.get("/{environment_id}")
    async def world(
        environment_id: str, principal: Annotated[Principal, Depends(may_read)]
    ) -> EnvironmentAnswer:
        """One world, and its files."""
        return await _whole(service, principal, await service.environment(principal, environment_id))

    @router.get("/{environment_id}/events")
    async def events(
        environment_id: str,
        principal: Annotated[Principal, Depends(may_read)],
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=_EVENTS_PAGE)] = _EVENTS_PAGE,
    ) -> EventsAnswer:
        """Events with a number above ``after``, for whoever comes late."""
        found = await service.events(principal, environment_id, after=after, limit=limit + 1)
        items = [EventItem(**envelope(event)) for event in found[:limit]]
        return EventsAnswer(items=items, next_cursor=items[-1].seq if len(found) > limit else None)

    @router.get("/{environment_id}/revisions")
    async def revisions(
        environment_id: str, principal: Annotated[Principal, Depends(may_read)]
    ) -> BuildsAnswer:
        """All builds of a world, newest first."""
        found = await service.builds.all(principal, environment_id)
        return BuildsAnswer(items=[build_item(facts) for facts in found])


def _add_changes(
    router: APIRouter, service: WorldService, authenticator: Authenticator, notes: _Notes
) -> None:
    may_write = authenticator.require("roblox:write")

    # What is not there, or another's, is told before anything of the request is looked at.
    async def there(environment_id: str, principal: Annotated[Principal, Depends(may_write)]) -> Principal:
        await service.environment(principal, environment_id)
        return principal

    @router.delete("/{environment_id}", status_code=204)
    async def delete(
        environment_id: str, request: Request, principal: Annotated[Principal, Depends(may_write)]
    ) -> Response:
        """Delete a world with all that is its own; one that is being built is cancelled first."""
        await service.delete(principal, environment_id)
        await notes(Action.WORLD_DELETED, request, principal, environment_id)
        return Response(status_code=204)

    @router.post("/{environment_id}/cancel")
    async def cancel(
        environment_id: str, request: Request, principal: Annotated[Principal, Depends(may_write)]
    ) -> EnvironmentAnswer:
        """Cancel a build that waits or is under way."""
        world = await service.cancel(principal, environment_id)
        await notes(Action.WORLD_CHANGED, request, principal, environment_id, how="cancelled")
        return await _whole(service, principal, world)

    @router.post("/{environment_id}/retry", status_code=202)
    async def retry(
        environment_id: str, request: Request, principal: Annotated[Principal, Depends(may_write)]
    ) -> EnvironmentAnswer:
        """Build again what failed; what the other components made is kept."""
        world = await service.builds.retry(principal, environment_id)
        await notes(Action.WORLD_CHANGED, request, principal, environment_id, how="retried")
        return await _whole(service, principal, world)

    @router.post("/{environment_id}/rebuild", status_code=202)
    async def rebuild(
        environment_id: str,
        body: RebuildBody,
        request: Request,
        principal: Annotated[Principal, Depends(there)],
    ) -> EnvironmentAnswer:
        """Build a world anew with another seed, theme, size or state of the lesson, as its next revision."""
        world = await service.builds.rebuild(principal, environment_id, body.asked())
        await notes(
            Action.WORLD_CHANGED, request, principal, environment_id, how="rebuilt", revision=world.build
        )
        return await _whole(service, principal, world)


def _add_files(router: APIRouter, service: WorldService, authenticator: Authenticator, notes: _Notes) -> None:
    may_write = authenticator.require("roblox:write")
    may_read = authenticator.require("roblox:read")
    downloads = service.downloads

    @router.head("/{environment_id}/assets/{asset_id}", include_in_schema=False)
    @router.get("/{environment_id}/assets/{asset_id}")
    async def asset(
        environment_id: str,
        asset_id: str,
        request: Request,
        principal: Annotated[Principal, Depends(may_read)],
    ) -> Response:
        """A file, or the text of a script, whose bytes are those that were told."""
        return _served(request, await downloads.asset(principal, environment_id, asset_id))

    @router.head("/{environment_id}/download", include_in_schema=False)
    @router.get("/{environment_id}/download")
    async def download(
        environment_id: str,
        request: Request,
        format: WorldFormat = WorldFormat.RBXLX,
        expires: Annotated[int | None, Query(ge=0, le=2**53)] = None,
        signature: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        """One file: with a Bearer token, or by a signed address from ``download-link``."""
        by: Actor
        if expires is not None and signature is not None:
            file = await downloads.file_by_link(environment_id, format, expires=expires, signature=signature)
            by = By(await downloads.organization(environment_id))
        else:
            by = principal = await may_read(request)
            file = await downloads.file(principal, environment_id, format)
        answer = _served(request, fetched(file))
        if answer.body:
            await notes(Action.DOWNLOADED, request, by, environment_id, format=format.value)
        return answer

    @router.post("/{environment_id}/download-link", status_code=201)
    async def link(
        environment_id: str,
        request: Request,
        principal: Annotated[Principal, Depends(may_write)],
        format: WorldFormat = WorldFormat.RBXLX,
    ) -> LinkAnswer:
        """A signed address for one file, good for five minutes; for a link that cannot carry a header."""
        made = await downloads.link(principal, environment_id, format)
        await notes(Action.LINKED, request, principal, environment_id, format=format.value)
        return LinkAnswer(url=made.url, expires_at=stamp(made.expires_at))

    @router.get("/{environment_id}/plan.svg")
    async def plan(
        environment_id: str,
        principal: Annotated[Principal, Depends(may_read)],
        view: Annotated[Literal["floor", "section"], Query()] = "floor",
    ) -> Response:
        """Where everything stands: the floor plan, or a cut through the world, as SVG."""
        drawn = downloads.floor_plan if view == "floor" else downloads.section
        picture = await drawn(principal, environment_id)
        headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
        return Response(picture, media_type="image/svg+xml", headers=headers)


async def _whole(service: WorldService, principal: Principal, world: Environment) -> EnvironmentAnswer:
    """With its files, for those who may have them."""
    assets: tuple[Any, ...] = ()
    if principal.can("roblox:write"):
        assets = await service.downloads.assets(world)
    return environment_answer(world, await service.part_in(principal, world), assets)


def _served(request: Request, what: Fetched) -> Response:
    """The bytes, as a download: nothing in them is shown in the context of our pages. None for HEAD, or who has them."""
    tag = f'"{what.sha256}"'
    headers = {
        "Content-Disposition": f'attachment; filename="{what.name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "ETag": tag,
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        headers |= {"Content-Length": str(len(what.content)), "Content-Type": what.media_type}
        return Response(headers=headers)
    return Response(what.content, media_type=what.media_type, headers=headers)
