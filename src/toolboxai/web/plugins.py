"""Studio plugins over HTTP: who they are, what they are to do, and the doors to their logs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.responses import StreamingResponse

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.plugins.model import Plugin
from toolboxai.platform.plugins.rooms import PluginRooms
from toolboxai.platform.plugins.service import Admitted
from toolboxai.platform.roblox.downloads import WorldDownloads
from toolboxai.platform.roblox.model.files import WorldFormat
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.departures import while_connected
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.plugin_bodies import (
    CommandAnswer,
    CommandBody,
    CommandsAnswer,
    ConfigBody,
    MessagesBody,
    PageAnswer,
    PluginAnswer,
    PluginBody,
    PluginsAnswer,
    RegisteredAnswer,
    TakenAnswer,
    TakenItem,
    command_item,
    page_answer,
    plugin_item,
)
from toolboxai.web.plugin_stream import cursor_in, plugin_stream
from toolboxai.web.security import Authenticator

__all__ = ["plugin_routes"]

_PREFIX = "/api/v1/plugins"
_NUMBER = 2**53
_Cursor = Annotated[int, Query(ge=0, le=_NUMBER)]
_Limit = Annotated[int, Query(ge=1, le=100)]
_Place = Annotated[str | None, Query(max_length=CURSOR_CHARS)]


def plugin_routes(
    rooms: PluginRooms,
    downloads: WorldDownloads,
    authenticator: Authenticator,
    limiter: AttemptLimiter,
    audit: Audit,
    clock: Clock,
) -> APIRouter:
    """The routes under ``/api/v1/plugins``.

    Args:
        rooms: do the work.
        downloads: have the bundles of worlds.
        authenticator: who asks.
        limiter: bounds how often a plugin speaks.
        audit: notes who made, revoked and commanded plugins.
        clock: for what has expired, and who is there.
    """
    router = APIRouter(prefix=_PREFIX, tags=["plugins"])
    notes = _Notes(audit)
    _add_plugins(router, rooms, authenticator, notes, clock)
    _add_commands(router, rooms, authenticator, notes, clock)
    _add_log(router, rooms, authenticator, limiter, clock)
    _add_bundles(router, rooms, downloads, authenticator)
    return router


class _Notes:
    """Notes what somebody did to a plugin."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def __call__(
        self, action: Action, request: Request, who: Principal, plugin: Plugin, **facts: str
    ) -> None:
        request_id = request.scope.get(REQUEST_ID)
        await self._audit.note(action, who, "plugin", plugin.id, request_id=request_id, details=facts)


def _add_plugins(
    router: APIRouter, rooms: PluginRooms, authenticator: Authenticator, notes: _Notes, clock: Clock
) -> None:
    plugins = rooms.plugins
    may_register = Annotated[Principal, Depends(authenticator.require("plugin:register"))]
    somebody = Annotated[Principal, Depends(authenticator)]

    def item(plugin: Plugin) -> PluginAnswer:
        return plugin_item(plugin, connected=rooms.doors.connected(plugin, clock.now()))

    async def own(plugin_id: str, who: somebody) -> Principal:
        await plugins.own(who, plugin_id)
        return who

    @router.post("", status_code=201)
    async def register(
        body: PluginBody, request: Request, response: Response, who: may_register
    ) -> RegisteredAnswer:
        """A plugin for one's Studio, and its token, which is shown this once."""
        made = await plugins.register(
            who, body.name, studio_version=body.studio_version, capabilities=body.capabilities
        )
        await notes(Action.PLUGIN_REGISTERED, request, who, made.plugin)
        response.headers["Location"] = f"{_PREFIX}/{made.plugin.id}"
        response.headers["Cache-Control"] = "no-store"
        return RegisteredAnswer(**item(made.plugin).model_dump(), token=made.token)

    @router.get("")
    async def owned(who: may_register, cursor: _Place = None, limit: _Limit = 20) -> PluginsAnswer:
        """One's own plugins, oldest first."""
        after: tuple[float, str] | None = None
        if cursor is not None:
            created_at, plugin_id = place_in(cursor, float, str)
            after = created_at, plugin_id
        found = await plugins.owned(who, after=after, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return PluginsAnswer(
            items=[item(plugin) for plugin in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.get("/{plugin_id}")
    async def one(plugin_id: str, who: somebody) -> PluginAnswer:
        """A plugin: for itself, its owner, and those who look after the school."""
        return item(await plugins.seen_by(who, plugin_id))

    @router.delete("/{plugin_id}", status_code=204)
    async def revoke(plugin_id: str, request: Request, who: somebody) -> None:
        """Revoke a plugin of one's own: it is told why, its doors are closed, and its log goes."""
        await notes(Action.PLUGIN_REVOKED, request, who, await plugins.revoke(who, plugin_id))

    @router.put("/{plugin_id}/config", status_code=204)
    async def configure(plugin_id: str, body: ConfigBody, who: Annotated[Principal, Depends(own)]) -> None:
        """Settings for a plugin of one's own; it is told of them where they are other ones."""
        await plugins.configure(who, plugin_id, body.root)


def _add_commands(
    router: APIRouter, rooms: PluginRooms, authenticator: Authenticator, notes: _Notes, clock: Clock
) -> None:
    plugins, commands = rooms.plugins, rooms.commands
    somebody = Annotated[Principal, Depends(authenticator)]

    # What is not there, or another's, is told before anything of the request is looked at.
    async def commanded(plugin_id: str, who: somebody) -> tuple[Principal, Plugin]:
        return who, await plugins.commanded_by(who, plugin_id)

    @router.post("/{plugin_id}/commands", status_code=202)
    async def issue(
        body: CommandBody,
        request: Request,
        response: Response,
        known: Annotated[tuple[Principal, Plugin], Depends(commanded)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> CommandAnswer:
        """Have a plugin do something: its owner may, and those who look after the school."""
        who, plugin = known
        command = await commands.issue(
            who,
            plugin,
            body.action,
            body.payload,
            expires_in_s=body.expires_in_s,
            command_id=body.command_id,
            idempotency_key=idempotency_key,
        )
        await notes(Action.PLUGIN_COMMANDED, request, who, plugin, command_id=command.id, does=command.action)
        response.headers["Location"] = f"{_PREFIX}/{plugin.id}/commands/{command.id}"
        return command_item(command, clock.now())

    @router.get("/{plugin_id}/commands")
    async def issued(
        known: Annotated[tuple[Principal, Plugin], Depends(commanded)],
        cursor: _Place = None,
        limit: _Limit = 20,
    ) -> CommandsAnswer:
        """Commands of a plugin, newest first."""
        before = None if cursor is None else int(max(0, min(place_in(cursor, float)[0], _NUMBER)))
        found = await commands.commands(known[1], before=before, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return CommandsAnswer(
            items=[command_item(command, clock.now()) for command in found[:limit]],
            next_cursor=None if last is None else cursor_of((float(last.seq),)),
        )

    @router.get("/{plugin_id}/commands/{command_id}")
    async def command(plugin_id: str, command_id: str, who: somebody) -> CommandAnswer:
        """What became of a command; the plugin itself reads a long payload here."""
        plugin = await plugins.seen_by(who, plugin_id)
        return command_item(await commands.command(plugin, command_id), clock.now())


def _add_log(
    router: APIRouter,
    rooms: PluginRooms,
    authenticator: Authenticator,
    limiter: AttemptLimiter,
    clock: Clock,
) -> None:
    async def speaks(plugin_id: str, request: Request) -> tuple[Principal, Admitted]:
        await limiter.admit(Attempts.PLUGIN, address=authenticator.address(request))
        who = await authenticator(request)
        admitted = await rooms.plugins.enter(who, plugin_id)
        # Whoever has no right to it cannot use up what a plugin may do.
        await limiter.admit(Attempts.PLUGIN, account=admitted.plugin.id)
        return who, admitted

    speaker = Annotated[tuple[Principal, Admitted], Depends(speaks)]

    @router.post("/{plugin_id}/messages")
    async def post(body: MessagesBody, known: speaker) -> TakenAnswer:
        """What a plugin says: all of it is kept or nothing, each message once."""
        posted = await rooms.said(known[1].plugin.id, [each.message() for each in body.messages])
        return TakenAnswer(items=[TakenItem(**each._asdict()) for each in posted.taken])

    @router.get("/{plugin_id}/messages")
    async def poll(
        request: Request,
        known: speaker,
        cursor: _Cursor = 0,
        wait: Annotated[float, Query(ge=0, le=limits.POLL_WAIT_S)] = 0,
    ) -> PageAnswer:
        """Entries behind ``cursor``; where there are none yet, the answer waits for them, ``wait`` seconds at most."""
        who, admitted = known
        async with while_connected(request):
            page = await rooms.reading.poll(who, admitted.plugin.id, after=cursor, wait_s=wait)
        return page_answer(page)

    @router.get("/{plugin_id}/events", response_class=StreamingResponse)
    async def stream(
        known: speaker,
        cursor: _Cursor = 0,
        last_event_id: Annotated[str | None, Header(max_length=40)] = None,
    ) -> Response:
        """Entries behind ``cursor``, and all that come, as an event stream; a ``Last-Event-ID`` wins."""
        who, admitted = known
        rooms.doors.check(admitted.plugin.id, itself=admitted.itself)
        after = cursor_in(last_event_id, cursor)
        return StreamingResponse(
            plugin_stream(rooms.reading, who, admitted.plugin.id, after, clock),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


def _add_bundles(
    router: APIRouter, rooms: PluginRooms, downloads: WorldDownloads, authenticator: Authenticator
) -> None:
    somebody = Annotated[Principal, Depends(authenticator)]

    @router.get("/{plugin_id}/bundles/{environment_id}")
    async def bundle(plugin_id: str, environment_id: str, request: Request, who: somebody) -> Response:
        """The bundle of a world whose files the plugin's owner may read: what a plugin builds it from."""
        owner = await rooms.plugins.owner(who, plugin_id)
        file = await downloads.file(owner, environment_id, WorldFormat.BUNDLE)
        tag = f'"{file.sha256}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-store"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type="application/json", headers=headers)
