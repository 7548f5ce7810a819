"""Who may follow which channel: the one table that decides it, for every transport.

A name is parsed into its kind and the rest; a row fits only if the whole rest is its stem and one id. What fits no row
is denied. A row asks the resource itself who owns it: no part of a name is ever taken for a role or a right.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol

from toolboxai.errors import BadChannelName
from toolboxai.platform.identity.model import PEOPLE, Principal, Role
from toolboxai.protocol.channel import ChannelKind, ChannelName

__all__ = ["CHANNELS", "ChannelPolicy", "Decision", "Ownership", "Reason", "Resources"]


@dataclass(frozen=True, slots=True)
class Ownership:
    """To whom a resource belongs.

    Args:
        organization_id: its tenant.
        owner_id: the user who made it.
        shared_with: ids of users of the same tenant who may look at it; members, for a class.
        editors: those of them who may also change it.
        names: what owner and members of a class are called there, by id; none for other kinds.
        owner_in_use: whether that user's account is, as far as it matters: the tokens of agents and plugins hold as long.
    """

    organization_id: str
    owner_id: str
    shared_with: frozenset[str] = frozenset()
    editors: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    owner_in_use: bool = True


class Resources(Protocol):
    """Where the policy asks for owners; each room of the platform answers for its own kinds."""

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """The owner of a resource; None when there is none, or the kind is not known.

        Args:
            kind: ``content_session``, ``environment``, ``agent``, ``plugin`` or ``class``.
            resource_id: letters, digits and underscores, at most 128.
        """
        ...


class Reason(Enum):
    """Why it was decided so; for logs, not for the one who asked."""

    ALLOWED = "allowed"
    BAD_NAME = "not a channel name"
    NO_ROW = "no row of the policy fits"
    NOT_SIGNED_IN = "not signed in"
    BAD_TOKEN = "the token does not hold"  # noqa: S105 - a word, no secret
    TOKEN_EXPIRED = "the token's time is over"  # noqa: S105 - a word, no secret
    OTHER_USER = "the token is another user's than the one who is named"
    NO_PERMISSION = "the role may not"
    NO_RESOURCE = "no such resource"
    FOREIGN = "another organisation's, or not shared"
    NO_KEY = "no master key for encrypted channels"


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's answer for one name.

    Args:
        allowed: whether the channel may be followed, and its history read.
        reason: for the log.
        signable: whether a subscribe needs our signature; public channels need none.
        channel_data: on presence channels, the JSON text that says who comes in; to be signed byte for byte.
        needs: one of these permissions; empty where any will do, or no row fits.
        resource: the kind of resource that the name leads to, if it does.
        elsewhere: whether that resource is there, and another organisation's.
    """

    allowed: bool
    reason: Reason
    signable: bool = True
    channel_data: str | None = None
    needs: frozenset[str] = frozenset()
    resource: str | None = None
    elsewhere: bool = False


Test = Callable[[Principal, str, Ownership | None], bool]


def _anyone(_principal: Principal, _id: str, _ownership: Ownership | None) -> bool:
    return True


def _oneself(principal: Principal, resource_id: str, _ownership: Ownership | None) -> bool:
    return principal.role in PEOPLE and principal.user_id == resource_id


def _own_or_shared(principal: Principal, _id: str, ownership: Ownership | None) -> bool:
    return (
        ownership is not None
        and principal.role in PEOPLE
        and principal.organization_id == ownership.organization_id
        and (principal.user_id == ownership.owner_id or principal.user_id in ownership.shared_with)
    )


def _plugin_or_owner(principal: Principal, resource_id: str, ownership: Ownership | None) -> bool:
    if principal.role is Role.PLUGIN:
        return principal.can("plugin:connect") and _itself(principal, resource_id, ownership)
    return (
        ownership is not None
        and principal.role in PEOPLE
        and principal.organization_id == ownership.organization_id
        and principal.user_id == ownership.owner_id
    )


def _agent_or_shared(principal: Principal, resource_id: str, ownership: Ownership | None) -> bool:
    if principal.role is Role.AGENT:
        return principal.can("agent:connect") and _itself(principal, resource_id, ownership)
    return principal.can("agent:read") and _own_or_shared(principal, resource_id, ownership)


def _itself(principal: Principal, resource_id: str, ownership: Ownership | None) -> bool:
    """A program that the name leads to, while its owner's account is in use."""
    return (
        ownership is not None
        and ownership.owner_in_use
        and principal.organization_id == ownership.organization_id
        and principal.user_id == resource_id
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One kind of channel.

    Args:
        kind: of the name, from its prefix.
        stem: what stands between the prefix and the id; the whole rest where there is no id.
        resource: the kind of resource that the id names; None where the row has none to ask for.
        needs: one of these permissions; empty where any will do.
        test: the last word, with the owner that the resource named.
        has_id: whether an id follows the stem.
    """

    kind: ChannelKind
    stem: str
    resource: str | None = None
    needs: frozenset[str] = frozenset()
    test: Test = _anyone
    has_id: bool = True
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        tail = r"([A-Za-z0-9_]{1,128})" if self.has_id else "()"
        object.__setattr__(self, "pattern", re.compile(re.escape(self.stem) + tail))


NAME_CHARS: Final = 40  # of what a member is called: in any script within what an app takes by default

_CONTENT = frozenset({"content:generate", "content:read"})
_AGENT = frozenset({"agent:read", "agent:connect"})

_ROWS: Final = (
    # private and presence: signed for whoever passes
    _Row(ChannelKind.PRIVATE, "content-generation-", "content_session", _CONTENT, _own_or_shared),
    _Row(ChannelKind.PRIVATE, "user-", test=_oneself),
    _Row(ChannelKind.PRIVATE, "test-channel", has_id=False),
    _Row(ChannelKind.PRIVATE, "roblox-sync-", "environment", frozenset({"roblox:read"}), _own_or_shared),
    _Row(ChannelKind.PRIVATE, "agent-", "agent", _AGENT, _agent_or_shared),
    _Row(ChannelKind.PRIVATE, "plugin-", "plugin", test=_plugin_or_owner),
    _Row(ChannelKind.PRIVATE, "class-", "class", test=_own_or_shared),
    _Row(ChannelKind.PRESENCE, "classroom-", "class", test=_own_or_shared),
    # public: nothing to sign; here for whoever reads their history. Their events carry no personal data, a session's
    # id cannot be guessed, and the two that are of all environments and agents are of one organisation.
    _Row(ChannelKind.PUBLIC, "content-generation-", "content_session"),
    _Row(ChannelKind.PUBLIC, "roblox-sync", has_id=False),
    _Row(ChannelKind.PUBLIC, "agent-status", has_id=False),
    _Row(ChannelKind.PUBLIC, "system-notifications", has_id=False),
    _Row(ChannelKind.PUBLIC, "test-channel", has_id=False),
)

# The encrypted form of a private channel is for those who may follow the private one.
_AS_KIND: Final = {ChannelKind.ENCRYPTED: ChannelKind.PRIVATE}

_BY_KIND: Final[Mapping[ChannelKind, tuple[_Row, ...]]] = {
    kind: tuple(row for row in _ROWS if row.kind is _AS_KIND.get(kind, kind)) for kind in ChannelKind
}


CHANNELS: Final = tuple(
    f"{row.kind.value.prefix}{row.stem}" + ("{id}" if row.has_id else "")
    for row in _ROWS
    if row.kind.value.needs_signature
)
"""The names that can be signed for, with ``{id}`` where an id stands."""


class ChannelPolicy:
    """Decides by the table, and denies by default.

    Args:
        resources: says to whom a resource belongs.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def decide(self, principal: Principal | None, channel: str) -> Decision:
        """Whether someone may follow a channel and read its history.

        Args:
            principal: who asks; None for someone who is not signed in, who may only have what is public.
            channel: the name as the stranger wrote it.
        """
        try:
            name = ChannelName.parse(channel)
        except BadChannelName:
            return Decision(False, Reason.BAD_NAME)
        signable = name.facts.needs_signature
        row, resource_id = _row(name)
        if row is None:
            return Decision(False, Reason.NO_ROW, signable)
        if principal is None and signable:
            return Decision(False, Reason.NOT_SIGNED_IN, signable)
        if principal is not None and row.needs and not row.needs & principal.permissions:
            return Decision(False, Reason.NO_PERMISSION, signable, needs=row.needs, resource=row.resource)
        ownership = (
            await self._resources.ownership(row.resource, resource_id) if row.resource is not None else None
        )
        if row.resource is not None and ownership is None:
            return Decision(False, Reason.NO_RESOURCE, signable, needs=row.needs, resource=row.resource)
        if principal is not None and not row.test(principal, resource_id, ownership):
            elsewhere = ownership is not None and ownership.organization_id != principal.organization_id
            return Decision(
                False,
                Reason.FOREIGN,
                signable,
                needs=row.needs,
                resource=row.resource,
                elsewhere=elsewhere,
            )
        member = _member(principal, ownership) if principal is not None and name.facts.presence else None
        return Decision(True, Reason.ALLOWED, signable, member)


def _row(name: ChannelName) -> tuple[_Row | None, str]:
    rest = name.text[len(name.facts.prefix) :]
    for row in _BY_KIND[name.kind]:
        fits = row.pattern.fullmatch(rest)
        if fits:
            return row, fits[1]
    return None, ""


def _member(principal: Principal, ownership: Ownership | None) -> str:
    """Who comes in, as little as is useful: members see one another, and many of them are minors."""
    info = {"role": principal.role.value}
    called = None if ownership is None else ownership.names.get(principal.user_id)
    if called is not None:
        info["name"] = called[:NAME_CHARS]
    member: dict[str, Any] = {"user_id": principal.user_id, "user_info": info}
    return json.dumps(member, separators=(",", ":"))
