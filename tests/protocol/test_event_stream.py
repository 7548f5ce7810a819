"""Events for readers of plain HTTP."""

import pytest

from toolboxai.protocol.event_stream import (
    encode_event,
    encode_id,
    encode_retry,
    publication_event,
    read_id,
)
from toolboxai.protocol.publication import Position, Publication


def published(event: str = "e", data: str = "1") -> Publication:
    publication = Publication("a", event, data, at=12.5)
    publication.position = Position("life.1", 7)
    return publication


def test_an_event_has_its_place_its_name_and_its_data() -> None:
    assert published().frame(publication_event) == b"id: life.1:7\nevent: e\ndata: 1\n\n"


def test_data_is_split_where_a_reader_joins_it() -> None:
    assert encode_event("e", "a\nb\r\nc\rd\n") == b"event: e\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"
    assert encode_event("e", "") == b"event: e\ndata: \n\n"
    assert encode_event("e", " x\u2028é") == "event: e\ndata:  x\u2028é\n\n".encode()


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\r\nb"])
def test_no_name_can_begin_a_line_of_its_own(name: str) -> None:
    assert encode_event(name, "1") == b"event: a b\ndata: 1\n\n"


def test_messages_of_the_protocol_are_not_for_readers() -> None:
    internal = published("pusher_internal:subscription_count", '{"subscription_count":1}')
    assert internal.frame(publication_event) == b""


def test_a_place_and_a_pause_are_no_events() -> None:
    assert encode_id("life.1:7") == b"id: life.1:7\n\n"
    assert encode_retry(2000) == b"retry: 2000\n\n"


def test_an_id_goes_out_and_comes_back() -> None:
    position = Position("abc.1", 12)
    assert read_id(position.text) == position


@pytest.mark.parametrize(
    "text", ["", "7", "a:", ":7", "a:x", "a:-1", "a:" + "9" * 19, "a" * 129 + ":1", "a\n:1", "é:1", "a:1\n"]
)
def test_what_is_no_id_is_none(text: str) -> None:
    assert read_id(text) is None
