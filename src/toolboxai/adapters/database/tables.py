"""All tables: importing this module declares every one on ``engine.Base``; a new table module gets its line here."""

from toolboxai.adapters.database import (
    agent_tables,
    apps,
    attempt_tables,
    audit,
    class_tables,
    content_tables,
    environment_tables,
    identity,
    kept_state,
    links,
    notices,
    old_socket_uses,
    plugin_tables,
    resource_tables,
    storage_tables,
    webhook_tables,
)

__all__ = [
    "agent_tables",
    "apps",
    "attempt_tables",
    "audit",
    "class_tables",
    "content_tables",
    "environment_tables",
    "identity",
    "kept_state",
    "links",
    "notices",
    "old_socket_uses",
    "plugin_tables",
    "resource_tables",
    "storage_tables",
    "webhook_tables",
]
