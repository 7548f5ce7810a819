"""The body of ``generate``: JSON or a form, with a text, with files, or with both."""

import asyncio
import binascii
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import msgspec
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError as FieldFaults
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from toolboxai.errors import PayloadTooLarge, ProviderUnavailable, RateLimitExceeded, ValidationError
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS, GenerationRequest
from toolboxai.platform.content.sources.files import (
    MAX_SOURCE_FILES,
    MAX_SOURCE_FILES_BYTES,
    SourceFile,
    SourceReader,
    check_files,
    join_sources,
)
from toolboxai.platform.identity.model import Principal
from toolboxai.web.content_bodies import FILE_NAME_CHARS, GenerateBody, SourceFileBody, SourceItem

__all__ = ["GENERATE_BYTES", "GENERATE_OPENAPI", "Asked", "Uploads"]

# The longest text with every character as a six-byte escape, and what stands around it.
_TEXT_BYTES: Final = 6 * MAX_SOURCE_CHARS + 128 * 1024
# And all files in base64, with a line end after every 76 letters written as two.
GENERATE_BYTES: Final = _TEXT_BYTES + MAX_SOURCE_FILES_BYTES * 4 // 3 * 78 // 76

_FORM_FIELDS: Final = 200
# A request with files holds up to three times its size in memory until they are read.
_TOGETHER: Final = 8
_TOGETHER_OF_ONE: Final = 2
_RETRY_S: Final = 5
# Letters of base64 decoded at once: about four milliseconds.
_SLICE: Final = 1024 * 1024
_LISTS: Final = ("learning_objectives", "question_types")


class Asked(NamedTuple):
    """What a request asks for, and what was read in its files."""

    request: GenerationRequest
    sources: list[SourceItem]


class Uploads:
    """Reads requests with files, a bounded number at a time.

    Args:
        reader: reads the files.
    """

    def __init__(self, reader: SourceReader) -> None:
        self._reader = reader
        self._inside: Counter[str] = Counter()

    async def asked(self, request: Request, principal: Principal) -> Asked:
        """The generation that a request asks for.

        Raises:
            ValidationError, RequestValidationError: the body or a file is not as it should be.
            PayloadTooLarge: the files hold too much.
            RateLimitExceeded: too many such requests are being read.
            ProviderUnavailable: what reads such a body or file is not installed.
        """
        with ExitStack() as held:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            large = kind == "multipart/form-data" or _announced(request) > _TEXT_BYTES
            if large:
                held.enter_context(self._place(principal))
            if kind == "multipart/form-data":
                body, files = await _form(request)
            elif kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
                body = _checked(await _json(request))
                files = [await _file(place, each) for place, each in enumerate(body.source_files)]
            else:
                fault = f"is {kind[:80] or 'not told'}; send application/json or multipart/form-data"
                raise ValidationError(f"Content-Type {fault}", details={"fields": {"Content-Type": fault}})
            if not files:
                return Asked(body.request(body.source_text), [])
            check_files(files)
            if not large:
                held.enter_context(self._place(principal))
            read = await self._reader.read(files)
        sources = [
            SourceItem(
                name=file.label,
                kind=each.kind,
                pages=each.pages,
                characters=len(each.text),
                notes=list(each.notes),
            )
            for file, each in zip(files, read, strict=True)
        ]
        notes = [f"{file.name or 'A file'}: {note}" for file in sources for note in file.notes]
        return Asked(body.request(join_sources(body.source_text, files, read), notes), sources)

    @contextmanager
    def _place(self, principal: Principal) -> Iterator[None]:
        """One of the few places for requests with files."""
        mine, all_places = self._inside[principal.user_id], self._inside.total()
        if mine >= _TOGETHER_OF_ONE or all_places >= _TOGETHER:
            whose = f"{mine} of your requests" if mine >= _TOGETHER_OF_ONE else f"{all_places} requests"
            raise RateLimitExceeded(
                f"{whose} with files are being read at this moment; send this one again in {_RETRY_S} s",
                retry_after_s=_RETRY_S,
                details={"limit": _TOGETHER_OF_ONE if mine >= _TOGETHER_OF_ONE else _TOGETHER},
            )
        self._inside[principal.user_id] += 1
        try:
            yield
        finally:
            self._inside[principal.user_id] -= 1
            self._inside += Counter()  # forgets who has none


def _announced(request: Request) -> int:
    """How long the body will be; one that does not say may be as long as is allowed."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 16 else GENERATE_BYTES


def _checked(body: Any) -> GenerateBody:
    try:
        return GenerateBody.model_validate(body)
    except FieldFaults as faults:
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults.errors(include_url=False)]
        ) from faults


# ---- JSON ---------------------------------------------------------------------------------------------------


async def _json(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required"}])
    await asyncio.sleep(0)  # whoever waited while the body was put together comes first
    with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
        return msgspec.json.decode(raw)  # in half the time; what it does not take, the other tells in full
    try:
        return json.loads(raw)
    except json.JSONDecodeError as fault:
        raise RequestValidationError(
            [
                {
                    "type": "json_invalid",
                    "loc": ("body", fault.pos),
                    "msg": "JSON decode error",
                    "ctx": {"error": fault.msg},
                }
            ]
        ) from fault
    except (UnicodeDecodeError, RecursionError, ValueError) as fault:  # a number of thousands of digits, too
        told = "cannot be read; send JSON in UTF-8"
        raise ValidationError(f"the body {told}", details={"fields": {"body": told}}) from fault


async def _file(place: int, sent: SourceFileBody) -> SourceFile:
    """The file; its letters are decoded piece by piece, so that others are served in between."""
    letters = sent.content_base64
    if any(space in letters for space in "\n\r \t"):
        letters = "".join(letters.split())
    if len(letters) // 4 * 3 > MAX_SOURCE_FILES_BYTES + 2:
        raise PayloadTooLarge(
            f"source_files[{place}] has more than the {MAX_SOURCE_FILES_BYTES:,} bytes that all files may have "
            "together: send one chapter at a time, or leave out pictures",
            details={"max_bytes": MAX_SOURCE_FILES_BYTES},
        )
    content = bytearray()
    await asyncio.sleep(0)
    try:
        for begin in range(0, len(letters), _SLICE):
            # Padding is for the end; anywhere else it is no letter of base64.
            ends = begin + _SLICE >= len(letters)
            piece = letters[begin : begin + _SLICE]
            content += binascii.a2b_base64(piece if ends else piece.replace("=", "!"), strict_mode=True)
            await asyncio.sleep(0)
    except ValueError as fault:  # binascii's own error is one
        told = "is not base64 (RFC 4648, section 4) to its end"
        name = f"source_files[{place}].content_base64"
        raise ValidationError(f"{name} {told}", details={"fields": {name: told}}) from fault
    return SourceFile(sent.name, bytes(content), sent.media_type or "")


# ---- a form -------------------------------------------------------------------------------------------------


class _InMemory(MultiPartParser):
    """Keeps files in memory, where few and bounded ones are: no file of a stranger's is ever on a disk."""

    spool_max_size = GENERATE_BYTES


async def _form(request: Request) -> tuple[GenerateBody, list[SourceFile]]:
    if find_spec("python_multipart") is None:
        raise ProviderUnavailable(
            "this server cannot read forms: python-multipart is not installed. Whoever runs it installs "
            "toolboxai[sources]; until then send JSON",
            details={"missing": "python-multipart", "extra": "sources"},
        )
    parser = _InMemory(
        request.headers,
        request.stream(),
        max_files=_FORM_FIELDS,  # how many are allowed is told later, with the right number
        max_fields=_FORM_FIELDS,
        max_part_size=4 * MAX_SOURCE_CHARS,
    )
    try:
        form = await parser.parse()
    except MultiPartException as fault:
        told = f"is no form as multipart/form-data has it: {fault.message}"
        raise ValidationError(f"the body {told}", details={"fields": {"body": told}}) from fault
    try:
        faults: dict[str, str] = {}
        files = [file async for file in _files(form, faults)]
        fields = _fields(form, faults)
    finally:
        await form.close()
    if faults:
        told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        raise ValidationError(f"the request does not fit: {told}", details={"fields": faults})
    return _checked(fields), files


async def _files(form: FormData, faults: dict[str, str]) -> Any:
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            if name == "source_files" and value:
                faults[name] = (
                    "came as text; send a file, with its filename, as curl -F source_files=@notes.pdf does"
                )
            continue
        if name != "source_files":
            faults[name[:80]] = "is no field for files; send files as source_files"
        elif len(value.filename or "") > FILE_NAME_CHARS:
            faults[name] = f"a name of a file has at most {FILE_NAME_CHARS} characters"
        elif value.filename or value.size:  # a page sends an empty one where nothing was chosen
            yield SourceFile(value.filename or "", await value.read(), value.content_type or "")


def _fields(form: FormData, faults: dict[str, str]) -> dict[str, Any]:
    """The fields as JSON has them: lists come as several fields, or as one with a list in JSON."""
    fields: dict[str, Any] = {}
    for name in form:
        values = [value for value in form.getlist(name) if isinstance(value, str)]
        if name in _LISTS:
            if items := list(_items(name, values, faults)):
                fields[name] = items
        elif name == "source_files" or not any(values):
            continue  # empty: a page's form sends what nobody filled in
        elif len(values) > 1:
            faults[name[:80]] = f"given {len(values)} times; once is allowed"
        else:
            fields[name] = values[0]
    return fields


def _items(name: str, values: Sequence[str], faults: dict[str, str]) -> Iterator[Any]:
    for value in values:
        text = value.strip()
        if not text.startswith(("[", "{")):
            if text:
                yield value
            continue
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            if text.startswith("{") or name == "question_types":
                faults[name] = "begins as JSON and is none; send one field for each, or a list in JSON"
            else:
                yield value  # an objective may begin with a bracket
            continue
        yield from read if isinstance(read, list) else [read]


# ---- what the description of the routes says ----------------------------------------------------------------


def _openapi() -> dict[str, Any]:
    schema = GenerateBody.model_json_schema()
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


GENERATE_OPENAPI: Final = _openapi()
