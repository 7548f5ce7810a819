"""Who someone is, and what their role may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["PEOPLE", "PERMISSIONS", "Organization", "Principal", "Role", "User"]


class Role(StrEnum):
    """The roles. ``service``, ``plugin`` and ``agent`` belong to tokens of programs, never to a user account."""

    TEACHER = "teacher"
    STUDENT = "student"
    PARENT = "parent"
    ADMIN = "admin"
    SERVICE = "service"
    PLUGIN = "plugin"
    AGENT = "agent"


PEOPLE: Final = frozenset({Role.TEACHER, Role.STUDENT, Role.PARENT, Role.ADMIN})

_TEACHER = frozenset(
    {
        "content:generate",
        "content:read",
        "roblox:read",
        "roblox:write",
        "agent:read",
        "agent:execute",
        "class:manage",
        "plugin:register",
    }
)

PERMISSIONS: Final[Mapping[Role, frozenset[str]]] = MappingProxyType(
    {
        Role.TEACHER: _TEACHER,
        Role.STUDENT: frozenset({"content:read", "roblox:read"}),
        Role.PARENT: frozenset({"content:read"}),
        Role.ADMIN: _TEACHER
        | {
            "admin:apps",
            "admin:connections",
            "admin:webhooks",
            "realtime:trigger",
            "system:manage",
            "users:manage",
        },
        Role.SERVICE: frozenset({"plugin:connect"}),
        Role.PLUGIN: frozenset({"plugin:connect"}),
        Role.AGENT: frozenset({"agent:connect"}),
    }
)
"""What each role may do at all. On what it may do it is decided beside this, by organisation, owner and shares."""


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant of the application; nothing crosses from one to another.

    Args:
        id: ``org_`` and random digits.
        name: unique, as the operator typed it.
    """

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A person's account.

    Args:
        id: ``user_`` and random digits; safe in channel names.
        organization_id: the one tenant that the account belongs to.
        username: the name to sign in with, as it was typed; unique whatever its capitals.
        email: the other name to sign in with; None when none was given.
        display_name: how to address the person.
        role: one of PEOPLE.
        disabled: out of use: nobody signs in to it.
        guest: joined by a code or a link: a pupil without an address and without a password.
    """

    id: str
    organization_id: str
    username: str
    email: str | None
    display_name: str
    role: Role
    disabled: bool = False
    guest: bool = False

    @property
    def permissions(self) -> frozenset[str]:
        """What the account's role may do."""
        return PERMISSIONS[self.role]


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever makes a request, as their access token proves it.

    Args:
        user_id: of the account; for the token of a plugin or an agent, its id.
        organization_id: their tenant.
        role: as signed.
        permissions: as signed; exactly these are enforced.
        token_id: the token's ``jti``.
        expires_at: Unix seconds; from then on the token is worth nothing.
        session_id: the token's ``sid``, of the login that it was issued in.
        key_fingerprint: of the key that signed it.
    """

    user_id: str
    organization_id: str
    role: Role
    permissions: frozenset[str]
    token_id: str
    expires_at: float
    session_id: str
    key_fingerprint: str

    def can(self, permission: str) -> bool:
        """Whether the token carries the permission."""
        return permission in self.permissions
