"""The five old endpoints, as rows: where each is, what it follows, who may use it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

__all__ = ["ENDPOINTS", "Call", "Endpoint", "EndpointName", "called", "is_id"]

_ID: Final = r"[A-Za-z0-9_\-=@,.;]{1,128}"
_is_id: Final = re.compile(_ID).fullmatch


class EndpointName(StrEnum):
    """How settings, metrics and reports name them."""

    CONTENT = "content"
    ROBLOX = "roblox"
    PLUGIN = "plugin"
    AGENT = "agent"
    NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of them.

    Args:
        name: short.
        path: with the name of its id in braces, where it has one.
        permissions: what a client that has not signed in is told it needs; any of ``enough`` lets it in.
        enough: one of these permissions is needed; on what they may be used, the channel policy decides. A user who
            owns a plugin follows it without any.
        private: the channel that it follows, up to the id; for ``roblox`` the id is the environment that a client
            subscribes to, for ``native`` there is none.
        public: the name in the guide's mapping, up to the id where that stands in it.
        public_has_id: whether it does.
        purpose: one phrase for the API index and the docs.
    """

    name: EndpointName
    path: str
    permissions: tuple[str, ...]
    enough: frozenset[str]
    private: str
    public: str
    public_has_id: bool
    purpose: str
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{[a-z_]+\}", f"({_ID})", self.path)
        object.__setattr__(self, "_pattern", re.compile(pattern))

    @property
    def authenticates(self) -> bool:
        """Whether a client has to sign in; the echo endpoint alone takes anyone."""
        return self.name is not EndpointName.NATIVE

    def private_channel(self, resource_id: str) -> str:
        """The channel behind it; the one name of the echo endpoint has no id."""
        return self.private + resource_id if self.authenticates else self.private

    def public_channel(self, resource_id: str) -> str:
        """The name in the guide's mapping table."""
        return self.public + resource_id if self.public_has_id else self.public

    def match(self, path: str) -> str | None:
        """The id in a path that leads here, empty where there is none; None: it leads elsewhere."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return found[1] if found.re.groups else ""


ENDPOINTS: Final[dict[EndpointName, Endpoint]] = {
    row.name: row
    for row in (
        Endpoint(
            EndpointName.CONTENT,
            "/ws/content/{session_id}",
            ("content:generate",),
            frozenset({"content:generate", "content:read"}),
            "private-content-generation-",
            "content-generation-",
            True,
            "progress of one content generation",
        ),
        Endpoint(
            EndpointName.ROBLOX,
            "/ws/roblox",
            ("roblox:read",),
            frozenset({"roblox:read"}),
            "private-roblox-sync-",
            "roblox-sync",
            False,
            "Roblox environments, those that the client subscribes to",
        ),
        Endpoint(
            EndpointName.PLUGIN,
            "/ws/plugin/{plugin_id}",
            ("plugin:connect",),
            frozenset(),
            "private-plugin-",
            "private-plugin-",
            True,
            "one Studio plugin",
        ),
        Endpoint(
            EndpointName.AGENT,
            "/ws/agent/{agent_id}",
            ("agent:read",),
            frozenset({"agent:read", "agent:connect"}),
            "private-agent-",
            "agent-status",
            False,
            "one agent",
        ),
        Endpoint(
            EndpointName.NATIVE,
            "/ws/native",
            (),
            frozenset(),
            "private-test-channel",
            "test-channel",
            False,
            "an echo, to test a connection with",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Call:
    """What a client called.

    Args:
        endpoint: which.
        resource_id: the id in the path, empty where there is none.
        path: as it was called, without the query.
    """

    endpoint: Endpoint
    resource_id: str
    path: str

    @property
    def channel(self) -> str:
        """The private channel that it follows from the start; empty where the client has to subscribe first."""
        if self.endpoint.name is EndpointName.ROBLOX:
            return ""
        return self.endpoint.private_channel(self.resource_id)


def is_id(text: str) -> bool:
    """Whether this can be the id of anything here: such an id, and no other, can stand in the name of a channel."""
    return _is_id(text) is not None


def called(path: str) -> Call | None:
    """What a path leads to; None: none of the five.

    Args:
        path: percent-decoded, without the query; one slash at its end is allowed.
    """
    short = path.removesuffix("/")
    return next(_matches(short, path), None)


def _matches(short: str, path: str) -> Iterator[Call]:
    for endpoint in ENDPOINTS.values():
        resource_id = endpoint.match(short)
        if resource_id is not None:
            yield Call(endpoint, resource_id, path)
