"""The sessions, on a database that is quick to make; in the full form on both. The stores' own tests are always on both."""

import os

import pytest

from databases import BACKENDS


@pytest.fixture(params=BACKENDS if os.environ.get("TOOLBOXAI_TEST_FULL") else BACKENDS[:1])
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
