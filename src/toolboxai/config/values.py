"""The kinds of value that settings have, each with the check that belongs to it."""

import re
from datetime import date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, SecretStr

from toolboxai.errors import ConfigError
from toolboxai.protocol.encryption import master_key

__all__ = [
    "Amount",
    "AppId",
    "AppKeyText",
    "AppSecret",
    "DatabaseUrl",
    "Day",
    "Instant",
    "MasterKey",
    "MetricsToken",
    "Network",
    "Origin",
    "Port",
    "Seconds",
    "Table",
    "Whole",
]


class Table(BaseModel):
    """One table of the file: every key is known, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed, true and false are none")  # noqa: TRY004 - pydantic collects ValueError
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _app_id(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", value):
        raise ValueError(f"an app's id is 1 to 20 digits, not {value!r}; server libraries put it in paths")
    return value


def _app_key(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.\-]{1,64}", value):
        raise ValueError(f"an app's key is 1 to 64 letters, digits, '_', '-' or '.', not {value!r}")
    return value


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise ValueError("a secret must not be empty")
    return value


def _metrics_token(value: SecretStr) -> SecretStr:
    token = value.get_secret_value()
    if not re.fullmatch(r"[!-~]{32,512}", token):
        raise ValueError(
            "a token for /metrics is 32 to 512 printable ASCII characters without spaces; make one: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return value


def _master_key(value: SecretStr) -> SecretStr:
    try:
        master_key(value.get_secret_value())
    except ConfigError as fault:
        raise ValueError(str(fault)) from fault
    return value


def _network(value: Any) -> IPv4Network | IPv6Network:
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not an address range; write it as text, such as "10.0.0.0/8"')  # noqa: TRY004 - pydantic collects ValueError
    try:
        return ip_network(value.strip())
    except ValueError as fault:
        raise ValueError(
            f"{value!r} is not an address range such as 10.0.0.0/8 or ::1/128: {fault}"
        ) from fault


def _origin(value: str) -> str:
    if value == "*":
        return value
    parts = urlsplit(value)
    whole = f"{parts.scheme}://{parts.netloc}"
    if (
        parts.scheme not in ("http", "https")
        or not parts.netloc
        or whole != value
        or "@" in value
        or "*" in value
    ):
        raise ValueError(
            f"{value!r} is not an origin; write scheme, host and port only, such as https://school.example, or *"
        )
    return value


def _day(value: Any) -> date:
    # A date and time is a date to Python, and a number would be seconds since 1970 to pydantic: neither is meant.
    if isinstance(value, date) and not isinstance(value, datetime):
        return _known_year(value)
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        raise ValueError(f"a date is a year, a month and a day, such as 2027-05-21, not {value!r}")
    try:
        return _known_year(date.fromisoformat(value.strip()))
    except ValueError as fault:
        raise ValueError(f"{value!r} is not a date: {fault}") from fault


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as fault:
            raise ValueError(f"{value!r} is not a date and time such as 2027-03-01T09:00:00Z") from fault
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(
            f"a date and time with its offset from UTC is needed, such as 2027-03-01T09:00:00Z, not {value!s}"
        )
    return _known_year(value)


_Dated = TypeVar("_Dated", date, datetime)


def _known_year(value: _Dated) -> _Dated:
    if not 1971 <= value.year <= 9998:  # far from where an offset leads out of what a computer counts
        raise ValueError(f"the year {value.year} is not served; use one from 1971 to 9998")
    return value


def _database_url(value: str) -> str:
    # The URL may hold a password, so the text never repeats it.
    if not re.match(r"(sqlite|postgresql|postgres)(\+\w+)?://", value):
        raise ValueError(
            "a database URL begins with sqlite:/// or postgresql://, such as sqlite:///./toolboxai.db"
        )
    if re.fullmatch(r"sqlite(\+\w+)?://(/?|/:memory:)(\?.*)?", value):
        raise ValueError(
            "a database in memory does not outlive the process, as accounts and generations have to; name a file, "
            "such as sqlite:///./toolboxai.db"
        )
    return value


Whole = Annotated[int, BeforeValidator(_no_bool), Field(ge=0)]
Amount = Annotated[float, BeforeValidator(_no_bool), Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, BeforeValidator(_no_bool), Field(gt=0, le=7 * 86400, allow_inf_nan=False)]
Port = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=65535)]
AppId = Annotated[str, BeforeValidator(_text), AfterValidator(_app_id)]
AppKeyText = Annotated[str, AfterValidator(_app_key)]
AppSecret = Annotated[SecretStr, AfterValidator(_filled)]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
Origin = Annotated[str, AfterValidator(_origin)]
Day = Annotated[date, PlainValidator(_day)]
Instant = Annotated[datetime, PlainValidator(_instant)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
MetricsToken = Annotated[SecretStr, AfterValidator(_metrics_token)]
MasterKey = Annotated[SecretStr, AfterValidator(_master_key)]
