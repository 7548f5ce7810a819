"""Where a page finds live updates: told to anybody, since it holds nothing that a page does not show."""

import re
from collections.abc import Callable
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel

__all__ = ["RealtimeConfig", "realtime_config_routes"]

# pusher-js demands the name of a cluster, and reads it only when it is told no host.
_NO_CLUSTER: Final = "local"
_HOSTED: Final = re.compile(r"(?:api|ws)-([a-z0-9-]+)\.pusher\.com", re.IGNORECASE)


class RealtimeConfig(BaseModel):
    """What pusher-js needs besides a token.

    Args:
        key: the app's key, which is public; its secret is never part of this.
        cluster: of hosted Pusher; any word when there is a host.
        host: where the WebSocket is; null with `scheme` null: the host and port that the page came from.
        port: null: the usual one of the scheme.
        scheme: null: as the page was reached.
        auth_endpoint, user_auth_endpoint: paths on this server, asked with a Bearer header.
    """

    key: str
    cluster: str
    host: str | None = None
    port: int | None = None
    scheme: Literal["http", "https"] | None = None
    auth_endpoint: str = "/api/v1/pusher/auth"
    user_auth_endpoint: str = "/api/v1/pusher/user-auth"

    @classmethod
    def here(cls, key: str) -> "RealtimeConfig":
        """Live updates come from this server, under whatever name and port it was reached."""
        return cls(key=key, cluster=_NO_CLUSTER)

    @classmethod
    def elsewhere(
        cls,
        key: str,
        *,
        host: str | None,
        port: int | None,
        scheme: Literal["http", "https"] | None,
        cluster: str | None,
    ) -> "RealtimeConfig":
        """Live updates come from where the publisher sends; the arguments are the publisher's own.

        The HTTP API and the WebSocket have one address, but for hosted Pusher: there the cluster tells both.
        """
        scheme = scheme or "https"
        hosted = _HOSTED.fullmatch(host) if host is not None else None
        if host is None or hosted is not None:
            named = cluster or (hosted.group(1) if hosted else None)
            return cls(key=key, cluster=named or _NO_CLUSTER, scheme=scheme)
        return cls(key=key, cluster=cluster or _NO_CLUSTER, host=host, port=port, scheme=scheme)

    @property
    def socket_origin(self) -> str | None:
        """The one origin that the WebSocket needs, such as ``wss://ws-eu.pusher.com``; None: the page's own."""
        if self.scheme is None:
            return None
        scheme = "wss" if self.scheme == "https" else "ws"
        host = self.host or f"ws-{self.cluster}.pusher.com"
        return f"{scheme}://{host}" + (f":{self.port}" if self.port else "")


def realtime_config_routes(config: Callable[[], RealtimeConfig]) -> APIRouter:
    """The route ``/api/v1/realtime/config``.

    Args:
        config: what it answers at that moment: the key may be rotated.
    """
    router = APIRouter(prefix="/api/v1/realtime", tags=["realtime"])

    @router.get("/config")
    async def realtime_config() -> RealtimeConfig:
        """Where live updates are to be had; needs no token and holds no secret."""
        return config()

    return router
