"""The log lines of the source: constant texts, and where they are written."""

import ast
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from doc_snippets import ROOT

__all__ = ["log_lines"]

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


@cache
def log_lines() -> Mapping[str, tuple[str, ...]]:
    """The texts of all log lines of our own, each with the sources of the modules that write it."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((ROOT / "src" / "toolboxai").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=logger, attr=level), args=[ast.Constant(value=str(text)), *_]
                ) if level in LEVELS and _is_logger(logger):
                    found[text] = (*found.get(text, ()), source)
                case ast.Call(args=[logger, ast.Constant(value=str(text)), *_]) if _is_logger(logger):
                    found[text] = (*found.get(text, ()), source)  # handed to somebody who writes it
    return MappingProxyType(found)


def _is_logger(value: ast.expr) -> bool:
    name = ast.unparse(value)
    return name.lstrip("_") in ("log", "audit") or name.startswith("logging.getLogger(")
