"""``[legacy]``: the five old WebSocket endpoints, as the file writes them."""

from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from toolboxai import __released__
from toolboxai.config.values import Day, Instant, Table, Whole
from toolboxai.legacy.deprecation import Mode, Moment, Policy, Window
from toolboxai.legacy.endpoints import EndpointName

__all__ = ["RELEASED", "SUNSET", "LegacyTable"]

RELEASED: Final = date.fromisoformat(__released__)
SUNSET: Final = RELEASED + timedelta(days=180)  # half a year, a school's term, to move

# The guide promises these limits, and none of them can be left out: one that is not wanted is set high.
_Limit = Annotated[Whole, Field(ge=1)]


class BrownoutTable(Table):
    """A window in which the old sockets are refused; its start is in it, its end is not."""

    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]

    @model_validator(mode="after")
    def _in_order(self) -> "BrownoutTable":
        if _moment(self.start).unix >= _moment(self.end).unix:
            raise ValueError(
                f"a brown-out ends after it began, and this one is from {self.start.isoformat()} "
                f"to {self.end.isoformat()}; set from to the earlier one"
            )
        return self


class LegacyEndpointTable(Table):
    """``[legacy.endpoints.NAME]``: what is not set here is as for all."""

    mode: Mode | None = None
    sunset: Day | None = None
    brownouts: tuple[BrownoutTable, ...] | None = None

    @model_validator(mode="after")
    def _has_brownouts(self) -> "LegacyEndpointTable":
        if self.brownouts and self.mode in (Mode.ON, Mode.OFF):
            raise ValueError(
                f"brownouts are for the mode 'warn', and this endpoint's is {self.mode.value!r}; leave one of them out"
            )
        return self


class LegacyLimitsTable(Table):
    """``[legacy.limits]``: the numbers of the guide."""

    connections_per_user: _Limit = 10
    connections_per_ip: _Limit = 50
    messages_per_minute: _Limit = 100
    auth_attempts_per_minute: _Limit = 5


class LegacyTable(Table):
    """``[legacy]``: modes, dates, limits."""

    mode: Mode = Mode.WARN
    deprecated: Day | None = None
    sunset: Day = SUNSET
    brownouts: tuple[BrownoutTable, ...] = ()
    notice: bool = False
    session_conflict: Literal["replace", "reject"] = "replace"
    endpoints: dict[EndpointName, LegacyEndpointTable] = Field(default_factory=dict)
    limits: LegacyLimitsTable = LegacyLimitsTable()

    @model_validator(mode="after")
    def _sunset_is_later(self) -> "LegacyTable":
        # RFC 9745, 4: the sunset is never before the deprecation.
        sunsets = {"sunset": self.sunset} | {
            f"endpoints.{name}.sunset": table.sunset for name, table in self.endpoints.items() if table.sunset
        }
        for name, sunset in sunsets.items():
            if self.deprecated is not None and sunset < self.deprecated:
                raise ValueError(
                    f"{name} is {sunset}, before the day since which the endpoints are deprecated, "
                    f"{self.deprecated}; set legacy.deprecated to that day or an earlier one"
                )
        return self

    def policies(self) -> dict[EndpointName, Policy]:
        """What is decided for each endpoint: its own entry goes before what is set for all."""
        return {name: self._policy(self.endpoints.get(name, LegacyEndpointTable())) for name in EndpointName}

    def _policy(self, own: LegacyEndpointTable) -> Policy:
        sunset = own.sunset or self.sunset
        # A sunset that was long ago tells of a deprecation that began before this release.
        deprecated = self.deprecated or min(RELEASED, sunset)
        brownouts = self.brownouts if own.brownouts is None else own.brownouts
        return Policy(
            own.mode or self.mode,
            _midnight(deprecated),
            _midnight(sunset),
            tuple(Window(_moment(window.start), _moment(window.end)) for window in brownouts),
        )


def _midnight(day: date) -> Moment:
    """The first second of a day in UTC."""
    return _moment(datetime.combine(day, time(), UTC))


def _moment(at: datetime) -> Moment:
    utc = at.astimezone(UTC).replace(microsecond=0)
    return Moment(
        int(utc.timestamp()),
        format_datetime(utc, usegmt=True),
        utc.isoformat().replace("+00:00", "Z"),
    )
