"""What touches sockets is proven on both event loops that the server runs on."""

from both_loops import anyio_backend, server

__all__ = ["anyio_backend", "server"]
