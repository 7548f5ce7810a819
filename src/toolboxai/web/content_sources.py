"""The bodies of ``generate`` and ``proposals``: JSON or a form, with a text, with files, or with both."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any, Final, Generic, NamedTuple, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError as FieldFaults
from starlette.requests import Request

from toolboxai.errors import ProviderUnavailable, RateLimitExceeded, ValidationError
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS
from toolboxai.platform.content.sources.body import ReadBody, SentBody, read_json
from toolboxai.platform.content.sources.files import (
    MAX_SOURCE_FILES,
    MAX_SOURCE_FILES_BYTES,
    SourceFile,
    join_sources,
)
from toolboxai.platform.content.sources.reader import SourceReader
from toolboxai.platform.identity.model import Principal
from toolboxai.web.arriving import PATIENCE_S, arrived
from toolboxai.web.content_bodies import SourceItem
from toolboxai.web.departures import while_connected
from toolboxai.web.source_bodies import SourceBody
from toolboxai.web.upload_turns import UploadTurns

__all__ = ["SOURCE_BYTES", "Asked", "Uploads", "described"]

B = TypeVar("B", bound=SourceBody)

# The longest text with every character as a six-byte escape, and what stands around it.
_TEXT_BYTES: Final = 6 * MAX_SOURCE_CHARS + 128 * 1024
# And all files in base64, with a line end after every 76 letters written as two.
SOURCE_BYTES: Final = _TEXT_BYTES + MAX_SOURCE_FILES_BYTES * 4 // 3 * 78 // 76

_FORM: Final = "multipart/form-data"
# JSON so short is looked into at once: whatever it is, that takes a few milliseconds. A longer one goes to the process
# that reads files, so that whoever is connected does not wait for it.
_SHORT_BYTES: Final = 128 * 1024
# A request with files is held in memory until it is read.
_TOGETHER: Final = 8
_TOGETHER_OF_ONE: Final = 2
_RETRY_S: Final = 5


class Asked(NamedTuple, Generic[B]):
    """What a request asks for.

    Args:
        body: its fields.
        text: the source: what was typed in, and what stands in the files.
        sources: what was read in each file.
    """

    body: B
    text: str
    sources: list[SourceItem]

    @property
    def notes(self) -> list[str]:
        """What the teacher should know of the reading."""
        return [f"{file.name or 'A file'}: {note}" for file in self.sources for note in file.notes]


class Uploads:
    """Reads requests with files: a bounded number is taken in, and of these a few are read at a time.

    Args:
        reader: reads the files.
        patience_s: see ``arrived``.
    """

    def __init__(self, reader: SourceReader, *, patience_s: float = PATIENCE_S) -> None:
        self._reader = reader
        self._patience_s = patience_s
        self._inside: Counter[str] = Counter()
        self._turns = UploadTurns()

    async def asked(self, request: Request, principal: Principal, kind: type[B]) -> Asked[B]:
        """What a request asks for, in a body of this kind.

        Raises:
            ValidationError, RequestValidationError: the body or a file is not as it should be.
            PayloadTooLarge: the files hold too much.
            RequestTimeout: the body comes too slowly.
            RateLimitExceeded: too many such requests are being read, or wait.
            ProviderUnavailable: what reads such a body or file is not installed.
            ClientDisconnect: nobody waits for it any more.
        """
        sent_as = _kind(request)
        with ExitStack() as held:
            short = sent_as != _FORM and _announced(request) <= _SHORT_BYTES
            if not short:
                held.enter_context(self._place(principal))
            pieces = await arrived(request, patience_s=self._patience_s)
            if short:
                body = _checked(read_json(b"".join(pieces)), kind)
                if not body.source_files:
                    return Asked(body, body.source_text, [])
                held.enter_context(self._place(principal))
            async with while_connected(request), self._turns.turn(principal.user_id):
                read = await self._reader.read(SentBody(request.headers["content-type"], pieces))
        return _asked(_checked(read.fields, kind), read)

    @property
    def load(self) -> tuple[int, int]:
        """How many requests are being read, and how many wait for it."""
        return self._turns.load

    @contextmanager
    def _place(self, principal: Principal) -> Iterator[None]:
        """One of the few places for requests with files."""
        mine, all_places = self._inside[principal.user_id], self._inside.total()
        if mine >= _TOGETHER_OF_ONE or all_places >= _TOGETHER:
            whose = f"{mine} of your requests" if mine >= _TOGETHER_OF_ONE else f"{all_places} requests"
            raise RateLimitExceeded(
                f"{whose} with files are being read, or wait to be; send this one again in {_RETRY_S} s",
                retry_after_s=_RETRY_S,
                details={"limit": _TOGETHER_OF_ONE if mine >= _TOGETHER_OF_ONE else _TOGETHER},
            )
        self._inside[principal.user_id] += 1
        try:
            yield
        finally:
            self._inside[principal.user_id] -= 1
            self._inside += Counter()  # forgets who has none


def _kind(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        if find_spec("python_multipart") is None:  # told before the body is on its way
            raise ProviderUnavailable(
                "this server cannot read forms: python-multipart is not installed. Whoever runs it installs "
                "toolboxai[sources]; until then send JSON",
                details={"missing": "python-multipart", "extra": "sources"},
            )
    elif kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        fault = f"is {kind[:80] or 'not told'}; send application/json or multipart/form-data"
        raise ValidationError(f"Content-Type {fault}", details={"fields": {"Content-Type": fault}})
    return kind


def _announced(request: Request) -> int:
    """How long the body will be; one that does not say may be as long as is allowed."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 16 else SOURCE_BYTES


def _checked(body: Any, kind: type[B]) -> B:
    try:
        return kind.model_validate(body)
    except FieldFaults as faults:
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults.errors(include_url=False)]
        ) from faults


def _asked(body: B, read: ReadBody) -> Asked[B]:
    """With the text of the files in it."""
    if read.refusal is not None:
        raise read.refusal
    if not body.source_files:
        return Asked(body, body.source_text, [])
    files = [SourceFile(each.name, b"", each.media_type or "") for each in body.source_files]
    sources = [
        SourceItem(
            name=file.label,
            kind=text.kind,
            pages=text.pages,
            characters=len(text.text),
            notes=list(text.notes),
        )
        for file, text in zip(files, read.texts, strict=True)
    ]
    return Asked(body, join_sources(body.source_text, files, read.texts), sources)


# ---- what the description of the routes says ----------------------------------------------------------------


def described(kind: type[SourceBody]) -> dict[str, Any]:
    """The body of such a route, for its ``openapi_extra``."""
    schema = kind.model_json_schema()
    whole = _inlined(schema, schema.pop("$defs", {}))
    form = {
        **whole,
        "properties": {
            **whole["properties"],
            "source_files": {
                "type": "array",
                "maxItems": MAX_SOURCE_FILES,
                "items": {"type": "string", "format": "binary"},
            },
        },
    }
    content = {"application/json": {"schema": whole}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(value: Any, parts: Mapping[str, Any]) -> Any:
    """With each reference replaced by what it refers to: the description of the routes has no place for it."""
    if isinstance(value, list):
        return [_inlined(each, parts) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _inlined(parts[value["$ref"].rsplit("/", 1)[-1]], parts)
    return {name: _inlined(each, parts) for name, each in value.items()}
