"""What the routes of scripts take and answer."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolboxai.platform.roblox.luau.report import SOURCE_BYTES, LuauRisk
from toolboxai.platform.roblox.records.environments import KeptScript
from toolboxai.platform.roblox.run.events import asset_url, environment_url, script_asset_id
from toolboxai.platform.runs.events import stamp
from toolboxai.web.whole_text import whole_text

__all__ = [
    "ScriptAnswer",
    "ScriptBody",
    "ScriptItem",
    "ScriptRevisionItem",
    "ScriptRevisionsAnswer",
    "ScriptsAnswer",
    "revision_item",
    "script_answer",
    "script_item",
]


class ScriptBody(BaseModel):
    """A script as it is to be."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(max_length=SOURCE_BYTES)

    @field_validator("source", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)


class ScriptItem(BaseModel):
    """A script without its text, which is at ``url``; ``content_url`` has it as it is."""

    script_id: str
    script_type: str
    name: str
    parent: str
    revision: int
    size: int
    checksum: str
    checksum_algorithm: str
    url: str
    content_url: str


class ScriptsAnswer(BaseModel):
    """The scripts of the newest build, in order."""

    items: list[ScriptItem]


class RiskItem(BaseModel):
    """What a script does that a world for pupils does not need."""

    line: int
    kind: str
    message: str


class ScriptAnswer(ScriptItem):
    """A script. ``risks`` are those that were seen as it was sent; else empty."""

    source: str
    risks: list[RiskItem]


class ScriptRevisionItem(BaseModel):
    """A revision of a script; ``kind`` is generated, edited or restored."""

    revision: int
    kind: str
    build: int
    size: int
    checksum: str
    author_id: str
    created_at: str
    content_url: str


class ScriptRevisionsAnswer(BaseModel):
    """A page, newest first; ``next_cursor`` is null at the end."""

    items: list[ScriptRevisionItem]
    next_cursor: str | None


def script_item(environment_id: str, script: KeptScript) -> ScriptItem:
    """A script without its text."""
    return ScriptItem(
        script_id=script.id,
        script_type=script.kind.value,
        name=script.name,
        parent=script.parent,
        revision=script.revision,
        size=len(script.source.encode()),
        checksum=script.sha256,
        checksum_algorithm="sha256",
        url=f"{environment_url(environment_id)}/scripts/{script.id}",
        content_url=asset_url(environment_id, script_asset_id(script)),
    )


def script_answer(environment_id: str, script: KeptScript, risks: Sequence[LuauRisk] = ()) -> ScriptAnswer:
    """A script with its text."""
    return ScriptAnswer(
        **script_item(environment_id, script).model_dump(),
        source=script.source,
        risks=[RiskItem(line=risk.line, kind=risk.kind.value, message=risk.message) for risk in risks],
    )


def revision_item(environment_id: str, script: KeptScript) -> ScriptRevisionItem:
    """A revision without its text."""
    return ScriptRevisionItem(
        revision=script.revision,
        kind=script.how.value,
        build=script.build,
        size=len(script.source.encode()),
        checksum=script.sha256,
        author_id=script.author_id,
        created_at=stamp(script.at),
        content_url=asset_url(environment_id, script_asset_id(script)),
    )
