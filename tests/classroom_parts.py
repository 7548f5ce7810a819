"""Two schools in this process: the routes of classes, shares, attempts and content over one database, and people.

Everything is real but the way out, which remembers what was said on it. Anna has finished a content with a question of
each kind.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener, a_session
from editions import made
from identity_parts import PASSWORD
from toolboxai.adapters.database.attempts import DatabaseAttemptStore
from toolboxai.adapters.database.classes import DatabaseClassStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.game_servers import DatabaseGameServerStore
from toolboxai.adapters.database.game_talk import DatabaseGameTalkStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.platform.attempts.players import PlayerAnswers
from toolboxai.platform.attempts.service import QuizAttempts
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.classes.codes import JoinCodes
from toolboxai.platform.classes.joining import Joining
from toolboxai.platform.classes.service import Classes
from toolboxai.platform.content.downloads import Downloads
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import Difficulty, QuestionType
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.sessions import Change, Stage, Status
from toolboxai.platform.content.revising.changes import Revising
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.games.events import GameEventLog
from toolboxai.platform.games.messages import GameMessages
from toolboxai.platform.games.service import GameServers
from toolboxai.platform.games.snapshot import Snapshots
from toolboxai.platform.identity.keys import KeyRing
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy, Decision
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.resources.links import ShareLinks
from toolboxai.platform.resources.owners import Owners
from toolboxai.platform.resources.sharing import Sharing
from toolboxai.platform.runs.bell import Bell
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.attempts import attempt_routes
from toolboxai.web.auth import auth_routes
from toolboxai.web.classes import class_routes
from toolboxai.web.game_servers import game_server_routes
from toolboxai.web.game_talk import game_talk_routes
from toolboxai.web.security import Authenticator
from toolboxai.web.shares import share_routes

__all__ = ["CONTENT", "QUESTIONS", "SESSION", "SchoolRoutes", "a_content", "code_of", "school_routes"]

CONTENT, SESSION = "content_1", {"kind": "content_session", "id": "gen_1"}


def _question(number: int, kind: str, right: str | tuple[str, ...], **changes: Any) -> Question:
    values: dict[str, Any] = {
        "id": f"q{number}",
        "type": QuestionType(kind),
        "question": f"Question {number}?",
        "options": (),
        "correct_answer": right,
        "rationale": f"Reason {number}.",
        "source_sentence": "",
        "source_index": None,
        "objective": None,
        "difficulty": Difficulty.EASY,
    }
    return Question(**{**values, **changes})


QUESTIONS = (
    _question(1, "multiple_choice", "rain", options=("rain", "ice", "fog")),
    _question(2, "true_false", "True", options=("True", "False")),
    _question(3, "fill_blank", "vapour"),
    _question(4, "short_answer", "the sun"),
    _question(5, "numeric", "86", tolerance=1.0, unit="percent"),
    _question(6, "ordering", ("rain", "river", "sea"), options=("sea", "rain", "river")),
    _question(7, "matching", ("sky", "land"), prompts=("cloud", "lake"), options=("land", "sky")),
)


async def a_content(
    store: DatabaseContentStore, owner_id: str, organization_id: str, number: int = 1
) -> None:
    """A generation that has ended well, with a question of each kind."""
    await store.create(a_session(number, owner_id=owner_id, organization_id=organization_id), active_limit=99)
    document = made().document
    quiz = msgspec.structs.replace(document.quiz, questions=QUESTIONS)
    package = {
        "content_id": f"content_{number}",
        "title": "Water",
        "summary": {"lesson_sections": 1, "quiz_questions": len(QUESTIONS), "duration_minutes": 45},
        "coverage": [],
        "files": [],
    }
    stages: dict[Stage, Any] = {
        Stage.ANALYSIS: document.analysis,
        Stage.LESSON: document.lesson,
        Stage.QUIZ: quiz,
        Stage.PACKAGING: package,
    }
    for stage, result in stages.items():
        last = stage is Stage.PACKAGING
        await store.record(
            f"gen_{number}",
            Change(
                attempt=1,
                at=1_780_000_000.0,
                stage=stage,
                artefact=msgspec.json.encode(result),
                status=Status.COMPLETE if last else Status.RUNNING,
            ),
        )


@dataclass
class SchoolRoutes:
    """The routes, and people who use them.

    Args:
        tokens: by name; whoever joins is added.
        ids: of their accounts.
    """

    http: httpx2.AsyncClient
    identity: IdentityService
    policy: ChannelPolicy
    content: DatabaseContentStore
    worlds: DatabaseEnvironmentStore
    revising: Revising
    listener: Listener
    clock: ManualClock
    messages: GameMessages
    bell: Bell
    tokens: dict[str, str]
    ids: dict[str, str]

    async def ask(self, who: str | None, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["authorization"] = f"Bearer {self.tokens[who]}"
        return await self.http.request(method, f"/api/v1/{path}", headers=headers, **options)

    async def a_class(self, who: str = "anna", name: str = "7b") -> dict[str, Any]:
        """A class with an open door; ``code`` is beside its fields."""
        answer = await self.ask(who, "POST", "classes", json={"name": name})
        assert answer.status_code == 201, answer.text
        opened = await self.ask(who, "POST", f"classes/{answer.json()['class_id']}/join-code")
        assert opened.status_code == 201, opened.text
        return {**answer.json(), "code": opened.json()["code"]}

    async def joins(self, code: str, pseudonym: str, who: str | None = None) -> httpx2.Response:
        """Somebody joins; a new pupil is known by the pseudonym from then on."""
        body = {"code": code, "pseudonym": pseudonym}
        answer = await self.ask(who, "POST", "classes/join", json=body)
        if answer.is_success and who is None:
            self.tokens[pseudonym] = answer.json()["access_token"]
            self.ids[pseudonym] = answer.json()["user"]["id"]
        return answer

    async def decided(self, who: str, channel: str) -> Decision:
        return await self.policy.decide(await self.identity.authenticate(self.tokens[who]), channel)

    async def follows(self, who: str, channel: str) -> bool:
        return (await self.decided(who, channel)).allowed


@pytest.fixture
async def school_routes(
    database: AsyncEngine,
    identity: IdentityService,
    limiter: AttemptLimiter,
    key_ring: KeyRing,
    clock: ManualClock,
    audit: Audit,
) -> AsyncIterator[SchoolRoutes]:
    content, store, shares = (
        DatabaseContentStore(database),
        DatabaseClassStore(database),
        DatabaseShareStore(database),
    )
    tokens, ids = {}, {}
    for name, role, school in (
        ("anna", Role.TEACHER, "North"),
        ("ben", Role.TEACHER, "North"),
        ("sam", Role.STUDENT, "North"),
        ("pia", Role.PARENT, "North"),
        ("ada", Role.ADMIN, "North"),
        ("olga", Role.TEACHER, "South"),
        ("otto", Role.STUDENT, "South"),
    ):
        user = await identity.create_user(name, role, PASSWORD, organization=school)
        tokens[name], ids[name] = await identity.issue_access_token(name), user.id
    anna = await identity.user_named("anna")
    await a_content(content, anna.id, anna.organization_id)
    worlds = DatabaseEnvironmentStore(database)
    owners = Owners({"content_session": content, "class": store, "environment": worlds})
    dice, listener, codes = random.Random(7), Listener(), JoinCodes(key_ring.derived("class codes"))
    classes = Classes(store, identity, codes, clock, dice)
    joining = Joining(store, classes, codes, identity, limiter, clock, dice)
    links = ShareLinks(shares, owners, identity, limiter, clock, dice)
    sharing = Sharing(shares, owners, identity, store, clock, dice)
    attempts = QuizAttempts(
        DatabaseAttemptStore(database), content, shares, store, owners, listener, limiter, clock, dice
    )
    calls, editions = EngineCalls(OfflineEngine()), Editions(content)
    revising = Revising(
        content,
        editions,
        Downloads(content, editions, calls, clock, lambda: [b"k" * 32]),
        calls,
        clock,
    )
    talk = DatabaseGameTalkStore(database)
    games = GameServers(DatabaseGameServerStore(database), worlds, identity, limiter, clock, dice)
    bell = Bell()
    messages = GameMessages(talk, bell, clock)
    answers = PlayerAnswers(DatabaseAttemptStore(database), content, listener, clock, dice)
    authenticator = Authenticator(identity)
    routes = [
        auth_routes(identity, authenticator),
        class_routes(classes, joining, authenticator, audit),
        share_routes(sharing, links, authenticator, audit),
        attempt_routes(attempts, authenticator),
        game_server_routes(games, messages, answers, authenticator, audit),
        game_talk_routes(
            games,
            messages,
            GameEventLog(talk, listener, clock),
            Snapshots(talk, answers),
            authenticator,
        ),
    ]
    transport = httpx2.ASGITransport(create_api(routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as http:
        yield SchoolRoutes(
            http,
            identity,
            ChannelPolicy(owners),
            content,
            worlds,
            revising,
            listener,
            clock,
            messages,
            bell,
            tokens,
            ids,
        )
    await calls.close()


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of an error."""
    return answer.status_code, answer.json()["error_code"]
