"""Generating content, watching it, and fetching what came out."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Body, Depends, Header, Query, Request
from starlette.responses import Response

from toolboxai.errors import InsufficientPermissions
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, Actor, By
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.records.sessions import Session, Status
from toolboxai.platform.content.run.events import download_url
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.content.sources.reader import SourceReader
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.runs.events import envelope, stamp
from toolboxai.web.content_bodies import (
    AcceptedAnswer,
    ContentAnswer,
    ContentsAnswer,
    EventItem,
    EventsAnswer,
    GenerateAnswer,
    LinkAnswer,
    ListAnswer,
    ObjectiveItem,
    ProposalsAnswer,
    SessionAnswer,
    content_item,
    session_answer,
)
from toolboxai.web.content_revisions import MAX_REVISION, add_revisions, tagged
from toolboxai.web.content_sources import SOURCE_BYTES, Uploads, described
from toolboxai.web.cursors import cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.source_bodies import GenerateBody, ProposalsBody

__all__ = ["LARGER_BODIES", "content_routes"]

LARGER_BODIES = {
    "/api/v1/content/generate": SOURCE_BYTES,
    "/api/v1/content/proposals": SOURCE_BYTES,
}
EVENTS_PAGE = 200

Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=100)]
Sheet = Annotated[Literal["teacher", "student"], Query()]
FileFormat = Annotated[str, Query(min_length=1, max_length=20)]


def content_routes(
    service: ContentService, authenticator: Authenticator, reader: SourceReader, audit: Audit
) -> APIRouter:
    """The routes under ``/api/v1/content``.

    Args:
        service: does the work.
        authenticator: who asks.
        reader: reads the files that are sent as a source.
        audit: notes who generated, changed and downloaded what.
    """
    router = APIRouter(prefix="/api/v1/content", tags=["content"])
    _add_generate(router, service, authenticator, Uploads(reader), audit)
    _add_sessions(router, service, authenticator)
    _add_content(router, service, authenticator, audit)
    add_revisions(router, service.revising, authenticator, audit)
    return router


def _add_generate(
    router: APIRouter,
    service: ContentService,
    authenticator: Authenticator,
    uploads: Uploads,
    audit: Audit,
) -> None:
    may_generate = authenticator.require("content:generate")

    # The body is read in here, so that nobody's is before it is known who they are.
    @router.post("/generate", status_code=202, openapi_extra=described(GenerateBody))
    async def generate(
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(may_generate)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> GenerateAnswer:
        """Begin a generation from a text, from files, or both; watch it on ``private_channel``."""
        asked = await uploads.asked(request, principal, GenerateBody)
        wanted = asked.body.request(asked.text, asked.notes)
        theme = asked.body.environment_theme
        if theme is not None and not principal.can("roblox:write"):
            raise InsufficientPermissions(
                f"a world needs the permission roblox:write, which the role {principal.role} does not have; leave "
                "environment_theme out",
                details={"required_permissions": ["roblox:write"]},
            )
        session = await service.generate(
            principal,
            wanted,
            idempotency_key=idempotency_key,
            environment_theme=None if theme is None else theme.value,
        )
        request_id = request.scope.get(REQUEST_ID)
        await audit.note(
            Action.GENERATED,
            principal,
            "content",
            session.content_id,
            request_id=request_id,
            details={"session_id": session.id},
        )
        answer = session_answer(session, None)
        response.headers["Location"] = answer.status_url
        accepted = answer.model_dump(include=set(AcceptedAnswer.model_fields))
        return GenerateAnswer(**accepted, source_files=asked.sources)

    @router.post("/proposals", openapi_extra=described(ProposalsBody))
    async def proposals(
        request: Request, principal: Annotated[Principal, Depends(may_generate)]
    ) -> ProposalsAnswer:
        """What a text or files offer for a lesson: subject, grade and objectives, found in it; nothing is kept."""
        asked = await uploads.asked(request, principal, ProposalsBody)
        found = await service.propose(principal, asked.text, asked.body.language)
        return ProposalsAnswer(
            title=found.title,
            subject=found.subject,
            language=found.language,
            grade_level=found.grade_level,
            words=found.words,
            objectives=[ObjectiveItem(**msgspec.to_builtins(each)) for each in found.objectives],
            source_files=asked.sources,
        )


def _add_sessions(router: APIRouter, service: ContentService, authenticator: Authenticator) -> None:
    may_generate = authenticator.require("content:generate")
    may_read = authenticator.require("content:read")

    @router.get("/sessions")
    async def sessions(
        principal: Annotated[Principal, Depends(may_read)],
        cursor: Cursor = None,
        limit: Limit = 20,
        status: Status | None = None,
    ) -> ListAnswer:
        """The caller's own sessions, newest first."""
        found, following = await _page(service, principal, cursor, limit, status)
        return ListAnswer(items=[_answer(session) for session in found], next_cursor=following)

    @router.get("/sessions/{session_id}")
    async def session(session_id: str, principal: Annotated[Principal, Depends(may_read)]) -> SessionAnswer:
        """One session."""
        return _answer(await service.session(principal, session_id))

    @router.get("/sessions/{session_id}/events")
    async def events(
        session_id: str,
        principal: Annotated[Principal, Depends(may_read)],
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=EVENTS_PAGE)] = EVENTS_PAGE,
    ) -> EventsAnswer:
        """Events with a number above ``after``, for whoever comes late."""
        found = await service.events(principal, session_id, after=after, limit=limit + 1)
        items = [EventItem(**envelope(event)) for event in found[:limit]]
        return EventsAnswer(items=items, next_cursor=items[-1].seq if len(found) > limit else None)

    @router.post("/sessions/{session_id}/retry", status_code=202)
    async def retry(session_id: str, principal: Annotated[Principal, Depends(may_generate)]) -> SessionAnswer:
        """Try a failed or cancelled session again, from the stage that did not end."""
        return _answer(await service.retry(principal, session_id))

    @router.delete("/sessions/{session_id}")
    async def cancel(
        session_id: str, principal: Annotated[Principal, Depends(may_generate)]
    ) -> SessionAnswer:
        """Cancel a session that waits or runs."""
        return _answer(await service.cancel(principal, session_id))


def _add_content(
    router: APIRouter, service: ContentService, authenticator: Authenticator, audit: Audit
) -> None:
    may_read = authenticator.require("content:read")
    downloads = service.downloads

    async def noted(
        action: Action, request: Request, by: Actor, content_id: str, **facts: str | int | None
    ) -> None:
        request_id = request.scope.get(REQUEST_ID)
        await audit.note(action, by, "content", content_id, request_id=request_id, details=facts)

    @router.get("")
    async def contents(
        principal: Annotated[Principal, Depends(may_read)], cursor: Cursor = None, limit: Limit = 20
    ) -> ContentsAnswer:
        """What the caller's finished sessions made, newest first."""
        found, following = await _page(service, principal, cursor, limit, Status.COMPLETE)
        items = [content_item(session, download_url(session.content_id)) for session in found]
        return ContentsAnswer(items=items, next_cursor=following)

    @router.get("/download/{content_id}")
    async def download(
        content_id: str,
        request: Request,
        format: FileFormat = "md",
        sheet: Sheet = "teacher",
        expires: Annotated[int | None, Query(ge=0, le=2**53)] = None,
        signature: Annotated[str | None, Query(max_length=200)] = None,
        revision: Annotated[int | None, Query(ge=1, le=MAX_REVISION)] = None,
    ) -> Response:
        """One file: with a Bearer token, or by a signed address from ``download-link``; of the newest revision, or another."""
        audience = Audience(sheet)
        by: Actor
        if expires is not None and signature is not None:
            file = await downloads.file_by_link(
                content_id,
                format=format,
                audience=audience,
                expires=expires,
                signature=signature,
                revision=revision,
            )
            by = By(await downloads.organization(content_id))
        else:
            principal = await may_read(request)
            file = await downloads.file(
                principal, content_id, format=format, audience=audience, revision=revision
            )
            by = principal
        await noted(Action.DOWNLOADED, request, by, content_id, format=format, sheet=sheet, revision=revision)
        return _file(file)

    @router.get("/{content_id}")
    async def content(
        content_id: str, response: Response, principal: Annotated[Principal, Depends(may_read)]
    ) -> ContentAnswer:
        """What a finished session made, as it is now, and its files."""
        return tagged(await downloads.content(principal, content_id), response)

    @router.post("/{content_id}/download-link", status_code=201)
    async def link(
        content_id: str,
        request: Request,
        principal: Annotated[Principal, Depends(may_read)],
        format: Annotated[str, Body(min_length=1, max_length=20)] = "md",
        sheet: Annotated[Literal["teacher", "student"], Body()] = "teacher",
        revision: Annotated[int | None, Body(ge=1, le=MAX_REVISION)] = None,
    ) -> LinkAnswer:
        """A signed address for one file, good for five minutes; for a link that cannot carry a header."""
        made = await downloads.link(
            principal, content_id, format=format, audience=Audience(sheet), revision=revision
        )
        await noted(
            Action.LINKED, request, principal, content_id, format=format, sheet=sheet, revision=revision
        )
        return LinkAnswer(url=made.url, expires_at=stamp(made.expires_at))


async def _page(
    service: ContentService, principal: Principal, cursor: str | None, limit: int, status: Status | None
) -> tuple[Sequence[Session], str | None]:
    """A page of sessions, and the cursor of the next."""
    before: tuple[float, str] | None = None
    if cursor is not None:
        created_at, session_id = place_in(cursor, float, str)
        before = created_at, session_id
    found = await service.sessions(principal, limit=limit + 1, before=before, status=status)
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return page, None if last is None else cursor_of((last.created_at, last.id))


def _answer(session: Session) -> SessionAnswer:
    done = session.status is Status.COMPLETE
    return session_answer(session, download_url(session.content_id) if done else None)


def _file(file: ContentFile) -> Response:
    """The bytes, as a download: nothing in them is shown in the context of our pages."""
    return Response(
        file.content,
        media_type=file.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{file.name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "ETag": f'"{file.sha256}"',
        },
    )
