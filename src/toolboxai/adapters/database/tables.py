"""All tables: importing this module declares every one on ``engine.Base``; a new table module gets its line here."""

from toolboxai.adapters.database import content_tables, identity, webhook_tables

__all__ = ["content_tables", "identity", "webhook_tables"]
