"""Who still uses the old sockets, told so that somebody can act on it."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from toolboxai.legacy.deprecation import Policy, replacement
from toolboxai.legacy.endpoints import ENDPOINTS, EndpointName
from toolboxai.platform.migration.store import ClientUse, DayUse, EndpointUse

__all__ = ["age_s", "client_facts", "daily_facts", "endpoint_facts", "first_day"]

_AGE: Final = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNIT_S: Final = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


def age_s(text: str) -> float:
    """How long ago, in seconds: ``12h``, ``7d`` or ``4w``.

    Raises:
        ValueError: it is none of these; the text says what is allowed.
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:20]!r} is no age; use a number and h, d or w, such as 12h, 7d or 4w")
    return int(found[1]) * _UNIT_S[found[2]]


def client_facts(use: ClientUse) -> dict[str, Any]:
    """One client as plain JSON; times as RFC 3339, and null for a user who is not known or not to be named."""
    return {
        "endpoint": use.place.endpoint,
        "user_agent": use.place.user_agent,
        "client": use.place.client,
        "organization_id": use.place.organization_id or None,
        "user_id": use.place.user_id or None,
        "first_seen": _stamp(use.first_seen),
        "last_seen": _stamp(use.last_seen),
        "days": use.days,
        "connections": use.connections,
        "messages": use.messages,
        "users": use.users,
        "replacement": _replacement(EndpointName(use.place.endpoint)),
    }


def endpoint_facts(name: EndpointName, policy: Policy, use: EndpointUse | None) -> dict[str, Any]:
    """One endpoint as plain JSON: how it is served, what replaces it, and how much it is used.

    Args:
        name: which.
        policy: what is decided for it.
        use: None: nobody was seen.
    """
    return {
        "endpoint": name.value,
        "path": ENDPOINTS[name].path,
        "mode": policy.mode.value,
        "sunset": policy.sunset.rfc3339,
        "replacement": _replacement(name),
        "first_seen": None if use is None else _stamp(use.first_seen),
        "last_seen": None if use is None else _stamp(use.last_seen),
        "clients": 0 if use is None else use.clients,
        "connections": 0 if use is None else use.connections,
        "messages": 0 if use is None else use.messages,
        "users": 0 if use is None else use.users,
    }


def first_day(now: float, days: int) -> str:
    """The first of so many days of UTC, of which the last is today.

    Args:
        now: unix seconds.
        days: how many, 1 at least.
    """
    return _days(now, days)[0]


def daily_facts(name: EndpointName, uses: Iterable[DayUse], now: float, days: int) -> list[dict[str, Any]]:
    """One endpoint day by day, as plain JSON, oldest first; a day on which nobody was seen has noughts.

    Args:
        name: which.
        uses: what was counted, of other endpoints too.
        now: unix seconds.
        days: how many, today included.
    """
    known = {use.day: use for use in uses if use.endpoint == name.value}
    return [
        {
            "day": day,
            "clients": known[day].clients if day in known else 0,
            "connections": known[day].connections if day in known else 0,
            "messages": known[day].messages if day in known else 0,
        }
        for day in _days(now, days)
    ]


def _days(now: float, days: int) -> list[str]:
    today = datetime.fromtimestamp(now, UTC).date()
    return [(today - timedelta(days=back)).isoformat() for back in reversed(range(days))]


def _replacement(name: EndpointName) -> Mapping[str, str]:
    """The channels, with the name of the id in braces."""
    endpoint = ENDPOINTS[name]
    _, _, rest = endpoint.path.partition("{")
    there = replacement(endpoint, f"{{{rest}" if rest else "")
    return {"channel": there.channel, "public_channel": there.public_channel}


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
