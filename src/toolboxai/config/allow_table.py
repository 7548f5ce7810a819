"""``server.allow_list``: networks whose addresses have limits of their own, as the file writes them."""

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from toolboxai.config.values import Amount, Network, Table, Whole
from toolboxai.protocol.allow_list import AllowedNetwork

__all__ = ["AllowTable", "AllowedEntry"]


class AllowTable(Table):
    """One network. Each number stands in the place of the one that all other addresses have; 0: no limit."""

    network: Network
    max_connections_per_ip: Whole = 0
    connects_per_s_per_ip: Amount = 0
    legacy_connections_per_ip: Whole = 0
    tries_per_minute_per_ip: Whole = 0

    def rule(self) -> AllowedNetwork:
        """The network as the server uses it."""
        return AllowedNetwork(**{name: getattr(self, name) for name in type(self).model_fields})


def _plain(value: Any) -> Any:
    return {"network": value} if isinstance(value, str) else value


AllowedEntry: TypeAlias = Annotated[AllowTable, BeforeValidator(_plain)]
"""A table, or the network alone: its addresses have none of these limits."""
