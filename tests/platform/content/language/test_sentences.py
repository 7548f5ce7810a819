"""Where sentences end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.language.sentences import balanced, split_sentences

ENGLISH = lexicon_for("en")


def split(text: str) -> list[str]:
    return list(split_sentences(text, ENGLISH))


@pytest.mark.parametrize(
    "sentences",
    [
        ["Rain falls.", "Rivers rise!", "Why?"],
        ["Dr. Curie met Mr. Hahn.", "They spoke."],
        ["The U.S. Navy sailed to St. Helena.", "It stayed."],
        ["It grew 3.5 percent in 2020.", "Then it fell."],
        ["See Fig. 2 and No. 7.", "He said no.", "She left."],
        ["Use metals, e.g. iron, copper, etc. to build it.", "It works."],
        ["She rose at 6 a.m. The bus had gone."],
        ["J. K. Rowling wrote it.", "Plants need vitamin C. They make it."],
        ['He shouted, "Stop!" and ran.', "\u201cGo on.\u201d", "It went on."],
        ["It weighed 10 kg. The other one was lighter."],
        ["Wait... what is it?", "Nobody knows\u2026", "Silence."],
        ["(It was late.)", "They slept."],
    ],
)
def test_sentences_joined_are_found_again(sentences: list[str]) -> None:
    found = split(" ".join(sentences))
    expected = [part for sentence in sentences for part in KNOWN_INSIDE.get(sentence, [sentence])]
    assert found == expected


# Two sentences in one string, parted by a stop that also belongs to an abbreviation, a unit or an initial.
KNOWN_INSIDE = {
    "She rose at 6 a.m. The bus had gone.": ["She rose at 6 a.m.", "The bus had gone."],
    "Plants need vitamin C. They make it.": ["Plants need vitamin C.", "They make it."],
    "It weighed 10 kg. The other one was lighter.": ["It weighed 10 kg.", "The other one was lighter."],
}


def test_scripts_without_spaces_after_the_stop_are_split() -> None:
    assert split("\u6c34\u3002\u96e8\uff01") == ["\u6c34\u3002", "\u96e8\uff01"]


def test_other_languages_split_without_tables() -> None:
    text = "El agua sube. Las nubes crecen."
    assert list(split_sentences(text, lexicon_for("es"))) == ["El agua sube.", "Las nubes crecen."]


@pytest.mark.parametrize(
    ("text", "is_balanced"), [('He said "go".', True), ('He said "go.', False), ("(a] b", False)]
)
def test_unclosed_quotations_and_brackets_are_told(text: str, is_balanced: bool) -> None:
    assert balanced(text) is is_balanced


@given(st.text(alphabet=st.sampled_from("ab AB.!?\u2026\"'()1,"), max_size=200))
def test_sentences_joined_by_spaces_give_the_line_again(text: str) -> None:
    line = " ".join(text.split())
    assert " ".join(split(line)) == line
