"""Properties over real sockets; what depends on the event loop is the transport's, and proven there on both."""

from both_loops import server, usual_backend

__all__ = ["server", "usual_backend"]
