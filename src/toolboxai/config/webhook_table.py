"""``[[apps.webhooks]]``: where an app has posted what happens, as the file writes it."""

import re
from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from toolboxai.apps.addresses import is_loopback_name, refused_address
from toolboxai.apps.webhooks import WEBHOOK_EVENTS, WebhookRule
from toolboxai.config.values import Table, Whole

__all__ = ["WebhookTable"]

_OURS: Final = ("x-pusher-", "x-toolboxai-")
_THE_CONNECTIONS: Final = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def _url(value: str) -> str:
    parts = urlsplit(value)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(
            "a webhook's url is http:// or https:// with a host, such as https://school.example/hook"
        )
    if "@" in parts.netloc:
        raise ValueError("a webhook's url holds no user and no password; send them in headers")
    if parts.fragment or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("a webhook's url has visible ASCII characters only, and no fragment (#)")
    return value


def _event_type(value: str) -> str:
    if value not in WEBHOOK_EVENTS:
        raise ValueError(f"{value!r} is not posted by webhooks; there are {', '.join(WEBHOOK_EVENTS)}")
    return value


def _headers(value: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, secret in value.items():
        lower = name.lower()
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", name):
            raise ValueError("the name of a header is letters, digits and dashes, such as Authorization")
        if lower.startswith(_OURS) or lower in _THE_CONNECTIONS:
            raise ValueError(
                f"{name} is not for webhooks to choose: X-Pusher-*, X-Toolboxai-*, Content-Type, Content-Length, "
                "Host and those of the connection itself are set by the server; leave it out"
            )
        text = secret.get_secret_value()
        if not text.isascii() or not text.isprintable():
            raise ValueError(f"the value of {name} has line breaks or characters that no header can carry")
    return value


class WebhookTable(Table):
    """One address and what is posted there."""

    url: Annotated[str, Field(max_length=2000), AfterValidator(_url)]
    event_types: tuple[Annotated[str, AfterValidator(_event_type)], ...] = ()
    channel_prefix: Annotated[str, Field(max_length=200)] = ""
    headers: Annotated[
        dict[str, SecretStr], Field(default_factory=dict, max_length=20), AfterValidator(_headers)
    ]
    batch_ms: Annotated[Whole, Field(le=10_000)] = 0
    allow_private_address: bool = False

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "WebhookTable":
        host = urlsplit(self.url).hostname or ""
        try:
            ip_address(host)
        except ValueError:
            return self  # a name is resolved, and looked at, whenever something is posted
        kind = refused_address(host, loopback=is_loopback_name(host))
        if kind is not None and not self.allow_private_address:
            raise ValueError(
                f"its url leads to an address that is {kind}; set allow_private_address = true if that is meant"
            )
        return self

    def rule(self) -> WebhookRule:
        """As the server uses it."""
        return WebhookRule(
            url=self.url,
            event_types=self.event_types,
            channel_prefix=self.channel_prefix,
            headers=tuple((name, secret.get_secret_value()) for name, secret in self.headers.items()),
            batch_ms=self.batch_ms,
            allow_private_address=self.allow_private_address,
        )
