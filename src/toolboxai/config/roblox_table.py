"""``[roblox]``: how many worlds are built at once, and the way to Roblox's Open Cloud."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from toolboxai.config.values import AppSecret, Table, Whole

__all__ = ["RobloxTable"]


def _key(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("a key has letters, digits and signs of ASCII, no space and no line end")
    return value


class RobloxTable(Table):
    """``[roblox]``: limits of worlds; with a key their models go to Roblox."""

    at_once: Annotated[Whole, Field(ge=1, le=64)] = 2
    at_once_per_user: Annotated[Whole, Field(ge=1, le=64)] = 1
    active_per_user: Annotated[Whole, Field(ge=1, le=1000)] = 5
    open_cloud_key: Annotated[AppSecret, AfterValidator(_key)] | None = None
    open_cloud_user_id: Annotated[Whole, Field(ge=1, lt=2**53)] | None = None
    open_cloud_group_id: Annotated[Whole, Field(ge=1, lt=2**53)] | None = None
    open_cloud_url: Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+$", max_length=200)] = (
        "https://apis.roblox.com"
    )

    @model_validator(mode="after")
    def _somebodys(self) -> "RobloxTable":
        if self.open_cloud_key is not None and (self.open_cloud_user_id is None) == (
            self.open_cloud_group_id is None
        ):
            raise ValueError(
                "models at Roblox belong to somebody: set one of open_cloud_user_id and open_cloud_group_id"
            )
        return self
