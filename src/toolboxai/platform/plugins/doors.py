"""Who is at the doors of this process: readers of logs, sockets, and what was asked lately."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from toolboxai.errors import RateLimitExceeded
from toolboxai.platform.plugins.model import Plugin

__all__ = ["READERS_MOST", "SEEN_S", "Doors", "Sockets"]

# That wait or read a stream at once: so many times the plugin, for one that was cut is noticed late, and its owner.
READERS_MOST: Final = 4
SEEN_S: Final = 60.0  # so long after its last request a plugin still counts as connected
_RETRY_S: Final = 5


class Sockets(Protocol):
    """The sockets of this process, and the subscriptions on them."""

    def open(self, plugin_id: str) -> bool:
        """Whether the plugin itself has one."""
        ...

    def followed(self) -> Sequence[str]:
        """Ids of the plugins whose channels somebody follows here."""
        ...

    def end(self, plugin_id: str) -> None:
        """Let nobody follow the plugin's channel any more; whoever asks again is decided upon anew."""
        ...


class Doors:
    """Counts readers.

    Args:
        sockets: of this process.
    """

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._readers: Counter[tuple[str, bool]] = Counter()
        self._shut: frozenset[str] = frozenset()

    def check(self, plugin_id: str, *, itself: bool) -> None:
        """Whether there is a place for one more reader.

        Args:
            plugin_id: of the log.
            itself: whether the plugin reads, and not its owner, who takes no place of the plugin's.

        Raises:
            RateLimitExceeded: there are as many already as may be.
        """
        if self._readers[plugin_id, itself] >= READERS_MOST:
            raise RateLimitExceeded(
                f"{READERS_MOST} streams and long polls of this plugin are open already; end one, or come back in "
                f"{_RETRY_S} s",
                retry_after_s=_RETRY_S,
                details={"limit": READERS_MOST},
            )

    @contextmanager
    def reading(self, plugin_id: str, *, itself: bool) -> Iterator[None]:
        """Be a reader until the block ends; as for `check`.

        Raises:
            RateLimitExceeded: as for `check`.
        """
        self.check(plugin_id, itself=itself)
        reader = plugin_id, itself
        self._readers[reader] += 1
        try:
            yield
        finally:
            self._readers[reader] -= 1
            if not self._readers[reader]:
                del self._readers[reader]

    def on_socket(self, plugin_id: str) -> bool:
        """Whether the plugin itself listens on a socket here."""
        return self._sockets.open(plugin_id)

    def read_now(self) -> Sequence[str]:
        """Ids of the plugins of which streams or long polls are open here."""
        return tuple({plugin_id for plugin_id, _ in self._readers})

    def there(self) -> Sequence[str]:
        """Ids of all plugins that somebody reads or follows here."""
        return tuple({*self.read_now(), *self._sockets.followed()})

    def connected(self, plugin: Plugin, now: float) -> bool:
        """Whether a door is open to it, or was a moment ago.

        Args:
            plugin: as it is kept.
            now: Unix seconds.
        """
        lately = plugin.last_seen_at is not None and now - plugin.last_seen_at <= SEEN_S
        return lately or (plugin.id, True) in self._readers or self.on_socket(plugin.id)

    def admits(self, plugin_id: str) -> bool:
        """Whether a plugin that came in may stay, as far as it is known; never waits."""
        return plugin_id not in self._shut

    def shut(self, plugin_ids: Collection[str]) -> None:
        """These alone may not stay: they are let go of, and their channels are nobody's to follow."""
        self._shut = frozenset(plugin_ids)
        for plugin_id in plugin_ids:
            self._sockets.end(plugin_id)

    def shut_out(self, plugin_id: str) -> None:
        """This one may not stay either."""
        self.shut(self._shut | {plugin_id})
