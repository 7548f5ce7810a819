"""HTTP answers, as values and as bytes."""

from functools import lru_cache
from http import HTTPStatus
from typing import Final

import msgspec

__all__ = ["EMPTY", "PUBLICATION_ID", "Answer", "published", "response"]

_JSON: Final = b"application/json"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """An HTTP answer.

    Args:
        status: the code.
        body: all of it.
        media_type: for ``Content-Type``.
        headers: further ones.
    """

    status: int
    body: bytes
    media_type: bytes = _JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def size(self) -> int:
        """What it takes, in bytes."""
        return len(self.body) + sum([len(name) + len(value) for name, value in self.headers])


EMPTY: Final = Answer(200, b"{}")
"""What most calls of the signed API answer: an empty object."""

PUBLICATION_ID: Final = b"X-Toolboxai-Publication-Id"


def published(ids: str, body: bytes = b"{}") -> Answer:
    """The answer to a call that has published. The ids stand in a header: libraries know what the body may hold.

    Args:
        ids: of the publications, in order, with commas between.
        body: what else was asked for.
    """
    return Answer(200, body, _JSON, ((PUBLICATION_ID, ids.encode()),))


def response(answer: Answer, *, date: bytes, keep_alive: bool, head_only: bool) -> bytes:
    """The whole answer in HTTP/1.1.

    Args:
        answer: what to say.
        date: the time, as HTTP writes it.
        keep_alive: whether the connection goes on.
        head_only: whether the request was HEAD: the length is told, the body is not.
    """
    body, headers = answer.body, answer.headers
    lines = _first_lines(answer.status, answer.media_type, keep_alive, len(body), date)
    if head_only:
        body = b""
    if len(headers) == 1:  # all that is published is answered so
        ((name, value),) = headers
        return b"".join((lines, name, b": ", value, b"\r\n\r\n", body))
    return b"%b%b\r\n%b" % (lines, b"".join([b"%b: %b\r\n" % header for header in headers]), body)


@lru_cache(maxsize=64)
def _first_lines(status: int, media_type: bytes, keep_alive: bool, size: int, date: bytes) -> bytes:
    """They are the same in all answers of one kind and size within one second."""
    connection = b"" if keep_alive else b"Connection: close\r\n"
    return b"HTTP/1.1 %d %b\r\nContent-Type: %b\r\n%bContent-Length: %d\r\nDate: %b\r\n" % (
        status,
        HTTPStatus(status).phrase.encode(),
        media_type,
        connection,
        size,
        date,
    )
