"""What the scripts say to a player, in each language that has it: ``data/words.toml``."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec

__all__ = ["PLAYER_WORDS", "player_words"]

_ELSEWHERE: Final = "en"


def _words() -> Mapping[str, Mapping[str, str]]:
    table = files(__package__ or "").joinpath("data", "words.toml").read_bytes()
    return msgspec.toml.decode(table, type=dict[str, dict[str, str]])


PLAYER_WORDS: Final = _words()


def player_words(language: str) -> Mapping[str, str]:
    """The words for a lesson in the language of this BCP 47 tag: its own, else English ones."""
    return PLAYER_WORDS.get(language.partition("-")[0].lower(), PLAYER_WORDS[_ELSEWHERE])
