"""The language of a text, told by its function words."""

from pathlib import Path

import pytest

from content_parts import SOURCE
from toolboxai.platform.content.language.detection import UNKNOWN, language_of

TEXTS = sorted((Path(__file__).parents[3] / "corpus" / "texts").glob("*.md"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_each_language_with_tables_is_found(path: Path) -> None:
    assert language_of(path.read_text(encoding="utf-8")) == path.stem[:2]


@pytest.mark.parametrize(
    "text",
    [
        "A evaporação é o processo pelo qual a água se transforma em vapor. O sol aquece a superfície do mar.",
        "L'évaporation est le processus par lequel l'eau se transforme en vapeur sous l'effet du soleil.",
        "Verdamping is het proces waarbij vloeibaar water in damp verandert. De zon verwarmt de oceanen.",
        "L'evaporació és el procés pel qual l'aigua líquida es transforma en vapor. El sol escalfa la mar.",
        "Испарение превращает воду в пар. Солнце нагревает поверхность океанов.",
        "1 2 3",
        "",
    ],
)
def test_another_language_is_not_taken_for_its_neighbour(text: str) -> None:
    assert language_of(text) == UNKNOWN


def test_a_short_text_is_enough() -> None:
    assert language_of(SOURCE[:300]) == "en"
