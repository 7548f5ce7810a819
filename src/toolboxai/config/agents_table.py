"""``[agents]``: how long a worker may be silent, and how much one may hand in."""

from typing import Annotated

from pydantic import Field

from toolboxai.config.values import Seconds, Table, Whole

__all__ = ["AgentsTable"]


class AgentsTable(Table):
    """``[agents]``: leases and open tasks."""

    lease_s: Annotated[Seconds, Field(ge=1, le=300)] = 30.0
    open_per_user: Annotated[Whole, Field(ge=1, le=1_000_000)] = 2000
