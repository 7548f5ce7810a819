"""How much work is taken on at once, and how long it may take."""

from dataclasses import dataclass
from typing import Final

__all__ = ["USUAL_LIMITS", "RunLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Limits of generations.

    Args:
        at_once: sessions that run at once, each with a thread.
        at_once_per_user: of these, so many of one user.
        active_per_user: sessions of one user that may wait or run; one more is refused.
        stage_limit_s: a stage that takes longer fails with GENERATION_TIMEOUT; waiting for a processor does not count.
        run_limit_s: so does a session whose stages take longer together, waiting and restarts not counted.
    """

    at_once: int = 2
    at_once_per_user: int = 2
    active_per_user: int = 5
    stage_limit_s: float = 300.0
    run_limit_s: float = 900.0


USUAL_LIMITS: Final = RunLimits()
