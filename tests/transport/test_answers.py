"""HTTP answers as bytes."""

from toolboxai.transport.answers import Answer, published, response

DATE = b"Sun, 22 Nov 2026 21:23:00 GMT"


def test_an_answer_has_its_length_and_says_when_the_connection_ends() -> None:
    answer = Answer(200, b"{}")
    assert response(answer, date=DATE, keep_alive=True, head_only=False) == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nDate: "
        + DATE
        + b"\r\n\r\n{}"
    )
    assert b"\r\nConnection: close\r\n" in response(answer, date=DATE, keep_alive=False, head_only=False)


def test_whoever_publishes_is_told_the_ids_beside_the_body() -> None:
    told = response(published("a.1:1, a.2:7"), date=DATE, keep_alive=True, head_only=False)
    assert told.endswith(b"\r\nX-Toolboxai-Publication-Id: a.1:1, a.2:7\r\n\r\n{}")
    assert told.count(b"\r\nContent-Length: 2\r\n") == 1


def test_head_tells_the_length_and_leaves_the_body_out() -> None:
    assert response(Answer(200, b"ok"), date=DATE, keep_alive=True, head_only=True).endswith(
        b"Content-Length: 2\r\nDate: " + DATE + b"\r\n\r\n"
    )


def test_further_headers_are_not_remembered() -> None:
    more = Answer(426, b"no", b"text/plain", ((b"Upgrade", b"websocket"), (b"A", b"1")))
    assert response(more, date=DATE, keep_alive=True, head_only=False).endswith(
        b"Content-Length: 2\r\nDate: " + DATE + b"\r\nUpgrade: websocket\r\nA: 1\r\n\r\nno"
    )
    assert b"Upgrade:" not in response(
        Answer(426, b"no", b"text/plain"), date=DATE, keep_alive=True, head_only=False
    )
