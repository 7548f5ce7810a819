"""A reader of GIFT by the grammar of Moodle's documentation: a tokeniser for escapes, then questions, then answers."""

import re
from collections.abc import Iterator

from readers.quiz import ReadQuestion, shown

__all__ = ["read_gift"]

# An escaped character is moved to the private area while the marks that mean something are looked for.
_AWAY = {character: chr(0xE000 + ord(character)) for character in "~=#{}:\\\n"}
_BACK = {ord(away): character for character, away in _AWAY.items()}
_QUESTION = re.compile(
    r"::(?P<name>[^:]*)::\[(?P<format>html|plain)\](?P<text>[^{}]*)\{(?P<answers>[^{}]*)\}", re.DOTALL
)
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"


def read_gift(content: bytes) -> list[ReadQuestion]:
    """The questions, in order."""
    return [_question(block) for block in re.split(r"\n[ \t]*\n", content.decode()) if "::" in block]


def _question(block: str) -> ReadQuestion:
    lines = block.strip().split("\n")
    comments = [line for line in lines if line.startswith("//")]
    text = "\n".join(line for line in lines if not line.startswith("//"))
    found = _QUESTION.fullmatch("".join(_tokens(text)))
    assert found, block
    assert found["name"].strip()
    assert found["format"] == "html"
    answers, _, feedback = found["answers"].rpartition("####")
    tags = dict(
        re.findall(r"\[tag:(\w+): ((?:\\\]|[^\]<>`])+)\]", "\n".join(comments)),
    )
    kind, options, right = _answers(answers.strip())
    return ReadQuestion(
        kind,
        shown(found["text"].strip().translate(_BACK)),
        options,
        right,
        _html(feedback),
        tags["objective"].replace("\\]", "]") if "objective" in tags else None,
        tags["difficulty"],
    )


def _tokens(text: str) -> Iterator[str]:
    characters = iter(text)
    for character in characters:
        if character != "\\":
            yield character
            continue
        escaped = next(characters)
        assert escaped in "~=#{}:\\n", f"a backslash before {escaped!r}"
        yield _AWAY["\n" if escaped == "n" else escaped]


def _answers(text: str) -> tuple[str, tuple[str, ...], object]:
    if text in ("T", "TRUE", "F", "FALSE"):
        return "true_false", (), text.startswith("T")
    if text.startswith("#"):
        return "numeric", (), tuple(_span(part.strip()) for part in text[1:].split("=")[1:])
    if "~" in text:
        marked = [(mark, _option(mark, part.strip())) for mark, part in re.findall(r"([=~])([^=~]*)", text)]
        (right,) = (option for mark, option in marked if mark == "=")
        return "choice", tuple(option for _, option in marked), right
    before, *parts = text.split("=")
    assert not before.strip()
    if all("->" in part for part in parts):
        pairs = [tuple(side.strip() for side in part.split("->", 1)) for part in parts]
        read = [(_html(prompt), partner.translate(_BACK)) for prompt, partner in pairs]
        partners = tuple(dict.fromkeys(partner for _, partner in read))
        return "matching", partners, tuple(pair for pair in read if pair[0])
    assert not any("->" in part for part in parts)
    return "typed", (), tuple(_typed(part.strip()) for part in parts)


def _span(part: str) -> tuple[float, float]:
    middle, off = re.fullmatch(rf"({_NUMBER}):({_NUMBER})", part).groups()  # type: ignore[union-attr]
    return float(middle) - float(off), float(middle) + float(off)


def _option(mark: str, part: str) -> str:
    weight = re.match(r"%-?[0-9]{1,2}\.?[0-9]*%", part) if mark == "~" else None
    assert weight is None or weight[0] == "%0%"
    return _html(part[weight.end() :] if weight else part)


def _typed(part: str) -> str:
    weight = re.match(r"%-?[0-9]{1,2}\.?[0-9]*%", part)
    assert weight is None or weight[0] == "%100%"
    text = _format(part[weight.end() :] if weight else part, "plain")
    assert not re.search(r"(?<!\\)\*", text), "a bare star is any characters"
    return text.replace("\\*", "*")


def _html(text: str) -> str:
    return shown(_format(text, "html"))


def _format(text: str, name: str) -> str:
    """Without the name of its format, which must be the one expected; what else stands in brackets is text."""
    found = re.match(r"\[(html|plain|moodle|markdown)\]", text)
    assert found is None or found[1] == name
    return text[found.end() if found else 0 :].strip().translate(_BACK)
