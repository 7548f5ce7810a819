"""Words, numbers and their forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.content.language.tokens import is_plural, singular, stem, tokenise, variants


def test_words_numbers_hyphens_and_possessives() -> None:
    tokens = tokenise("Newton's well-known law, 1,200.5 km; it doesn\u2019t fail.")
    assert [token.lower for token in tokens] == [
        "newton",
        "well-known",
        "law",
        "1,200.5",
        "km",
        "it",
        "doesn\u2019t",
        "fail",
    ]
    assert [token.text for token in tokens if token.number] == ["1,200.5"]


@given(st.text(max_size=200))
def test_tokens_stand_where_they_say_and_in_order(text: str) -> None:
    end = 0
    for token in tokenise(text):
        assert end <= token.start < token.end
        assert text[token.start : token.end] == token.text
        end = token.end


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("clouds", "cloud"),
        ("bodies", "body"),
        ("processes", "process"),
        ("boxes", "box"),
        ("glass", "glass"),
        ("axis", "axis"),
    ],
)
def test_singular_by_form(plural: str, one: str) -> None:
    assert singular(plural, "en") == one
    assert is_plural(plural, "en") is (plural != one)


def test_plurals_without_s_are_known() -> None:
    assert is_plural("stomata", "en")
    assert not is_plural("water", "en")


@pytest.mark.parametrize(
    ("one", "other"), [("evaporates", "evaporation"), ("condensed", "condensation"), ("river", "rivers")]
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one, "en") == stem(other, "en")


@pytest.mark.parametrize(
    ("one", "other", "are_variants"),
    [
        ("water vapour", "vapour", True),
        ("hydrate", "hydration", True),
        ("rain", "rains", True),
        ("evaporation", "condensation", False),
    ],
)
def test_variants_are_forms_or_parts_of_one_another(one: str, other: str, are_variants: bool) -> None:
    assert variants(one, other, "en") is are_variants
