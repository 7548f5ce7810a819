"""Channels inside another application need neither database nor job engine nor FastAPI, and import none of them."""

import subprocess
import sys

PROGRAM = """
import sys
from toolboxai.channels import ChannelsServer
ChannelsServer(app_id="1", key="k", secret="s")
heavy = ("sqlalchemy", "dbos", "fastapi", "pydantic", "alembic", "toolboxai.web", "toolboxai.platform",
         "toolboxai.config", "toolboxai.adapters.database", "pytest")
found = sorted(name for name in sys.modules if name.startswith(heavy))
sys.exit(f"imported: {found}" if found else 0)
"""


def test_nothing_of_the_application_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=18, check=False
    )
    assert done.returncode == 0, done.stderr
