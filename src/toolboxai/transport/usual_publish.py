"""The signed publish in the form in which nearly every server library sends it, checked without being taken apart.

It asks all that the long way asks (``transport.signed_request``), and refuses nothing: what is of another form, or does
not hold, is left to the long way, which has the words for what is wrong.
"""

import re
from hashlib import md5
from hmac import compare_digest
from typing import Final, NamedTuple

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.apps.registry import AppRegistry
from toolboxai.protocol.signing import sign

__all__ = ["usual_publish"]


class _Opening(NamedTuple):
    """What a request's line says up to the time, which is the same for all of one publisher within one second."""

    app_id: str
    call: str
    key: str
    timestamp: int
    signed: bytes  # the text that is signed, as far as the digest of the body


# Parameters stand sorted by name, as they are signed; the signature comes last, or where its own name puts it.
_OPENING: Final = re.compile(
    r"POST (/apps/([0-9A-Za-z_-]{1,64})/(events|batch_events))"
    r"\?(auth_key=([0-9A-Za-z_-]{1,128})&auth_timestamp=([0-9]{1,12}))"
)
_BETWEEN: Final = b"&auth_version=1.0&body_md5="
_SIGNATURE: Final = b"&auth_signature="
_SIGNATURE_CHARS: Final = 64
_ENDING: Final = re.compile(rb"([0-9a-f]{32})(?:&auth_signature=([0-9a-f]{64}))? HTTP/1\.1")

_OPENINGS: Final[dict[bytes, _Opening]] = {}
_OPENINGS_KEPT: Final = 1024


def usual_publish(apps: AppRegistry, line: bytes, body: bytes, now: float) -> tuple[App, str] | None:
    """Who publishes, and by which call, if this is such a request and its signature holds.

    Args:
        apps: whose keys count.
        line: the request's first one.
        body: all of it.
        now: unix seconds.
    """
    begin, _, end = line.partition(_BETWEEN)
    ending = _ENDING.fullmatch(end)
    if ending is None:
        return None
    body_md5, signature = ending.groups()
    if signature is None:
        begin, _, rest = begin.partition(_SIGNATURE)
        signature, rest = rest[:_SIGNATURE_CHARS], rest[_SIGNATURE_CHARS:]
        if not rest.startswith(b"&"):
            return None
        begin += rest
    opening = _OPENINGS.get(begin) or _read(begin)
    if opening is None:
        return None
    app_id, call, key, timestamp, signed = opening
    app = apps.by_id(app_id)
    if app is None or not app.enabled or abs(int(now) - timestamp) >= limits.AUTH_TIMESTAMP_WINDOW_S:
        return None
    secret = app.secrets.get(key)
    if secret is None or not compare_digest(md5(body, usedforsecurity=False).hexdigest().encode(), body_md5):
        return None
    return (app, call) if compare_digest(sign(secret, signed + body_md5).encode(), signature) else None


def _read(begin: bytes) -> _Opening | None:
    found = _OPENING.fullmatch(begin.decode("latin-1"))
    if found is None:
        return None
    path, app_id, call, named, key, timestamp = found.groups()
    if len(_OPENINGS) >= _OPENINGS_KEPT:
        _OPENINGS.clear()
    signed = f"POST\n{path}\n{named}".encode() + _BETWEEN
    opening = _OPENINGS[begin] = _Opening(app_id, call, key, int(timestamp), signed)
    return opening
