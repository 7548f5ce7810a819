"""What a finished session made, and its files."""

import asyncio
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from weakref import WeakValueDictionary

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken, ResourceNotFound
from toolboxai.platform.content.exports.formats import FORMATS, file_name, sheets
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.records.access import ContentPart, may_read, part_in
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.revisions import FIRST, Edition
from toolboxai.platform.content.records.sessions import FileFacts, Session
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.events import download_url
from toolboxai.platform.identity.keys import DerivedKeys
from toolboxai.platform.identity.model import Principal

__all__ = ["LINK_S", "Content", "Downloads", "Link"]

LINK_S: Final = 300  # a link is clicked at once, or made anew


@dataclass(frozen=True, slots=True)
class Content:
    """One revision of what a finished session made, without the bytes of the files.

    Args:
        number: of the revision.
        open: whether whoever asks may read the answers.
        role: what they are to it.
    """

    session: Session
    number: int
    edition: Edition
    files: Sequence[FileFacts]
    open: bool
    role: ContentPart


@dataclass(frozen=True, slots=True)
class Link:
    """A download address that works without a token until `expires_at` (Unix seconds)."""

    url: str
    expires_at: int


class Downloads:
    """Content and files, for whoever may see the session. A file that is not kept is written when it is asked for.

    Args:
        store: keeps them.
        editions: reads revisions.
        calls: the engine, which writes files.
        clock: for the time of links.
        link_keys: sign links.
    """

    def __init__(
        self,
        store: ContentStore,
        editions: Editions,
        calls: EngineCalls,
        clock: Clock,
        link_keys: DerivedKeys,
    ) -> None:
        self._store = store
        self._editions = editions
        self._calls = calls
        self._clock = clock
        self._link_keys = link_keys
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def content(self, principal: Principal, content_id: str, *, revision: int | None = None) -> Content:
        """What a finished session made, as it is now, or as it was in a revision.

        Raises:
            ResourceNotFound: there is none yet, it has no such revision, or it is not this principal's to see.
        """
        session = await self._editions.seen_by(principal, content_id)
        number = session.revision if revision is None else revision
        edition = await self._editions.edition(session, number)
        there = {(file.format, file.audience): file for file in await self._store.files(content_id, number)}
        files = [
            there.get((format, audience.value)) or _unwritten(edition.title, format, audience)
            for format, audience in sheets()
            if may_read(principal, audience)
        ]
        role = await part_in(self._store, principal, session)
        return Content(session, number, edition, files, may_read(principal, Audience.TEACHER), role)

    async def file(
        self,
        principal: Principal,
        content_id: str,
        *,
        format: str,
        audience: Audience,
        revision: int | None = None,
    ) -> ContentFile:
        """One file, of the newest revision or of the one that is named.

        Raises:
            ResourceNotFound: as for ``content``, or it has no such file; the text names those it has.
            RateLimitExceeded: too many files of this owner are being written.
        """
        session = await self._editions.seen_by(principal, content_id)
        if revision not in (None, session.revision) and not may_read(principal, Audience.TEACHER):
            raise ResourceNotFound(f"content {content_id!r} has no revision {revision} for you; leave it out")
        readable = [one for one in sheets() if may_read(principal, one[1])]
        return await self._file(session, readable, format, audience, revision)

    async def link(
        self,
        principal: Principal,
        content_id: str,
        *,
        format: str,
        audience: Audience,
        revision: int | None = None,
    ) -> Link:
        """A signed address for one file, good for ``LINK_S`` seconds.

        Raises:
            ResourceNotFound, RateLimitExceeded: as for ``file``.
        """
        await self.file(principal, content_id, format=format, audience=audience, revision=revision)
        expires_at = math.ceil(self._clock.now()) + LINK_S
        about = _about(content_id, format, audience, expires_at, revision)
        signature = _signature(self._link_keys()[0], about)
        which = "" if revision is None else f"&revision={revision}"
        query = f"format={format}&sheet={audience}{which}&expires={expires_at}&signature={signature}"
        return Link(f"{download_url(content_id)}?{query}", expires_at)

    async def file_by_link(
        self,
        content_id: str,
        *,
        format: str,
        audience: Audience,
        expires: int,
        signature: str,
        revision: int | None = None,
    ) -> ContentFile:
        """The file that a signed address names.

        Raises:
            InvalidToken: the signature is not ours for this file, or its time is over.
            ResourceNotFound: the file is gone.
            RateLimitExceeded: as for ``file``.
        """
        given = signature.encode(errors="replace")
        about = _about(content_id, format, audience, expires, revision)
        signed = any(hmac.compare_digest(_signature(key, about).encode(), given) for key in self._link_keys())
        if not signed or expires < self._clock.now():
            raise InvalidToken("the download link is not valid or its time is over; ask for a new one")
        session = await self._editions.finished(content_id)
        return await self._file(session, sheets(), format, audience, revision)

    async def organization(self, content_id: str) -> str:
        """The tenant of a finished content.

        Raises:
            ResourceNotFound: there is none.
        """
        return (await self._editions.finished(content_id)).organization_id

    async def _file(
        self,
        session: Session,
        readable: Sequence[tuple[str, Audience]],
        format: str,
        audience: Audience,
        revision: int | None,
    ) -> ContentFile:
        if (format, audience) not in readable:
            have = ", ".join(f"{name} ({readers})" for name, readers in readable)
            raise ResourceNotFound(
                f"content {session.content_id!r} has no {format!r} for the {audience}; it has {have}"
            )
        number = session.revision if revision is None else revision
        key = f"{session.content_id} {number} {format} {audience}"
        lock = self._writing.get(key)
        if lock is None:
            lock = self._writing[key] = asyncio.Lock()
        async with lock:  # whoever asks for the same file waits for it
            known = number <= session.revision
            file = (
                await self._store.file(session.content_id, format, audience.value, number) if known else None
            )
            return file or await self._written(session, number, format, audience)

    async def _written(self, session: Session, number: int, format: str, audience: Audience) -> ContentFile:
        edition = await self._editions.edition(session, number)
        document = await self._editions.document(session, edition)
        file = await self._calls.run(
            session.owner_id, lambda engine: engine.render(document(), format, audience)
        )
        if number in (FIRST, session.revision):
            await self._store.keep_file(session.content_id, number, file)
        return file


def _unwritten(title: str, format: str, audience: Audience) -> FileFacts:
    """A file that is written when it is asked for."""
    name = file_name(title, format, audience)
    return FileFacts(name, format, audience.value, FORMATS[format].media_type, None, None)


def _about(
    content_id: str, format: str, audience: Audience, expires: int, revision: int | None
) -> tuple[object, ...]:
    return (content_id, format, audience, expires, *(() if revision is None else (revision,)))


def _signature(key: bytes, about: Sequence[object]) -> str:
    text = "\n".join(("download", *map(str, about)))
    return hmac.new(key, text.encode(), sha256).hexdigest()
