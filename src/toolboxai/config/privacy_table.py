"""``[privacy]``: how long what is kept of people is kept."""

from typing import Annotated

from pydantic import Field

from toolboxai.config.values import Table, Whole

__all__ = ["PrivacyTable"]

_DAYS = Field(ge=0, le=36_500)


class PrivacyTable(Table):
    """``[privacy]``: days; 0 keeps for ever."""

    retention_days: Annotated[Whole, _DAYS] = 0
    audit_days: Annotated[Whole, _DAYS] = 400
