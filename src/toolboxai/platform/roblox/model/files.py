"""The files of a world."""

from enum import StrEnum
from hashlib import sha256
from typing import Final

from msgspec import Struct

__all__ = ["FORMATS", "WorldFile", "WorldFormat"]


class WorldFormat(StrEnum):
    """What ``download?format=`` names."""

    ROJO = "rojo"
    RBXLX = "rbxlx"
    RBXMX = "rbxmx"
    BUNDLE = "bundle"
    ZIP = "zip"


FORMATS: Final = tuple(WorldFormat)


class WorldFile(Struct, frozen=True, kw_only=True):
    """One file to download.

    Args:
        name: safe on every system, with its ending.
        format: one file of each.
        media_type: for ``Content-Type``.
        content: the bytes.
        notes: what is different in it from what was wanted, one sentence each.
    """

    name: str
    format: WorldFormat
    media_type: str
    content: bytes
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the content, in lower-case hex digits."""
        return sha256(self.content).hexdigest()
