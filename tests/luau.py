"""Luau in this process, the language of Roblox, by the interpreter that comes as a Python package."""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

__all__ = ["machine", "plain"]


def machine() -> Any:
    """A virtual machine of its own, with the language's own library and nothing of Roblox."""
    if "pluau" not in sys.modules:
        # Its own __init__ needs Python 3.12; the machine itself does not.
        spec = importlib.util.find_spec("pluau")
        assert spec is not None, "pluau is not installed; run: make setup-dev"
        package = ModuleType("pluau")
        package.__path__ = list(spec.submodule_search_locations or ())
        sys.modules["pluau"] = package
    return importlib.import_module("pluau._pluau").Lua()


def plain(value: Any) -> Any:
    """A value of the machine as Python writes it; a table whose keys are 1, 2, … is a list."""
    kind = type(value).__name__
    if kind == "String":
        return str(value)
    if kind == "Table":
        pairs = {plain(key): plain(held) for key, held in value}
        # Roblox writes an empty table as an empty array, too.
        return list(pairs.values()) if list(pairs) == list(range(1, len(pairs) + 1)) else pairs
    return value
