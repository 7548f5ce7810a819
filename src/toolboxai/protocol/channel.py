"""Names of channels, parsed once. Nothing else in this package tests a prefix."""

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from toolboxai.errors import BadChannelName

__all__ = ["ChannelKind", "ChannelName", "KindFacts", "kind_of"]


class KindFacts(NamedTuple):
    """What a prefix means.

    Args:
        prefix: how the name begins, exactly.
        needs_signature: a subscribe carries the application's signature.
        presence: who is subscribed is known to the subscribers.
        cached: the last event is kept for newcomers.
        opaque: the data is encrypted end to end; its bytes are forwarded and never looked into.
        client_events: subscribers may send events to one another.
    """

    prefix: str
    needs_signature: bool = False
    presence: bool = False
    cached: bool = False
    opaque: bool = False
    client_events: bool = False


class ChannelKind(Enum):
    """The kinds of channel; the first whose prefix fits is the name's kind."""

    SERVER_TO_USER = KindFacts("#server-to-user-")
    ENCRYPTED_CACHE = KindFacts(
        "private-encrypted-cache-", needs_signature=True, cached=True, opaque=True, client_events=True
    )
    ENCRYPTED = KindFacts("private-encrypted-", needs_signature=True, opaque=True, client_events=True)
    PRIVATE_CACHE = KindFacts("private-cache-", needs_signature=True, cached=True, client_events=True)
    PRIVATE = KindFacts("private-", needs_signature=True, client_events=True)
    PRESENCE_CACHE = KindFacts(
        "presence-cache-", needs_signature=True, presence=True, cached=True, client_events=True
    )
    PRESENCE = KindFacts("presence-", needs_signature=True, presence=True, client_events=True)
    CACHE = KindFacts("cache-", cached=True)
    PUBLIC = KindFacts("")


_KINDS = tuple((kind.value.prefix, kind) for kind in ChannelKind)
_ALLOWED = re.compile(r"[A-Za-z0-9_\-=@,.;]+")
_BAD = re.compile(r"[^A-Za-z0-9_\-=@,.;]")


@dataclass(frozen=True, slots=True)
class ChannelName:
    """A channel's name and what it means; made by `parse` only.

    Args:
        text: the name.
        kind: by its prefix.
        facts: of the kind, at hand without the detour of an enumeration.
    """

    text: str
    kind: ChannelKind
    facts: KindFacts = field(repr=False, compare=False)

    @staticmethod
    def parse(raw: str, *, max_chars: int = 200) -> "ChannelName":
        """Read a name as a stranger wrote it.

        Args:
            raw: the name.
            max_chars: the app's ``channel_name_chars``.

        Raises:
            BadChannelName: empty, too long, or with a character that is not allowed.
        """
        if len(raw) > max_chars:
            raise BadChannelName(
                f"channel name of {len(raw)} characters: at most {max_chars} are allowed", too_long=True
            )
        return _parse(raw)

    def __str__(self) -> str:
        return self.text


def kind_of(raw: str) -> ChannelKind:
    """The kind by the prefix alone, also of what is no name after all."""
    return next(kind for prefix, kind in _KINDS if raw.startswith(prefix))


@lru_cache(maxsize=8192)
def _parse(raw: str) -> ChannelName:
    body = raw
    if raw.startswith("#"):
        if not raw.startswith(ChannelKind.SERVER_TO_USER.value.prefix):
            raise BadChannelName(f"channel {raw!r}: '#' may only begin #server-to-user-USERID")
        body = raw[1:]
        if raw == ChannelKind.SERVER_TO_USER.value.prefix:
            raise BadChannelName(f"channel {raw!r}: the id of a user must follow")
    if not _ALLOWED.fullmatch(body):
        fault = _BAD.search(body)
        what = f"{fault.group()!r} at {fault.start()}" if fault else "an empty name"
        raise BadChannelName(f"channel {raw!r}: {what} is not allowed; use A-Z a-z 0-9 _ - = @ , . ;")
    kind = kind_of(raw)
    return ChannelName(raw, kind, kind.value)
