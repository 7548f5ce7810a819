"""The signed publish in the form in which nearly every server library sends it, checked without taking it apart.

It asks all that the long way asks (``transport.signed_request``), and refuses nothing: what is of another form, or does
not hold, is left to the long way, which has the words for what is wrong.
"""

import hashlib
import hmac
import re
from typing import Final

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.apps.registry import AppRegistry
from toolboxai.protocol.signing import sign

__all__ = ["usual_publish"]

# Sorted by name, as it is signed; the signature stands last, or where its own name puts it.
_LINE: Final = re.compile(
    r"POST (/apps/([0-9A-Za-z_-]{1,64})/(events|batch_events))"
    r"\?(auth_key=([0-9A-Za-z_-]{1,128}))(?:&auth_signature=([0-9a-f]{64}))?"
    r"(&auth_timestamp=([0-9]{1,12})&auth_version=1\.0&body_md5=([0-9a-f]{32}))(?:&auth_signature=([0-9a-f]{64}))?"
    r" HTTP/1\.1"
)


def usual_publish(apps: AppRegistry, line: bytes, body: bytes, now: float) -> tuple[App, str] | None:
    """Who publishes, and by which call, if this is such a request and its signature holds.

    Args:
        apps: whose keys count.
        line: the request's first one.
        body: all of it.
        now: unix seconds.
    """
    found = _LINE.fullmatch(line.decode("latin-1"))
    if found is None:
        return None
    path, app_id, call, named, key, early, rest, timestamp, body_md5, late = found.groups()
    app = apps.by_id(app_id)
    if app is None or not app.enabled or (early is None) is (late is None):
        return None
    secret = app.secrets.get(key)
    if secret is None or abs(int(now) - int(timestamp)) >= limits.AUTH_TIMESTAMP_WINDOW_S:
        return None
    if not hmac.compare_digest(hashlib.md5(body, usedforsecurity=False).hexdigest(), body_md5):
        return None
    signature = sign(secret, f"POST\n{path}\n{named}{rest}".encode())
    return (app, call) if hmac.compare_digest(signature, early or late) else None
