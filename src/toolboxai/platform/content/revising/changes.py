"""Changing a content: edits, parts made anew, and earlier revisions taken up again. Each is a revision of its own."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, InsufficientPermissions, PreconditionFailed, ResourceNotFound
from toolboxai.platform.content.downloads import Content, Downloads
from toolboxai.platform.content.records.access import may_change
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.revisions import (
    Edition,
    NewRevision,
    RevisionFacts,
    RevisionKind,
    restored_note,
)
from toolboxai.platform.content.records.sessions import Session
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.revising.anew import Part, another, check_part, with_another
from toolboxai.platform.content.revising.edits import changes_between, edited
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.identity.model import Principal

__all__ = ["Kept", "Revising"]

Kept = Callable[[int], Awaitable[None]]
"""Is told the number of a revision that was made, before the answer is: what is kept is kept, whatever comes of that."""

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
        kept: Kept | None = None,
    ) -> Content:
        """Make an edit; where nothing of it is new there is no new revision.

        Args:
            principal: the owner.
            content_id: of the content.
            given: see ``edits.edited``.
            expected: number of the revision that the caller has seen.
            idempotency_key: of the caller; the same key leads to the same revision.
            kept: is told of the revision that was made; not of one that was there.

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
            principal, content_id, RevisionKind.EDITED, change, about, expected, idempotency_key, kept
        )

    async def restore(
        self,
        principal: Principal,
        content_id: str,
        number: int,
        *,
        expected: int,
        idempotency_key: str | None = None,
        kept: Kept | None = None,
    ) -> Content:
        """Take up an earlier revision again, as a new one; `idempotency_key` and `kept` as for ``edit``.

        Raises:
            ResourceNotFound: as for ``edit``, or it has no such revision.
            PreconditionFailed, Conflict: as for ``edit``.
        """

        async def change(session: Session, newest: Edition) -> tuple[Edition, str]:
            if number == session.revision:
                return newest, ""
            earlier = await self._editions.edition(session, number)
            numbers = newest.numbers.beside(earlier.numbers)
            return msgspec.structs.replace(earlier, numbers=numbers), restored_note(number)

        about = ("restore", number)
        return await self._change(
            principal, content_id, RevisionKind.RESTORED, change, about, expected, idempotency_key, kept
        )

    async def another(
        self,
        principal: Principal,
        content_id: str,
        part: Part,
        part_id: str,
        *,
        expected: int,
        seed: int | None = None,
        idempotency_key: str | None = None,
        kept: Kept | None = None,
    ) -> Content:
        """Make one section anew from other sentences, or put another question in the place of one; nothing else changes.

        Args:
            principal: the owner.
            content_id: of the content.
            part: what is to be made anew.
            part_id: of the section or question in the newest revision.
            expected: number of the revision that the caller has seen.
            seed: another gives another part; None takes one that follows from the revision, so that the same revision
                gives the same part and the next one another.
            idempotency_key: as for ``edit``.
            kept: as for ``edit``.

        Raises:
            ResourceNotFound: as for ``edit``, or it has no such part.
            PreconditionFailed: as for ``edit``.
            Conflict: the text carries no other good one, or as for ``edit``.
            RateLimitExceeded, ProviderUnavailable: see ``EngineCalls.run``.
        """

        async def change(session: Session, newest: Edition) -> tuple[Edition, str]:
            check_part(newest, part, part_id)
            document = await self._editions.document(session, newest)
            dice = expected if seed is None else seed
            made = await self._calls.run(
                session.owner_id, lambda engine: another(engine, document(), part, part_id, dice)
            )
            return with_another(newest, part_id, made)

        about = (part, part_id, seed)
        return await self._change(
            principal, content_id, RevisionKind.REGENERATED, change, about, expected, idempotency_key, kept
        )

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _change(
        self,
        principal: Principal,
        content_id: str,
        kind: RevisionKind,
        change: Callable[[Session, Edition], Awaitable[tuple[Edition, str]]],
        about: Sequence[Any],
        expected: int,
        idempotency_key: str | None,
        kept: Kept | None,
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
                known, made = await self._kept(new)
                if made and kept is not None:
                    await kept(known)
        return await self._downloads.content(principal, content_id, revision=known)

    async def _kept(self, new: NewRevision) -> tuple[int, bool]:
        """The number of the revision, and whether it was made just now; the same key may have made it meanwhile."""
        if await self._store.add_revision(new):
            return new.expected + 1, True
        session = await self._editions.finished(new.content_id)
        known = await self._known(session, new.idempotency_key, new.request_sha256)
        if known is None:
            raise _outdated(session, new.expected)
        return known, False

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
