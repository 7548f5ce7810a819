"""Which form of the tests runs: the usual one, or the full one of ``make test-all``, where long proofs have all their cases."""

import os
from typing import Final

__all__ = ["FULL"]

FULL: Final = bool(os.environ.get("TOOLBOXAI_TEST_FULL"))
