"""``[llm]``: a language model that words lessons and quizzes; without one the offline engine does all of it."""

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from toolboxai.config.values import Amount, AppSecret, Table

__all__ = ["AFTER_THE_MODEL_S", "LlmTable"]

AFTER_THE_MODEL_S: Final = (
    20.0  # of a stage: a process that hangs is found out, and the offline engine takes over
)


def _http(value: str) -> str:
    parts = urlsplit(value)
    try:
        fits = parts.port != 0
    except ValueError:  # no number, or too large
        fits = False
    whole = parts.hostname and "@" not in parts.netloc and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not whole or not fits:
        raise ValueError(
            "it is an address such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1, without key or query"
        )
    return value


def _key(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("a key has letters, digits and signs of ASCII, no space and no line end")
    return value


_Seconds = Annotated[Amount, Field(gt=0, le=280)]


class LlmTable(Table):
    """``[llm]``. Budgets are of one stage of one attempt, tries and repair included."""

    provider: Literal["openai", "anthropic"] | None = None
    base_url: Annotated[str, AfterValidator(_http)] | None = None
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    api_key: Annotated[AppSecret, AfterValidator(_key)] | None = None
    stream: bool = True
    on_outage: Literal["fail", "offline"] = "fail"
    max_calls: Annotated[int, Field(ge=1, le=100)] = 4
    tries: Annotated[int, Field(ge=1, le=10)] = 4
    stall_s: _Seconds = 30.0
    stage_s: _Seconds = 120.0
    stage_tokens: Annotated[int, Field(ge=1000, le=10_000_000)] = 60_000
    output_tokens: Annotated[int, Field(ge=500, le=1_000_000)] = 16_000
    stage_money: Amount = 0.0
    input_price: Amount = 0.0
    output_price: Amount = 0.0

    @model_validator(mode="after")
    def _whole(self) -> "LlmTable":
        if self.provider is None:
            if self.base_url or self.model or self.api_key:
                raise ValueError(
                    "base_url, model or api_key is set and provider is not; set it to openai (or whatever speaks its "
                    "chat API) or anthropic, or leave all of them out"
                )
            return self
        if self.model is None:
            raise ValueError(f"provider {self.provider} needs a model; set TOOLBOXAI_LLM_MODEL")
        if self.api_key is None and (self.base_url is None or self.provider == "anthropic"):
            raise ValueError(f"provider {self.provider} needs a key; set TOOLBOXAI_LLM_API_KEY")
        if self.stage_money and not (self.input_price or self.output_price):
            raise ValueError(
                "stage_money is a limit on nothing while no price is set; set input_price and output_price"
            )
        return self
