"""Requests for a WebSocket that come again and again: all clients of one library and app send one head, but for its key.

Such a head is read once; of each further one only the key is looked at.
"""

import re
from dataclasses import dataclass
from typing import Final

from toolboxai.apps.app import App
from toolboxai.apps.registry import AppRegistry
from toolboxai.hub.about import About
from toolboxai.transport.heads import SECRET_HEADERS, RequestHead

__all__ = ["Opening", "Openings"]

_MARK: Final = b"\r\nSec-WebSocket-Key: "  # as browsers and most libraries write it
_KEY_CHARS: Final = 24
_KEY: Final = re.compile(rb"[A-Za-z0-9+/]{22}==")  # 16 bytes in base64

# Bounded in number and in size: strangers fill it at the price of being read as before.
_KEPT: Final = 256
_BYTES: Final = 1024

# What differs from client to client: a head with one of these is not kept.
_OF_ONE_CLIENT: Final = SECRET_HEADERS | {b"forwarded", b"x-forwarded-for"}


@dataclass(slots=True)
class Opening:
    """What a request for a WebSocket said that was admitted, its key aside; the same for all that say the same.

    Args:
        about: what the client tells of itself.
        app: that it was admitted to.
        apps: the apps there were then; once there are others, whoever comes has to be admitted anew.
    """

    about: About
    app: App
    apps: AppRegistry


class Openings:
    """The heads that are known."""

    def __init__(self) -> None:
        self._known: dict[bytes, Opening] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, raw: bytes) -> tuple[Opening, bytes] | None:
        """What a head says that was kept, and the key of this request; None: it has to be read.

        Args:
            raw: everything that has come in. A key is of letters that end no line, so that what lies around it is one
                whole head if it was one before.
        """
        if len(raw) > _BYTES:
            return None
        start = raw.find(_MARK) + len(_MARK)
        opening = self._known.get(raw[:start] + raw[start + _KEY_CHARS :])
        if opening is None:
            return None
        key = raw[start : start + _KEY_CHARS]
        return (opening, key) if _KEY.fullmatch(key) else None

    def keep(self, raw: bytes, head: RequestHead, opening: Opening) -> None:
        """Remember a head that was admitted.

        Args:
            raw: it, whole, and nothing else.
            head: it, read.
            opening: what it says.
        """
        if len(raw) > _BYTES or not _OF_ONE_CLIENT.isdisjoint(head.raw):
            return
        start = raw.find(_MARK) + len(_MARK)
        key = raw[start : start + _KEY_CHARS]
        if start < len(_MARK) or not _KEY.fullmatch(key):
            return
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[raw[:start] + raw[start + _KEY_CHARS :]] = opening
