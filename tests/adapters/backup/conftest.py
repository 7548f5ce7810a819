"""Backups of a database that is quick to make, restored on both kinds; in the full form of both."""

import os

import pytest

from databases import BACKENDS


@pytest.fixture(params=BACKENDS if os.environ.get("TOOLBOXAI_TEST_FULL") else BACKENDS[:1])
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
