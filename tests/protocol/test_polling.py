"""The frames of the HTTP fallback transports."""

import json

import pytest

from toolboxai.errors import RemoteProtocolError
from toolboxai.protocol.polling import Call, close_line, message_line, publication_line, read_sent, units
from toolboxai.protocol.publication import Publication


def test_a_path_names_its_session_and_what_it_wants() -> None:
    call = Call.parse("/pusher/app/KEY/7/0123abcv/xhr_streaming")
    assert call is not None
    assert (call.name, call.transport) == (("KEY", "7", "0123abcv"), "xhr_streaming")


def test_a_page_may_say_by_what_it_wants_to_be_known() -> None:
    call = Call.parse("/s/page-0001/pusher/app/KEY/7/0123abcv/xhr")
    assert call is not None
    assert (call.page, call.name) == ("page-0001", ("KEY", "7", "0123abcv"))


@pytest.mark.parametrize(
    "path",
    [
        f"/pusher/app/KEY/7/{'a' * 33}/xhr",
        "/pusher/app/KEY/7/0123 bcd/xhr",
        "/pusher/app/KEY/7//xhr",
        f"/pusher/app/KEY/{'1' * 33}/0123abcv/xhr",
        "/pusher/app/KEY/7/0123abcv/eventsource",
        "/pusher/app/KEY/7/0123abcv/xhr/",
        "/pusher/app/KEY/7/0123abcv/xhr\n",
        "/pusher/app//7/0123abcv/xhr",
        "/app/KEY/7/0123abcv/xhr",
    ],
)
def test_other_paths_are_none(path: str) -> None:
    assert Call.parse(path) is None


def test_a_message_is_one_line_whatever_is_in_it() -> None:
    text = json.dumps({"event": "e", "data": 'a"b\\c\n\u2028é😀'}, ensure_ascii=False)
    line = message_line(text.encode())
    assert line.count(b"\n") == 1
    assert json.loads(line[1:]) == [text]


def test_a_publication_is_encoded_once_for_all() -> None:
    publication = Publication("a", "e", "1")
    assert publication.frame(publication_line) is publication.frame(publication_line)


def test_a_close_has_code_and_reason() -> None:
    assert close_line(4001, 'no "x"') == b'c[4001,"no \\"x\\""]\n'


def test_what_is_posted_is_an_array_of_texts() -> None:
    assert read_sent(b'["a","\\u00e9"]', most=2) == [b"a", "é".encode()]
    assert read_sent(b" [ ] ", most=2) == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'"a"', b"[1]", b"[null]", b'["a"', b'["\xff"]', b'["\\ud800"]']
)
def test_anything_else_is_told_what_it_should_be(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="array of strings"):
        read_sent(body, most=2)


def test_one_body_has_so_many_messages() -> None:
    with pytest.raises(RemoteProtocolError, match="3 messages in one body: at most 2"):
        read_sent(b'["a","b","c"]', most=2)


@pytest.mark.parametrize(("text", "count"), [("abc", 3), ("é", 1), ("€", 1), ("😀", 2)])
def test_length_is_counted_as_a_script_counts_it(text: str, count: int) -> None:
    assert units(text.encode()) == count
