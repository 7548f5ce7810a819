"""What the state of one old connection alone decides; over real sockets: ``tests/contract/test_old_sockets.py``."""

import json
from typing import Any

from toolboxai.legacy.endpoints import called
from toolboxai.legacy.messages import Voice
from toolboxai.legacy.pace import Pace
from toolboxai.legacy.questions import Admitted, Denial, Denied, Follow
from toolboxai.legacy.session import OldSession
from toolboxai.protocol.effects import Ask, Close, Effect, Send

ADMITTED = Admitted("1", "teacher", [], 60.0, None)


def signed_in(path: str, answer: Admitted | Denied = ADMITTED) -> OldSession:
    call = called(path)
    assert call is not None
    session = OldSession(call, Voice(call, lambda _at: "now", lambda: 0.0), Pace(), now=0.0)
    (ask,) = session.receive(b'{"type":"auth","token":"t"}', 0.0)
    assert isinstance(ask, Ask)
    session.answered(ask.question, answer, 0.0)
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


def test_who_has_signed_in_and_waits_for_us_is_told_to_come_back() -> None:
    call = called("/ws/agent/agent_1")
    assert call is not None
    session = OldSession(call, Voice(call, lambda _at: "now", lambda: 0.0), Pace(), now=0.0, token="t")
    (ask,) = session.opening()
    assert isinstance(ask, Ask)
    assert session.deadline(9.9) == []
    *told, close = session.deadline(10.0)
    error, goodbye = errors(told)
    assert (error["error_code"], goodbye["code"], goodbye["retry"]) == ("PROVIDER_UNAVAILABLE", 1013, True)
    assert isinstance(close, Close)
    assert close.code == 1013


def test_who_was_refused_and_tries_no_more_has_not_signed_in() -> None:
    session = signed_in("/ws/agent/agent_1", Denied(Denial.BAD_TOKEN))
    close = session.deadline(10.0)[-1]
    assert isinstance(close, Close)
    assert close.code == 4001
