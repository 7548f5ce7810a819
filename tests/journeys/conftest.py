"""One server for all journeys that leave it as they found it.

Journeys that need a database of their own run on Postgres, and in the full form on SQLite too; that their parts hold on
both is shown by the parts' own tests.
"""

from collections.abc import Iterator

import pytest

from databases import backends
from school import SERVE, Open, open_school
from server_process import serving


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    home = tmp_path_factory.mktemp("school")
    (home / "tmp").mkdir()  # a folder for temporary files of its own: whatever is left in it is seen
    school = open_school(home, TMPDIR=str(home / "tmp"))
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)


@pytest.fixture(params=backends("postgres"))
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
