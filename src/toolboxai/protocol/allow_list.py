"""Networks whose addresses have limits of their own: behind one address of a school there are many people."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from toolboxai.protocol.proxies import IPNetwork, parse_address

__all__ = ["NOBODY_LISTED", "AllowList", "AllowedNetwork"]


@dataclass(frozen=True, slots=True)
class AllowedNetwork:
    """One network. Its numbers stand in the place of those that all others have; 0: no limit.

    Args:
        network: whose addresses are meant.
        max_connections_per_ip: to one app at once, from one of its addresses.
        connects_per_s_per_ip: to one app, from one of its addresses.
        legacy_connections_per_ip: of old sockets at once, from one of its addresses.
        tries_per_minute_per_ip: of each kind over REST (signing in, refreshing, codes, channels), from one of its
            addresses; what one account may try stays as it is.
    """

    network: IPNetwork
    max_connections_per_ip: int = 0
    connects_per_s_per_ip: float = 0
    legacy_connections_per_ip: int = 0
    tries_per_minute_per_ip: int = 0


class AllowList:
    """All of them.

    Args:
        networks: where two hold an address, the smaller counts.
    """

    def __init__(self, networks: Iterable[AllowedNetwork] = ()) -> None:
        self._networks = sorted(networks, key=lambda each: each.network.prefixlen, reverse=True)
        # The same addresses come again and again, and each is looked for at every door.
        self._found = lru_cache(maxsize=4096)(self._look_for)

    def find(self, address: str) -> AllowedNetwork | None:
        """The network that holds an address; None: the address has the limits of all others.

        Args:
            address: the client's, behind trusted proxies the one that they tell.
        """
        return self._found(address) if self._networks else None

    def _look_for(self, address: str) -> AllowedNetwork | None:
        parsed = parse_address(address)
        if parsed is None:
            return None
        return next((each for each in self._networks if parsed in each.network), None)


NOBODY_LISTED: Final = AllowList()
