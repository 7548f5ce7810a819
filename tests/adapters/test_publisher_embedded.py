"""What goes out for those alone who are there reaches them, and nobody who comes later."""

import json
from dataclasses import replace

from servers import APP, channel_auth, serving
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.apps.app import HistoryRule
from toolboxai.legacy.messages import event_text
from toolboxai.platform.content.records.sessions import Stage
from toolboxai.platform.content.run.events import content_delta
from toolboxai.platform.ports import Event
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Publication

CHANNEL = "private-content-generation-gen_1"
KEEPING = replace(APP, history=(HistoryRule("private-content-generation-*", 200, 3600),), resume=True)


async def test_words_that_are_being_written_reach_who_is_there_and_are_kept_nowhere() -> None:
    async with serving(KEEPING) as server, server.socket() as there:
        publisher = EmbeddedPublisher(server.node, lambda: KEEPING)
        await there.enter(CHANNEL, channel_auth(there.id, CHANNEL))
        words = content_delta("gen_1", Stage.QUIZ, "Rain ", 0, 1_780_000_000.0)
        await publisher.publish([CHANNEL], Event("progress_update", "{}"))
        await publisher.publish([CHANNEL], words)
        await publisher.publish([CHANNEL], Event("stage_complete", "{}"))
        heard = [await there.hear() for _ in range(3)]
        assert [event["event"] for event in heard] == ["progress_update", "content_delta", "stage_complete"]
        assert json.loads(heard[1]["data"])["data"]["text"] == "Rain "
        name = ChannelName.parse(CHANNEL, max_chars=200)
        kept = await server.node.history(KEEPING, CHANNEL)
        first = kept.publications[0].position
        missed = await server.node.broker.missed(KEEPING, name.text, since=first)
        assert [each.event for each in kept.publications] == ["progress_update", "stage_complete"]
        assert [each.event for each in missed.publications] == ["stage_complete"]
        assert missed.complete, "nobody who comes back is told of a gap"


def test_old_sockets_carry_none_of_it() -> None:
    words = content_delta("gen_1", Stage.QUIZ, "Rain ", 0, 1_780_000_000.0)
    transient = Publication(CHANNEL, words.name, words.data, kept=False, transient=True)
    assert event_text(transient, str) == b""
    assert event_text(Publication(CHANNEL, words.name, words.data), str) == words.data.encode()
