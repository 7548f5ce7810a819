"""The sentences of the pages: what they are made with is there. A name that is not shows only when that one is said."""

import re
from importlib.resources import files

import pytest

STATIC = files("toolboxai.web") / "static"
SCRIPTS = {
    file.name: file.read_text(encoding="utf-8")
    for file in STATIC.iterdir()
    if file.name.endswith(".js") and ".min." not in file.name
}
EXPORTED = {
    name
    for text in SCRIPTS.values()
    for name in re.findall(r"^export (?:function|class|const) (\w+)", text, re.MULTILINE)
}


def names_without_a_meaning(text: str) -> set[str]:
    """Names of constants, and of what other scripts have, that are used and neither made nor imported."""
    code = re.sub(r"/\*[^*]*\*/|(?m:^ *//.*$)", "", text)
    code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', code)
    known = {
        name.strip()
        for names in re.findall(r"import \{([^}]*)\}", code)
        for name in names.replace(" as ", ",").split(",")
    }
    known |= set(re.findall(r"(?:function|class|const) (\w+)", code))
    used = set(re.findall(r"(?<![\w.$#])([A-Z][A-Z_]+)\b(?=[.\[])", code))
    used |= {name for name in re.findall(r"(?<![\w.$#])(\w+)\(", code) if name in EXPORTED}
    return used - known


@pytest.mark.parametrize("name", sorted(name for name in SCRIPTS if name.endswith("words.js")))
def test_every_name_in_them_has_a_meaning(name: str) -> None:
    assert names_without_a_meaning(SCRIPTS[name]) == set()


def test_one_that_has_none_is_found() -> None:
    text = 'import { size } from "./words.js";\nconst MADE = {};\nsay: (n) => `${size(n)} ${clock(n)} ${MADE[n]} ${FACTS[n]}`'
    assert names_without_a_meaning(text) == {"clock", "FACTS"}
