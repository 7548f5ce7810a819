"""What the program that started us, such as systemd, is told of how we are: its notification socket."""

import logging
import socket
import time

__all__ = ["ServiceManager"]

log = logging.getLogger(__name__)


class ServiceManager:
    """The other end of ``NOTIFY_SOCKET``.

    Args:
        address: a path, or a name that begins with ``@`` for the abstract ones; None: nobody listens.
    """

    def __init__(self, address: str | None) -> None:
        self._address = "\0" + address[1:] if address and address.startswith("@") else address

    def ready(self, status: str) -> None:
        """It serves, for the first time or again after `reloading`."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """It is reading its settings anew; `ready` has to follow."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """It is leaving."""
        self._tell("STOPPING=1", "STATUS=leaving")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
                wire.setblocking(False)
                wire.sendto("\n".join(lines).encode(), self._address)
        except OSError as fault:  # who does not hear us may end us; that is no reason to end ourselves
            log.warning("the service manager could not be told", extra={"reason": fault.strerror})
