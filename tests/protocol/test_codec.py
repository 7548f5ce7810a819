"""Messages to text and back."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.errors import RemoteProtocolError
from toolboxai.protocol import codec

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(event=TEXT, data=JSON, channel=st.none() | TEXT)
def test_what_a_client_says_is_read_as_it_was_said(event: str, data: object, channel: str | None) -> None:
    message = codec.decode_message(json.dumps({"event": event, "data": data, "channel": channel}).encode())
    assert (message.event, message.channel) == (event, channel)
    assert json.loads(bytes(message.data)) == data


@given(event=TEXT, channel=TEXT, data=TEXT, user_id=st.none() | TEXT)
def test_an_event_carries_its_data_as_the_string_it_is(
    event: str, channel: str, data: str, user_id: str | None
) -> None:
    wanted = {"event": event, "channel": channel, "data": data}
    if user_id is not None:
        wanted["user_id"] = user_id
    assert json.loads(codec.encode_event(event, channel, data, user_id)) == wanted


@given(data=JSON)
def test_data_of_any_shape_becomes_a_string_once(data: object) -> None:
    text = codec.compact(msgspec.Raw(json.dumps(data).encode()))
    assert text == data if isinstance(data, str) else json.loads(text) == data


def test_data_is_compact_as_a_stock_client_writes_it() -> None:
    assert codec.compact(msgspec.Raw(b'{ "t" : [1, 2.5] }')) == '{"t":[1,2.5]}'
    assert codec.compact(msgspec.Raw()) == "null"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_fault_of_the_client(text: bytes) -> None:
    with suppress(RemoteProtocolError):
        codec.decode_message(text)


@pytest.mark.parametrize(
    "text", [b"not json", b"[]", b'"a"', b"null", b"{}", b'{"event":1}', b'{"event":null}', b""]
)
def test_without_a_string_event_it_is_no_message(text: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="Invalid message format"):
        codec.decode_message(text)


@pytest.mark.parametrize("depth", [1, 10, 100])
def test_nested_data_is_forwarded(depth: int) -> None:
    raw = b"[" * depth + b"]" * depth
    message = codec.decode_message(b'{"event":"e","data":' + raw + b"}")
    assert codec.compact(message.data) == raw.decode()


@pytest.mark.parametrize("depth", [*range(300, 1100, 20), 5000, 30000])
def test_data_nested_without_measure_is_at_worst_a_fault_of_the_client(depth: int) -> None:
    raw = b"[" * depth + b"]" * depth
    with suppress(RemoteProtocolError):
        codec.compact(msgspec.Raw(raw))
    with suppress(RemoteProtocolError):
        codec.compact(codec.decode_message(b'{"event":"e","data":' + raw + b"}").data)


@pytest.mark.parametrize(
    "data", [b'{"channel":"a","auth":"k:s"}', b'"{\\"channel\\":\\"a\\",\\"auth\\":\\"k:s\\"}"']
)
def test_a_subscribe_is_read_from_an_object_or_from_a_string_that_holds_one(data: bytes) -> None:
    wanted = codec.decode_subscribe(msgspec.Raw(data))
    assert wanted.channel == "a"
    assert codec.text_or_none(wanted.auth) == "k:s"
    assert codec.text_or_none(wanted.channel_data) is None
    assert codec.decode_unsubscribe(msgspec.Raw(data)).channel == "a"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"5",
        b'"a"',
        b'{"channel":5}',
        b'"\xff"',
        b'{"channel":"\xff"}',
    ],
)
def test_a_subscribe_without_a_channel_is_a_fault_of_the_client(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        codec.decode_subscribe(msgspec.Raw(data))


@pytest.mark.parametrize("data", [b'"\xff"', b'{"a":"\xff"}', b"1e999", b'"\\ud800"'])
def test_data_that_is_no_json_after_all_is_a_fault_of_the_client(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        codec.compact(msgspec.Raw(data))


def test_messages_of_the_protocol() -> None:
    error = {"event": "pusher:error", "data": {"code": None, "message": "why"}}
    assert json.loads(codec.encode_error("why")) == error
    assert json.loads(codec.encode_error("why", 4301))["data"]["code"] == 4301
    assert json.loads(codec.encode_message("e", {"a": 1}, "c")) == {
        "event": "e",
        "channel": "c",
        "data": {"a": 1},
    }
    nested = json.loads(codec.encode_nested("pusher:x", {"a": 1}))
    assert nested == {"event": "pusher:x", "data": '{"a":1}'}


@pytest.mark.parametrize(("socket_id", "activity_timeout_s"), [("1.2", 120), ("8589934591.0", 1)])
def test_the_greeting_is_what_the_encoder_would_make_of_it(socket_id: str, activity_timeout_s: int) -> None:
    data = {"socket_id": socket_id, "activity_timeout": activity_timeout_s}
    encoded = codec.encode_nested("pusher:connection_established", data)
    assert codec.encode_established(socket_id, activity_timeout_s) == encoded
