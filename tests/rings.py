"""Whether this system gives us io_uring; containers often do not, and older kernels."""

import pytest

from toolboxai.transport.ring import Ring, RingUnavailable

__all__ = ["needs_ring"]


def _available() -> bool:
    try:
        Ring().close()
    except RingUnavailable:
        return False
    return True


needs_ring = pytest.mark.skipif(not _available(), reason="this system gives no io_uring")
