"""The known answers in ``vectors/``: one set for the server and for every client."""

import json
from pathlib import Path
from typing import Any


def vectors(name: str) -> Any:
    return json.loads((Path(__file__).parent / "vectors" / f"{name}.json").read_text(encoding="utf-8"))
