"""A world as it is kept: what was wished, where it stands, its scripts and files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from msgspec import Struct

from toolboxai.platform.messages.environment import AssetStatus, ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import Component, Features, Size, Theme, WorldSpec
from toolboxai.platform.runs.records import RunChange

__all__ = [
    "ACTIVE",
    "Asset",
    "BuildFacts",
    "Creation",
    "Environment",
    "EnvironmentChange",
    "EnvironmentError",
    "KeptScript",
    "NewEnvironment",
    "ScriptChangeKind",
    "Wish",
    "components_of",
]

ACTIVE: Final = frozenset({EnvironmentStatus.QUEUED, EnvironmentStatus.GENERATING})

Components = Mapping[Component, ComponentState]


class Wish(Struct, frozen=True, kw_only=True):
    """What somebody wants built; ``WorldSpec`` is this with the lesson itself.

    Args:
        content_id: the lesson, or None for a world without.
        name: of the world, for people.
        theme, size, features, seed, max_players: as in ``WorldSpec``.
    """

    content_id: str | None
    name: str
    theme: Theme
    size: Size
    features: Features
    seed: int
    max_players: int


@dataclass(frozen=True, slots=True)
class EnvironmentError:
    """Why a world failed or was cancelled.

    Args:
        error_code: a run-time code of the REST contract.
        message: the cause, for the owner.
        component: in which it happened; None where in none.
        retry_possible: whether the same build may be tried again.
    """

    error_code: str
    message: str
    component: Component | None
    retry_possible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is known of one world.

    Args:
        id: ``env_`` and random digits.
        wish: of the newest build.
        status: where it is as a whole.
        components: where each of its parts is.
        progress: 0 to 100, which means that all is there.
        attempt: 1, and one more with each retry and each rebuild.
        build: number of the newest build.
        ready_build: number of the build whose files can be fetched; None before the first.
        content_revision: of the lesson, as it was taken.
        last_seq: number of its newest event, 0 before the first.
        announced_seq: up to this number all events are known to have gone out.
        created_at, updated_at, finished_at: Unix seconds.
    """

    id: str
    organization_id: str
    owner_id: str
    wish: Wish
    status: EnvironmentStatus
    components: Components
    progress: int
    error: EnvironmentError | None
    attempt: int
    build: int
    ready_build: int | None
    content_revision: int | None
    last_seq: int
    announced_seq: int
    created_at: float
    updated_at: float
    finished_at: float | None

    @property
    def over(self) -> bool:
        """Whether nothing is built any more."""
        return self.status not in ACTIVE

    @property
    def job_id(self) -> str:
        """Of this attempt: each has a job of its own."""
        return f"{self.id}.{self.attempt}"


def components_of(features: Features) -> dict[Component, ComponentState]:
    """Where the components are before anything is built."""
    wanted = {
        Component.TERRAIN: features.terrain,
        Component.BUILDINGS: features.buildings,
        Component.SCRIPTS: True,
    }
    return {
        component: ComponentState.PENDING if is_wanted else ComponentState.SKIPPED
        for component, is_wanted in wanted.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnvironment:
    """A world to be made, status queued.

    Args:
        spec: what is built.
        idempotency_key: the caller's own; with the same owner and key there is one world only.
    """

    id: str
    organization_id: str
    owner_id: str
    wish: Wish
    spec: WorldSpec
    idempotency_key: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Creation:
    """The world that a request led to.

    Args:
        fresh: whether it was made now; else the key was known already.
        same_request: whether it was made by an equal request.
    """

    environment: Environment
    fresh: bool
    same_request: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """One build of a world: what was wished, and by whom."""

    number: int
    wish: Wish
    author_id: str
    at: float


class ScriptChangeKind(StrEnum):
    """How a revision of a script came to be."""

    GENERATED = "generated"
    EDITED = "edited"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScript:
    """One revision of a script.

    Args:
        id: as in ``Script``; stays when the world is built anew.
        revision: from 1, counted over all builds.
        build: of which it is.
        kind: where it runs.
        name, parent: as in ``Script``.
        source: Luau.
        sha256: of the UTF-8 bytes of the source, lower-case hex digits.
        how: it came to be.
        author_id: whose change it is.
        at: Unix seconds.
    """

    id: str
    revision: int
    build: int
    kind: ScriptKind
    name: str
    parent: str
    source: str = field(repr=False)
    sha256: str
    how: ScriptChangeKind
    author_id: str
    at: float

    @property
    def script(self) -> Script:
        """As the engine takes it."""
        return Script(id=self.id, kind=self.kind, name=self.name, parent=self.parent, source=self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file without its bytes.

    Args:
        id: of the format and the hash: other bytes have another id.
        roblox_operation: how an upload that is under way is asked after.
        roblox_id: ``rbxassetid://…`` once Roblox has it.
    """

    id: str
    format: str
    name: str
    media_type: str
    size: int
    sha256: str
    notes: tuple[str, ...]
    roblox_operation: str | None = None
    roblox_id: str | None = None

    def at_roblox(self, roblox_id: str) -> "Asset":
        """It, once Roblox has it."""
        return replace(self, roblox_id=roblox_id)

    @property
    def status(self) -> AssetStatus:
        """Where it is to be had."""
        return AssetStatus.LOCAL if self.roblox_id is None else AssetStatus.UPLOADED


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentChange(RunChange):
    """What one step does to a world.

    Args:
        expected: statuses from which this change is allowed.
        status, progress, components: new values; None leaves them.
        error: the new error; left when None, unless `clear_error`.
        retry: begin a new attempt.
        active_limit: the change is refused where the owner would have more worlds queued or building after it.
        land: of the terrain.
        plan: of the buildings.
        scripts: new revisions.
        files: all of them; those that there were go.
        build: a new build, with its spec; number, wish and author as in ``BuildFacts``.
        roblox_operations: how uploads are asked after, by asset; refused where there is no such asset any more.
        roblox_ids: ids that Roblox has given, by asset; refused likewise.
    """

    expected: frozenset[EnvironmentStatus] = ACTIVE
    status: EnvironmentStatus | None = None
    progress: int | None = None
    components: Components | None = None
    error: EnvironmentError | None = None
    clear_error: bool = False
    retry: bool = False
    active_limit: int | None = None
    land: Land | None = field(default=None, repr=False)
    plan: WorldPlan | None = field(default=None, repr=False)
    scripts: tuple[KeptScript, ...] = field(default=(), repr=False)
    files: tuple[WorldFile, ...] = field(default=(), repr=False)
    build: tuple[BuildFacts, WorldSpec] | None = field(default=None, repr=False)
    roblox_operations: Mapping[str, str] = field(default_factory=dict)
    roblox_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """See the base."""
        if self.status is None:  # what changes a world that is over leaves it so
            return not self.expected & ACTIVE
        return self.status not in ACTIVE
