"""How many syllables a word has, by its spelling. Right for about nine words of ten and within a few per cent over a text."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

__all__ = ["syllables"]

_VOWEL_GROUP: Final = re.compile(r"[aeiouy\u00e0-\u00fc]+")
# Two vowels side by side that are spoken apart: cre-ate, ra-di-o, sci-ence, flu-id, nu-cle-i, a-re-a, la-yer.
_HIATUS: Final = re.compile(
    r"(?<![tscgxl])i[ao](?!u)|iou(?=s)(?<![tscgx]iou)|iu|(?<=[cr])ea(?=t(?:e|i|or))|ea(?=$|n$|ns$)(?<=[rnd]ea)"
    r"|eo(?=[lng])|(?<=[tn])u(?=ous)|u[ai](?=[dlt])(?<!qu[ai])|eu(?=m)|ei$|ie(?=n|t)|[aeiou]y(?=[aeiou])"
)
# An e that is not spoken: stone, moved, waves, movement; but not created, reaches, table.
_SILENT_E: Final = re.compile(
    r"(?<=[^aeiouy])e$|[^aeiouydt]ed$|[^aeiouyscxzgh]es$|[^cs]hes$|(?<=[aeiou][vgtsdn])e(?=ment|ful|less|ly$)"
)
_SYLLABIC_LE: Final = re.compile(r"[^aeiouyl]le[sd]?$")

# Spanish: a weak vowel without accent joins its neighbours; the u of que, qui, gue, gui is not spoken. An h between
# vowels parts nothing, a y is a vowel at the end alone.
_SPANISH_MUTE: Final = re.compile(r"(?<=q)u|(?<=g)u(?=[eéií])|(?<=[aeiouáéíóúü])h(?=[aeiouáéíóúü])")
_SPANISH_Y: Final = re.compile(r"y(?=[aeiouáéíóúü])")
_SPANISH_NUCLEUS: Final = re.compile(r"[iuüy]?[aeoáéó][iuüy]?(?![aeiouáéíóúü])|[iuüy]?[aeoáéó]|[íú]|[iuüy]+")

# German: two written vowels that are one, else each is spoken; ie at the end of foreign words is two (Fa-mi-li-e).
_GERMAN_NUCLEUS: Final = re.compile(r"aa|ee|oo|ie|ei|ai|ey|ay|au|äu|eu|ou(?=r)|(?<=q)u|[aeiouyäöüéèà]")
_GERMAN_APART: Final = re.compile(r"(?:mil|lin)ien?$|(?<!kn)ien$(?<!milien)(?<!linien)")


@lru_cache(maxsize=20_000)
def syllables(word: str, language: str) -> int:
    """Syllables of a lower-case word, at least 1; in a language without rules its groups of vowels."""
    return max(1, _RULES.get(language, _groups)(word))


def _groups(word: str) -> int:
    return len(_VOWEL_GROUP.findall(word))


def _english(word: str) -> int:
    count = _groups(word) + len(_HIATUS.findall(word))
    if not _SYLLABIC_LE.search(word):
        count -= len(_SILENT_E.findall(word))
    return count


def _spanish(word: str) -> int:
    return len(_SPANISH_NUCLEUS.findall(_SPANISH_Y.sub("ll", _SPANISH_MUTE.sub("", word))))


def _german(word: str) -> int:
    return len(_GERMAN_NUCLEUS.findall(word)) - word.count("qu") + len(_GERMAN_APART.findall(word))


_RULES: Final[Mapping[str, Callable[[str], int]]] = {"en": _english, "es": _spanish, "de": _german}
