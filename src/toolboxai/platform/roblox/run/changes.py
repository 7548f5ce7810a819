"""The changes of a world, step by step."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from toolboxai.errors import ContentFailed, ProviderUnavailable
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.engine import BUILD_FAILED
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.model.spec import Component
from toolboxai.platform.roblox.records.environments import (
    Environment,
    EnvironmentChange,
    EnvironmentError,
    KeptScript,
)
from toolboxai.platform.roblox.run.events import environment_status, progress_of
from toolboxai.platform.roblox.run.scribe import told
from toolboxai.platform.runs.events import Draft

__all__ = ["begun", "cause", "complete", "ends", "failed", "gave_up", "queued_first", "written"]

log = logging.getLogger(__name__)

_MESSAGE_CHARS: Final = 500


def queued_first(now: Environment, at: float) -> EnvironmentChange:
    """A new world tells that it waits."""
    first = environment_status(now.id, now.status, now.progress, now.components)
    return EnvironmentChange(
        attempt=now.attempt, at=at, expected=frozenset({EnvironmentStatus.QUEUED}), events=(first,)
    )


def ends(
    status: EnvironmentStatus, error: EnvironmentError
) -> Callable[[Environment, float], EnvironmentChange]:
    """The attempt ends without a world; what was worked on is not."""

    def change(now: Environment, at: float) -> EnvironmentChange:
        left = ComponentState.FAILED if status is EnvironmentStatus.FAILED else ComponentState.PENDING
        components = {
            component: left if state is ComponentState.IN_PROGRESS else state
            for component, state in now.components.items()
        }
        ended = EnvironmentChange(
            attempt=now.attempt, at=at, status=status, components=components, error=error
        )
        return told(now, ended)

    return change


def begun(component: Component, now: Environment, at: float) -> EnvironmentChange:
    """A component is worked on."""
    components = {**now.components, component: ComponentState.IN_PROGRESS}
    change = EnvironmentChange(
        attempt=now.attempt, at=at, status=EnvironmentStatus.GENERATING, components=components
    )
    return told(now, change)


def complete(component: Component, now: Environment, at: float, **made: Any) -> EnvironmentChange:
    """A component stands, with what it made."""
    components = {**now.components, component: ComponentState.COMPLETE}
    progress = max(now.progress, progress_of(components))
    return told(
        now, EnvironmentChange(attempt=now.attempt, at=at, progress=progress, components=components, **made)
    )


def written(
    now: Environment,
    at: float,
    *,
    plan: WorldPlan | None,
    scripts: tuple[KeptScript, ...],
    updates: Sequence[Draft],
) -> EnvironmentChange:
    """The scripts stand, and are not in the files yet."""
    progress = max(now.progress, progress_of(now.components, written=True))
    change = EnvironmentChange(attempt=now.attempt, at=at, progress=progress, scripts=scripts, plan=plan)
    return told(now, change, *updates)


def failed(error: EnvironmentError, now: Environment, at: float) -> EnvironmentChange:
    """The component that the error names could not be made; the first error of an attempt is the one that is kept."""
    assert error.component is not None
    components = {**now.components, error.component: ComponentState.FAILED}
    first = error if now.error is None else None  # the others often follow from it
    return told(now, EnvironmentChange(attempt=now.attempt, at=at, components=components, error=first))


def gave_up(now: Environment, at: float) -> EnvironmentChange:
    """All that could be done is done, and something failed."""
    # What was written stays for the retry; it is complete as far as it goes.
    scripts = now.components[Component.SCRIPTS]
    components = {
        **now.components,
        Component.SCRIPTS: ComponentState.COMPLETE if scripts is ComponentState.IN_PROGRESS else scripts,
    }
    change = EnvironmentChange(
        attempt=now.attempt, at=at, status=EnvironmentStatus.FAILED, components=components
    )
    return told(now, change)


def cause(component: Component, fault: Exception) -> EnvironmentError:
    """What is put on record of a failure; the inside of an unexpected one goes to the log alone."""
    match fault:
        case ContentFailed():
            return EnvironmentError(BUILD_FAILED, fault.message[:_MESSAGE_CHARS], component, fault.retryable)
        case ProviderUnavailable():
            return EnvironmentError(
                BUILD_FAILED, fault.message[:_MESSAGE_CHARS], component, retry_possible=True
            )
        case _:
            log.error(
                "a component of a world failed unexpectedly",
                exc_info=fault,
                extra={"component": component.value},
            )
            return EnvironmentError(
                BUILD_FAILED,
                f"{component} failed with an unexpected {type(fault).__name__}; the server's log has the details",
                component,
                retry_possible=True,
            )
