"""The signature of an HTTP request: its parameters read, and everything about it checked."""

import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import unquote, unquote_plus

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.errors import ChannelsApiError
from toolboxai.node.refusal_log import RefusalLog
from toolboxai.protocol.signing import sign
from toolboxai.transport.answers import Answer

__all__ = ["AUTH_PARAMETERS", "SignedQuery", "tell_refused"]

log = logging.getLogger(__name__)
_PATH_CHARS = 256

AUTH_PARAMETERS = frozenset({"auth_key", "auth_timestamp", "auth_version", "auth_signature", "body_md5"})

_Pairs = list[tuple[str, str]]

# Names in lower case, of letters and "_" only: sorted as "name=value" they stand as when they are sorted by name.
_USUAL = AUTH_PARAMETERS | {"info", "filter_by_prefix"}


class SignedQuery:
    """The query of a signed request.

    Args:
        query: as received.

    Attributes:
        given: values by name in lower case, unescaped; of a repeated name the last, of ``name[]`` all, with commas.
    """

    __slots__ = ("_parts", "_readings", "given")

    def __init__(self, query: str) -> None:
        self._readings: list[_Pairs] = []
        self.given: Mapping[str, str]
        self._parts: list[str] | None = None
        if "%" not in query and "+" not in query:
            parts = query.split("&")
            try:
                self.given = given = dict([part.split("=", 1) for part in parts])
            except ValueError:  # a name without a value: the long way
                given = {}
            if len(given) == len(parts) and given.keys() <= _USUAL:
                self._parts = parts
                return
        self._readings = [_read(query, unquote)]
        if "+" in query:  # some libraries write it for a space, others as it is
            self._readings.append(_read(query, unquote_plus))
        self.given = dict(_folded(self._readings[0]))

    def authenticate(
        self, app: App, method: str, path: str, body: bytes, now: float, *, prefix: str = ""
    ) -> None:
        """Check the signature, in the order and with the texts of Pusher's reference library.

        Args:
            app: whose keys count.
            method: in capitals.
            path: as received.
            body: all of it, as received.
            now: unix seconds.
            prefix: how the path begins where the API is mounted; a library may have signed what follows it.

        Raises:
            ChannelsApiError: 401.
        """
        given = self.given
        key = given.get("auth_key")
        if not key:
            raise ChannelsApiError(401, "Missing parameter: auth_key")
        secret = app.secrets.get(key)
        if secret is None:
            raise ChannelsApiError(401, "Unknown auth_key")
        version = given.get("auth_version")
        if version != "1.0":
            raise ChannelsApiError(401, "Version required" if version is None else "Version not supported")
        _check_time(given.get("auth_timestamp", ""), now)
        if body or "body_md5" in given:
            digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
            if not _same(digest, given.get("body_md5", "")):
                raise ChannelsApiError(
                    401, "Invalid body_md5: it must be the hex MD5 of the body as it was sent"
                )
        signature = given.get("auth_signature", "")
        texts = self._texts(method, path)
        if prefix:
            texts += self._texts(method, path[len(prefix) :])
        for text in texts:
            if _same(sign(secret, text.encode()), signature):
                return
        shown = texts[0][:500].replace("\n", "\\n")
        raise ChannelsApiError(
            401,
            f'Invalid signature: you should have sent HmacSHA256Hex("{shown}", your_secret_key), '
            f'but you sent "{signature[:100]}"',
        )

    def _texts(self, method: str, path: str) -> list[str]:
        """The texts that a library may have signed: some escape the path, and arrays are rendered in two ways."""
        paths = [path] if "%" not in path else [path, unquote(path)]
        if self._parts is not None:
            parts = sorted(self._parts)
            if "auth_signature" in self.given:
                del parts[1]  # it comes behind "auth_key", which has been found
            query = "&".join(parts)
            return [f"{method}\n{each}\n{query}" for each in paths]
        queries = [query for pairs in self._readings for query in _renderings(pairs)]
        return [f"{method}\n{each}\n{query}" for each in paths for query in dict.fromkeys(queries)]


def _same(digest: str, given: str) -> bool:
    """In constant time, whatever the other side has sent."""
    return given.isascii() and hmac.compare_digest(digest, given)


def _read(query: str, unescape: Callable[[str], str]) -> _Pairs:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unescape(name).lower(), unescape(value)) for name, _, value in parts]


def _folded(pairs: _Pairs) -> _Pairs:
    """Arrays as one value each: ``k[]=a&k[]=b`` as ``k=a,b``."""
    gathered: dict[str, list[str]] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            gathered.setdefault(name.removesuffix("[]"), []).append(value)
    plain = [pair for pair in pairs if not pair[0].endswith("[]")]
    return [*plain, *((name, ",".join(values)) for name, values in gathered.items())]


def _renderings(pairs: _Pairs) -> list[str]:
    """The ways in which libraries write one query: they differ in what they sort by, and in how they write arrays."""
    signed = [pair for pair in pairs if pair[0] != "auth_signature"]
    whole = [f"{name}={value}" for name, value in signed]
    by_name = [
        f"{name}={value}" for name, value in sorted(signed, key=lambda pair: pair[0].removesuffix("[]"))
    ]
    ways = [sorted(whole), by_name]
    if any(name.endswith("[]") for name, _ in signed):
        ways.insert(0, sorted(f"{name}={value}" for name, value in _folded(signed)))
    return ["&".join(way) for way in ways]


def _check_time(timestamp: str, now: float) -> None:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 20):
        raise ChannelsApiError(401, "Timestamp required")
    if abs(int(now) - int(timestamp)) >= limits.AUTH_TIMESTAMP_WINDOW_S:  # whole seconds, as libraries sign
        raise ChannelsApiError(
            401,
            f"Timestamp expired: Given timestamp ({_iso(int(timestamp))}) not within "
            f"{limits.AUTH_TIMESTAMP_WINDOW_S}s of server time ({_iso(now)})",
        )


def _iso(unix: float) -> str:
    if unix > 253402300799:  # the end of the year 9999, where the calendar ends
        return str(unix)
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tell_refused(refusals: RefusalLog, method: str, path: str, answer: Answer, address: str) -> None:
    """Write down who called without a signature that holds.

    Args:
        refusals: log lines.
        method: of the call.
        path: of the call.
        answer: to it.
        address: the caller's.
    """
    about = {"status": answer.status, "method": method, "path": path[:_PATH_CHARS], "address": address}
    refusals.tell(log, "signed call refused", **about)
