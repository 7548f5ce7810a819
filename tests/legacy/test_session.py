"""What the state of one old connection alone decides; over real sockets: ``tests/contract/test_old_sockets.py``."""

import json
from typing import Any

from toolboxai.legacy.endpoints import called
from toolboxai.legacy.messages import Voice
from toolboxai.legacy.pace import Pace
from toolboxai.legacy.questions import Admitted, Authenticate, Denial, Denied, Follow
from toolboxai.legacy.session import OldSession
from toolboxai.protocol.effects import Ask, Effect, Send


def signed_in(path: str) -> OldSession:
    call = called(path)
    assert call is not None
    session = OldSession(call, Voice(call, lambda _at: "now", lambda: 0.0), Pace(), now=0.0)
    session.answered(Authenticate(call, "t"), Admitted("1", "teacher", [], 60.0, None), 0.0)
    return session


def errors(effects: list[Effect]) -> list[dict[str, Any]]:
    return [json.loads(effect.text)["data"] for effect in effects if isinstance(effect, Send)]


def test_who_asks_for_environments_too_often_is_told_that_and_when_to_go_on() -> None:
    session = signed_in("/ws/roblox")
    (ask,) = session.receive(b'{"type":"subscribe","environment_id":"env_1"}', 0.0)
    assert isinstance(ask, Ask)
    assert isinstance(ask.question, Follow)
    (error,) = errors(session.answered(ask.question, Denied(Denial.TOO_MANY_TRIES, 7), 0.0))
    assert error["error_code"] == "RATE_LIMIT_EXCEEDED"
    assert error["details"] == {"environment_id": "env_1", "retry_after": 7, "terminal": False}
    (again,) = session.receive(b'{"type":"subscribe","environment_id":"env_1"}', 0.0)
    assert isinstance(again, Ask)
