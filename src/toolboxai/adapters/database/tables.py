"""All tables: importing this module declares every one on ``engine.Base``; a new table module gets its line here."""

from toolboxai.adapters.database import identity

__all__ = ["identity"]
