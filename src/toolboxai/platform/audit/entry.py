"""What stands in the audit: one entry for each thing that somebody did. Ids only, never a name or an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

__all__ = ["Action", "Actor", "By", "Entry"]


class Action(StrEnum):
    """What people do."""

    GENERATED = "generated"
    EDITED = "edited"
    REGENERATED = "regenerated"
    RESTORED = "restored"
    DOWNLOADED = "downloaded"
    LINKED = "linked"
    SHARED = "shared"
    UNSHARED = "unshared"
    LINK_REDEEMED = "link_redeemed"
    CLASS_MADE = "class_made"
    CLASS_CHANGED = "class_changed"
    CLASS_DELETED = "class_deleted"
    CLASS_OPENED = "class_opened"
    CLASS_CLOSED = "class_closed"
    CLASS_JOINED = "class_joined"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    MEMBER_LINKED = "member_linked"
    DISCONNECTED = "disconnected"
    TRIGGERED = "triggered"
    NOTIFIED = "notified"
    APP_CREATED = "app_created"
    APP_CHANGED = "app_changed"
    APP_REMOVED = "app_removed"
    APP_KEY_ADDED = "app_key_added"
    APP_KEY_REVOKED = "app_key_revoked"
    APPS_RELOADED = "apps_reloaded"
    SIGNED_IN = "signed_in"
    WELCOMED = "welcomed"
    ACCOUNT_MADE = "account_made"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_RESET = "account_reset"
    ROLE_CHANGED = "role_changed"
    ROSTER_IMPORTED = "roster_imported"
    EXPORTED = "exported"
    WORLD_BEGUN = "world_begun"
    WORLD_CHANGED = "world_changed"
    WORLD_DELETED = "world_deleted"
    SCRIPT_CHANGED = "script_changed"
    GAME_SERVER_ADDED = "game_server_added"
    GAME_SERVER_REVOKED = "game_server_revoked"
    AGENT_ADDED = "agent_added"
    AGENT_DELETED = "agent_deleted"
    PLUGIN_REGISTERED = "plugin_registered"
    PLUGIN_REVOKED = "plugin_revoked"
    PLUGIN_COMMANDED = "plugin_commanded"
    DELETED = "deleted"

    @property
    def said(self) -> str:
        """The constant text of its line in the log."""
        return _SAID[self]


_SAID: Final[Mapping[Action, str]] = {
    Action.GENERATED: "generation begun",
    Action.EDITED: "content changed",
    Action.REGENERATED: "content changed",
    Action.RESTORED: "content changed",
    Action.DOWNLOADED: "file downloaded",
    Action.LINKED: "download link made",
    Action.SHARED: "shares changed",
    Action.UNSHARED: "shares changed",
    Action.LINK_REDEEMED: "shares changed",
    Action.CLASS_MADE: "classes changed",
    Action.CLASS_CHANGED: "classes changed",
    Action.CLASS_DELETED: "classes changed",
    Action.CLASS_OPENED: "classes changed",
    Action.CLASS_CLOSED: "classes changed",
    Action.CLASS_JOINED: "a pupil joined a class by its code",
    Action.MEMBER_ADDED: "classes changed",
    Action.MEMBER_REMOVED: "classes changed",
    Action.MEMBER_LINKED: "classes changed",
    Action.DISCONNECTED: "connection ended by an operator",
    Action.TRIGGERED: "event triggered by an operator",
    Action.NOTIFIED: "notification sent by an operator",
    Action.APP_CREATED: "apps changed by an operator",
    Action.APP_CHANGED: "apps changed by an operator",
    Action.APP_REMOVED: "apps changed by an operator",
    Action.APP_KEY_ADDED: "apps changed by an operator",
    Action.APP_KEY_REVOKED: "apps changed by an operator",
    Action.APPS_RELOADED: "apps changed by an operator",
    Action.SIGNED_IN: "signed in at the identity provider",
    Action.WELCOMED: "password set with a welcome link",
    Action.ACCOUNT_MADE: "account made",
    Action.ACCOUNT_CHANGED: "account changed",
    Action.ACCOUNT_DISABLED: "account taken out of use",
    Action.ACCOUNT_ENABLED: "account taken into use again",
    Action.ACCOUNT_RESET: "welcome link made, logins ended",
    Action.ROLE_CHANGED: "role changed as the identity provider says",
    Action.ROSTER_IMPORTED: "roster imported",
    Action.EXPORTED: "own data exported",
    Action.WORLD_BEGUN: "worlds changed",
    Action.WORLD_CHANGED: "worlds changed",
    Action.WORLD_DELETED: "worlds changed",
    Action.SCRIPT_CHANGED: "script of a world changed",
    Action.GAME_SERVER_ADDED: "token for a running world made or revoked",
    Action.GAME_SERVER_REVOKED: "token for a running world made or revoked",
    Action.AGENT_ADDED: "agents changed",
    Action.AGENT_DELETED: "agents changed",
    Action.PLUGIN_REGISTERED: "plugin registered or revoked",
    Action.PLUGIN_REVOKED: "plugin registered or revoked",
    Action.PLUGIN_COMMANDED: "command queued for a plugin",
    Action.DELETED: "account deleted with all that is its own",
}


class Actor(Protocol):
    """Whoever did something; a ``Principal`` is one."""

    @property
    def organization_id(self) -> str:
        """In whose audit it stands."""
        ...

    @property
    def user_id(self) -> str | None:
        """Of the account; None: the operator on the machine, or whoever has a signed link."""
        ...


@dataclass(frozen=True, slots=True)
class By:
    """An actor who is no principal."""

    organization_id: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that somebody did.

    Args:
        id: grows from entry to entry; 0 before it is kept.
        at: Unix seconds.
        action: what was done.
        organization_id: in whose audit it stands: the one of whoever did it.
        user_id: who did it; None as for `Actor`.
        kind: of what it was done to, such as ``content_session``, ``user``, ``app``.
        resource_id: its id; None where there is no one thing.
        details: small facts, as JSON; ids and words of ours, never names of people.
        request_id: under which the log has the rest.
    """

    id: int = 0
    at: float
    action: Action
    organization_id: str
    user_id: str | None
    kind: str
    resource_id: str | None
    details: Mapping[str, Any]
    request_id: str | None
