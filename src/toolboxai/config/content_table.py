"""``[content]``: how many generations run at once, wait, and how long they may take."""

from typing import Annotated

from pydantic import Field, model_validator

from toolboxai.config.values import Seconds, Table, Whole

__all__ = ["ContentTable"]


class ContentTable(Table):
    """``[content]``: limits of generations; the work itself is the engine's."""

    at_once: Annotated[Whole, Field(ge=1, le=64)] = 2
    at_once_per_user: Annotated[Whole, Field(ge=1, le=64)] = 2
    active_per_user: Annotated[Whole, Field(ge=1, le=1000)] = 5
    stage_limit_s: Seconds = 300.0
    run_limit_s: Seconds = 900.0

    @model_validator(mode="after")
    def _fit_together(self) -> "ContentTable":
        if self.run_limit_s < self.stage_limit_s:
            raise ValueError(
                f"run_limit_s is {self.run_limit_s:g} and stage_limit_s {self.stage_limit_s:g}: all stages together "
                "may take no less than one; raise the first or lower the second"
            )
        return self
