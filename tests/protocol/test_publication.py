"""One event on one channel, and its bytes in each dialect."""

import json

import pytest

from toolboxai.protocol.publication import Position, Publication


def test_the_text_is_the_channels_message() -> None:
    publication = Publication("private-a", "e", '{"a":1}', user_id="7", exclude="1.1", at=5.0)
    assert json.loads(publication.text) == {
        "event": "e",
        "channel": "private-a",
        "data": '{"a":1}',
        "user_id": "7",
    }
    assert publication.position == Position("", 0)


def test_each_dialect_makes_its_frame_once_however_many_ask() -> None:
    made: list[str] = []

    def new_sockets(publication: Publication) -> bytes:
        made.append("new")
        return b"<" + publication.text + b">"

    def old_sockets(publication: Publication) -> bytes:
        made.append("old")
        return publication.data.encode()

    publication = Publication("a", "e", "1")
    for _ in range(5):
        assert publication.frame(new_sockets) == b'<{"event":"e","channel":"a","data":"1"}>'
        assert publication.frame(old_sockets) == b"1"
    assert made == ["new", "old"]
    publication.sent()
    assert publication.frame(old_sockets) == b"1"
    assert made == ["new", "old", "old"]
    assert publication.text is publication.text


@pytest.mark.parametrize(
    ("data", "kept", "seq"),
    [
        ('{"seq":7}', True, 7),
        ('{"seq":7}', False, None),
        ('{"seq":true}', True, None),
        ('{"seq":"7"}', True, None),
        ('{"data":{"seq":7}}', True, None),
        ("no JSON", True, None),
    ],
)
def test_the_number_is_the_applications_and_a_whole_one(data: str, kept: bool, seq: int | None) -> None:
    assert Publication("a", "e", data, kept=kept).seq == seq
