"""``[roblox]``: how many worlds are built at once, and the way to Roblox's Open Cloud."""

from typing import Annotated

from pydantic import Field

from toolboxai.config.values import Table, Whole

__all__ = ["RobloxTable"]


class RobloxTable(Table):
    """``[roblox]``: limits of worlds."""

    at_once: Annotated[Whole, Field(ge=1, le=64)] = 2
    at_once_per_user: Annotated[Whole, Field(ge=1, le=64)] = 1
    active_per_user: Annotated[Whole, Field(ge=1, le=1000)] = 5
