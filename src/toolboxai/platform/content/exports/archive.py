"""Zip files that are the same bytes for the same members."""

import io
import zipfile
from collections.abc import Iterable
from typing import Final

__all__ = ["pack"]

# The first moment that a zip file can name.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_READABLE: Final = 0o100644 << 16


def pack(members: Iterable[tuple[str, bytes]]) -> bytes:
    """The members, by name and bytes, in their order."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = _READABLE
            archive.writestr(info, content)
    return packed.getvalue()
