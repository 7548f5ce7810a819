"""Codes that children type, and that the database does not tell."""

import re
from dataclasses import astuple

import pytest

from toolboxai.platform.classes.codes import JoinCodes

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_code_has_eight_characters_of_which_none_is_taken_for_another() -> None:
    codes = JoinCodes(lambda: [NEW])
    made = {codes.made("class_1", f"salt{number}", expires_at=1.0)[0] for number in range(500)}
    assert len(made) == 500
    for code in made:
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)


def test_it_is_found_however_it_is_typed() -> None:
    codes = JoinCodes(lambda: [NEW])
    code, kept = codes.made("class_1", "salt", expires_at=1.0)
    bare = code.replace("-", "")
    for typed in (
        code,
        code.lower(),
        bare,
        f" {bare[:2]} {bare[2:]} ",
        code.replace("1", "I").replace("0", "o"),
    ):
        assert codes.hashes(typed) == [kept.hash]


@pytest.mark.parametrize(
    "typed", ["", "K7QM-3F2", "K7QM-3F2PX", "K7QM-3F2U", "é" * 8, "\ud800" * 8, "8" * 400]
)
def test_what_is_no_code_is_not_looked_for(typed: str) -> None:
    assert JoinCodes(lambda: [NEW]).hashes(typed) == []


def test_what_is_kept_tells_the_code_to_nobody_without_the_key() -> None:
    code, kept = JoinCodes(lambda: [OLD]).made("class_1", "salt", expires_at=1.0)
    assert code not in str(astuple(kept))
    assert JoinCodes(lambda: [OLD]).shown("class_1", kept) == code
    assert JoinCodes(lambda: [NEW]).shown("class_1", kept) is None
    assert JoinCodes(lambda: [OLD]).shown("class_2", kept) is None


def test_a_code_outlives_a_rotation_as_long_as_its_key_is_accepted() -> None:
    code, kept = JoinCodes(lambda: [OLD]).made("class_1", "salt", expires_at=1.0)
    both = JoinCodes(lambda: [NEW, OLD])
    assert both.shown("class_1", kept) == code
    assert kept.hash in both.hashes(code)
    assert kept.hash not in JoinCodes(lambda: [NEW]).hashes(code)
