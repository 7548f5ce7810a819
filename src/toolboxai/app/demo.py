"""The account of the demo."""

from dataclasses import dataclass, field

__all__ = ["DemoAccount"]


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A teacher who signs in with a code that holds once; only ever made by the demo, on loopback.

    Args:
        name: of the account; it is made when it is not there.
        code: the one-time code, chosen by whoever starts the demo.
    """

    name: str
    code: str = field(repr=False)
