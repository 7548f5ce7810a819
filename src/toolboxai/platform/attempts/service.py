"""Answers taken, graded, kept, told to the teacher, and counted."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import (
    Conflict,
    InsufficientPermissions,
    ResourceNotFound,
)
from toolboxai.ids import Dice, new_token
from toolboxai.platform.attempts.given import check, digest_of, graded
from toolboxai.platform.attempts.model import (
    NTH_MOST,
    Attempt,
    FirstAnswer,
    GivenAnswer,
    Place,
    Source,
)
from toolboxai.platform.attempts.results import Results, tally
from toolboxai.platform.attempts.store import AttemptStore
from toolboxai.platform.attempts.telling import tell
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.records.access import may_change
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.sessions import Session
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.identity.policy import Resources
from toolboxai.platform.ports import Publisher
from toolboxai.platform.resources.store import ShareStore

__all__ = ["Named", "QuizAttempts", "Submitted"]

log = logging.getLogger(__name__)

_KIND: Final = "content_session"


@dataclass(frozen=True, slots=True)
class Submitted:
    """An attempt, with the questions that it answers by their ids; one that has left the quiz since is not there."""

    attempt: Attempt
    questions: Mapping[str, Question]
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """An attempt, and what its pupil is called where they answered.

    ``questions`` are those of the content as it is now, by their ids; none where attempts at several are listed.
    """

    attempt: Attempt
    name: str
    questions: Mapping[str, Question] = field(default_factory=dict)


class QuizAttempts:
    """The one door for answers, whether they come from a page, a world or a game server.

    Args:
        store: keeps them.
        content: says who may read a content, and what it holds.
        shares: say by which class.
        classes: say what their members are called.
        worlds: say whose a world is.
        publisher: tells the owner.
        limiter: bounds how often one may answer.
        clock, dice: time and chance.
    """

    def __init__(
        self,
        store: AttemptStore,
        content: ContentStore,
        shares: ShareStore,
        classes: Resources,
        worlds: Resources,
        publisher: Publisher,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._store = store
        self._content = content
        self._editions = Editions(content)
        self._shares = shares
        self._classes = classes
        self._worlds = worlds
        self._publisher = publisher
        self._limiter = limiter
        self._clock = clock
        self._dice = dice

    # ---- answering ----------------------------------------------------------------------------------------------

    async def submit(
        self,
        principal: Principal,
        content_id: str,
        answers: Sequence[GivenAnswer],
        address: str,
        *,
        class_id: str | None = None,
        source: Source = Source.PAGE,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """Grade and keep answers, all or none, and tell the owner of each.

        Args:
            principal: who answers; whoever may read the content.
            content_id: whose quiz.
            answers: to different questions.
            address: of the client, for the limits.
            class_id: in which class; when None and the content is shared with one class of the asker's, in that.
            source: where they answered.
            idempotency_key: of the caller; the same key leads to the same attempt.

        Raises:
            ResourceNotFound: no content of the asker's to read, or it is not shared with such a class of theirs.
            ValidationError: ``details.fields`` names every answer that is none.
            Conflict: the key was used for other answers, or a question was answered too often.
            RateLimitExceeded: too many attempts of this account or address.
        """
        await self._limiter.admit(Attempts.QUIZ_ANSWERS, account=principal.user_id, address=address)
        session = await self._editions.seen_by(principal, content_id)
        digest = digest_of(content_id, class_id, source, answers)
        if idempotency_key is not None:
            known = await self._store.by_key(principal.user_id, idempotency_key)
            if known is not None:
                return await self._again(known, session, digest)
        edition = await self._editions.edition(session, session.revision)
        questions = {question.id: question for question in edition.quiz.questions}
        now = self._clock.now()
        check(answers, questions, now)
        where = await self._where(principal, session, class_id)
        attempt = Attempt(
            id=new_token(self._dice, "attempt_", bits=80),
            content_id=content_id,
            revision=session.revision,
            organization_id=session.organization_id,
            user_id=principal.user_id,
            class_id=where,
            source=source,
            created_at=now,
            answers=tuple(graded(questions[each.question_id], each, now) for each in answers),
            idempotency_key=idempotency_key,
            request_sha256=digest,
        )
        kept = await self._store.add(attempt, most=NTH_MOST)
        if kept is None:
            raise Conflict(
                f"a question has {NTH_MOST} answers of yours already; no more are kept",
                details={"limit": NTH_MOST},
            )
        if kept.id != attempt.id:
            return await self._again(kept, session, digest)
        if kept.user_id != session.owner_id:
            name = (await self._named([kept]))[0].name
            await tell(self._publisher, [session.owner_id], kept, name)
        return Submitted(kept, questions)

    async def _again(self, known: Attempt, session: Session, digest: str) -> Submitted:
        if known.request_sha256 != digest:
            raise Conflict(
                f"the Idempotency-Key was used for other answers, attempt {known.id}; use a new key",
                details={"attempt_id": known.id},
            )
        try:
            edition = await self._editions.edition(session, known.revision)
        except ResourceNotFound:  # it is not kept any more
            edition = await self._editions.edition(session, session.revision)
        return Submitted(known, {each.id: each for each in edition.quiz.questions}, fresh=False)

    async def _where(self, principal: Principal, session: Session, class_id: str | None) -> str | None:
        classes = await self._shares.classes_between(_KIND, session.id, principal.user_id)
        if class_id is None:
            return classes[0] if len(classes) == 1 else None
        if class_id not in classes:
            raise ResourceNotFound(
                f"this content is not shared with a class {class_id[:80]!r} of yours; leave class_id out"
            )
        return class_id

    # ---- looking ------------------------------------------------------------------------------------------------

    async def attempts(
        self,
        principal: Principal,
        *,
        content_id: str | None = None,
        class_id: str | None = None,
        user_id: str | None = None,
        environment_id: str | None = None,
        before: Place | None = None,
        limit: int,
    ) -> Sequence[Named]:
        """Attempts, newest first: all at a content that one may change, or of one's world; else one's own.

        Raises:
            ResourceNotFound: no content of the asker's to read.
            InsufficientPermissions: somebody else's are asked for, and the content is another's.
        """
        theirs, questions = False, dict[str, Question]()
        if content_id is not None:
            session = await self._editions.seen_by(principal, content_id)
            theirs = await self._may_look(principal, session, environment_id)
            edition = await self._editions.edition(session, session.revision)
            questions = {question.id: question for question in edition.quiz.questions}
        if not theirs:
            if user_id not in (None, principal.user_id):
                raise InsufficientPermissions(
                    "you see your own answers; those of others are for who teaches with the content"
                )
            user_id = principal.user_id
        found = await self._store.attempts(
            content_id=content_id,
            class_id=class_id,
            user_id=user_id,
            environment_id=environment_id,
            before=before,
            limit=limit,
        )
        return [replace(each, questions=questions) for each in await self._named(found)]

    async def results(
        self,
        principal: Principal,
        content_id: str,
        *,
        class_id: str | None = None,
        environment_id: str | None = None,
    ) -> Results:
        """What was answered first, counted.

        Args:
            principal: owner or editor; of what a world has posted, its owner too.
            content_id: whose quiz.
            class_id: only what was answered in this class, and who of it has not answered, where it is the asker's, or the
                content is shared with it and is the asker's to change; None: all there is.
            environment_id: only what this world has posted.

        Raises:
            ResourceNotFound: no content of the asker's to read.
            InsufficientPermissions: it is another's.
        """
        session = await self._editions.seen_by(principal, content_id)
        if not await self._may_look(principal, session, environment_id):
            raise InsufficientPermissions(
                "results are for the owner of the content and its editors, and those of a world for its owner"
            )
        firsts = await self._store.first_answers(
            content_id, class_id=class_id, without=session.owner_id, environment_id=environment_id
        )
        edition = await self._editions.edition(session, session.revision)
        names = await self._answered(session, firsts)
        if class_id is not None and await self._is_asked(principal, session, class_id):
            names |= await self._called(class_id, session.organization_id)
        names.pop(session.owner_id, None)
        return tally(firsts, edition.quiz.questions, names)

    async def _may_look(self, principal: Principal, session: Session, environment_id: str | None) -> bool:
        """Whether others' answers to a content are the principal's to see, or those of this world alone."""
        if await may_change(self._content, principal, session):
            return True
        world = (
            None if environment_id is None else await self._worlds.ownership("environment", environment_id)
        )
        return (
            world is not None
            and world.owner_id == principal.user_id
            and world.organization_id == principal.organization_id
            and principal.can("content:generate")
        )

    async def _answered(self, session: Session, firsts: Sequence[FirstAnswer]) -> dict[str, str]:
        """Who has answered, with their names."""
        classes = {each.class_id for each in firsts}
        called = {each: await self._called(each, session.organization_id) for each in classes}
        names: dict[str, str] = {}
        for each in firsts:
            names.setdefault(each.user_id, called[each.class_id].get(each.user_id, each.name))
        return names

    async def _is_asked(self, principal: Principal, session: Session, class_id: str) -> bool:
        """Whether a class is there to answer, for whoever asks: their own, or one that their content is shared with.

        Who is in any other class of the school is not theirs to know.
        """
        ownership = await self._classes.ownership("class", class_id)
        if ownership is not None and ownership.owner_id == principal.user_id:
            return True
        if not await may_change(self._content, principal, session):  # theirs is a world of it alone
            return False
        return any(share.class_id == class_id for share in await self._shares.shares(_KIND, session.id))

    async def _named(self, attempts: Sequence[Attempt]) -> Sequence[Named]:
        classes = {(each.class_id, each.organization_id) for each in attempts}
        called = {class_id: await self._called(class_id, school) for class_id, school in classes}
        return [Named(each, called[each.class_id].get(each.user_id, each.name)) for each in attempts]

    async def _called(self, class_id: str | None, organization_id: str) -> Mapping[str, str]:
        """What the members of a class are called there; nobody, where there is no such class of this school."""
        ownership = None if class_id is None else await self._classes.ownership("class", class_id)
        if ownership is None or ownership.organization_id != organization_id:
            return {}
        return {user_id: ownership.names[user_id] for user_id in ownership.shared_with}
