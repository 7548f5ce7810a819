"""A listening socket that a supervisor holds and hands down, as systemd does (sd_listen_fds)."""

import os
import socket
from collections.abc import MutableMapping
from typing import Final

from toolboxai.errors import ConfigError

__all__ = ["handed_down"]

_FIRST: Final = 3  # behind standard input, output and error
_NAMES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def handed_down(environ: MutableMapping[str, str]) -> socket.socket | None:
    """The socket to listen on, or None: nobody has handed us one.

    The supervisor keeps it open: who knocks while no server runs waits in the system's queue for the next one, and is
    not refused.

    Args:
        environ: of the process. What tells of the socket is taken out of it, since it is not meant for our children.

    Raises:
        ConfigError: what was handed down is not one listening TCP socket.
    """
    pid, count, _names = (environ.pop(name, "") for name in _NAMES)
    if pid != str(os.getpid()) or not count:  # meant for another process, whose environment we were given
        return None
    if count != "1":
        raise ConfigError(
            [
                f"LISTEN_FDS is {count[:20]!r}; one listening socket is taken: leave one ListenStream= in the unit"
            ]
        )
    try:
        listener = socket.socket(fileno=_FIRST)
    except OSError as fault:
        raise ConfigError(
            [f"LISTEN_FDS promises a socket as descriptor {_FIRST}, and there is none: {fault.strerror}"]
        ) from fault
    fits = (
        listener.family in (socket.AF_INET, socket.AF_INET6)
        and listener.type == socket.SOCK_STREAM
        and listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    )
    if not fits:
        listener.close()
        raise ConfigError(
            [
                f"descriptor {_FIRST} is no listening TCP socket; the socket unit needs "
                "ListenStream=ADDRESS:PORT and Accept=no"
            ]
        )
    listener.setblocking(False)
    listener.set_inheritable(False)
    return listener
