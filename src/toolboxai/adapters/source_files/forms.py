"""A form (``multipart/form-data``) as fields and files; needs python-multipart."""

import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, Final

# For the ModuleNotFoundError: starlette, which is always there, hides that this is missing until it uses it.
import python_multipart  # noqa: F401
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from toolboxai.errors import ValidationError
from toolboxai.platform.content.sources.files import SourceFile

__all__ = ["read_form"]

_FORM_FIELDS: Final = 200
_LISTS: Final = ("learning_objectives", "question_types")
_NAME_CHARS: Final = 255  # as much as file systems take


class _InMemory(MultiPartParser):
    """Keeps files in memory, where few and bounded ones are: no file of a stranger's is ever on a disk."""

    spool_max_size = 1 << 30
    whole = False

    def on_end(self) -> None:
        self.whole = True


def read_form(content_type: str, raw: bytes) -> tuple[dict[str, Any], list[SourceFile]]:
    """The fields as JSON has them, and the files.

    Raises:
        ValidationError: it is no form, or a field or file is not sent as it should be.
    """
    faults: dict[str, str] = {}
    try:
        form = _parsed(content_type, raw)
    except (MultiPartException, KeyError, ValueError, UnicodeError) as fault:
        told = "is no form as multipart/form-data has it: " + (
            fault.message if isinstance(fault, MultiPartException) else "its boundary or a header is damaged"
        )
        raise ValidationError(f"the body {told}", details={"fields": {"body": told}}) from fault
    files = list(_files(form, faults))
    fields = _fields(form, faults)
    if faults:
        told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        raise ValidationError(f"the request does not fit: {told}", details={"fields": faults})
    return fields, files


def _parsed(content_type: str, raw: bytes) -> FormData:
    async def whole() -> AsyncGenerator[bytes]:
        yield raw

    parser = _InMemory(
        Headers({"content-type": content_type}),
        whole(),
        max_files=_FORM_FIELDS,  # how many are allowed is told later, with the right number
        max_fields=_FORM_FIELDS,
        max_part_size=len(raw),  # so is how long a field may be
    )
    try:
        parser.parse().send(None)  # all is there already, and in memory: it never waits
    except StopIteration as done:
        form: FormData = done.value
        if not parser.whole:  # the last part would be lost without a word
            raise MultiPartException("its end is missing; send the whole of it again") from None
        return form
    raise RuntimeError("the parser of forms waits for something")


def _files(form: FormData, faults: dict[str, str]) -> Iterator[SourceFile]:
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            if name == "source_files" and value:
                faults[name] = (
                    "came as text; send a file, with its filename, as curl -F source_files=@notes.pdf does"
                )
            continue
        if name != "source_files":
            faults[name[:80]] = "is no field for files; send files as source_files"
        elif len(value.filename or "") > _NAME_CHARS:
            faults[name] = f"a name of a file has at most {_NAME_CHARS} characters"
        elif value.filename or value.size:  # a page sends an empty one where nothing was chosen
            yield SourceFile(
                value.filename or "", value.file.read(), (value.content_type or "")[:_NAME_CHARS]
            )


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
