"""Where things stand, for a server of a world that has just begun, or has missed something."""

from dataclasses import dataclass
from typing import Any, Protocol

from toolboxai.errors import InvalidToken, ResourceNotFound
from toolboxai.platform.attempts.players import FromWorld
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.pupils import quiz_for_pupils
from toolboxai.platform.games.service import Admitted
from toolboxai.platform.games.store import GameTalkStore
from toolboxai.platform.roblox.records.environments import Environment

__all__ = ["Quizzes", "Snapshot", "Snapshots", "from_world"]


class Quizzes(Protocol):
    """Where quizzes are looked up; ``PlayerAnswers`` is one."""

    async def quiz(self, world: FromWorld) -> tuple[int, Quiz]:
        """What a world asks, with its answers, and of which revision of the lesson it is.

        Raises:
            ResourceNotFound: the lesson is gone, or not the world's owner's to teach any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a world stands.

    Args:
        world: as it is kept.
        revision: of the lesson whose quiz is asked; None: the lesson is gone.
        quiz: as players read it, without answers; None: the lesson is gone.
        quiz_open: whether they may answer, as the owner last said.
        cursor: number of the newest message that this has in it.
    """

    world: Environment
    revision: int | None
    quiz: dict[str, Any] | None
    quiz_open: bool
    cursor: int


class Snapshots:
    """Makes them.

    Args:
        store: knows what was told.
        quizzes: what worlds ask.
    """

    def __init__(self, store: GameTalkStore, quizzes: Quizzes) -> None:
        self._store = store
        self._quizzes = quizzes

    async def of(self, known: Admitted) -> Snapshot:
        """Of the world of a game server; what is told after it has a number above its cursor.

        Raises:
            InvalidToken: the game server was revoked in this moment.
        """
        state = await self._store.state(known.server.id)
        if state is None:
            raise InvalidToken("the token was revoked in this moment; it opens nothing any more")
        revision, asked = None, None
        try:
            revision, quiz = await self._quizzes.quiz(from_world(known))
            asked = quiz_for_pupils(quiz)
        except ResourceNotFound:
            pass  # the world runs on without its lesson
        return Snapshot(known.world, revision, asked, state.quiz_open, state.last_message)


def from_world(known: Admitted) -> FromWorld:
    """The world of a game server as one that posts answers."""
    world = known.world
    assert world.wish.content_id is not None  # else there is no game server of it
    return FromWorld(world.id, known.owner, world.wish.content_id, world.content_revision or 1)
