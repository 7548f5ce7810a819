"""The revisions of a content, read: what each holds, and the document from which its files are written."""

from collections.abc import Callable, Sequence

import msgspec

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Package
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.package import cleaned, with_source
from toolboxai.platform.content.records.access import may_see
from toolboxai.platform.content.records.revisions import (
    FIRST,
    Edition,
    RevisionFacts,
    RevisionKind,
    first_edition,
)
from toolboxai.platform.content.records.sessions import Session, Stage, Status, is_id
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.identity.model import Principal

__all__ = ["Editions"]


class _Line(msgspec.Struct):
    text: str


class _Text(msgspec.Struct):
    """Of an analysis what an edit needs; the rest is not decoded."""

    sentences: tuple[_Line, ...]
    warnings: tuple[str, ...] = ()


class Editions:
    """Reads contents for whoever may see them.

    Args:
        store: keeps them.
    """

    def __init__(self, store: ContentStore) -> None:
        self._store = store

    async def finished(self, content_id: str) -> Session:
        """The session that made a content; who may see it is not asked.

        Raises:
            ResourceNotFound: there is none, or it has not ended well.
        """
        session = await self._store.session_of_content(content_id) if is_id(content_id) else None
        if session is None or session.status is not Status.COMPLETE:
            raise ResourceNotFound(f"no content {content_id!r}")
        return session

    async def seen_by(self, principal: Principal, content_id: str) -> Session:
        """The session that made a content.

        Raises:
            ResourceNotFound: there is none yet, or it is not this principal's to see.
        """
        session = await self.finished(content_id)
        if not await may_see(self._store, principal, session):
            raise ResourceNotFound(f"no content {content_id!r}")
        return session

    async def edition(self, session: Session, number: int) -> Edition:
        """What a revision holds.

        Raises:
            ResourceNotFound: there is no such revision, or it is no longer kept.
        """
        if number == FIRST:
            return await self._first(session)
        document = (
            await self._store.revision(session.content_id, number) if number <= session.revision else None
        )
        if document is None:
            raise ResourceNotFound(
                f"content {session.content_id} has no revision {number}; the newest is {session.revision}, and "
                f"/api/v1/content/{session.content_id}/revisions lists those that are kept"
            )
        return msgspec.json.decode(document, type=Edition)

    async def _first(self, session: Session) -> Edition:
        package = msgspec.json.decode(await self._made(session, Stage.PACKAGING), type=Package)
        lesson = msgspec.json.decode(await self._made(session, Stage.LESSON), type=Lesson)
        quiz = msgspec.json.decode(await self._made(session, Stage.QUIZ), type=Quiz)
        text = msgspec.json.decode(await self._made(session, Stage.ANALYSIS), type=_Text)
        request = await self._store.request(session.id)
        return first_edition(package, lesson, quiz, told=text.warnings, minutes=request.duration_minutes)

    async def sentences(self, session: Session) -> Sequence[str]:
        """The sentences of the source, in order."""
        text = msgspec.json.decode(await self._made(session, Stage.ANALYSIS), type=_Text)
        return [sentence.text for sentence in text.sentences]

    async def document(self, session: Session, edition: Edition) -> Callable[[], ContentDocument]:
        """What files are written from, to be called in a thread: to decode a long text takes a while."""
        request = await self._store.request(session.id)
        made = await self._made(session, Stage.ANALYSIS)

        def document() -> ContentDocument:
            analysis = msgspec.json.decode(made, type=Analysis)
            return ContentDocument(
                content_id=session.content_id,
                title=edition.title,
                generator=edition.generator,
                summary=edition.summary,
                request=cleaned(with_source(request, analysis)),
                analysis=analysis,
                lesson=edition.lesson,
                quiz=edition.quiz,
                coverage=edition.coverage,
                warnings=edition.warnings,
            )

        return document

    async def page(self, session: Session, *, limit: int, before: int | None) -> Sequence[RevisionFacts]:
        """The revisions that are kept, newest first; only those below the number `before`."""
        found = list(await self._store.revisions(session.content_id, limit=limit, before=before))
        if len(found) < limit and (before is None or before > FIRST):
            first = await self._first(session)
            found.append(
                RevisionFacts(
                    number=FIRST,
                    kind=RevisionKind.GENERATED,
                    title=first.title,
                    note="as it was made",
                    author_id=session.owner_id,
                    at=session.finished_at or session.updated_at,
                )
            )
        return found

    async def _made(self, session: Session, stage: Stage) -> bytes:
        artefact = await self._store.artefact(session.id, stage)
        if artefact is None:
            raise ResourceNotFound(f"no content {session.content_id!r}")
        return artefact
