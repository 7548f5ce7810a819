"""A reader of Moodle XML, by its published documentation and by what Moodle's own export holds."""

from lxml import etree

from readers.quiz import ReadQuestion, shown
from readers.structure import Model, check, parse, unique

__all__ = ["read_moodle"]

_FORMAT = {"format": "html|moodle_auto_format|plain_text|markdown"}
_FORMATTED = Model("text", ("format",), values=_FORMAT)
_WORDS = Model(mixed=True)
_FEEDBACKS = "correctfeedback partiallycorrectfeedback incorrectfeedback"
_MODELS = {
    "quiz": Model("question*"),
    "question": Model(
        "(category info idnumber) |"
        "(name questiontext generalfeedback defaultgrade penalty hidden idnumber ("
        f"(single shuffleanswers answernumbering showstandardinstruction {_FEEDBACKS} answer answer+) |"
        "(answer answer) | (usecase answer+) |"
        "(answer+ units? unitgradingtype unitpenalty showunits unitsleft) |"
        f"(shuffleanswers {_FEEDBACKS} subquestion+) |"
        f"(layouttype selecttype selectcount gradingtype showgrading numberingstyle {_FEEDBACKS}"
        " shownumcorrect answer+)) tags)",
        ("type",),
        values={"type": "category|multichoice|truefalse|shortanswer|numerical|matching|ordering"},
    ),
    "name": Model("text"),
    "category": Model("text"),
    "text": _WORDS,
    "info": _FORMATTED,
    "questiontext": _FORMATTED,
    "generalfeedback": _FORMATTED,
    "feedback": _FORMATTED,
    "correctfeedback": _FORMATTED,
    "partiallycorrectfeedback": _FORMATTED,
    "incorrectfeedback": _FORMATTED,
    "subquestion": Model("text answer", ("format",), values=_FORMAT),
    "answer": Model(
        "text (feedback tolerance?)?", (), ("fraction", "format"), {**_FORMAT, "fraction": "[0-9]+"}
    ),
    "units": Model("unit+"),
    "unit": Model("multiplier unit_name"),
    "tags": Model("tag*"),
    "tag": Model("text"),
    **dict.fromkeys(
        (
            *(
                "idnumber",
                "defaultgrade",
                "penalty",
                "hidden",
                "usecase",
                "tolerance",
                "multiplier",
                "unit_name",
            ),
            *("single", "shuffleanswers", "answernumbering", "showstandardinstruction", "unitgradingtype"),
            *(
                "unitpenalty",
                "showunits",
                "unitsleft",
                "layouttype",
                "selecttype",
                "selectcount",
                "gradingtype",
            ),
            *("showgrading", "numberingstyle", "shownumcorrect"),
        ),
        _WORDS,
    ),
}


def read_moodle(content: bytes) -> tuple[str, list[ReadQuestion]]:
    """The category's path, and the questions in it."""
    root = parse(content)
    check(root, _MODELS, [None])
    first, *questions = root
    assert first.get("type") == "category"
    unique(_said(each, "idnumber") for each in questions)
    for each in questions:
        assert 0 < len(_said(each, "name/text")) <= 255
        assert len(_said(each, "idnumber")) <= 100
        assert 0 <= float(_said(each, "penalty")) <= 1
    return _said(first, "category/text"), [_question(each) for each in questions]


def _question(each: etree._Element) -> ReadQuestion:
    kind, options, right = _READERS[each.get("type", "")](each)
    tags = dict(tag.split(": ", 1) for tag in (_said(tag, "text") for tag in each.iterfind("tags/tag")))
    return ReadQuestion(
        kind,
        shown(_said(each, "questiontext/text")),
        options,
        right,
        shown(_said(each, "generalfeedback/text")),
        tags.get("objective"),
        tags.get("difficulty"),
    )


def _multichoice(each: etree._Element) -> tuple[str, tuple[str, ...], object]:
    assert _said(each, "single") == "true"
    answers = [(answer.get("fraction"), shown(_said(answer, "text"))) for answer in each.iterfind("answer")]
    (right,) = (text for fraction, text in answers if fraction == "100")
    assert {fraction for fraction, _ in answers} == {"0", "100"}
    return "choice", tuple(text for _, text in answers), right


def _truefalse(each: etree._Element) -> tuple[str, tuple[str, ...], object]:
    answers = {_said(answer, "text"): answer.get("fraction") for answer in each.iterfind("answer")}
    assert sorted(answers.items()) in ([("false", "0"), ("true", "100")], [("false", "100"), ("true", "0")])
    return "true_false", (), answers["true"] == "100"


def _shortanswer(each: etree._Element) -> tuple[str, tuple[str, ...], object]:
    assert all(answer.get("fraction") == "100" for answer in each.iterfind("answer"))
    texts = [_said(answer, "text") for answer in each.iterfind("answer")]
    assert not any("*" in text.replace("\\*", "") for text in texts), "a bare star is any characters"
    return "typed", (), tuple(text.replace("\\*", "*") for text in texts)


def _numerical(each: etree._Element) -> tuple[str, tuple[str, ...], object]:
    spans = []
    for answer in each.iterfind("answer"):
        middle, off = float(_said(answer, "text")), float(_said(answer, "tolerance"))
        spans.append((middle - off, middle + off))
    assert (_said(each, "showunits") == "3") == (each.find("units") is None)
    return "numeric", (), tuple(spans)


def _matching(each: etree._Element) -> tuple[str, tuple[str, ...], object]:
    pairs = [(shown(_said(sub, "text")), _said(sub, "answer/text")) for sub in each.iterfind("subquestion")]
    assert sum(bool(prompt) for prompt, _ in pairs) >= 2
    partners = tuple(dict.fromkeys(partner for _, partner in pairs))
    return "matching", partners, tuple(pair for pair in pairs if pair[0])


def _ordering(each: etree._Element) -> tuple[str, tuple[str, ...], object]:
    answers = [
        (int(answer.get("fraction", "")), shown(_said(answer, "text"))) for answer in each.iterfind("answer")
    ]
    assert [place for place, _ in answers] == list(range(1, len(answers) + 1))
    assert _said(each, "selecttype") == "ALL"
    return "ordering", tuple(text for _, text in answers), tuple(text for _, text in answers)


_READERS = {
    "multichoice": _multichoice,
    "truefalse": _truefalse,
    "shortanswer": _shortanswer,
    "numerical": _numerical,
    "matching": _matching,
    "ordering": _ordering,
}


def _said(parent: etree._Element, path: str) -> str:
    found = parent.find(path)
    assert found is not None, path
    return found.text or ""
