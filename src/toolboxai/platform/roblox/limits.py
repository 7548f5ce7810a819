"""How much is built at once."""

from dataclasses import dataclass
from typing import Final

__all__ = ["NAME_CHARS", "USUAL_WORLD_LIMITS", "WorldLimits"]

NAME_CHARS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldLimits:
    """Limits of worlds.

    Args:
        at_once: worlds that are built at once, each with a thread.
        at_once_per_user: of these, so many of one user.
        active_per_user: worlds of one user that may wait or be built; one more is refused.
    """

    at_once: int = 2
    at_once_per_user: int = 1
    active_per_user: int = 5


USUAL_WORLD_LIMITS: Final = WorldLimits()
