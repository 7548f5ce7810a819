"""Who may connect: from the address that a client called to an app, or to the reason why not.

The connection is always accepted below (an HTTP error on an upgrade reaches clients only as a broken connection, and
they try again for ever); the refusal is the first message and the close code.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from toolboxai.apps.app import App
from toolboxai.apps.registry import AppRegistry
from toolboxai.close_codes import CloseCode

__all__ = ["PAGE", "TOKEN_PARAMETERS", "Refusal", "admit", "origin_allowed", "session_key"]

TOKEN_PARAMETERS = frozenset({"token", "access_token", "auth_token", "jwt", "bearer", "authorization"})
"""Names under which tokens are found in URLs, and refused: addresses are logged, kept in histories and sent on as
referrers."""

SUPPORTED = range(4, 8)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
PAGE = (
    r"(?:/s/([A-Za-z0-9_.~\-]{1,128}))?"  # what a page puts before a path to be known by; see `session_key`
)
_PATH = re.compile(PAGE + r"/app/([^/]+)/?")


class Refusal(Exception):
    """The connection is to be closed at once with this code and text."""

    def __init__(self, code: CloseCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def admit(
    apps: AppRegistry, path: str, query: Mapping[str, str], *, origin: str | None, host: str | None
) -> App:
    """The app that a client may connect to.

    Args:
        apps: all of them.
        path: of the request, percent-decoded, without the query.
        query: its parameters; unknown ones are ignored.
        origin: the ``Origin`` header; None from programs that are not browsers.
        host: the ``Host`` header.

    Raises:
        Refusal: with the code that makes stock clients stay away.
    """
    match = _PATH.fullmatch(path)
    if not match:
        raise Refusal(CloseCode.PATH_NOT_FOUND, "Path not found")
    key = match.group(2)
    version = query.get("protocol")
    if version is not None:
        if not re.fullmatch(r"-?[0-9]+", version):
            raise Refusal(CloseCode.BAD_VERSION_FORMAT, "Invalid version string format")
        if len(version) > 9 or int(version) not in SUPPORTED:
            raise Refusal(CloseCode.UNSUPPORTED_VERSION, "Unsupported protocol version")
    app = apps.by_key(key)
    if app is None:
        raise Refusal(
            CloseCode.UNKNOWN_APP,
            f"App key {key[:64]} not in this cluster. Did you forget to specify the cluster?",
        )
    if not app.enabled:
        raise Refusal(CloseCode.APP_DISABLED, "Application disabled")
    if not origin_allowed(app, origin, host):
        raise Refusal(CloseCode.UNAUTHORIZED, "Origin not allowed")
    return app


def session_key(path: str) -> str | None:
    """What a page has put before the path to be known by when it comes back: KEY of ``/s/KEY/app/…``, 1 to 128 characters.

    Args:
        path: as in `admit`.
    """
    match = _PATH.fullmatch(path)
    return None if match is None else match.group(1)


def origin_allowed(app: App, origin: str | None, host: str | None) -> bool:
    """Whether a page of this origin may use the app.

    A page of the server's own host, of this very machine, or of the app's list may; "*" in the list admits every page.
    A program that sends no origin is not a page: the key and the signatures are its door.

    Args:
        app: its ``allowed_origins`` are whole origins, such as ``https://school.example``.
        origin: the ``Origin`` header, or None.
        host: the ``Host`` header, or None.
    """
    if origin is None or origin in app.allowed_origins or "*" in app.allowed_origins:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # such as http://[
        return False
    return bool(parts.netloc) and (parts.netloc == host or parts.hostname in _LOOPBACK)
