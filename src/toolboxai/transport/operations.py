"""Health and metrics: what an operator's tools ask of one process."""

import hmac
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeAlias

from toolboxai.metrics import Sample
from toolboxai.node.gauges import node_samples
from toolboxai.node.node import Node
from toolboxai.protocol.proxies import is_loopback
from toolboxai.transport.answers import Answer
from toolboxai.transport.exposition import CONTENT_TYPE, Exposition
from toolboxai.transport.loop_lag import LoopLag

__all__ = ["Check", "Operations", "operations_of"]

Check: TypeAlias = Callable[[], str | None]
"""What is wrong, or None. It never waits: whatever has to be asked is asked in the background."""

_TEXT: Final = b"text/plain; charset=utf-8"
_NO_STORE: Final = ((b"Cache-Control", b"no-store"),)
_READY: Final = frozenset({"/readyz", "/ready", "/accept-traffic"})
_HERE_ALONE: Final = (
    b"metrics are served to this machine only, and not through a proxy; to let others in set a token, "
    b"TOOLBOXAI_METRICS_TOKEN or [metrics] token, and send the header Authorization: Bearer TOKEN\n"
)
_TOKEN_NEEDED: Final = (
    b"metrics are served to this machine, or for the token that TOOLBOXAI_METRICS_TOKEN or [metrics] token sets: "
    b"send the header Authorization: Bearer TOKEN\n"
)


class Operations:
    """Answers the paths in `paths`.

    Args:
        exposition: the process's numbers.
        token: opens the metrics to others than this machine; None: nothing does.

    Attributes:
        ready: whether newcomers are welcome.
        checks: by the name of what they look at; while one finds something wrong, newcomers had better go elsewhere.
    """

    paths = _READY | {"/health", "/healthz", "/livez", "/live", "/up", "/metrics"}

    def __init__(self, exposition: Exposition, *, token: str | None = None) -> None:
        self.ready = False
        self.checks: dict[str, Check] = {"serving": lambda: None if self.ready else "draining"}
        self.exposition = exposition
        self._token = None if token is None else token.encode()

    def handle(
        self, method: str, path: str, *, peer: str, forwarded: bool, authorization: bytes | None = None
    ) -> Answer:
        """Answer one request.

        Args:
            method: GET or HEAD; others get 405.
            path: one of `paths`.
            peer: address of the other end of the connection, or the one that the PROXY protocol gives it.
            forwarded: whether a proxy passed the request on; then the peer's address says nothing.
            authorization: the header.
        """
        if method not in ("GET", "HEAD"):
            return Answer(405, b"use GET\n", _TEXT, ((b"Allow", b"GET, HEAD"),))
        if path == "/metrics":
            return self._metrics(here=not forwarded and is_loopback(peer), authorization=authorization)
        troubles = self.troubles() if path in _READY else []
        if troubles:
            return Answer(503, "".join(f"{line}\n" for line in troubles).encode(), _TEXT, _NO_STORE)
        return Answer(200, b"ok\n", _TEXT, _NO_STORE)

    def troubles(self) -> list[str]:
        """Why newcomers had better go elsewhere: a line for each check that finds something wrong."""
        found = {name: check() for name, check in self.checks.items()}
        return [text if name == "serving" else f"{name}: {text}" for name, text in found.items() if text]

    def _metrics(self, *, here: bool, authorization: bytes | None) -> Answer:
        if not here and self._token is None:
            return Answer(403, _HERE_ALONE, _TEXT)
        if not here and not self._opens(authorization):
            return Answer(401, _TOKEN_NEEDED, _TEXT, ((b"WWW-Authenticate", b"Bearer"),))
        return Answer(200, self.exposition.text(), CONTENT_TYPE)

    def _opens(self, authorization: bytes | None) -> bool:
        scheme, _, token = (authorization or b"").strip().partition(b" ")
        assert self._token is not None
        return hmac.compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"


def operations_of(node: Node, lag: LoopLag, *, token: str | None = None) -> Operations:
    """Those of a process with this node in it.

    Args:
        node: what is counted and seen there is told.
        lag: of its event loop.
        token: see `Operations`.
    """
    exposition = Exposition(partial(node_samples, node))
    operations = Operations(exposition, token=token)
    operations.checks |= {"broker": node.pulse.trouble, "event loop": lag.trouble}
    exposition.sources.append(partial(_ready, operations))
    return operations


def _ready(operations: Operations) -> Iterable[Sample]:
    for name, check in operations.checks.items():
        yield Sample("ready", (name,), float(check() is None))
