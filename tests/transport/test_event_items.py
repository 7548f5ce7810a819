"""One event as JSON tells it."""

import json

from toolboxai.protocol.publication import Position, Publication
from toolboxai.transport.event_items import event_item, item_id, item_line


def published(event: str, *, user_id: str | None = None) -> Publication:
    publication = Publication("a", event, "a\nb", at=12.5, user_id=user_id)
    publication.position = Position("life.1", 7)
    return publication


def test_a_line_is_the_item_as_json() -> None:
    line = published("e").frame(item_line)
    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "id": "life.1:7",
        "offset": 7,
        "event": "e",
        "data": "a\nb",
        "timestamp": "1970-01-01T00:00:12.500Z",
    }
    assert item_id(line) == "life.1:7"


def test_who_sent_it_is_told_where_it_is_known() -> None:
    assert event_item(published("client-x", user_id="u1")).user_id == "u1"


def test_messages_of_the_protocol_are_not_for_readers() -> None:
    assert published("pusher_internal:subscription_count").frame(item_line) == b""
