"""What is kept of answers, as a port. The other end is ``adapters.database.attempts``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.attempts.model import Attempt, FirstAnswer, Place

__all__ = ["AttemptStore"]


class AttemptStore(Protocol):
    """Attempts with their answers."""

    async def add(self, attempt: Attempt, *, most: int) -> Attempt | None:
        """Keep a new attempt, each answer with its ``nth``; or find the one that this pupil has made with its key.

        Returns:
            The one that is kept; None when a question of it has `most` answers of this pupil already.
        """
        ...

    async def add_all(self, attempts: Sequence[Attempt], *, most: int) -> Sequence[Attempt | None]:
        """Keep attempts at one content, each with a key of its own, all or none of them.

        Returns:
            Those that are kept, in their order; one whose pupil has made an attempt with its key before is that one. Where
            that was made by another request, nothing new is kept; nor where a question of one has `most` answers of its
            pupil already, for which None stands.
        """
        ...

    async def by_key(self, user_id: str, idempotency_key: str) -> Attempt | None:
        """The attempt that this pupil has made with this key."""
        ...

    async def attempts(
        self,
        *,
        content_id: str | None,
        class_id: str | None,
        user_id: str | None,
        environment_id: str | None = None,
        before: Place | None = None,
        limit: int,
    ) -> Sequence[Attempt]:
        """Those that fit, newest first.

        Args:
            content_id: of this content alone; None: of any.
            class_id: in this class alone.
            user_id: of this pupil alone.
            environment_id: posted by this world alone.
            before: the place of the last one that was seen.
            limit: at most so many.
        """
        ...

    async def first_answers(
        self, content_id: str, *, class_id: str | None, without: str, environment_id: str | None = None
    ) -> Sequence[FirstAnswer]:
        """The first answer of each pupil to each question, in the order in which they were given.

        Args:
            content_id: whose quiz.
            class_id: the first of those given in this class; None: in any or none.
            without: user id of the owner, whose own tries are no results.
            environment_id: the first of those that this world has posted.
        """
        ...
