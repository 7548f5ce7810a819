"""Who may read a channel as an event stream, or poll it: from a request to an app and a channel, or to a refusal."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol
from urllib.parse import parse_qsl

from toolboxai.apps.app import App
from toolboxai.errors import BadChannelName, RateLimitExceeded, RequestError
from toolboxai.hub.about import NOBODY, Transport, Visitor
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelKind, ChannelName
from toolboxai.protocol.handshake import TOKEN_PARAMETERS, origin_allowed
from toolboxai.transport.asgi import Scope
from toolboxai.transport.lasting import Headers
from toolboxai.transport.visitors import asgi_visitor

__all__ = ["Admitted", "AuthoriseStream", "Leave", "StreamDoor", "StreamRefused", "StreamRequest"]

_PATH: Final = re.compile(r"/apps/([^/]+)/channels/([^/]+)/(sse|poll)")
_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Last-Event-ID, X-Pusher-Key, Cache-Control"),
    (b"access-control-max-age", b"86400"),
)


class Leave(Protocol):
    """To follow a channel."""

    @property
    def expires_at(self) -> float:
        """Unix seconds at which it ends."""
        ...

    @property
    def holds(self) -> Callable[[], bool]:
        """Asked every second or so, never waits: once it says no, the leave has ended before its time."""
        ...


class AuthoriseStream(Protocol):
    """The application's word on private channels of its own app."""

    async def __call__(self, token: str, channel: str) -> Leave:
        """For how long the holder of this token may follow the channel.

        Raises:
            RequestError: it may not.
        """
        ...


class StreamRefused(Exception):
    """The request is answered with this status and text."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class StreamRequest:
    """A request for a channel's events, read.

    Args:
        scope: see ASGI.
        path: below the mount, percent-decoded.
        address: the client's.
    """

    def __init__(self, scope: Scope, path: str, address: str) -> None:
        found = _PATH.fullmatch(path)
        assert found is not None, "only paths that `serves` says yes to come here"
        self.app_id = found[1]
        self.channel = found[2]
        self.form = found[3]
        self.visitor = asgi_visitor(Transport.EVENT_STREAM, scope, address)
        self.method: str = scope["method"]
        self.query: Mapping[str, str] = dict(
            parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        )
        self._headers = {name: value.decode("latin-1") for name, value in scope["headers"]}

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path, without its query, is of this kind."""
        return path.endswith(("/sse", "/poll")) and _PATH.fullmatch(path) is not None

    def header(self, name: bytes) -> str | None:
        """A header's value, by its name in lower case."""
        return self._headers.get(name)

    @property
    def key(self) -> str | None:
        """The app's key, as the client shows it."""
        return self.query.get("key") or self.query.get("auth_key") or self.header(b"x-pusher-key")


class Admitted(NamedTuple):
    """Who may come in.

    Args:
        app: whose channel it is.
        channel: which.
        leave: of the application; None: for as long as they like.
        visitor: what they tell of themselves.
    """

    app: App
    channel: ChannelName
    leave: Leave | None
    visitor: Visitor = NOBODY


class StreamDoor:
    """Decides on requests.

    Args:
        node: the process.
        authorise: for private channels of the node's own app; without it there are none.
    """

    def __init__(self, node: Node, authorise: AuthoriseStream | None) -> None:
        self._node = node
        self._authorise = authorise

    def cors(self, request: StreamRequest) -> Headers:
        """What lets a page of an allowed origin read the answer, whatever it is."""
        origin = request.header(b"origin")
        app = self._node.apps.by_id(request.app_id)
        if origin is None or app is None or not origin_allowed(app, origin, request.header(b"host")):
            return ((b"vary", b"Origin"),)
        allowed = b"*" if "*" in app.allowed_origins else origin.encode("latin-1")
        more = _PREFLIGHT if request.method == "OPTIONS" else ()
        return ((b"access-control-allow-origin", allowed), (b"vary", b"Origin"), *more)

    async def admit(self, request: StreamRequest) -> Admitted:
        """Who may come in.

        Raises:
            StreamRefused: and why they may not.
        """
        app = self._app(request)
        try:
            channel = ChannelName.parse(request.channel, max_chars=app.channel_name_chars)
        except BadChannelName as fault:
            raise StreamRefused(400, f"Invalid channel: {fault}") from fault
        if channel.facts.presence or channel.kind is ChannelKind.SERVER_TO_USER:
            text = f"{channel} has no event stream: who is on it takes part in it, over a WebSocket"
            raise StreamRefused(403, text)
        leave = None
        if channel.facts.needs_signature:
            leave = await self._authorised(app, channel, request)
            app = self._app(request)  # it may have changed meanwhile
        if app.max_connections and len(self._node.hub(app)) >= app.max_connections:
            raise StreamRefused(503, "Application is over connection quota", ((b"retry-after", b"30"),))
        return Admitted(app, channel, leave, request.visitor)

    def _app(self, request: StreamRequest) -> App:
        app = self._node.apps.by_id(request.app_id)
        if app is None:
            raise StreamRefused(404, f"Unknown app: {request.app_id[:64]}")
        if TOKEN_PARAMETERS & {name.lower() for name in request.query}:
            text = "A token in the URL is refused, since addresses are logged; send Authorization: Bearer ACCESS_TOKEN"
            raise StreamRefused(401, text)
        if request.key is None:
            raise StreamRefused(401, "Missing parameter: key, the app's key")
        if request.key not in app.secrets:
            raise StreamRefused(401, f"The key is not of app {app.id}")
        if not app.enabled:
            raise StreamRefused(403, "Application disabled")
        if not origin_allowed(app, request.header(b"origin"), request.header(b"host")):
            raise StreamRefused(403, "Origin not allowed")
        return app

    async def _authorised(self, app: App, channel: ChannelName, request: StreamRequest) -> Leave:
        own = self._node.apps.own
        if self._authorise is None or own is None or own.id != app.id:
            text = (
                f"{channel} is private, and nobody here can say who may read it as a stream: that is so for channels "
                "of the application's own app alone. Subscribe over a WebSocket instead"
            )
            raise StreamRefused(403, text)
        scheme, _, token = (request.header(b"authorization") or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            text = f"{channel} is private: send the header Authorization: Bearer ACCESS_TOKEN"
            raise StreamRefused(401, text, ((b"www-authenticate", b"Bearer"),))
        try:
            return await self._authorise(token.strip(), channel.text)
        except RateLimitExceeded as fault:
            after = b"%d" % fault.retry_after_s
            raise StreamRefused(fault.status, fault.message, ((b"retry-after", after),)) from fault
        except RequestError as fault:
            raise StreamRefused(fault.status, fault.message) from fault
