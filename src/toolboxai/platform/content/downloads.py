"""What a finished session made, and its files."""

import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken, ResourceNotFound
from toolboxai.platform.content.access import may_read, may_see
from toolboxai.platform.content.events import download_url
from toolboxai.platform.content.model import Audience, ContentFile, Package
from toolboxai.platform.content.sessions import FileFacts, Session, Stage, Status, is_id
from toolboxai.platform.content.store import ContentStore
from toolboxai.platform.identity.keys import DerivedKeys
from toolboxai.platform.identity.model import Principal

__all__ = ["LINK_S", "Content", "Downloads", "Link"]

LINK_S: Final = 300  # a link is clicked at once, or made anew


@dataclass(frozen=True, slots=True)
class Content:
    """What a finished session made, without the bytes of the files."""

    session: Session
    package: Package
    files: Sequence[FileFacts]


@dataclass(frozen=True, slots=True)
class Link:
    """A download address that works without a token until `expires_at` (Unix seconds)."""

    url: str
    expires_at: int


class Downloads:
    """Content and files, for whoever may see the session.

    Args:
        store: keeps them.
        clock: for the time of links.
        link_keys: sign links.
    """

    def __init__(self, store: ContentStore, clock: Clock, link_keys: DerivedKeys) -> None:
        self._store = store
        self._clock = clock
        self._link_keys = link_keys

    async def content(self, principal: Principal, content_id: str) -> Content:
        """What a finished session made.

        Raises:
            ResourceNotFound: there is none yet, or it is not this principal's to see.
        """
        session = await self._store.session_of_content(content_id) if is_id(content_id) else None
        if (
            session is None
            or session.status is not Status.COMPLETE
            or not await may_see(self._store, principal, session)
        ):
            raise ResourceNotFound(f"no content {content_id!r}")
        return await self._content_of(principal, session)

    async def _content_of(self, principal: Principal, session: Session) -> Content:
        """What this session made, as far as it is this principal's to read; it is complete."""
        artefact = await self._store.artefact(session.id, Stage.PACKAGING)
        if artefact is None:
            raise ResourceNotFound(f"no content {session.content_id!r}")
        package = msgspec.json.decode(artefact, type=Package)
        files = await self._store.files(session.content_id)
        return Content(session, package, [file for file in files if may_read(principal, file.audience)])

    async def file(
        self, principal: Principal, content_id: str, *, format: str, audience: Audience
    ) -> ContentFile:
        """One file.

        Raises:
            ResourceNotFound: as for ``content``, or it has no such file; the text names those it has.
        """
        content = await self.content(principal, content_id)
        return await self._file(content.files, content_id, format, audience)

    async def link(self, principal: Principal, content_id: str, *, format: str, audience: Audience) -> Link:
        """A signed address for one file, good for ``LINK_S`` seconds.

        Raises:
            ResourceNotFound: as for ``file``.
        """
        await self.file(principal, content_id, format=format, audience=audience)
        expires_at = math.ceil(self._clock.now()) + LINK_S
        signature = _signature(self._link_keys()[0], content_id, format, audience, expires_at)
        query = f"format={format}&sheet={audience}&expires={expires_at}&signature={signature}"
        return Link(f"{download_url(content_id)}?{query}", expires_at)

    async def file_by_link(
        self, content_id: str, *, format: str, audience: Audience, expires: int, signature: str
    ) -> ContentFile:
        """The file that a signed address names.

        Raises:
            InvalidToken: the signature is not ours for this file, or its time is over.
            ResourceNotFound: the file is gone.
        """
        given = signature.encode(errors="replace")
        about = (content_id, format, audience, expires)
        signed = any(
            hmac.compare_digest(_signature(key, *about).encode(), given) for key in self._link_keys()
        )
        if not signed or expires < self._clock.now():
            raise InvalidToken("the download link is not valid or its time is over; ask for a new one")
        return await self._file(await self._store.files(content_id), content_id, format, audience)

    async def _file(
        self, there: Sequence[FileFacts], content_id: str, format: str, audience: Audience
    ) -> ContentFile:
        known = any((facts.format, facts.audience) == (format, audience.value) for facts in there)
        file = await self._store.file(content_id, format, audience.value) if known else None
        if file is None:
            have = ", ".join(f"{facts.format} ({facts.audience})" for facts in there)
            raise ResourceNotFound(
                f"content {content_id!r} has no {format!r} for the {audience}; it has {have}"
            )
        return file


def _signature(key: bytes, content_id: str, format: str, audience: str, expires: int) -> str:
    text = "\n".join(("download", content_id, format, audience, str(expires)))
    return hmac.new(key, text.encode(), sha256).hexdigest()
