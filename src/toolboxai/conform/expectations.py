"""How a row says that a server does something else."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["NotTestable", "RowFailed", "error", "expect", "expect_error", "printable", "while_doing"]


class RowFailed(Exception):
    """The server does not do what the row wants.

    Args:
        expected: what the protocol says.
        got: what came.
    """

    def __init__(self, expected: object, got: object) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = str(expected)
        self.got = str(got)


class NotTestable(Exception):
    """The app's settings do not let this row be run; the text says which."""


def expect(got: object, expected: object, what: str) -> None:
    """Raise RowFailed unless they are equal."""
    if got != expected or type(got) is not type(expected):
        raise RowFailed(f"{what} to be {expected!r}", repr(got)[:400])


def error(message: str, code: int | None = None) -> dict[str, object]:
    """A ``pusher:error`` as it goes over the wire."""
    return {"event": "pusher:error", "data": {"code": code, "message": message}}


def expect_error(got: dict[str, object], *, code: int | None = None, begins: str = "", has: str = "") -> None:
    """Raise RowFailed unless it is a ``pusher:error`` with this code whose text fits."""
    expect(got.get("event"), "pusher:error", "the event")
    data = got.get("data")
    if not isinstance(data, dict):
        raise RowFailed("the data of pusher:error to be an object", repr(data))
    expect(data.get("code"), code, "the code")
    text = str(data.get("message"))
    if not text.startswith(begins) or has not in text:
        raise RowFailed(f"a text that begins with {begins!r} and has {has!r}", repr(text))


def printable(text: str) -> str:
    """The text with what a terminal would obey written out: part of it may be the server's."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


@contextmanager
def while_doing(what: str) -> Iterator[None]:
    """Put what was being done before the text of a failure."""
    try:
        yield
    except RowFailed as failed:
        raise RowFailed(f"{what}: {failed.expected}", failed.got) from failed
