"""What the routes of worlds take and answer."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolboxai.platform.public_forms import ROBLOX_SYNC
from toolboxai.platform.roblox.builds import Rebuild
from toolboxai.platform.roblox.limits import NAME_CHARS
from toolboxai.platform.roblox.model.spec import Features, Size, Theme
from toolboxai.platform.roblox.records.access import WorldPart
from toolboxai.platform.roblox.records.environments import Asset, BuildFacts, Environment, Wish
from toolboxai.platform.roblox.run.events import asset_url, environment_url, private_channel
from toolboxai.platform.runs.events import stamp
from toolboxai.web.whole_text import whole_text

__all__ = [
    "AssetItem",
    "BuildItem",
    "BuildsAnswer",
    "EnvironmentAnswer",
    "EnvironmentBody",
    "EnvironmentsAnswer",
    "RebuildBody",
    "build_item",
    "environment_answer",
]

_SEEDS = 2**53


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FeaturesBody(_Strict):
    """What the world has; what is not wanted is told as skipped."""

    terrain: bool = True
    buildings: bool = True
    quiz_stations: bool = True
    npcs: bool = False


class EnvironmentBody(_Strict):
    """What is to be built. Without a content it is a world without boards and stations."""

    content_id: str | None = Field(default=None, min_length=1, max_length=64)
    name: str = Field(default="", max_length=NAME_CHARS)
    theme: Theme = Theme.CLASSROOM
    size: Size = Size.MEDIUM
    features: FeaturesBody = FeaturesBody()
    seed: int = Field(default=0, ge=0, lt=_SEEDS, strict=True)
    max_players: int = Field(default=30, ge=1, le=200, strict=True)

    @field_validator("content_id", "name", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("it holds a character that cannot be printed; leave it out")
        return value.strip()

    def wish(self) -> Wish:
        """As the service takes it."""
        return Wish(
            content_id=self.content_id,
            name=self.name,
            theme=self.theme,
            size=self.size,
            features=Features(**self.features.model_dump()),
            seed=self.seed,
            max_players=self.max_players,
        )


class RebuildBody(_Strict):
    """What is to be other; ``content`` says whether the lesson stays as it was taken, or is taken as it is now."""

    seed: int | None = Field(default=None, ge=0, lt=_SEEDS, strict=True)
    theme: Theme | None = None
    size: Size | None = None
    content: Literal["kept", "latest"] = "kept"

    def asked(self) -> Rebuild:
        """As the service takes it."""
        return Rebuild(
            seed=self.seed, theme=self.theme, size=self.size, latest_content=self.content == "latest"
        )


class AssetItem(BaseModel):
    """A file that can be fetched; ``asset_id`` is Roblox's, null until Roblox has it. ``notes`` say what it lacks."""

    id: str
    format: str
    name: str
    media_type: str
    size: int
    sha256: str
    status: str
    asset_id: str | None
    notes: list[str]
    url: str


class EnvironmentAnswer(BaseModel):
    """All that is known of a world; times are RFC 3339, UTC.

    ``revision`` is the number of the newest build, ``ready_revision`` that of the one whose files can be fetched, null
    before the first. ``assets`` are empty for those who may not have files. ``role`` is what the asker is to it: owner,
    editor or viewer.
    """

    environment_id: str
    status: str
    role: str
    channel: str
    private_channel: str
    status_url: str
    events_url: str
    name: str
    content_id: str | None
    content_revision: int | None
    theme: str
    size: str
    features: dict[str, bool]
    seed: int
    max_players: int
    progress: int
    components: dict[str, str]
    error: dict[str, Any] | None
    attempt: int
    revision: int
    ready_revision: int | None
    last_seq: int
    plan_url: str
    download_url: str | None
    assets: list[AssetItem]
    created_at: str
    updated_at: str
    finished_at: str | None


class EnvironmentsAnswer(BaseModel):
    """A page, newest first, each without its assets; ``next_cursor`` is null at the end."""

    items: list[EnvironmentAnswer]
    next_cursor: str | None


class BuildItem(BaseModel):
    """One build of a world, as it was wished."""

    revision: int
    theme: str
    size: str
    seed: int
    author_id: str
    created_at: str


class BuildsAnswer(BaseModel):
    """All builds, newest first."""

    items: list[BuildItem]


def environment_answer(
    world: Environment, role: WorldPart, assets: tuple[Asset, ...] = ()
) -> EnvironmentAnswer:
    """A world as JSON, for somebody who is that to it."""
    base, wish, error = environment_url(world.id), world.wish, world.error
    return EnvironmentAnswer(
        environment_id=world.id,
        status=world.status.value,
        role=role,
        channel=ROBLOX_SYNC,
        private_channel=private_channel(world.id),
        status_url=base,
        events_url=f"{base}/events",
        name=wish.name,
        content_id=wish.content_id,
        content_revision=world.content_revision,
        theme=wish.theme.value,
        size=wish.size.value,
        features={
            "terrain": wish.features.terrain,
            "buildings": wish.features.buildings,
            "quiz_stations": wish.features.quiz_stations,
            "npcs": wish.features.npcs,
        },
        seed=wish.seed,
        max_players=wish.max_players,
        progress=world.progress,
        components={part.value: state.value for part, state in world.components.items()},
        error=None
        if error is None
        else {
            "error_code": error.error_code,
            "message": error.message,
            "details": {
                "component": None if error.component is None else error.component.value,
                "retry_possible": error.retry_possible,
            },
        },
        attempt=world.attempt,
        revision=world.build,
        ready_revision=world.ready_build,
        last_seq=world.last_seq,
        plan_url=f"{base}/plan.svg",
        download_url=None if world.ready_build is None else f"{base}/download",
        assets=[_asset_item(world.id, asset) for asset in assets],
        created_at=stamp(world.created_at),
        updated_at=stamp(world.updated_at),
        finished_at=None if world.finished_at is None else stamp(world.finished_at),
    )


def _asset_item(environment_id: str, asset: Asset) -> AssetItem:
    return AssetItem(
        id=asset.id,
        format=asset.format,
        name=asset.name,
        media_type=asset.media_type,
        size=asset.size,
        sha256=asset.sha256,
        status=asset.status.value,
        asset_id=asset.roblox_id,
        notes=list(asset.notes),
        url=asset_url(environment_id, asset.id),
    )


def build_item(facts: BuildFacts) -> BuildItem:
    """A build as JSON."""
    return BuildItem(
        revision=facts.number,
        theme=facts.wish.theme.value,
        size=facts.wish.size.value,
        seed=facts.wish.seed,
        author_id=facts.author_id,
        created_at=stamp(facts.at),
    )
