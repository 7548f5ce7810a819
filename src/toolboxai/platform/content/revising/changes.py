"""Changing a content: edits, parts made anew, and earlier revisions taken up again. Each is a revision of its own."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, InsufficientPermissions, PreconditionFailed, ResourceNotFound
from toolboxai.platform.content.downloads import Content, Downloads
from toolboxai.platform.content.model.lesson import LessonSection
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.records.access import may_change
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.revisions import (
    Edition,
    NewRevision,
    RevisionFacts,
    RevisionKind,
    edition_of,
)
from toolboxai.platform.content.records.sessions import Session
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.revising.edits import changes_between, edited
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.stage_work import ContentEngine
from toolboxai.platform.identity.model import Principal

__all__ = ["Revising"]

_AGAIN: Final = "get it again, and make your change there"


class Revising:
    """Every change names the revision that the caller has seen, and is refused when there is a newer one.

    Only the owner and its editors change a content; who else may see it and teaches reads its revisions.

    Args:
        store: keeps them.
        editions: reads them.
        downloads: what a content is answered with.
        calls: the engine, for parts that are made anew.
        clock: for the time of a revision.
    """

    def __init__(
        self,
        store: ContentStore,
        editions: Editions,
        downloads: Downloads,
        calls: EngineCalls,
        clock: Clock,
    ) -> None:
        self._store = store
        self._editions = editions
        self._downloads = downloads
        self._calls = calls
        self._clock = clock

    # ---- looking ------------------------------------------------------------------------------------------------

    async def revisions(
        self, principal: Principal, content_id: str, *, limit: int, before: int | None = None
    ) -> Sequence[RevisionFacts]:
        """The revisions that are kept, newest first; only those below the number `before`.

        Raises:
            ResourceNotFound: there is no such content, or it is not this principal's to see.
            InsufficientPermissions: it is, and revisions are for those who teach.
        """
        session = await self._taught(principal, content_id)
        return await self._editions.page(session, limit=limit, before=before)

    async def revision(self, principal: Principal, content_id: str, number: int) -> Content:
        """One revision.

        Raises:
            ResourceNotFound: as for ``revisions``, or it has no such revision.
            InsufficientPermissions: as for ``revisions``.
        """
        await self._taught(principal, content_id)
        return await self._downloads.content(principal, content_id, revision=number)

    async def check_reader(self, principal: Principal, content_id: str) -> None:
        """Whether the revisions of a content are this principal's to read.

        Raises:
            ResourceNotFound, InsufficientPermissions: as for ``revisions``.
        """
        await self._taught(principal, content_id)

    async def check_editor(self, principal: Principal, content_id: str) -> None:
        """Whether a content is this principal's to change.

        Raises:
            ResourceNotFound: there is no such content of theirs.
        """
        await self._own(principal, content_id)

    async def _taught(self, principal: Principal, content_id: str) -> Session:
        session = await self._editions.seen_by(principal, content_id)
        if not principal.can("content:generate"):
            raise InsufficientPermissions("the revisions of a content are for those who may generate")
        return session

    # ---- changing -----------------------------------------------------------------------------------------------

    async def edit(
        self,
        principal: Principal,
        content_id: str,
        given: Mapping[str, Any],
        *,
        expected: int,
        idempotency_key: str | None = None,
    ) -> Content:
        """Make an edit; where nothing of it is new there is no new revision.

        Args:
            principal: the owner.
            content_id: of the content.
            given: see ``edits.edited``.
            expected: number of the revision that the caller has seen.
            idempotency_key: of the caller; the same key leads to the same revision.

        Raises:
            ResourceNotFound: there is no such content of this principal's own.
            PreconditionFailed: there is a newer revision.
            ValidationError: ``details.fields`` names what is wrong.
            Conflict: the key was used for another change.
        """

        async def change(session: Session, newest: Edition) -> tuple[Edition, str]:
            source = await self._editions.sentences(session)
            after = await asyncio.to_thread(edited, newest, given, source)
            return after, changes_between(newest, after)

        about = ("edit", given)
        return await self._change(
            principal, content_id, RevisionKind.EDITED, change, about, expected, idempotency_key
        )

    async def restore(
        self,
        principal: Principal,
        content_id: str,
        number: int,
        *,
        expected: int,
        idempotency_key: str | None = None,
    ) -> Content:
        """Take up an earlier revision again, as a new one.

        Raises:
            ResourceNotFound: as for ``edit``, or it has no such revision.
            PreconditionFailed, Conflict: as for ``edit``.
        """

        async def change(session: Session, newest: Edition) -> tuple[Edition, str]:
            if number == session.revision:
                return newest, ""
            earlier = await self._editions.edition(session, number)
            numbers = newest.numbers.beside(earlier.numbers)
            return msgspec.structs.replace(earlier, numbers=numbers), f"revision {number} again"

        about = ("restore", number)
        return await self._change(
            principal, content_id, RevisionKind.RESTORED, change, about, expected, idempotency_key
        )

    async def another_section(
        self,
        principal: Principal,
        content_id: str,
        section_id: str,
        *,
        expected: int,
        seed: int | None = None,
        idempotency_key: str | None = None,
    ) -> Content:
        """Make one section anew, from other sentences of the text; nothing else changes.

        Args:
            principal: the owner.
            content_id: of the content.
            section_id: of the newest revision.
            expected: number of the revision that the caller has seen.
            idempotency_key: as for ``edit``.
            seed: another gives another section; None takes one that follows from the revision.

        Raises:
            ResourceNotFound: as for ``edit``, or it has no such section.
            PreconditionFailed: as for ``edit``.
            Conflict: the text carries no other, or as for ``edit``.
        """

        async def change(session: Session, newest: Edition) -> tuple[Edition, str]:
            _part(newest.lesson.sections, section_id, "section")
            document = await self._editions.document(session, newest)
            number = _seed(seed, expected)

            def work(engine: ContentEngine) -> LessonSection | None:
                return engine.another_section(document(), section_id, number, _unheard)

            made = await self._calls.run(session.owner_id, work)
            if made is None:
                raise Conflict(
                    f"the text carries no other {section_id}; change its statements, or leave it as it is"
                )
            sections = tuple(made if one.id == section_id else one for one in newest.lesson.sections)
            lesson = msgspec.structs.replace(newest.lesson, sections=sections)
            after = edition_of(
                newest, title=newest.title, lesson=lesson, quiz=newest.quiz, numbers=newest.numbers
            )
            return after, f"{section_id} made anew"

        about = ("section", section_id, seed)
        return await self._change(
            principal, content_id, RevisionKind.REGENERATED, change, about, expected, idempotency_key
        )

    async def another_question(
        self,
        principal: Principal,
        content_id: str,
        question_id: str,
        *,
        expected: int,
        seed: int | None = None,
        idempotency_key: str | None = None,
    ) -> Content:
        """Put another question in the place of one, with an id of its own; nothing else changes.

        Raises:
            ResourceNotFound: as for ``edit``, or it has no such question.
            PreconditionFailed: as for ``edit``.
            Conflict: the text carries no other good one, or as for ``edit``.
        """

        async def change(session: Session, newest: Edition) -> tuple[Edition, str]:
            _part(newest.quiz.questions, question_id, "question")
            document = await self._editions.document(session, newest)
            number = _seed(seed, expected)

            def work(engine: ContentEngine) -> Question | None:
                return engine.another_question(document(), question_id, number, _unheard)

            made = await self._calls.run(session.owner_id, work)
            if made is None:
                raise Conflict(
                    "the text carries no other good question that neither repeats one of those that stay nor gives one "
                    f"away; change {question_id}, or leave it as it is"
                )
            numbers = msgspec.structs.replace(newest.numbers, question=newest.numbers.question + 1)
            fresh = f"q{numbers.question}"
            made = msgspec.structs.replace(made, id=fresh)
            questions = tuple(made if one.id == question_id else one for one in newest.quiz.questions)
            quiz = msgspec.structs.replace(newest.quiz, questions=questions)
            after = edition_of(newest, title=newest.title, lesson=newest.lesson, quiz=quiz, numbers=numbers)
            return after, f"{fresh} in the place of {question_id}"

        about = ("question", question_id, seed)
        return await self._change(
            principal, content_id, RevisionKind.REGENERATED, change, about, expected, idempotency_key
        )

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _change(
        self,
        principal: Principal,
        content_id: str,
        kind: RevisionKind,
        change: "Callable[[Session, Edition], Any]",
        about: Sequence[Any],
        expected: int,
        idempotency_key: str | None,
    ) -> Content:
        session = await self._own(principal, content_id)
        digest = _digest([expected, *about])
        known = await self._known(session, idempotency_key, digest)
        if known is None:
            if session.revision != expected:
                raise _outdated(session, expected)
            newest = await self._editions.edition(session, expected)
            after, note = await change(session, newest)
            known = expected
            if after != newest:
                new = NewRevision(
                    content_id=content_id,
                    expected=expected,
                    kind=kind,
                    title=after.title,
                    note=note,
                    author_id=principal.user_id,
                    at=self._clock.now(),
                    document=msgspec.json.encode(after),
                    idempotency_key=idempotency_key,
                    request_sha256=digest,
                )
                known = await self._kept(new)
        return await self._downloads.content(principal, content_id, revision=known)

    async def _kept(self, new: NewRevision) -> int:
        if await self._store.add_revision(new):
            return new.expected + 1
        session = await self._editions.finished(new.content_id)
        known = await self._known(session, new.idempotency_key, new.request_sha256)
        if known is None:
            raise _outdated(session, new.expected)
        return known

    async def _known(self, session: Session, key: str | None, digest: str) -> int | None:
        found = None if key is None else await self._store.revision_of_key(session.content_id, key)
        if found is None:
            return None
        number, made_with = found
        if made_with != digest:
            raise Conflict(
                f"the Idempotency-Key was used for another change, revision {number}; use a new key",
                details={"revision": number},
            )
        return number

    async def _own(self, principal: Principal, content_id: str) -> Session:
        session = await self._editions.seen_by(principal, content_id)
        if not await may_change(self._store, principal, session):
            raise ResourceNotFound(
                f"no content {content_id!r} of yours; only its owner and its editors change it"
            )
        return session


def _digest(about: Sequence[Any]) -> str:
    """Of what a stranger asks for: any JSON, whatever the size of its numbers."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _outdated(session: Session, expected: int) -> PreconditionFailed:
    return PreconditionFailed(
        f"content {session.content_id} is at revision {session.revision}, and the change was made at {expected}: {_AGAIN}",
        details={"revision": session.revision, "etag": f'"r{session.revision}"'},
    )


def _part(parts: Sequence[LessonSection | Question], part_id: str, what: str) -> None:
    if all(part.id != part_id for part in parts):
        have = ", ".join(part.id for part in parts) or "none"
        raise ResourceNotFound(
            f"there is no {what} {part_id[:40]!r} in the newest revision; there are {have}"
        )


def _seed(seed: int | None, expected: int) -> int:
    """The same revision gives the same part, the next one another."""
    return expected if seed is None else seed


def _unheard(done: int, total: int, message: str) -> None:
    """A report to nobody: it takes about a second."""
