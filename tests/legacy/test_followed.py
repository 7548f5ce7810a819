"""What a connection is told of a resource that it follows, and what a resume can vouch for."""

import json
from typing import Any

import pytest

from toolboxai.legacy.endpoints import called
from toolboxai.legacy.followed import Followed
from toolboxai.legacy.messages import Voice
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.protocol.effects import Effect, HandedOver, Send
from toolboxai.protocol.publication import Publication

PATHS = {
    "env_1": "/ws/roblox",
    "agent_1": "/ws/agent/agent_1",
    "plugin_1": "/ws/plugin/plugin_1",
    "gen_1": "/ws/content/gen_1",
}


def voice_at(resource_id: str) -> tuple[Followed, Voice]:
    call = called(PATHS[resource_id])
    assert call is not None
    return Followed(call, resource_id), Voice(call, lambda _at: "now", lambda: 0.0)


def kept(kind: str, seq: int | None = None, **data: object) -> Publication:
    numbered = {} if seq is None else {"seq": seq}
    return Publication("a", kind, json.dumps({"type": kind, "data": data, **numbered}))


def said(effects: list[Effect]) -> list[dict[str, Any]]:
    return [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]


def entered(
    resource_id: str, *missed: Publication, after: int | None = None
) -> tuple[Followed, list[dict[str, Any]]]:
    followed, voice = voice_at(resource_id)
    followed.after = after
    return followed, said(followed.enter(voice, missed, None))


# ---- where it stands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource_id", "status"), [("env_1", "ready"), ("agent_1", "active"), ("plugin_1", "ready")]
)
def test_the_status_is_the_newest_of_the_resource_and_not_of_its_tasks(resource_id: str, status: str) -> None:
    missed = [
        kept("environment_status", 1, status="generating"),
        kept("environment_status", 2, status="ready"),
        kept("agent_status", 3, status="active"),
        kept("task_result", 4, status="completed"),
    ]
    _, (snapshot, *events) = entered(resource_id, *missed)
    assert (snapshot["data"]["status"], snapshot["data"]["last_seq"]) == (status, 4)
    assert [event["seq"] for event in events] == [1, 2, 3, 4]


def test_who_knows_all_events_is_told_the_status_all_the_same() -> None:
    _, told = entered("agent_1", kept("agent_status", 7, status="idle"), after=7)
    assert [message["data"] for message in told] == [{"agent_id": "agent_1", "status": "idle", "last_seq": 7}]


# ---- what a resume can vouch for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seqs", "after", "complete"),
    [
        ((), None, False),  # nothing is kept: nobody knows what happened meanwhile
        ((), 5, False),
        ((8, 9), 5, False),  # 6 and 7 are kept no longer
        ((6, 7), 5, True),
        ((4, 5), 5, True),  # up to there all is kept, and there is no more
    ],
)
def test_without_a_story_only_what_the_channel_keeps_shows_that_nothing_is_missing(
    seqs: tuple[int, ...], after: int | None, complete: bool
) -> None:
    followed, _ = entered("env_1", *(kept("asset_ready", seq) for seq in seqs), after=after)
    _, voice = voice_at("env_1")
    recall = followed.resume(5, None)
    assert (recall is None) is complete
    (resumed,) = said(followed.resumed(voice, 5, None, asked=recall is not None))
    assert (resumed["type"], resumed["data"]["complete"]) == ("resumed", complete)


def test_of_a_session_the_story_vouches() -> None:
    followed, voice = voice_at("gen_1")
    story = Recalled({"status": "running"}, [(2, b'{"seq":2}'), (3, b'{"seq":3}')], 3)
    effects = followed.enter(voice, [kept("progress_update", 3), kept("progress_update", 4)], story)
    assert [message.get("seq") for message in said(effects)] == [None, 2, 3, 4]
    assert effects[-1] == HandedOver(followed.channel, 4)
    assert followed.resume(1, None) is None
    assert isinstance(asked := followed.resume(0, None), Recall)
    assert asked.before == 2
