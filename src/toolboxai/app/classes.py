"""Classes, sharing by link, and answers to quizzes, joined."""

import random
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.attempts import DatabaseAttemptStore
from toolboxai.adapters.database.classes import DatabaseClassStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.resources import Rooms
from toolboxai.platform.attempts.service import QuizAttempts
from toolboxai.platform.classes.codes import JoinCodes
from toolboxai.platform.classes.joining import Joining
from toolboxai.platform.classes.service import Classes
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.identity.keys import KeyRing
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.ports import Publisher
from toolboxai.platform.resources.links import ShareLinks

__all__ = ["ClassRooms", "join_classes"]


class ClassRooms(NamedTuple):
    """What is joined.

    Args:
        classes: what teachers do with classes.
        joining: how pupils come in.
        links: sharing by link.
        attempts: answers to quizzes.
    """

    classes: Classes
    joining: Joining
    links: ShareLinks
    attempts: QuizAttempts


def join_classes(
    engine: AsyncEngine,
    content: ContentStore,
    rooms: Rooms,
    publisher: Publisher,
    ring: KeyRing,
    limiter: AttemptLimiter,
) -> ClassRooms:
    """The rooms of classes over an open database.

    Args:
        engine: its schema is up to date.
        content: knows the quizzes.
        rooms: know the people, and whose things are.
        publisher: tells teachers of answers.
        ring: its keys make the codes of classes.
        limiter: bounds how often codes are tried and answers sent.
    """
    clock, dice = SystemClock(), random.SystemRandom()
    store, shares = DatabaseClassStore(engine), DatabaseShareStore(engine)
    codes = JoinCodes(ring.derived("class codes"))
    classes = Classes(store, rooms.identity, codes, clock, dice)
    return ClassRooms(
        classes,
        Joining(store, classes, codes, rooms.identity, limiter, clock, dice),
        ShareLinks(shares, rooms.owners, rooms.identity, limiter, clock, dice),
        QuizAttempts(
            DatabaseAttemptStore(engine),
            content,
            shares,
            store,
            rooms.owners,
            publisher,
            limiter,
            clock,
            dice,
        ),
    )
