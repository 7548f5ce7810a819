"""Environments, agents and plugins as far as their channels need them, and shares of whatever can be shared."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["EDITABLE", "SHAREABLE", "Resource", "ResourceKind", "Share", "ShareRole", "is_resource_id"]

_ID: Final = re.compile(r"[A-Za-z0-9_]{1,128}")


class ResourceKind(StrEnum):
    """The kinds that have rows of this room."""

    ENVIRONMENT = "environment"
    AGENT = "agent"
    PLUGIN = "plugin"

    @property
    def prefix(self) -> str:
        """How the ids of this kind begin."""
        return {"environment": "env_", "agent": "agent_", "plugin": "plugin_"}[self.value]

    def fits(self, resource_id: str) -> bool:
        """Whether an id is one of this kind."""
        return (
            is_resource_id(resource_id)
            and resource_id.startswith(self.prefix)
            and len(resource_id) > len(self.prefix)
        )


SHAREABLE: Final = ("content_session", ResourceKind.ENVIRONMENT.value, ResourceKind.AGENT.value)
"""Kinds that can be shared. A plugin is its owner's alone: whoever follows it could act in their Studio."""

EDITABLE: Final = ("content_session", ResourceKind.ENVIRONMENT.value)
"""Of these, the kinds that somebody else than the owner can be let change."""


def is_resource_id(text: str) -> bool:
    """Whether a text is safe in the name of a channel: letters, digits, underscores, at most 128."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Resource:
    """One environment, agent or plugin.

    Args:
        kind: which of them.
        id: begins with the kind's prefix; part of its channel's name.
        organization_id: its tenant.
        owner_id: the user whom it belongs to.
        name: for people; may be empty.
        created_at: unix seconds.
    """

    kind: ResourceKind
    id: str
    organization_id: str
    owner_id: str
    name: str
    created_at: float


class ShareRole(StrEnum):
    """What a share lets somebody do. Neither shares on, nor deletes."""

    VIEWER = "viewer"
    EDITOR = "editor"  # changes, makes anew and restores; for those who teach


@dataclass(frozen=True, slots=True)
class Share:
    """That one user, whoever is in a class, or whoever has a link, may look at one resource.

    Args:
        id: ``share_`` and random digits.
        kind: one of SHAREABLE.
        resource_id: what is shared.
        organization_id: of the resource and of the others.
        user_id: with whom; or
        class_id: with which class; or
        code_hash: of the code in a link; whoever redeems it has a share of their own.
        created_at: unix seconds.
        expires_at: of a link, unix seconds.
        role: what it lets them do.
    """

    id: str
    kind: str
    resource_id: str
    organization_id: str
    user_id: str | None
    created_at: float
    role: ShareRole = ShareRole.VIEWER
    class_id: str | None = None
    code_hash: str | None = None
    expires_at: float | None = None

    @property
    def facts(self) -> dict[str, str]:
        """What the audit says of it, beside what is shared."""
        return {
            "share_id": self.id,
            "role": self.role.value,
            "with": self.user_id or self.class_id or "link",
        }
