"""The Channels service to which the application publishes, where that is another one."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from toolboxai.cli.checks.clocks import by_date
from toolboxai.cli.checks.finding import Finding, fault
from toolboxai.cli.checks.signed import Credentials, signed_get, tell

if TYPE_CHECKING:
    from toolboxai.config import Settings

__all__ = ["publisher"]


async def publisher(settings: "Settings", *, now: Callable[[], float]) -> AsyncIterator[Finding]:
    """Whether it answers, and takes what our app signs; nothing with the embedded publisher."""
    there, own = settings.publisher, settings.own_app
    if there.kind != "pusher" or own is None:
        return
    import ssl

    import httpx2

    from toolboxai.client.endpoints import is_loopback

    scheme = there.scheme or "https"
    host = there.host or f"api-{there.cluster}.pusher.com"
    host = f"[{host}]" if ":" in host else host
    url = f"{scheme}://{host}" if there.port is None else f"{scheme}://{host}:{there.port}"
    pair = own.active_keys()[0]
    app = Credentials(own.id, pair.key, pair.secret)
    verify = ssl.create_default_context()  # the system's store, as everything else on this machine
    try:
        async with httpx2.AsyncClient(
            base_url=url, timeout=10.0, trust_env=not is_loopback(url), verify=verify
        ) as http:
            answer = await signed_get(http, f"/apps/{app.app_id}/channels", app)
    except (httpx2.HTTPError, httpx2.InvalidURL) as refused:
        text = f"{url} does not answer ({str(refused) or type(refused).__name__}): compare PUSHER_HOST, PUSHER_PORT, "
        yield fault(
            "publisher", f"{text}PUSHER_SCHEME and PUSHER_CLUSTER; events wait in their order meanwhile"
        )
        return
    for finding in by_date("the publisher", answer.headers.get("Date"), now(), check="publisher's clock"):
        yield finding
    yield tell("publisher", url, app, answer.status_code, answer.text)
