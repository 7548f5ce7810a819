"""The states of a connection, of its user and of each subscription, as tables: state, step, next state.

All that changes a `ServerSession`'s state is looked up here. A step that a state does not list is not allowed in it;
what the client hears then is the session's business. The documentation draws its diagram from these tables.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

__all__ = ["CONNECTION", "IDENTITY", "SUBSCRIPTION", "Identity", "Life", "Step", "Subscription", "draw"]


class _Singleton(Enum):
    """Members are told apart by identity; the hash of an ordinary Enum is Python code, on the way of every message."""

    __hash__ = object.__hash__


class Life(_Singleton):
    """A connection."""

    OPEN = "open"
    PROBED = "probed"
    CLOSING = "closing"


class Identity(_Singleton):
    """Who a connection speaks for."""

    NOBODY = "nobody"
    SIGNING_IN = "signing in"
    SIGNED_IN = "signed in"


class Subscription(_Singleton):
    """A connection's place on one channel."""

    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class Step(_Singleton):
    """What happens: said by the client, or by the world around the session."""

    HEARD = "anything is heard"
    SILENCE = "silence"
    CLOSE = "close"
    SIGN_IN = "signin"
    SIGNED_IN = "signin made known"
    NOT_SIGNED_IN = "signin failed"
    SUBSCRIBE = "subscribe"
    SUBSCRIBED = "channel followed"
    REFUSED = "channel refused"
    UNSUBSCRIBE = "unsubscribe"
    EXPIRE = "authorisation expires"


CONNECTION: Final[Mapping[Life, Mapping[Step, Life]]] = {
    Life.OPEN: {Step.SILENCE: Life.PROBED, Step.CLOSE: Life.CLOSING},
    Life.PROBED: {Step.HEARD: Life.OPEN, Step.CLOSE: Life.CLOSING},
    Life.CLOSING: {},
}

IDENTITY: Final[Mapping[Identity, Mapping[Step, Identity]]] = {
    Identity.NOBODY: {Step.SIGN_IN: Identity.SIGNING_IN},
    Identity.SIGNING_IN: {Step.SIGNED_IN: Identity.SIGNED_IN, Step.NOT_SIGNED_IN: Identity.NOBODY},
    Identity.SIGNED_IN: {},
}

SUBSCRIPTION: Final[Mapping[Subscription, Mapping[Step, Subscription]]] = {
    Subscription.NONE: {Step.SUBSCRIBE: Subscription.PENDING},
    Subscription.PENDING: {Step.SUBSCRIBED: Subscription.ACTIVE, Step.REFUSED: Subscription.NONE},
    Subscription.ACTIVE: {Step.UNSUBSCRIBE: Subscription.NONE, Step.EXPIRE: Subscription.EXPIRED},
    Subscription.EXPIRED: {Step.SUBSCRIBE: Subscription.PENDING, Step.UNSUBSCRIBE: Subscription.NONE},
}


def draw(table: Mapping[Any, Mapping[Step, Any]]) -> str:
    """The table as a Mermaid state diagram; its first state is where everything begins."""
    name = {state: state.name.lower() for state in table}
    lines = ["stateDiagram-v2", f"    [*] --> {name[next(iter(table))]}"]
    for state, steps in table.items():
        lines += [f"    {name[state]} --> {name[after]}: {step.value}" for step, after in steps.items()]
        if not steps:
            lines.append(f"    {name[state]} --> [*]")
    return "\n".join(lines)
