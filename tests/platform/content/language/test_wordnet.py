"""The nouns that come with the package: their form, what is read from them, and what it costs."""

import subprocess
import sys
import zlib
from importlib.resources import files

import pytest

from toolboxai.platform.content.language.wordnet import load_nouns, plural_of

DATA = files("toolboxai.platform.content.language").joinpath("data", "wordnet")


def test_the_file_is_small_and_has_the_form_that_the_reader_expects() -> None:
    packed = DATA.joinpath("nouns.txt.z").read_bytes()
    assert len(packed) < 600_000
    meanings, words = (part.split("\n") for part in zlib.decompress(packed).decode("ascii").split("\n\n"))
    parents = [[int(number) for number in line.split(" ")[0].split(",") if number] for line in meanings]
    assert all(number < len(meanings) for numbers in parents for number in numbers)
    firsts = [numbers[0] if numbers else -1 for numbers in parents]
    assert firsts == sorted(firsts), "those of one first parent stand together"
    assert words == sorted(words, key=lambda line: line.split(" ")[0].encode() + b" ")
    said = {
        (entry.partition(":")[0], at)
        for at, line in enumerate(meanings)
        for entry in line.partition(" ")[2].split(",")
        if entry
    }
    indexed = {
        (word, int(at))
        for word, _, numbers in (line.partition(" ") for line in words)
        for at in numbers.split(",")
    }
    assert said == indexed


def test_its_licence_comes_with_it() -> None:
    licence = DATA.joinpath("LICENSE").read_text(encoding="utf-8")
    assert "Princeton University" in licence
    assert "WordNet 3.0 Copyright 2006" in licence
    assert "scripts/write_wordnet.py" in licence


def test_it_is_not_read_before_it_is_asked_for_and_then_in_less_than_50_ms() -> None:
    script = (
        "import time, toolboxai.platform.content.questions.quiz, toolboxai.platform.content.language.wordnet as wordnet\n"
        "assert wordnet.load_nouns.cache_info().currsize == 0\n"
        "begun = time.process_time(); wordnet.load_nouns(); print(time.process_time() - begun)"
    )
    took = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=20
    )
    assert float(took.stdout) < 0.05


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        ("river", "stream", True),  # a kind of
        ("stream", "river", True),
        ("gas", "gasoline", True),  # means the same
        ("rivers", "stream", True),
        ("rain", "snow", False),
        ("lake", "river", False),
        ("xyzzy", "river", False),
    ],
)
def test_what_means_the_same_or_is_a_kind_of_the_other_is_known(one: str, other: str, related: bool) -> None:
    assert load_nouns().related(one, other) is related


def test_siblings_are_of_one_kind_and_no_right_answer() -> None:
    nouns = load_nouns()
    assert {"nitrogen", "hydrogen"} <= set(nouns.siblings("oxygen"))
    assert "Vienna" in nouns.siblings("Warsaw")
    assert nouns.siblings("xyzzy") == ()
    for noun in ("oxygen", "Warsaw", "hexagon", "treaty", "glacier"):
        for sibling in nouns.siblings(noun):
            assert not nouns.related(noun, sibling)
            assert sibling[0].isupper() == noun[0].isupper()


def test_a_noun_of_several_meanings_has_none() -> None:
    assert load_nouns().siblings("nucleus") == ()
    assert load_nouns().siblings("corner") == ()


@pytest.mark.parametrize(
    ("noun", "person"), [("king", True), ("farmers", True), ("glacier", False), ("xyzzy", False)]
)
def test_who_is_a_person_is_known(noun: str, person: bool) -> None:
    assert load_nouns().is_person(noun) is person


@pytest.mark.parametrize(
    ("noun", "plural"), [("lake", "lakes"), ("berry", "berries"), ("marsh", "marshes"), ("day", "days")]
)
def test_regular_plurals(noun: str, plural: str) -> None:
    assert plural_of(noun) == plural
