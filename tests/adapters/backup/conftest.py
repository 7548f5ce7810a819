"""Backups of a database that is quick to make, restored on both kinds; in the full form of both."""

import pytest

from databases import backends


@pytest.fixture(params=backends("sqlite"))
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
