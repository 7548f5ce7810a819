"""Whether this system gives us io_uring; containers often do not, and older kernels."""

import pytest

from toolboxai.transport.io_uring import IoUring, NoIoUring

__all__ = ["needs_ring"]


def _available() -> bool:
    try:
        IoUring().close()
    except NoIoUring:
        return False
    return True


needs_ring = pytest.mark.skipif(not _available(), reason="this system gives no io_uring")
