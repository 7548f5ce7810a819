"""A signed call that changes nothing, and what its refusal means."""

import time
from typing import Any, NamedTuple

from toolboxai.cli.checks.finding import Finding, fault, ok, warning

__all__ = ["Credentials", "signed_get", "tell"]


class Credentials(NamedTuple):
    """Of one app.

    Args:
        app_id: its id.
        key: its key.
        secret: of the key.
    """

    app_id: str
    key: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret, for traces."""
        return f"Credentials({self.app_id!r}, {self.key!r})"


async def signed_get(http: Any, path: str, app: Credentials) -> Any:
    """Ask the signed API; the answer.

    Args:
        http: an HTTP client with the address of the server.
        path: below it.
        app: who signs.
    """
    from toolboxai.protocol.signing import sign_request

    params = {"auth_key": app.key, "auth_timestamp": str(int(time.time())), "auth_version": "1.0"}
    params["auth_signature"] = sign_request(app.secret, "GET", path, params.items())
    return await http.get(path, params=params)


def tell(check: str, where: str, app: Credentials, status: int, text: str) -> Finding:
    """What the status of such a call says about id, key and secret.

    Args:
        check: name of the finding.
        where: a noun for the sentence.
        app: who signed.
        status: of HTTP.
        text: of the answer; it is read and not repeated, for it may hold anything.
    """
    said = text.lower()
    if status == 200:
        return ok(check, f"{where} accepts what it signs")
    if "timestamp expired" in said and status in (400, 401):
        return fault(
            check,
            f"{where} takes the signature for too old or too new: the clocks differ, set both by NTP",
        )
    if status == 404:
        return fault(check, f"{where} has no app {app.app_id}: compare PUSHER_APP_ID")
    if status == 403:
        return fault(check, f"{where} has switched the app {app.app_id} off, or does not let it call")
    if status == 401 and ("auth_key" in said or "unknown" in said) and "signature" not in said:
        return fault(check, f"{where} knows no key {app.key} of app {app.app_id}: compare PUSHER_KEY")
    if status in (400, 401):
        return fault(
            check,
            f"{where} refuses the signature: PUSHER_SECRET here and there differ, or PUSHER_KEY is another app's",
        )
    return warning(check, f"{where} answers {status}; try again, then look at its log")
