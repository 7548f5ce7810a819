"""How often to look for connections that have fallen silent."""

from collections.abc import Iterable

from toolboxai.apps.app import App

__all__ = ["shortest_wait"]


def shortest_wait(apps: Iterable[App]) -> float:
    """Seconds between two looks: an eighth of what the most impatient app wants, from a tenth of a second to five."""
    waits = [
        wait for app in apps for wait in (app.activity_timeout_s, app.pong_timeout_s, app.authorised_within_s)
    ]
    return min(5.0, max(0.1, min((wait for wait in waits if wait), default=30.0) / 8))
