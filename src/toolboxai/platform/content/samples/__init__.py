"""Texts of our own that come with the package, for the demo and as a first try."""

import json
from importlib.resources import files
from typing import Any

__all__ = ["sample_text", "sample_wishes"]


def sample_text(name: str = "water_cycle") -> str:
    """A bundled source text in Markdown; ``water_cycle`` has about 900 words for school years 6 to 8.

    Raises:
        FileNotFoundError: there is no sample of this name.
    """
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")


def sample_wishes(name: str = "water_cycle") -> dict[str, Any]:
    """What a teacher may want made of a bundled text: ``subject``, ``grade_level`` and ``learning_objectives``.

    Raises:
        FileNotFoundError: there is no sample of this name.
    """
    wishes: dict[str, Any] = json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return wishes
