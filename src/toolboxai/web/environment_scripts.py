"""The scripts of worlds: read, changed, compared, taken up again."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.responses import PlainTextResponse

from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.roblox.luau.report import SOURCE_BYTES
from toolboxai.platform.roblox.scripts import Scripts, Taken
from toolboxai.web.content_revisions import MAX_REVISION
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.environment_script_bodies import (
    ScriptAnswer,
    ScriptBody,
    ScriptRevisionsAnswer,
    ScriptsAnswer,
    revision_item,
    script_answer,
    script_item,
)
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.seen_revisions import IfMatch, seen_revision

__all__ = ["SCRIPT_BODIES", "add_scripts"]

# The longest script that Roblox takes, each character escaped.
SCRIPT_BODIES: Final = {
    "/api/v1/roblox/environments/{environment_id}/scripts/{script_id}": 6 * SOURCE_BYTES + 1024,
}

Revision = Annotated[int | None, Query(ge=1, le=MAX_REVISION)]


def add_scripts(router: APIRouter, scripts: Scripts, authenticator: Authenticator, audit: Audit) -> None:
    """The routes below ``/api/v1/roblox/environments/{environment_id}/scripts``.

    Args:
        router: gets them.
        scripts: does the work.
        authenticator: who asks.
        audit: notes who changed what.
    """
    _add_reading(router, scripts, authenticator)
    _add_writing(router, scripts, authenticator, audit)


def _add_reading(router: APIRouter, scripts: Scripts, authenticator: Authenticator) -> None:
    may_read = authenticator.require("roblox:read")

    @router.get("/{environment_id}/scripts")
    async def all_scripts(
        environment_id: str, principal: Annotated[Principal, Depends(may_read)]
    ) -> ScriptsAnswer:
        """The scripts of the newest build, without their texts."""
        found = await scripts.all(principal, environment_id)
        return ScriptsAnswer(items=[script_item(environment_id, script) for script in found])

    @router.get("/{environment_id}/scripts/{script_id}")
    async def script(
        environment_id: str,
        script_id: str,
        response: Response,
        principal: Annotated[Principal, Depends(may_read)],
        revision: Revision = None,
    ) -> ScriptAnswer:
        """One script as it is, or as it was in a revision."""
        found = await scripts.one(principal, environment_id, script_id, revision=revision)
        response.headers["ETag"] = f'"r{found.revision}"'
        return script_answer(environment_id, found)

    @router.get("/{environment_id}/scripts/{script_id}/revisions")
    async def script_revisions(
        environment_id: str,
        script_id: str,
        principal: Annotated[Principal, Depends(may_read)],
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> ScriptRevisionsAnswer:
        """Revisions of a script, newest first."""
        before = None if cursor is None else int(max(0.0, min(place_in(cursor, float)[0], MAX_REVISION)))
        found = await scripts.revisions(principal, environment_id, script_id, before=before, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return ScriptRevisionsAnswer(
            items=[revision_item(environment_id, script) for script in found[:limit]],
            next_cursor=None if last is None else cursor_of((float(last.revision),)),
        )

    @router.get("/{environment_id}/scripts/{script_id}/diff", response_class=PlainTextResponse)
    async def script_diff(
        environment_id: str,
        script_id: str,
        principal: Annotated[Principal, Depends(may_read)],
        before: Annotated[int, Query(ge=1, le=MAX_REVISION)] = 1,
        after: Revision = None,
    ) -> PlainTextResponse:
        """What changed from one revision, by default the first, to another or the newest, as a unified diff."""
        found = await scripts.diff(principal, environment_id, script_id, before=before, after=after)
        headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
        return PlainTextResponse(found, headers=headers)


def _add_writing(router: APIRouter, scripts: Scripts, authenticator: Authenticator, audit: Audit) -> None:
    may_write = authenticator.require("roblox:write")

    # What is not there, or another's, is told before anything of the request is looked at.
    async def there(
        environment_id: str, script_id: str, principal: Annotated[Principal, Depends(may_write)]
    ) -> Principal:
        await scripts.one(principal, environment_id, script_id)
        return principal

    async def answer(
        taken: Taken, environment_id: str, request: Request, response: Response, principal: Principal
    ) -> ScriptAnswer:
        script = taken.script
        await audit.note(
            Action.SCRIPT_CHANGED,
            principal,
            "environment",
            environment_id,
            request_id=request.scope.get(REQUEST_ID),
            details={"script_id": script.id, "revision": script.revision},
        )
        response.headers["ETag"] = f'"r{script.revision}"'
        return script_answer(environment_id, script, taken.risks)

    @router.put("/{environment_id}/scripts/{script_id}")
    async def edit(
        environment_id: str,
        script_id: str,
        body: ScriptBody,
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(there)],
        if_match: IfMatch = None,
    ) -> ScriptAnswer:
        """Save a script as a revision: it is compiled and looked through first, and the files are written anew."""
        taken = await scripts.edit(
            principal, environment_id, script_id, body.source, expected=_seen(if_match)
        )
        return await answer(taken, environment_id, request, response, principal)

    @router.post("/{environment_id}/scripts/{script_id}/revisions/{number}/restore")
    async def restore(
        environment_id: str,
        script_id: str,
        number: Annotated[int, Path(ge=1, le=MAX_REVISION)],
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(there)],
        if_match: IfMatch = None,
    ) -> ScriptAnswer:
        """Take up an earlier revision of a script again, as a new one."""
        taken = await scripts.restore(principal, environment_id, script_id, number, expected=_seen(if_match))
        return await answer(taken, environment_id, request, response, principal)


def _seen(if_match: str | None) -> int:
    return seen_revision(if_match, what="script", where="on the script")
