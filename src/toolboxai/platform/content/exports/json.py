"""The JSON form: the whole model, the same every time, readable by people and programs."""

import msgspec

from toolboxai.platform.content.exports.document import ContentDocument

__all__ = ["read_json", "render_json"]


def render_json(document: ContentDocument) -> bytes:
    """The document as UTF-8 JSON, indented, with a last newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read_json(content: bytes) -> ContentDocument:
    """The document that ``render_json`` wrote.

    Raises:
        msgspec.ValidationError: it is not of this form.
        msgspec.DecodeError: it is not JSON.
    """
    return msgspec.json.decode(content, type=ContentDocument)
