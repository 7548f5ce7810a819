"""Running worlds, joined to accounts, worlds and answers."""

import random
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.attempts import DatabaseAttemptStore
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.game_servers import DatabaseGameServerStore
from toolboxai.adapters.database.game_talk import DatabaseGameTalkStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.platform.attempts.players import PlayerAnswers
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.games.events import GameEventLog
from toolboxai.platform.games.messages import GameMessages
from toolboxai.platform.games.service import GameServers
from toolboxai.platform.games.snapshot import Snapshots
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.ports import Publisher
from toolboxai.platform.runs.bell import Bell

__all__ = ["Games", "join_games"]


class Games(NamedTuple):
    """What is joined.

    Args:
        servers: who of the running worlds may speak.
        answers: what they post.
        messages: what their owners tell them.
        events: what they tell of themselves.
        snapshots: where they stand.
    """

    servers: GameServers
    answers: PlayerAnswers
    messages: GameMessages
    events: GameEventLog
    snapshots: Snapshots


def join_games(
    engine: AsyncEngine,
    content: ContentStore,
    identity: IdentityService,
    publisher: Publisher,
    bell: Bell,
    limiter: AttemptLimiter,
) -> Games:
    """Running worlds over an open database.

    Args:
        engine: its schema is up to date.
        content: knows the quizzes.
        identity: knows whose worlds they are.
        publisher: tells teachers of answers.
        bell: wakes those who wait.
        limiter: bounds how often a world speaks.
    """
    clock, dice = SystemClock(), random.SystemRandom()
    worlds, talk = DatabaseEnvironmentStore(engine), DatabaseGameTalkStore(engine)
    servers = GameServers(DatabaseGameServerStore(engine), worlds, identity, limiter, clock, dice)
    answers = PlayerAnswers(DatabaseAttemptStore(engine), content, publisher, clock, dice)
    return Games(
        servers,
        answers,
        GameMessages(talk, bell, clock),
        GameEventLog(talk, publisher, clock),
        Snapshots(talk, answers),
    )
