"""The body of a request with a teacher's files, as it came, and what was read of it."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from toolboxai.errors import ValidationError
from toolboxai.platform.content.sources.files import SourceText

__all__ = ["ReadBody", "SentBody", "read_json"]


class SentBody(msgspec.Struct, frozen=True):
    """A body that nobody has looked into.

    Args:
        content_type: the header, with the boundary of a form.
        pieces: the bytes as they came; putting them together is for whoever reads them.
    """

    content_type: str
    pieces: Sequence[bytes | bytearray]


class ReadBody(msgspec.Struct, frozen=True):
    """What stood in a body.

    Args:
        fields: as JSON has them, whatever form they came in and not checked; in ``source_files`` each file has its
            name and media type, and no content.
        texts: what stood in the files, in their order; none when one is refused.
        refusal: why the files are not taken. It is told after what is wrong with the fields.
    """

    fields: Any
    texts: Sequence[SourceText] = ()
    refusal: ValidationError | None = None


def read_json(raw: bytes) -> Any:
    """The value of a JSON text, as far as it is one.

    Raises:
        ValidationError: it is none; the text says at which character.
    """
    if not raw:
        raise _refused("Field required")
    with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
        return msgspec.json.decode(raw)  # in half the time; what it does not take, the other tells in full
    try:
        return json.loads(raw)
    except json.JSONDecodeError as fault:
        raise _refused(f"is not JSON: {fault.msg} at character {fault.pos}") from fault
    except (UnicodeDecodeError, RecursionError, ValueError) as fault:  # a number of thousands of digits, too
        raise _refused("cannot be read; send JSON in UTF-8") from fault


def _refused(told: str) -> ValidationError:
    return ValidationError(f"the request does not fit: body: {told}", details={"fields": {"body": told}})
