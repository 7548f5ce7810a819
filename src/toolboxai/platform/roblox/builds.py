"""A world set going again: what failed is tried once more, or all is built anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from toolboxai.errors import Conflict, RateLimitExceeded, ValidationError
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.lesson import Lessons
from toolboxai.platform.roblox.model.spec import Component, Size, Theme, WorldLesson, WorldSpec
from toolboxai.platform.roblox.records.access import Access
from toolboxai.platform.roblox.records.environments import (
    ACTIVE,
    BuildFacts,
    Environment,
    EnvironmentChange,
    Wish,
    components_of,
)
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.events import progress_of
from toolboxai.platform.roblox.run.scribe import Scribe, told
from toolboxai.platform.roblox.run.site import BuildingSite
from toolboxai.platform.runs.records import Superseded, TooManyActive

__all__ = ["Builds", "Rebuild", "spec_of", "too_many"]

_RETRY_AFTER_S: Final = 10
_OVER: Final = frozenset(EnvironmentStatus) - ACTIVE
_AGAIN: Final = frozenset({EnvironmentStatus.FAILED, EnvironmentStatus.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """What is to be other than in the newest build; None leaves it.

    Args:
        seed, theme, size: as in ``Wish``.
        latest_content: take the lesson as it is now; else it stays as it was taken.
    """

    seed: int | None = None
    theme: Theme | None = None
    size: Size | None = None
    latest_content: bool = False

    def wish(self, former: Wish) -> Wish:
        """The new wish."""
        given = {"seed": self.seed, "theme": self.theme, "size": self.size}
        return msgspec.structs.replace(
            former, **{name: value for name, value in given.items() if value is not None}
        )


class Builds:
    """The builds of a world.

    Args:
        store: keeps them.
        access: who may see and change them.
        scribe: through which worlds change.
        site: where they are built.
        lessons: what is taught in worlds.
        active_limit: worlds of one user that may wait or be built.
    """

    def __init__(
        self,
        store: EnvironmentStore,
        access: Access,
        scribe: Scribe,
        site: BuildingSite,
        lessons: Lessons,
        *,
        active_limit: int,
    ) -> None:
        self._store = store
        self._access = access
        self._scribe = scribe
        self._site = site
        self._lessons = lessons
        self._active_limit = active_limit

    async def all(self, principal: Principal, environment_id: str) -> Sequence[BuildFacts]:
        """All builds of a world, newest first.

        Raises:
            ResourceNotFound: there is no such world that the principal may teach.
        """
        await self._access.taught_by(principal, environment_id)
        return await self._store.builds(environment_id)

    async def retry(self, principal: Principal, environment_id: str) -> Environment:
        """Build again what failed or was not reached; what the other components made is kept.

        Raises:
            ResourceNotFound: there is no such world of which they are owner or editor.
            Conflict: it is not failed or cancelled, or trying again cannot help.
            RateLimitExceeded: too many worlds of its owner wait or are built.
        """
        world = await self._access.changed_by(principal, environment_id)
        if world.status not in _AGAIN:
            raise Conflict(
                f"environment {world.id} is {world.status}; only a failed or cancelled one can be retried"
            )
        if world.error is not None and not world.error.retry_possible:
            raise Conflict(f"a retry cannot help: {world.error.message}; build it anew with another seed")

        def change(now: Environment, at: float) -> EnvironmentChange:
            components = {
                component: ComponentState.PENDING if state is ComponentState.FAILED else state
                for component, state in now.components.items()
            }
            # Whatever they are, they do not stand in files yet; all are complete only when these can be fetched.
            components[Component.SCRIPTS] = ComponentState.PENDING
            return self._queued(
                now, EnvironmentChange(attempt=now.attempt, at=at, expected=_AGAIN, components=components)
            )

        return await self._again(world, change)

    async def rebuild(self, principal: Principal, environment_id: str, asked: Rebuild) -> Environment:
        """Build a world anew; what it was can be fetched until the new one is ready.

        Args:
            principal: its owner or an editor; of the lesson, too, where it is taken as it is now.
            environment_id: which.
            asked: what is to be other.

        Raises:
            ResourceNotFound: there is no such world of theirs, or no such lesson any more.
            ValidationError: the lesson is to be taken as it is now, of a world that has none.
            Conflict: it is being built.
            RateLimitExceeded: too many worlds of its owner wait or are built.
        """
        world = await self._access.changed_by(principal, environment_id)
        wish = asked.wish(world.wish)
        spec = spec_of(world.id, wish, await self._lesson(principal, world, latest=asked.latest_content))

        def change(now: Environment, at: float) -> EnvironmentChange:
            facts = BuildFacts(number=now.build + 1, wish=wish, author_id=principal.user_id, at=at)
            return self._queued(
                now,
                EnvironmentChange(
                    attempt=now.attempt,
                    at=at,
                    expected=_OVER,
                    components=components_of(wish.features),
                    build=(facts, spec),
                ),
            )

        return await self._again(world, change)

    async def _lesson(self, principal: Principal, world: Environment, *, latest: bool) -> WorldLesson | None:
        if not latest:
            return (await self._store.spec(world.id, world.build)).lesson
        if world.wish.content_id is None:
            told = "this world was built without a content; leave it out, or begin another world with one"
            raise ValidationError(f"content: {told}", details={"fields": {"content": told}})
        return await self._lessons.lesson(principal, world.wish.content_id)

    async def _again(
        self, world: Environment, change: Callable[[Environment, float], EnvironmentChange]
    ) -> Environment:
        try:
            after = await self._scribe.change(world.id, world.attempt, change)
        except TooManyActive:
            raise too_many(self._active_limit) from None
        except Superseded:
            raise Conflict(
                f"environment {world.id} is being built, or was set going at the same time; look at its status"
            ) from None
        await self._site.enter(after)
        return after

    def _queued(self, now: Environment, change: EnvironmentChange) -> EnvironmentChange:
        """The change that begins a new attempt."""
        assert change.components is not None
        return told(
            now,
            replace(
                change,
                status=EnvironmentStatus.QUEUED,
                progress=progress_of(change.components),
                clear_error=True,
                retry=True,
                active_limit=self._active_limit,
            ),
        )


def spec_of(environment_id: str, wish: Wish, lesson: WorldLesson | None) -> WorldSpec:
    """A wish with the lesson itself, as the engine takes it."""
    return WorldSpec(
        environment_id=environment_id,
        name=wish.name,
        theme=wish.theme,
        size=wish.size,
        features=wish.features,
        seed=wish.seed,
        max_players=wish.max_players,
        lesson=lesson,
    )


def too_many(active_limit: int) -> RateLimitExceeded:
    """Why no further world is begun."""
    return RateLimitExceeded(
        f"{active_limit} worlds of this owner wait or are built already; wait for one to end, or cancel one",
        retry_after_s=_RETRY_AFTER_S,
        details={"limit": active_limit},
    )
