"""Changing a content: edits, parts made anew, revisions read and restored."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.content.downloads import Content
from toolboxai.platform.content.records.revisions import RevisionFacts
from toolboxai.platform.content.revising.anew import Part
from toolboxai.platform.content.revising.changes import Kept, Revising
from toolboxai.platform.content.run.events import download_url
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.runs.events import stamp
from toolboxai.web.content_bodies import ContentAnswer, content_answer
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.seen_revisions import IfMatch, seen_revision
from toolboxai.web.whole_text import whole_text

__all__ = ["MAX_REVISION", "add_revisions", "tagged"]

MAX_REVISION: Final = 2**31 - 1
_DEPTH: Final = 8  # lists and objects in one another

Key = Annotated[str | None, Header(min_length=1, max_length=200)]
Number = Annotated[int, Path(ge=1, le=MAX_REVISION)]


class EditBody(BaseModel):
    """What is to be other. What is not named stays; a list is merged by the ``id`` of its parts.

    ``lesson``: ``title``, ``sections``, ``vocabulary``, and ``order``, the ids of all sections. ``quiz``: ``title``,
    ``questions``, and ``order``, the ids of all questions. A part without ``id`` is new, one with ``removed`` goes.
    """

    model_config = ConfigDict(extra="forbid")

    title: Any = None
    lesson: Any = None
    quiz: Any = None

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        if _deeper(value, _DEPTH):
            raise ValueError("lists and objects are nested deeper than any content is")
        return whole_text(value)


def _deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (levels == 0 or any(_deeper(one, levels - 1) for one in value))


class SeedBody(BaseModel):
    """Another seed gives another part; without one it follows from the revision."""

    model_config = ConfigDict(extra="forbid", strict=True)

    seed: int | None = Field(default=None, ge=0, lt=2**53)


class RevisionItem(BaseModel):
    """A revision without what it holds; ``kind`` is generated, edited, regenerated or restored.

    ``restores`` is the number of the revision that a restored one takes up again, else null.
    """

    revision: int
    kind: str
    restores: int | None
    title: str
    note: str
    author_id: str
    created_at: str
    url: str


class RevisionsAnswer(BaseModel):
    """A page, newest first; ``next_cursor`` is null at the end."""

    items: list[RevisionItem]
    next_cursor: str | None


def tagged(content: Content, response: Response) -> ContentAnswer:
    """A content as JSON, with the tag of its revision for ``If-Match``."""
    response.headers["ETag"] = f'"r{content.number}"'
    return content_answer(content, download_url(content.session.content_id))


class _Notes:
    """Notes each revision that is made."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def of(self, action: Action, request: Request, principal: Principal, content_id: str) -> Kept:
        """Notes the one that this request makes."""

        async def note(number: int) -> None:
            await self._audit.note(
                action,
                principal,
                "content",
                content_id,
                request_id=request.scope.get(REQUEST_ID),
                details={"revision": number},
            )

        return note


def add_revisions(router: APIRouter, revising: Revising, authenticator: Authenticator, audit: Audit) -> None:
    """The routes below ``/api/v1/content/{content_id}`` that change a content, and those that show what it was.

    Args:
        router: gets them.
        revising: does the work.
        authenticator: who asks.
        audit: notes who changed what.
    """
    notes = _Notes(audit)
    may_generate = Annotated[Principal, Depends(authenticator.require("content:generate"))]
    _add_changes(router, revising, may_generate, notes)
    _add_earlier(router, revising, may_generate, notes)


def _add_changes(router: APIRouter, revising: Revising, may_generate: Any, notes: _Notes) -> None:
    # What is not there, or another's, is told before anything of the request is looked at.
    async def changeable(content_id: str, principal: may_generate) -> Any:
        await revising.check_editor(principal, content_id)
        return principal

    editor = Annotated[Principal, Depends(changeable)]

    @router.patch("/{content_id}")
    async def edit(
        content_id: str,
        body: EditBody,
        request: Request,
        response: Response,
        principal: editor,
        if_match: IfMatch = None,
        idempotency_key: Key = None,
    ) -> ContentAnswer:
        """Save an edit as a revision; everything is checked first, and all of it is saved or nothing."""
        given = body.model_dump(include=body.model_fields_set)
        made = await revising.edit(
            principal,
            content_id,
            given,
            expected=_seen(if_match),
            idempotency_key=idempotency_key,
            kept=notes.of(Action.EDITED, request, principal, content_id),
        )
        return tagged(made, response)

    _add_another(
        router,
        revising,
        editor,
        Part.SECTION,
        "Make one section anew from other sentences of the text.",
        notes,
    )
    _add_another(
        router,
        revising,
        editor,
        Part.QUESTION,
        "Put another question of the text in the place of one; it has an id of its own.",
        notes,
    )


def _add_another(
    router: APIRouter, revising: Revising, editor: Any, part: Part, does: str, notes: _Notes
) -> None:
    PartId = Annotated[str, Path(alias=f"{part}_id")]

    @router.post(
        f"/{{content_id}}/{part}s/{{{part}_id}}/regenerate", name=f"another_{part}", description=does
    )
    async def another(
        content_id: str,
        part_id: PartId,
        request: Request,
        response: Response,
        principal: editor,
        body: SeedBody | None = None,
        if_match: IfMatch = None,
        idempotency_key: Key = None,
    ) -> ContentAnswer:
        made = await revising.another(
            principal,
            content_id,
            part,
            part_id,
            expected=_seen(if_match),
            seed=body.seed if body else None,
            idempotency_key=idempotency_key,
            kept=notes.of(Action.REGENERATED, request, principal, content_id),
        )
        return tagged(made, response)


def _add_earlier(router: APIRouter, revising: Revising, may_generate: Any, notes: _Notes) -> None:
    async def changeable(content_id: str, principal: may_generate) -> Any:
        await revising.check_editor(principal, content_id)
        return principal

    async def taught(content_id: str, principal: may_generate) -> Any:
        await revising.check_reader(principal, content_id)
        return principal

    editor = Annotated[Principal, Depends(changeable)]
    reader = Annotated[Principal, Depends(taught)]

    @router.get("/{content_id}/revisions")
    async def revisions(
        content_id: str,
        principal: reader,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> RevisionsAnswer:
        """The revisions that are kept, newest first."""
        before = None if cursor is None else int(max(0.0, min(place_in(cursor, float)[0], MAX_REVISION)))
        found = await revising.revisions(principal, content_id, limit=limit + 1, before=before)
        following = cursor_of((float(found[limit - 1].number),)) if len(found) > limit else None
        return RevisionsAnswer(
            items=[_item(content_id, facts) for facts in found[:limit]], next_cursor=following
        )

    @router.get("/{content_id}/revisions/{number}")
    async def revision(
        content_id: str, number: Number, response: Response, principal: reader
    ) -> ContentAnswer:
        """A content as it was in a revision."""
        return tagged(await revising.revision(principal, content_id, number), response)

    @router.post("/{content_id}/revisions/{number}/restore")
    async def restore(
        content_id: str,
        number: Number,
        request: Request,
        response: Response,
        principal: editor,
        if_match: IfMatch = None,
        idempotency_key: Key = None,
    ) -> ContentAnswer:
        """Take up an earlier revision again, as a new one."""
        made = await revising.restore(
            principal,
            content_id,
            number,
            expected=_seen(if_match),
            idempotency_key=idempotency_key,
            kept=notes.of(Action.RESTORED, request, principal, content_id),
        )
        return tagged(made, response)


def _seen(if_match: str | None) -> int:
    return seen_revision(if_match, what="content", where="/api/v1/content/{content_id}")


def _item(content_id: str, facts: RevisionFacts) -> RevisionItem:
    return RevisionItem(
        revision=facts.number,
        kind=facts.kind.value,
        restores=facts.restores,
        title=facts.title,
        note=facts.note,
        author_id=facts.author_id,
        created_at=stamp(facts.at),
        url=f"/api/v1/content/{content_id}/revisions/{facts.number}",
    )
