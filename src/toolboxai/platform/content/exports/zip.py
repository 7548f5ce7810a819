"""All other files of a content in one, with a list of them."""

from collections.abc import Sequence

import msgspec

from toolboxai.platform.content.exports.archive import pack
from toolboxai.platform.content.exports.written import Written
from toolboxai.platform.content.model.package import ContentFile

__all__ = ["write_zip"]


def write_zip(content_id: str, files: Sequence[ContentFile]) -> Written:
    """``manifest.json`` first: name, format, readers, size, SHA-256 and notes of every file; then the files."""
    listed = [
        {
            "name": file.name,
            "format": file.format,
            "audience": file.audience.value,
            "media_type": file.media_type,
            "bytes": len(file.content),
            "sha256": file.sha256,
            "notes": file.notes,
        }
        for file in files
    ]
    manifest = msgspec.json.format(msgspec.json.encode({"content_id": content_id, "files": listed}), indent=2)
    return Written(
        pack([("manifest.json", manifest + b"\n"), *((file.name, file.content) for file in files)])
    )
