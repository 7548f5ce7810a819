"""Identifiers, made from dice that are handed in."""

import re
from typing import Final, NewType, Protocol

__all__ = ["SOCKET_ID", "Dice", "SocketId", "new_socket_id", "new_token"]

SocketId = NewType("SocketId", str)
SOCKET_ID: Final = re.compile(
    r"[0-9]{1,20}\.[0-9]{1,20}"
)  # the form of protocol 1.2, and no longer than need be

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Dice(Protocol):
    """The one method of ``random.Random`` that identifiers need; production hands in ``random.SystemRandom()``."""

    def getrandbits(self, k: int, /) -> int:
        """A whole number of ``k`` random bits."""
        ...


def new_socket_id(dice: Dice) -> SocketId:
    """Two random numbers of 33 bits, as ``digits.digits``.

    It is part of every channel signature, so it must not be guessable, and never comes back on a reconnect.
    """
    bits = dice.getrandbits(66)
    return SocketId(f"{bits >> 33}.{bits & 0x1FFFFFFFF}")


def new_token(dice: Dice, prefix: str = "", *, bits: int = 160) -> str:
    """A name nobody can guess: ``prefix`` and lower-case base-36 digits, safe in channel names and URLs.

    160 bits are the default: session ids stand in the names of public channels (requirements G6 asks for 128).
    """
    number = dice.getrandbits(bits)
    digits = []
    for _ in range(-(-bits * 1000 // 5169)):  # log2(36) = 5.169...
        number, digit = divmod(number, 36)
        digits.append(_ALPHABET[digit])
    return prefix + "".join(digits)
