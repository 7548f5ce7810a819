"""HTTP answers, as values and as bytes."""

from http import HTTPStatus
from typing import NamedTuple

__all__ = ["Answer", "response"]


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


_HEADS: dict[tuple[int, bytes, bool], bytes] = {}


def response(answer: Answer, *, keep_alive: bool, head_only: bool) -> bytes:
    """The whole answer in HTTP/1.1; its first lines are made once.

    Args:
        answer: what to say.
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
    body = b"" if head_only else answer.body
    if not answer.headers:
        return b"%b%d\r\n\r\n%b" % (head, len(answer.body), body)
    extra = b"".join([b"\r\n" + name + b": " + value for name, value in answer.headers])
    return b"%b%d%b\r\n\r\n%b" % (head, len(answer.body), extra, body)
