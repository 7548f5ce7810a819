"""Answers that a running world posts: of many players in one batch, who have no accounts here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.attempts.given import digest_of, faults_of, graded, refused
from toolboxai.platform.attempts.model import (
    NTH_MOST,
    Attempt,
    GivenAnswer,
    KeptAnswer,
    Source,
    player_id,
)
from toolboxai.platform.attempts.store import AttemptStore
from toolboxai.platform.attempts.telling import tell
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.records.access import may_see
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.sessions import Session
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.ports import Publisher

__all__ = ["FromWorld", "PlayerAnswer", "PlayerAnswers", "Taken"]

_FULL: Final = f"this player has {NTH_MOST} answers to this question already; no more are kept"


@dataclass(frozen=True, slots=True)
class FromWorld:
    """The world that posts.

    Args:
        environment_id: of the world.
        owner: whose it is, with their rights of this moment.
        content_id: whose quiz is asked in it.
        revision: of the content, as the world took it.
    """

    environment_id: str
    owner: Principal
    content_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class PlayerAnswer:
    """One answer of a batch.

    Args:
        id: given by the world; the same id of the same player counts once, however often it comes.
        player: a UUID that the world has made for the player.
        given: what was answered.
    """

    id: str
    player: str
    given: GivenAnswer


class Taken(NamedTuple):
    """An answer as it is kept, and whether this batch brought it."""

    answer: KeptAnswer
    fresh: bool


class PlayerAnswers:
    """Grades batches, keeps them, and tells whose the lesson and the world are.

    Args:
        store: keeps attempts, one for each answer.
        content: has the quizzes.
        publisher: tells.
        clock, dice: time and chance.
    """

    def __init__(
        self, store: AttemptStore, content: ContentStore, publisher: Publisher, clock: Clock, dice: Dice
    ) -> None:
        self._store = store
        self._content = content
        self._editions = Editions(content)
        self._publisher = publisher
        self._clock = clock
        self._dice = dice

    async def submit(self, world: FromWorld, batch: Sequence[PlayerAnswer]) -> Sequence[Taken]:
        """Grade and keep a batch, all of it or nothing.

        Args:
            world: that posts it.
            batch: in the order in which it was answered.

        Raises:
            ResourceNotFound: the lesson is gone, or is not the world's owner's to teach any more.
            ValidationError: ``details.fields`` names every answer that cannot be taken.
        """
        session = await self._session(world)
        revision, quiz = await self._quiz(world, session)
        questions = {question.id: question for question in quiz.questions}
        now = self._clock.now()
        _check(batch, questions, now)
        attempts = [
            self._attempt(
                world,
                session,
                revision,
                each,
                graded(questions[each.given.question_id], each.given, now),
                now,
            )
            for each in batch
        ]
        kept = await self._store.add_all(attempts, most=NTH_MOST)
        faults: dict[str, str] = {}
        taken = list[Taken]()
        for place, (new, found) in enumerate(zip(attempts, kept, strict=True)):
            if found is None:
                faults[f"answers[{place}].question_id"] = _FULL
            elif found.request_sha256 != new.request_sha256:
                faults[f"answers[{place}].id"] = (
                    "the id was used for another answer of this player; use a new one"
                )
            else:
                taken.append(Taken(found.answers[0], found.id == new.id))
        if faults:
            raise refused(faults)
        await self._tell(session, world, [new for new, one in zip(attempts, taken, strict=True) if one.fresh])
        return taken

    async def quiz(self, world: FromWorld) -> tuple[int, Quiz]:
        """What the world asks, with its answers, and of which revision it is.

        Raises:
            ResourceNotFound: the lesson is gone, or is not the world's owner's to teach any more.
        """
        return await self._quiz(world, await self._session(world))

    async def _session(self, world: FromWorld) -> Session:
        gone = ResourceNotFound(
            f"content {world.content_id!r}, which is asked in this world, is gone, or not its owner's to teach any more"
        )
        try:
            session = await self._editions.finished(world.content_id)
        except ResourceNotFound:
            raise gone from None
        if not world.owner.can("content:generate") or not await may_see(self._content, world.owner, session):
            raise gone
        return session

    async def _quiz(self, world: FromWorld, session: Session) -> tuple[int, Quiz]:
        """A revision and its quiz: the one that players read; where it is no longer kept, the newest."""
        revision = world.revision
        try:
            edition = await self._editions.edition(session, revision)
        except ResourceNotFound:
            revision = session.revision
            edition = await self._editions.edition(session, revision)
        return revision, edition.quiz

    def _attempt(
        self,
        world: FromWorld,
        session: Session,
        revision: int,
        each: PlayerAnswer,
        answer: KeptAnswer,
        now: float,
    ) -> Attempt:
        return Attempt(
            id=new_token(self._dice, "attempt_", bits=80),
            content_id=session.content_id,
            revision=revision,
            organization_id=session.organization_id,
            user_id=player_id(each.player),
            class_id=None,
            source=Source.WORLD,
            created_at=now,
            answers=(answer,),
            idempotency_key=f"{world.environment_id}/{each.id}",
            request_sha256=digest_of(session.content_id, None, Source.WORLD, [each.given]),
            environment_id=world.environment_id,
        )

    async def _tell(self, session: Session, world: FromWorld, attempts: Sequence[Attempt]) -> None:
        """Whose the lesson is, and whose the world; the first that cannot be told is the last that is tried."""
        user_ids = list(dict.fromkeys((session.owner_id, world.owner.user_id)))
        for each in attempts:
            if not await tell(self._publisher, user_ids, each, each.name):
                return


def _check(batch: Sequence[PlayerAnswer], questions: Mapping[str, Question], now: float) -> None:
    faults: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for place, each in enumerate(batch):
        name, key = f"answers[{place}]", (player_id(each.player), each.id)
        faults |= faults_of(name, each.given, questions, now)
        if key in seen:
            faults[f"{name}.id"] = "the id stands twice in this batch; give each answer an id of its own"
        seen.add(key)
    if faults:
        raise refused(faults)
