"""Where in the database something of a person stands: what an export hands out, and what it leaves out and why.

A test looks through all tables by reflection: each stands in one of the two lists.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select

from toolboxai.adapters.database.agent_tables import AgentEventRow, AgentLineRow, AgentRow, AgentTaskRow
from toolboxai.adapters.database.attempt_tables import AnswerRow, AttemptRow
from toolboxai.adapters.database.audit import AuditRow
from toolboxai.adapters.database.class_tables import ClassMemberRow, ClassRow
from toolboxai.adapters.database.content_tables import (
    ArtefactRow,
    ContentFileRow,
    EventRow,
    RevisionRow,
    SessionRow,
)
from toolboxai.adapters.database.engine import Base
from toolboxai.adapters.database.environment_tables import (
    EnvironmentBuildRow,
    EnvironmentEventRow,
    EnvironmentFileRow,
    EnvironmentRow,
    EnvironmentScriptRow,
)
from toolboxai.adapters.database.game_servers import GameServerRow
from toolboxai.adapters.database.game_talk import GameEventRow, GameMessageRow
from toolboxai.adapters.database.identity import LoginSessionRow, OneTimeCodeRow, UserRow
from toolboxai.adapters.database.links import LinkRow
from toolboxai.adapters.database.old_socket_uses import OldSocketUseRow
from toolboxai.adapters.database.plugin_tables import (
    PluginCommandRow,
    PluginLogRow,
    PluginRow,
    PluginWorldRow,
)
from toolboxai.adapters.database.resource_tables import ResourceRow, ShareRow

__all__ = ["NOT_EXPORTED", "PLACES", "Place", "own_contents", "own_sessions", "shares_of_own"]

Theirs = Callable[[str], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of what is kept of somebody.

    Args:
        section: as the export calls it.
        table: where it stands.
        theirs: the rows of the user with an id.
        hidden: columns that open doors, or say again what others say.
        json: columns that hold JSON text.
        single: there is one row.
    """

    section: str
    table: type[Base]
    theirs: Theirs
    hidden: frozenset[str] = frozenset()
    json: frozenset[str] = frozenset()
    single: bool = False


def own_sessions(user_id: str) -> Select[str]:
    """Ids of somebody's content sessions."""
    return select(SessionRow.id).where(SessionRow.owner_id == user_id)


def own_contents(user_id: str) -> Select[str]:
    """Ids of what these made."""
    return select(SessionRow.content_id).where(SessionRow.owner_id == user_id)


def shares_of_own(user_id: str) -> ColumnElement[bool]:
    """Shares of what is somebody's own, with whomever."""
    resources = select(ResourceRow.id).where(ResourceRow.owner_id == user_id)
    return or_(
        and_(ShareRow.kind == "content_session", ShareRow.resource_id.in_(own_sessions(user_id))),
        and_(ShareRow.kind != "content_session", ShareRow.resource_id.in_(resources)),
    )


def _by(column: Any) -> Theirs:
    return lambda user_id: column == user_id


def _of_content(column: Any) -> Theirs:
    return lambda user_id: column.in_(own_contents(user_id))


def _of_game_server(column: Any) -> Theirs:
    """What hangs on tokens of somebody's worlds."""

    def theirs(user_id: str) -> ColumnElement[bool]:
        worlds = select(EnvironmentRow.id).where(EnvironmentRow.owner_id == user_id)
        return column.in_(select(GameServerRow.id).where(GameServerRow.environment_id.in_(worlds)))  # type: ignore[no-any-return]

    return theirs


def _of_world(column: Any, author: Any = None) -> Theirs:
    """What hangs on somebody's worlds, and what they have written for another's."""

    def theirs(user_id: str) -> ColumnElement[bool]:
        own = column.in_(select(EnvironmentRow.id).where(EnvironmentRow.owner_id == user_id))
        return own if author is None else or_(own, author == user_id)

    return theirs


def _of_plugin(column: Any, author: Any = None) -> Theirs:
    """What hangs on somebody's plugins, and what they have had another's do."""

    def theirs(user_id: str) -> ColumnElement[bool]:
        own = column.in_(select(ResourceRow.id).where(ResourceRow.owner_id == user_id))
        return own if author is None else or_(own, author == user_id)

    return theirs


def _of_session(column: Any) -> Theirs:
    return lambda user_id: column.in_(own_sessions(user_id))


PLACES: Final = (
    Place(
        "account",
        UserRow,
        _by(UserRow.id),
        hidden=frozenset({"password_hash", "username_key", "email_key"}),
        single=True,
    ),
    Place("sign_ins", LoginSessionRow, _by(LoginSessionRow.user_id), hidden=frozenset({"refresh_id"})),
    Place("codes", OneTimeCodeRow, _by(OneTimeCodeRow.user_id), hidden=frozenset({"code_hash"})),
    Place("identity_providers", LinkRow, _by(LinkRow.user_id)),
    Place(
        "contents",
        SessionRow,
        _by(SessionRow.owner_id),
        hidden=frozenset({"request_sha256"}),
        json=frozenset({"request", "error"}),
    ),
    Place("content_events", EventRow, _of_session(EventRow.session_id), json=frozenset({"data"})),
    Place("content_stages", ArtefactRow, _of_session(ArtefactRow.session_id), json=frozenset({"data"})),
    Place(
        "content_revisions",
        RevisionRow,
        lambda user_id: or_(
            RevisionRow.content_id.in_(own_contents(user_id)), RevisionRow.author_id == user_id
        ),
        hidden=frozenset({"request_sha256"}),
        json=frozenset({"document"}),
    ),
    # Their bytes are fetched one by one; what they say stands in the revisions.
    Place(
        "content_files",
        ContentFileRow,
        _of_content(ContentFileRow.content_id),
        hidden=frozenset({"content"}),
        json=frozenset({"notes"}),
    ),
    Place("shares_given", ShareRow, shares_of_own, hidden=frozenset({"code_hash"})),
    Place("shares_received", ShareRow, _by(ShareRow.user_id), hidden=frozenset({"code_hash"})),
    Place("resources", ResourceRow, _by(ResourceRow.owner_id)),
    Place(
        "worlds",
        EnvironmentRow,
        _by(EnvironmentRow.owner_id),
        hidden=frozenset({"request_sha256"}),
        json=frozenset({"wish", "components", "error"}),
    ),
    Place(
        "world_builds",
        EnvironmentBuildRow,
        _of_world(EnvironmentBuildRow.environment_id, EnvironmentBuildRow.author_id),
        json=frozenset({"wish", "spec", "land", "plan"}),
    ),
    Place(
        "world_scripts",
        EnvironmentScriptRow,
        _of_world(EnvironmentScriptRow.environment_id, EnvironmentScriptRow.author_id),
    ),
    # Their bytes are fetched one by one; they are made of what stands in builds and scripts.
    Place(
        "world_files",
        EnvironmentFileRow,
        _of_world(EnvironmentFileRow.environment_id),
        hidden=frozenset({"content"}),
        json=frozenset({"notes"}),
    ),
    Place(
        "world_events",
        EnvironmentEventRow,
        _of_world(EnvironmentEventRow.environment_id),
        json=frozenset({"data"}),
    ),
    Place(
        "game_servers",
        GameServerRow,
        _of_world(GameServerRow.environment_id),
        hidden=frozenset({"token_sha256"}),
    ),
    Place(
        "game_messages",
        GameMessageRow,
        _of_game_server(GameMessageRow.game_server_id),
        json=frozenset({"data"}),
    ),
    Place(
        "game_events",
        GameEventRow,
        _of_game_server(GameEventRow.game_server_id),
        json=frozenset({"value"}),
    ),
    Place("agents", AgentRow, _by(AgentRow.owner_id), json=frozenset({"task_types"})),
    Place("agent_queues", AgentLineRow, _by(AgentLineRow.submitted_by)),
    Place(
        "agent_tasks",
        AgentTaskRow,
        _by(AgentTaskRow.submitted_by),
        hidden=frozenset({"rank", "request_sha256", "lease_id", "run_id"}),
        json=frozenset({"input", "result", "error"}),
    ),
    Place(
        "agent_events",
        AgentEventRow,
        lambda user_id: AgentEventRow.agent_id.in_(select(AgentRow.id).where(AgentRow.owner_id == user_id)),
        hidden=frozenset({"also"}),
        json=frozenset({"data"}),
    ),
    Place(
        "plugins",
        PluginRow,
        _of_plugin(PluginRow.id),
        hidden=frozenset({"token_id"}),
        json=frozenset({"capabilities", "config"}),
    ),
    Place("plugin_log", PluginLogRow, _of_plugin(PluginLogRow.plugin_id), json=frozenset({"data"})),
    Place(
        "plugin_commands",
        PluginCommandRow,
        _of_plugin(PluginCommandRow.plugin_id, PluginCommandRow.issued_by),
        hidden=frozenset({"sha256"}),
        json=frozenset({"payload", "result"}),
    ),
    Place("plugin_worlds", PluginWorldRow, _of_plugin(PluginWorldRow.plugin_id)),
    Place("classes", ClassRow, _by(ClassRow.owner_id), hidden=frozenset({"code_hash", "code_salt"})),
    Place("memberships", ClassMemberRow, _by(ClassMemberRow.user_id), hidden=frozenset({"pseudonym_key"})),
    Place("attempts", AttemptRow, _by(AttemptRow.user_id), hidden=frozenset({"request_sha256"})),
    Place("answers", AnswerRow, _by(AnswerRow.user_id), json=frozenset({"answer"})),
    Place("old_socket_uses", OldSocketUseRow, _by(OldSocketUseRow.user_id)),
    Place(
        "audit",
        AuditRow,
        lambda user_id: or_(
            AuditRow.user_id == user_id, and_(AuditRow.kind == "user", AuditRow.resource_id == user_id)
        ),
        json=frozenset({"details"}),
    ),
)

NOT_EXPORTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "organizations": "names of schools",
        "revocations": "ids of tokens, which name nobody",
        "apps": "of the operator",
        "app_keys": "of the operator",
        "kept_state": "what channels carried, while the server is down; it has no list of whose it is",
        "webhook_deliveries": "events on their way to the operator's own addresses, many people's in one",
        "webhook_announced": "who is on a presence channel at this moment, by id",
        "brownout_notices": "of the server",
        "storage_probe": "of the server",
        "backup_requests": "of the server",
        "alembic_version": "of the server",
    }
)
"""Tables without anything of a person, or whose rows are no person's alone."""
