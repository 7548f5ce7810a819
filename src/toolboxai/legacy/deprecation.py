"""How clients are led away from the old endpoints: what is told with each answer, and when one is refused.

The headers are those of RFC 9745 (Deprecation), RFC 8594 (Sunset) and RFC 8288 (Link). They are part of every answer,
in every mode; the mode decides only who is served.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any, Final, NamedTuple

from toolboxai.legacy.endpoints import Call, Endpoint, EndpointName

__all__ = [
    "MIGRATION_GUIDE",
    "Deprecation",
    "Mode",
    "Moment",
    "Policy",
    "Refused",
    "Replacement",
    "Standing",
    "State",
    "Window",
    "replacement",
]

MIGRATION_GUIDE: Final = "/docs/WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md"

# What comes on the channels that replace an endpoint, as the event's name and as the message's type alike.
_EVENTS: Final[Mapping[EndpointName, tuple[str, ...]]] = {
    EndpointName.CONTENT: ("progress_update", "stage_complete", "generation_complete", "error"),
    EndpointName.ROBLOX: ("environment_status", "script_update", "asset_ready"),
    EndpointName.PLUGIN: (
        "plugin_command",
        "config_update",
        "environment_status",
        "script_update",
        "asset_ready",
    ),
    EndpointName.AGENT: ("agent_status", "task_progress", "task_result"),
    EndpointName.NATIVE: ("echo", "client-echo"),
}


class Mode(StrEnum):
    """How an endpoint is served."""

    ON = "on"  # always: announced brown-outs pass it by, and nobody gets the notice
    WARN = "warn"  # but in brown-outs
    OFF = "off"  # no more


class Standing(StrEnum):
    """What becomes of a client that calls now."""

    SERVED = "served"
    BROWNOUT = "brownout"
    OFF = "off"


class Moment(NamedTuple):
    """A point in time, and how it is written.

    Args:
        unix: whole seconds.
        http: as HTTP headers write dates, such as ``Fri, 21 May 2027 00:00:00 GMT``.
        rfc3339: as JSON has it, such as ``2027-05-21T00:00:00Z``.
    """

    unix: int
    http: str
    rfc3339: str


class Window(NamedTuple):
    """A brown-out; its start is in it, its end is not."""

    start: Moment
    end: Moment


@dataclass(frozen=True, slots=True)
class Policy:
    """What is decided for one endpoint.

    Args:
        mode: who is served.
        deprecated: since when it is deprecated.
        sunset: when it may go; not before `deprecated`. That it has passed refuses nobody, `mode` does.
        brownouts: the windows, in any order; they may touch and overlap.
    """

    mode: Mode
    deprecated: Moment
    sunset: Moment
    brownouts: tuple[Window, ...] = ()


class State(NamedTuple):
    """What becomes of a client that calls now, and in a brown-out when it is over."""

    standing: Standing
    until: Moment | None = None


class Replacement(NamedTuple):
    """Where the same events are to be had over Channels.

    Args:
        channel: the private one; for ``roblox``, where the client chooses the environment, with its id in braces.
        public_channel: the name in the guide's mapping; ``channels.public_compat`` decides what is on it.
        events: their names.
    """

    channel: str
    public_channel: str
    events: tuple[str, ...]


class Refused(NamedTuple):
    """An answer instead of a WebSocket.

    Args:
        status: of HTTP.
        error_code: in capitals.
        message: what is so, and what to do.
        details: the facts, as JSON.
        headers: all that the answer needs beside the usual ones.
    """

    status: int
    error_code: str
    message: str
    details: dict[str, Any]
    headers: dict[str, str]


class Deprecation:
    """What is told, and when a call is refused.

    Args:
        policies: one for each endpoint.
        app_url: where sockets of our app connect, without the query, such as ``/app/KEY``; asked each time, for keys
            are rotated.
        notice: whether clients get the facts as a message too.
    """

    def __init__(
        self, policies: Mapping[EndpointName, Policy], app_url: Callable[[], str], *, notice: bool = False
    ) -> None:
        self._policies = policies
        self._app_url = app_url
        self._notice = notice

    def state(self, call: Call, now: float) -> State:
        """What becomes of a call.

        Args:
            call: what was called.
            now: Unix time in seconds.
        """
        policy = self._policies[call.endpoint.name]
        if policy.mode is Mode.OFF:
            return State(Standing.OFF)
        until = _brownout_end(policy.brownouts, now) if policy.mode is Mode.WARN else None
        return State(Standing.SERVED) if until is None else State(Standing.BROWNOUT, until)

    def headers(self, call: Call) -> dict[str, str]:
        """Those of the 101 and of every refusal."""
        policy = self._policies[call.endpoint.name]
        return {
            "Deprecation": f"@{policy.deprecated.unix}",
            "Sunset": policy.sunset.http,
            "Link": ", ".join(
                (
                    f'<{MIGRATION_GUIDE}>; rel="deprecation"; type="text/markdown"',
                    f'<{MIGRATION_GUIDE}>; rel="sunset"; type="text/markdown"',
                    self._successor(call),
                )
            ),
        }

    def _successor(self, call: Call) -> str:
        there = replacement(call.endpoint, call.resource_id)
        # A link leads to one channel: where the private one is still to be chosen, to the public one.
        channel = there.public_channel if "{" in there.channel else there.channel
        return f'<{self._app_url()}?protocol=7#{channel}>; rel="successor-version"; title="{channel}"'

    def facts(self, call: Call) -> dict[str, Any]:
        """The same and more as JSON: the details of every refusal, and the data of the notice."""
        policy = self._policies[call.endpoint.name]
        there = replacement(call.endpoint, call.resource_id)
        windows = sorted(policy.brownouts) if policy.mode is Mode.WARN else ()
        return {
            "endpoint": call.path,
            "deprecated": True,
            "deprecation": {"date": policy.deprecated.rfc3339, "header": f"@{policy.deprecated.unix}"},
            "sunset": {"date": policy.sunset.rfc3339, "header": policy.sunset.http},
            "mode": policy.mode.value,
            "brownouts": [{"from": window.start.rfc3339, "to": window.end.rfc3339} for window in windows],
            "replacement": {**there._asdict(), "events": list(there.events)},
            "migration_guide": MIGRATION_GUIDE,
        }

    def notice(self, call: Call, timestamp: str) -> dict[str, Any] | None:
        """The message with the facts, or None where nobody asked for it.

        The echo endpoint never sends it: its first frame is the echo.

        Args:
            call: what was called.
            timestamp: the time, as messages have it.
        """
        warns = self._policies[call.endpoint.name].mode is Mode.WARN
        if not self._notice or not warns or call.endpoint.name is EndpointName.NATIVE:
            return None
        return {"type": "deprecation_notice", "data": self.facts(call), "timestamp": timestamp}

    def refusal(self, call: Call, now: float) -> Refused | None:
        """The answer to a call that is not served now; None: it is.

        Args:
            call: what was called.
            now: Unix time in seconds.
        """
        state = self.state(call, now)
        if state.standing is Standing.OFF:
            return Refused(
                410,
                "ENDPOINT_GONE",
                f"{call.path} is no longer served; {_instead(call)}",
                self.facts(call),
                self.headers(call),
            )
        if state.until is not None:
            wait_s = max(1, ceil(state.until.unix - now))
            return Refused(
                503,
                "ENDPOINT_BROWNOUT",
                f"{call.path} is not served until {state.until.rfc3339}, as announced, for it will be removed; "
                f"come back then, or {_instead(call)}",
                {**self.facts(call), "until": state.until.rfc3339, "retry_after": wait_s},
                {**self.headers(call), "Retry-After": str(wait_s)},
            )
        return None

    def upgrade_required(self, call: Call) -> Refused:
        """The answer to a plain request, with what a browser cannot read in the handshake of a WebSocket."""
        return Refused(
            426,
            "UPGRADE_REQUIRED",
            f"{call.path} is a WebSocket, and deprecated: ask for it with Upgrade: websocket, or {_instead(call)}",
            self.facts(call),
            {"Upgrade": "websocket", "Connection": "Upgrade", **self.headers(call)},
        )


def replacement(endpoint: Endpoint, resource_id: str) -> Replacement:
    """Where the events of an endpoint are to be had over Channels.

    Args:
        endpoint: which.
        resource_id: the id in its path, empty where there is none.
    """
    chosen = "{environment_id}" if endpoint.name is EndpointName.ROBLOX else resource_id
    return Replacement(
        endpoint.private_channel(chosen), endpoint.public_channel(resource_id), _EVENTS[endpoint.name]
    )


def _instead(call: Call) -> str:
    there = replacement(call.endpoint, call.resource_id)
    return f"subscribe to {there.channel} over Channels instead: {MIGRATION_GUIDE} tells how"


def _brownout_end(windows: tuple[Window, ...], now: float) -> Moment | None:
    """When the brown-out of this moment is over, with those that follow without a gap; None: there is none."""
    reached, end = now, None
    for window in sorted(windows):
        if window.start.unix <= reached < window.end.unix:
            reached, end = window.end.unix, window.end
    return end
