"""Minutes shared out in whole numbers that sum exactly."""

from collections.abc import Sequence

__all__ = ["share_minutes"]


def share_minutes(total: int, weights: Sequence[float]) -> list[int]:
    """At least one minute each, the rest by weight; what is left over goes to the largest remainders, first come first.

    Raises:
        ValueError: there are more parts than minutes.
    """
    if len(weights) > total:
        raise ValueError(f"{total} minutes cannot be parted into {len(weights)} whole ones")
    free = total - len(weights)
    whole = sum(weights)
    exact = [free * weight / whole for weight in weights]
    minutes = [1 + int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda at: (int(exact[at]) - exact[at], at))
    for at in by_remainder[: total - sum(minutes)]:
        minutes[at] += 1
    return minutes
