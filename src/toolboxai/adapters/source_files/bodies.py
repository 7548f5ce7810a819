"""A body of a request parted into its fields and its files. Runs in the process that reads files: it takes long."""

import binascii
import json
from typing import Any, Final, NamedTuple

from toolboxai.errors import PayloadTooLarge, ValidationError
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS
from toolboxai.platform.content.sources.body import read_json
from toolboxai.platform.content.sources.files import (
    MAX_SOURCE_FILES,
    MAX_SOURCE_FILES_BYTES,
    SourceFile,
    check_files,
)

__all__ = ["FORM", "Parted", "parted"]

FORM: Final = "multipart/form-data"
_FILES: Final = "source_files"
_CONTENT: Final = "content_base64"
# Ten objectives and all other fields at their longest, escaped, have half of it.
_REST_BYTES: Final = 128 * 1024


class Parted(NamedTuple):
    """The fields as a JSON text, without what stands in the files, and the files."""

    fields: bytes
    files: list[SourceFile]


def parted(content_type: str, raw: bytes) -> Parted:
    """Part a body.

    Raises:
        ValidationError: it is no JSON or no form, or a file in it is not sent as it should be.
        PayloadTooLarge: its files hold too much together.
        ModuleNotFoundError: the library that reads forms is not installed.
    """
    if content_type.partition(";")[0].strip().lower() == FORM:
        from toolboxai.adapters.source_files.forms import read_form

        fields, files = read_form(content_type, raw)
        fields[_FILES] = [
            {"name": file.name, _CONTENT: "", "media_type": file.media_type or None} for file in files
        ]
    else:
        fields = read_json(raw)
        files = _taken_out(fields)
    check_files(files)
    _check_size(fields)
    return Parted(_json(fields), files)


def _check_size(fields: Any) -> None:
    """Whoever gets the fields serves others too: nothing in them may take long, but a text, which does not."""
    rest = fields
    if isinstance(fields, dict) and isinstance(text := fields.get("source_text"), str):
        if len(text) > MAX_SOURCE_CHARS:
            raise _unfit(
                "source_text",
                f"{len(text):,} characters; at most {MAX_SOURCE_CHARS:,} are allowed: send one chapter at a time",
            )
        rest = {name: value for name, value in fields.items() if name != "source_text"}
    if (size := len(_json(rest))) > _REST_BYTES:
        told = f"{size:,} bytes beside source_text and what stands in the files; at most {_REST_BYTES:,} are taken"
        raise _unfit("body", told)


def _unfit(field: str, told: str) -> ValidationError:
    return ValidationError(f"the request does not fit: {field}: {told}", details={"fields": {field: told}})


def _taken_out(fields: Any) -> list[SourceFile]:
    """The files of a JSON, their content removed from it; none where the fields are not as they should be."""
    sent = fields.get(_FILES) if isinstance(fields, dict) else None
    if not isinstance(sent, list):
        return []
    files, whole = [], len(sent) <= MAX_SOURCE_FILES
    for place, each in enumerate(sent):
        if not isinstance(each, dict) or not isinstance(letters := each.get(_CONTENT), str):
            whole = False
            continue
        each[_CONTENT] = ""
        if whole and isinstance(name := each.get("name"), str):
            media_type = each.get("media_type")
            content = _decoded(place, letters)
            files.append(SourceFile(name, content, media_type if isinstance(media_type, str) else ""))
        else:
            whole = False
    return files if whole else []


def _decoded(place: int, letters: str) -> bytes:
    letters = "".join(letters.split())
    if len(letters) // 4 * 3 > MAX_SOURCE_FILES_BYTES + 2:
        raise PayloadTooLarge(
            f"source_files[{place}] has more than the {MAX_SOURCE_FILES_BYTES:,} bytes that all files may have "
            "together: send one chapter at a time, or leave out pictures",
            details={"max_bytes": MAX_SOURCE_FILES_BYTES},
        )
    try:
        return binascii.a2b_base64(letters, strict_mode=True)
    except ValueError as fault:  # binascii's own error is one, and so is a letter beyond ASCII
        told = "is not base64 (RFC 4648, section 4) to its end"
        name = f"{_FILES}[{place}].{_CONTENT}"
        raise ValidationError(f"{name} {told}", details={"fields": {name: told}}) from fault


def _json(fields: Any) -> bytes:
    try:
        return json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which is told later
        return json.dumps(fields).encode()
    except RecursionError:
        raise _unfit("body", "is nested too deeply") from None
