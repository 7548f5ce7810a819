"""``python -m bench.beside_loads NAME URL``: works a server's application as hard as its users may, until told to stop.

The token of an admin is read from ``BENCH_TOKEN``. It says one line of JSON when the load is under way, and one with how
many of its turns were done when standard input has ended. It runs at the lowest priority, so that it takes time from the
server and not from whoever measures.
"""

import base64
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from itertools import count
from typing import Any, Final

__all__ = ["LOADS", "article"]

WORDS: Final = 3000  # of a source: two to four seconds of work for the engine
BURST: Final = 50  # sign-ins at the same moment
POLL_S: Final = 0.1
REFUSED_S: Final = 0.2  # who is told to come back, and not when
_UNDER_WAY: Final = ("queued", "generating")
_COME_BACK: Final = (429, 503)
_NONE: Final[Mapping[str, str]] = {}

_KINDS: Final = ("river", "valley", "forest", "harbour", "mountain", "island", "desert", "glacier", "canal")
_TRAITS: Final = ("northern", "quiet", "narrow", "ancient", "fertile", "stony", "distant", "warm")


def article(words: int) -> str:
    """A text with something to ask in every sentence."""
    made: list[str] = []
    for number in count():
        kind, other = _KINDS[number % 9], _KINDS[(number * 7 + 3) % 9]
        trait = _TRAITS[number // 9 % 8]
        made.append(
            f"The {trait} {kind} number {number} is a place that lies {number + 12} kilometres from the {other}. "
            f"It was named in {1200 + number}, because the {other} brings {trait} water to every {kind}."
        )
        if number * 30 > words:
            return "\n\n".join(made)
    raise AssertionError("numbers do not end")


class Api:
    """The application, as one client has it.

    Args:
        url: ``http://HOST:PORT``.
        address: of this machine, from which it is asked; limits count by it.
    """

    def __init__(self, url: str, token: str, *, address: str = "127.0.0.1") -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._http = HTTPConnection(host, int(port), timeout=60, source_address=(address, 0))
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def bytes(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        wanted: int | None = None,
        also: Mapping[str, str] = _NONE,
    ) -> bytes | None:
        """An answer; None where the server says that it is too much, after the time that it asks for.

        Args:
            method: of the request.
            path: of it, with the query.
            body: sent as JSON.
            also: headers.
            wanted: the status that it has to have; None: any that tells of success.

        Raises:
            RuntimeError: it was refused.
        """
        sent = None if body is None else json.dumps(body)
        self._http.request(method, path, sent, self._headers | dict(also))
        answer = self._http.getresponse()
        read = answer.read()
        if answer.status in _COME_BACK:
            time.sleep(float(answer.getheader("Retry-After", REFUSED_S)))
            return None
        if answer.status >= 400 if wanted is None else answer.status != wanted:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}: {read[:300]!r}")
        return read

    def json(self, method: str, path: str, body: Any = None, *, also: Mapping[str, str] = _NONE) -> Any:
        """The same, read; it asks until the server does not say any more that it is too much."""
        while (read := self.bytes(method, path, body, also=also)) is None:
            pass
        return json.loads(read)


Turn = Callable[[], bool]
"""Does something once; False: it was told to come back."""


def _wish() -> dict[str, Any]:
    return {
        "subject": "Geography",
        "grade_level": 7,
        "learning_objectives": ["Name the rivers and the valleys"],
        "source_text": article(WORDS),
    }


def _lesson(api: Api) -> str:
    """A finished lesson's content."""
    begun = api.json("POST", "/api/v1/content/generate", _wish())
    while True:
        session = api.json("GET", f"/api/v1/content/sessions/{begun['session_id']}")
        if session["status"] == "complete":
            return str(begun["content_id"])
        if session["status"] in ("failed", "cancelled"):
            raise RuntimeError(f"the lesson came to its end: {session}")
        time.sleep(POLL_S)


def _lessons(api: Api) -> Turn:
    return lambda: bool(_lesson(api))


def _a_content(api: Api) -> str:
    """A content to work with: the newest one, or a new one."""
    listed = api.json("GET", "/api/v1/content?limit=1")["items"]
    return str(listed[0]["content_id"]) if listed else _lesson(api)


def _exports(api: Api) -> Turn:
    """Of a revision between the first and the newest, the only ones whose files are kept: each is written anew."""
    content, formats = _lesson(api), count()
    at = f"/api/v1/content/{content}"
    for title in ("Rivers", "Rivers and valleys"):
        revision = api.json("GET", at)["revision"]
        api.json("PATCH", at, {"title": title}, also={"If-Match": f'"r{revision}"'})

    def turn() -> bool:
        kind = ("pdf", "docx")[next(formats) % 2]
        path = f"/api/v1/content/download/{content}?format={kind}&revision=2"
        return api.bytes("GET", path) is not None

    return turn


def _world(api: Api, content: str, seed: int) -> str | None:
    """A finished world; None where it failed."""
    body = {"content_id": content, "theme": "historical", "size": "large", "seed": seed}
    at = f"/api/v1/roblox/environments/{api.json('POST', '/api/v1/roblox/environments', body)['environment_id']}"
    while (status := api.json("GET", at)["status"]) in _UNDER_WAY:
        time.sleep(POLL_S)
    return None if status == "failed" else at


def _worlds(api: Api) -> Turn:
    content, seeds = _a_content(api), count()
    return lambda: _world(api, content, next(seeds)) is not None


def _drawings(api: Api) -> Turn:
    """Floor plans, drawn in threads of the server: nothing else keeps its interpreter as busy."""
    at = _world(api, _a_content(api), 0)
    return lambda: api.bytes("GET", f"{at}/plan.svg") is not None


def _uploads(api: Api) -> Turn:
    path = f"/api/v1/content/download/{_a_content(api)}"
    files = []
    for kind in ("pdf", "docx"):
        while (made := api.bytes("GET", f"{path}?format={kind}")) is None:
            pass
        files.append({"name": f"lesson.{kind}", "content_base64": base64.b64encode(made).decode()})
    return lambda: api.bytes("POST", "/api/v1/content/proposals", {"source_files": files * 2}) is not None


def _reading(api: Api) -> Turn:
    content = _a_content(api)
    paths = [
        f"/api/v1/content/{content}",
        "/api/v1/content?limit=100",
        "/api/v1/content/sessions?limit=100",
        "/api/v1/audit?limit=100",
        "/api/openapi.json",
    ]
    numbers = count()
    return lambda: api.bytes("GET", paths[next(numbers) % len(paths)]) is not None


def _logins(api: Api) -> Turn:
    """Names that nobody has: their passwords cost as much to check as others, and no limit of an account holds."""

    def turn() -> bool:
        body = {"username": secrets.token_hex(8), "password": "not the right one"}
        return api.bytes("POST", "/api/v1/auth/login", body, wanted=401) is not None

    return turn


LOADS: Final[Mapping[str, tuple[int, Callable[[Api], Turn]]]] = {
    "lessons": (2, _lessons),
    "exports": (2, _exports),
    "logins": (BURST, _logins),
    "worlds": (2, _worlds),
    "drawings": (2, _drawings),
    "uploads": (2, _uploads),
    "reading": (4, _reading),
}
"""By name: how many clients, and what one of them does again and again."""


def main() -> int:
    """See the module."""
    name, url = sys.argv[1:]
    os.nice(19)
    clients, begin = LOADS[name]
    done = [0] * clients
    ready = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        turn = begin(
            Api(url, os.environ["BENCH_TOKEN"], address=f"127.1.{secrets.randbelow(250)}.{number + 1}")
        )
        ready.wait()
        while True:
            done[number] += turn()

    # Daemons: whatever they wait for then is waited for by nobody.
    for number in range(clients):
        threading.Thread(target=client, args=(number,), daemon=True).start()
    ready.wait(60)
    before = sum(done)
    _say({"ready": name})
    sys.stdin.read()
    _say({"done": sum(done) - before})
    return 0


def _say(told: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
