"""The access token that a client brings with its handshake."""

import re
from itertools import pairwise
from typing import Final

from toolboxai.transport.heads import RequestHead

__all__ = ["offered_token"]

_TOKEN: Final = re.compile(r"(?:bearer\.)?([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE)
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")


def offered_token(head: RequestHead) -> tuple[str | None, str | None]:
    """The token, and the subprotocol to agree on.

    A token comes in the header ``Authorization: Bearer TOKEN``, or, where a page cannot set headers, as one of the
    subprotocols: ``new WebSocket(url, ["bearer", TOKEN])``. What stands behind ``bearer`` is one, of whatever form, so
    that a wrong one is told. Of the subprotocols the first that is no token is agreed on: the token is never sent back.

    Returns:
        Either may be None.
    """
    offers = [offer.strip() for offer in (head.header(b"sec-websocket-protocol") or "").split(",")]
    tokens: list[str] = []
    names: list[str] = []
    for before, offer in pairwise(["", *offers]):
        found = _TOKEN.fullmatch(offer)
        if found is not None or (offer and before.lower() == "bearer"):
            tokens.append(offer if found is None else found[1])
        elif _NAME.fullmatch(offer):
            names.append(offer)
    scheme, _, token = (head.header(b"authorization") or "").strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        tokens.insert(0, token.strip())
    return tokens[0] if tokens else None, names[0] if names else None
