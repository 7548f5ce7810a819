"""One server for all journeys that leave it as they found it."""

from collections.abc import Iterator

import pytest

from school import SERVE, Open, open_school
from server_process import serving


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    school = open_school(tmp_path_factory.mktemp("school"))
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)
