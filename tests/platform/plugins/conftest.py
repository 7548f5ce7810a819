"""What is above the store, on a database that is quick to make; in the full form on both."""

import pytest

from databases import backends


@pytest.fixture(params=backends("sqlite"))
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
