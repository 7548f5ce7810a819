"""The words around a lesson, in each language that has them."""

import re

import msgspec
import pytest

from toolboxai.platform.content.exports.words import WORDS, Words, words_for
from toolboxai.platform.content.model.request import Difficulty

PLACE = re.compile(r"{\w+}")


@pytest.mark.parametrize("language", list(WORDS))
def test_each_language_has_every_word_and_fills_in_the_same(language: str) -> None:
    english, words = msgspec.to_builtins(WORDS["en"]), msgspec.to_builtins(WORDS[language])
    assert words["language"] == language
    for name, value in words.items():
        if isinstance(value, str):
            assert value.strip() == value != ""
            assert sorted(PLACE.findall(value)) == sorted(PLACE.findall(english[name])), name
        else:
            assert list(value) == list(english[name])
    assert set(words["levels"]) == set(Difficulty)


@pytest.mark.parametrize("language", [one for one in WORDS if one != "en"])
def test_no_other_language_has_english_words_left(language: str) -> None:
    english, words = msgspec.to_builtins(WORDS["en"]), msgspec.to_builtins(WORDS[language])
    same = {name for name in words if words[name] == english[name]}
    assert same <= {"minutes_short", "quiz", "partner"}  # German writes these three as English does


@pytest.mark.parametrize(
    ("tag", "language"), [("en", "en"), ("es-MX", "es"), ("DE-at", "de"), ("fr", "en"), ("ar", "en")]
)
def test_a_language_without_words_of_its_own_gets_english_ones(tag: str, language: str) -> None:
    assert words_for(tag) is WORDS[language]
    assert isinstance(words_for(tag), Words)
