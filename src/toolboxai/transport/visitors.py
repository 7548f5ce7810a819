"""Who comes in, from the request that opens a connection."""

from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

from toolboxai.hub.about import About, Transport, Visitor

__all__ = ["asgi_visitor", "one_address", "visitor"]

_WORD_CHARS: Final = 40  # of a library's name and version; stock clients need ten
_AGENT_CHARS: Final = 200

# Not `sys.intern`: some versions of Python never let go of what strangers tell.
one_address: Final = lru_cache(maxsize=4096)(str)
"""The address, the same object for all that come from it."""


def visitor(
    transport: Transport, address: str, *, query: Mapping[str, str], user_agent: str | None
) -> Visitor:
    """Who comes in. Texts are cut, and each is in memory once, however many connections tell the same.

    Args:
        transport: how it comes.
        address: from where.
        query: of the target; stock clients tell ``protocol``, ``client`` and ``version`` there.
        user_agent: the header.
    """
    words = [query.get(name, "")[:_WORD_CHARS] for name in ("protocol", "client", "version")]
    return Visitor(_about(transport, *words, (user_agent or "")[:_AGENT_CHARS]), one_address(address))


@lru_cache(maxsize=1024)
def _about(transport: Transport, protocol: str, client: str, version: str, user_agent: str) -> About:
    return About(transport, protocol, client, version, user_agent)


def asgi_visitor(transport: Transport, scope: MutableMapping[str, Any], address: str) -> Visitor:
    """As `visitor`, from the scope of an ASGI request."""
    agents = [value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"]
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return visitor(transport, address, query=query, user_agent=agents[0] if agents else None)
