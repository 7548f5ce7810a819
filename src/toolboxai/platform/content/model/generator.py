"""Who made a stage's result."""

from typing import Final

__all__ = ["GENERATOR"]

GENERATOR: Final = "offline"
"""The offline engine. A language model is named with its provider, such as ``openai:MODEL``."""
