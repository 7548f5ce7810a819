"""HTTP answers, as values and as bytes."""

from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

__all__ = ["EMPTY", "Answer", "response"]


class Answer(NamedTuple):
    """An HTTP answer.

    Args:
        status: the code.
        body: all of it.
        media_type: for ``Content-Type``.
        headers: further ones.
    """

    status: int
    body: bytes
    media_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


EMPTY = Answer(200, b"{}")
"""What most calls of the signed API answer: an empty object."""

_HEADS: dict[tuple[int, bytes, bool], bytes] = {}


def response(answer: Answer, *, date: bytes, keep_alive: bool, head_only: bool) -> bytes:
    """The whole answer in HTTP/1.1; its first lines are made once.

    Args:
        answer: what to say.
        date: the time, as HTTP writes it.
        keep_alive: whether the connection goes on.
        head_only: whether the request was HEAD: the length is told, the body is not.
    """
    key = (answer.status, answer.media_type, keep_alive)
    head = _HEADS.get(key)
    if head is None:
        line = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n".encode()
        connection = b"" if keep_alive else b"Connection: close\r\n"
        head = line + b"Content-Type: " + answer.media_type + b"\r\n" + connection + b"Content-Length: "
        _HEADS[key] = head
    if answer is EMPTY and keep_alive and not head_only:
        return _ready(head, date)
    body = b"" if head_only else answer.body
    if not answer.headers:
        return b"%b%d\r\nDate: %b\r\n\r\n%b" % (head, len(answer.body), date, body)
    extra = b"".join([b"\r\n" + name + b": " + value for name, value in answer.headers])
    return b"%b%d\r\nDate: %b%b\r\n\r\n%b" % (head, len(answer.body), date, extra, body)


@lru_cache(maxsize=2)
def _ready(head: bytes, date: bytes) -> bytes:
    """The whole of the empty answer: the same for everyone within one second."""
    return b"%b%d\r\nDate: %b\r\n\r\n%b" % (head, len(EMPTY.body), date, EMPTY.body)
