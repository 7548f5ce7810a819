"""Revisions of contents, and the files of each, in the database."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.content_rows import file_values
from toolboxai.adapters.database.content_tables import ContentFileRow, RevisionRow, SessionRow
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.records.revisions import FIRST, KEPT, NewRevision, RevisionFacts, RevisionKind
from toolboxai.platform.content.records.sessions import FileFacts

__all__ = ["KeptRevisions"]


class KeptRevisions:
    """Satisfies ``platform.content.records.revisions.RevisionStore`` on SQLite and Postgres, a transaction each.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add_revision(self, new: NewRevision) -> bool:
        """See the port."""
        number = new.expected + 1
        try:
            async with self._engine.begin() as connection:
                # It comes first: on both databases whoever comes second waits here, and then finds another number.
                moved = await connection.execute(
                    update(SessionRow)
                    .where(SessionRow.content_id == new.content_id, SessionRow.revision == new.expected)
                    .values(revision=number, title=new.title)
                )
                if moved.rowcount != 1:
                    return False
                await connection.execute(
                    insert(RevisionRow).values(
                        content_id=new.content_id,
                        number=number,
                        kind=new.kind.value,
                        title=new.title,
                        note=new.note,
                        author_id=new.author_id,
                        at=new.at,
                        document=new.document.decode(),
                        idempotency_key=new.idempotency_key,
                        request_sha256=new.request_sha256,
                    )
                )
                await connection.execute(
                    delete(RevisionRow).where(
                        RevisionRow.content_id == new.content_id, RevisionRow.number <= number - KEPT
                    )
                )
                await connection.execute(
                    delete(ContentFileRow).where(
                        ContentFileRow.content_id == new.content_id,
                        ContentFileRow.revision.not_in((FIRST, number)),
                    )
                )
        except IntegrityError:  # the key came in twice at the same time
            return False
        return True

    async def revisions(
        self, content_id: str, *, limit: int, before: int | None = None
    ) -> Sequence[RevisionFacts]:
        """See the port."""
        query = (
            select(
                RevisionRow.number,
                RevisionRow.kind,
                RevisionRow.title,
                RevisionRow.note,
                RevisionRow.author_id,
                RevisionRow.at,
            )
            .where(RevisionRow.content_id == content_id)
            .order_by(RevisionRow.number.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(RevisionRow.number < before)
        async with self._engine.connect() as connection:
            return [
                RevisionFacts(
                    number=row.number,
                    kind=RevisionKind(row.kind),
                    title=row.title,
                    note=row.note,
                    author_id=row.author_id,
                    at=row.at,
                )
                for row in await connection.execute(query)
            ]

    async def revision(self, content_id: str, number: int) -> bytes | None:
        """See the port."""
        query = select(RevisionRow.document).where(
            RevisionRow.content_id == content_id, RevisionRow.number == number
        )
        async with self._engine.connect() as connection:
            document = await connection.scalar(query)
        return None if document is None else document.encode()

    async def revision_of_key(self, content_id: str, idempotency_key: str) -> tuple[int, str] | None:
        """See the port."""
        query = select(RevisionRow.number, RevisionRow.request_sha256).where(
            RevisionRow.content_id == content_id, RevisionRow.idempotency_key == idempotency_key
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (row.number, row.request_sha256)

    async def files(self, content_id: str, revision: int = FIRST) -> Sequence[FileFacts]:
        """See the port."""
        query = (
            select(
                ContentFileRow.name,
                ContentFileRow.format,
                ContentFileRow.audience,
                ContentFileRow.media_type,
                ContentFileRow.size,
                ContentFileRow.sha256,
                ContentFileRow.notes,
            )
            .where(ContentFileRow.content_id == content_id, ContentFileRow.revision == revision)
            .order_by(ContentFileRow.format, ContentFileRow.audience)
        )
        async with self._engine.connect() as connection:
            return [FileFacts(*row[:-1], notes=_notes(row.notes)) for row in await connection.execute(query)]

    async def file(
        self, content_id: str, format: str, audience: str, revision: int = FIRST
    ) -> ContentFile | None:
        """See the port."""
        query = select(ContentFileRow.__table__).where(
            ContentFileRow.content_id == content_id,
            ContentFileRow.revision == revision,
            ContentFileRow.format == format,
            ContentFileRow.audience == audience,
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return ContentFile(
            name=row.name,
            format=row.format,
            audience=Audience(row.audience),
            media_type=row.media_type,
            content=row.content,
            sha256=row.sha256,
            notes=_notes(row.notes),
        )

    async def keep_file(self, content_id: str, revision: int, file: ContentFile) -> None:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(
                    insert(ContentFileRow).values(file_values(content_id, revision, file))
                )
        except IntegrityError:
            return  # another one made it at the same time, with the same bytes


def _notes(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])
