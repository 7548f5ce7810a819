"""A reader of QTI 2.1: the structure of tests and items, and what their declarations say is right."""

from lxml import etree

from readers.packages import Packed
from readers.quiz import ReadQuestion
from readers.structure import Model, check, local, parse, unique

__all__ = ["read_qti21"]

_SPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_Q = {"q": _SPACE}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_CARDINALITY = {"cardinality": "single|multiple|ordered", "baseType": "identifier|string|float|directedPair"}
_INLINE = "(br | textEntryInteraction)*"
_BOOLEAN = "true|false"
_MODELS = {
    "assessmentTest": Model("outcomeDeclaration* testPart+ outcomeProcessing?", ("identifier", "title")),
    "testPart": Model(
        "assessmentSection+",
        ("identifier", "navigationMode", "submissionMode"),
        values={"navigationMode": "linear|nonlinear", "submissionMode": "individual|simultaneous"},
    ),
    "assessmentSection": Model(
        "assessmentItemRef*", ("identifier", "title", "visible"), values={"visible": _BOOLEAN}
    ),
    "assessmentItemRef": Model("", ("identifier", "href")),
    "outcomeProcessing": Model("setOutcomeValue+"),
    "sum": Model("testVariables+"),
    "testVariables": Model("", ("variableIdentifier",)),
    "assessmentItem": Model(
        "responseDeclaration* outcomeDeclaration* itemBody? responseProcessing? modalFeedback*",
        ("identifier", "title", "adaptive", "timeDependent"),
        (_LANG,),
        {"adaptive": _BOOLEAN, "timeDependent": _BOOLEAN},
    ),
    "responseDeclaration": Model(
        "correctResponse? mapping?", ("identifier", "cardinality"), ("baseType",), _CARDINALITY
    ),
    "outcomeDeclaration": Model("defaultValue?", ("identifier", "cardinality"), ("baseType",), _CARDINALITY),
    "defaultValue": Model("value+"),
    "correctResponse": Model("value+"),
    "value": Model(mixed=True),
    "mapping": Model("mapEntry+", ("defaultValue",), ("lowerBound", "upperBound")),
    "mapEntry": Model("", ("mapKey", "mappedValue"), ("caseSensitive",), {"caseSensitive": _BOOLEAN}),
    "itemBody": Model("(p | choiceInteraction | orderInteraction | matchInteraction)+"),
    "p": Model(_INLINE, mixed=True),
    "br": Model(),
    "prompt": Model("br*", mixed=True),
    "choiceInteraction": Model("prompt? simpleChoice+", ("responseIdentifier", "shuffle", "maxChoices")),
    "orderInteraction": Model("prompt? simpleChoice+", ("responseIdentifier", "shuffle")),
    "simpleChoice": Model("br*", ("identifier",), mixed=True),
    "matchInteraction": Model(
        "prompt? simpleMatchSet simpleMatchSet", ("responseIdentifier", "shuffle", "maxAssociations")
    ),
    "simpleMatchSet": Model("simpleAssociableChoice*"),
    "simpleAssociableChoice": Model("br*", ("identifier", "matchMax"), mixed=True),
    "textEntryInteraction": Model("", ("responseIdentifier",), ("expectedLength",)),
    "responseProcessing": Model("responseCondition*", (), ("template",)),
    "responseCondition": Model("responseIf"),
    "responseIf": Model("or setOutcomeValue"),
    "or": Model("equal+"),
    "equal": Model(
        "variable baseValue", ("toleranceMode",), ("tolerance",), {"toleranceMode": "exact|absolute"}
    ),
    "variable": Model("", ("identifier",)),
    "baseValue": Model("", ("baseType",), mixed=True),
    "setOutcomeValue": Model("baseValue | sum", ("identifier",)),
    "modalFeedback": Model(
        "p*", ("outcomeIdentifier", "identifier", "showHide"), values={"showHide": "show|hide"}
    ),
}
_TEMPLATES = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/"
_LOM_DIFFICULTY = {"easy": "easy", "medium": "medium", "difficult": "hard", "very difficult": "expert"}


def read_qti21(package: Packed) -> tuple[str, list[ReadQuestion]]:
    """The test's title and its questions, in the order in which the test refers to them."""
    ((resource, content),) = package.of_type("imsqti_test_xmlv2p1")
    test = parse(content)
    check(test, _MODELS, [_SPACE])
    items = package.of_type("imsqti_item_xmlv2p1")
    by_href = {each.get("href"): (each, content) for each, content in items}
    needed = [each.get("identifierref") for each in resource if local(each) == "dependency"]
    assert needed == [each.get("identifier") for each, _ in items]
    references = list(test.iter(f"{{{_SPACE}}}assessmentItemRef"))
    unique(each.get("identifier", "") for each in references)
    questions = []
    for each in references:
        described, file = by_href[each.get("href")]
        item = parse(file)
        check(item, _MODELS, [_SPACE])
        assert item.get("identifier") == each.get("identifier")
        questions.append(_question(item, described))
    return test.get("title", ""), questions


def _question(item: etree._Element, described: etree._Element) -> ReadQuestion:
    declared = _one(item, "q:responseDeclaration")
    body = _one(item, "q:itemBody")
    (interaction,) = (each for each in body.iter() if each.get("responseIdentifier"))
    assert interaction.get("responseIdentifier") == declared.get("identifier") == "RESPONSE"
    name = local(interaction)
    assert described.findtext(".//{http://www.imsglobal.org/xsd/imsqti_metadata_v2p1}interactionType") == name
    kind, options, right = _READERS[name](item, interaction, declared)
    feedback = _one(item, "q:modalFeedback")
    told = item.find(f"q:outcomeDeclaration[@identifier='{feedback.get('outcomeIdentifier')}']", _Q)
    assert told is not None
    assert told.findtext("q:defaultValue/q:value", "", _Q) == feedback.get("identifier")
    return ReadQuestion(
        kind,
        _asked(body, interaction),
        options,
        right,
        "\n".join(_words(each) for each in feedback),
        described.findtext(f".//{{{_LOM}}}classification/{{{_LOM}}}description/{{{_LOM}}}string"),
        _LOM_DIFFICULTY[described.findtext(f".//{{{_LOM}}}difficulty/{{{_LOM}}}value") or ""],
    )


def _asked(body: etree._Element, interaction: etree._Element) -> str:
    if local(interaction) != "textEntryInteraction":
        return _words(_one(interaction, "q:prompt"))
    first = body[0]
    return _words(first)


def _choice(
    item: etree._Element, interaction: etree._Element, declared: etree._Element
) -> tuple[str, tuple[str, ...], object]:
    assert (declared.get("cardinality"), declared.get("baseType")) == ("single", "identifier")
    assert interaction.get("maxChoices") == "1"
    _template(item, "match_correct")
    choices = _named(interaction.iter(f"{{{_SPACE}}}simpleChoice"))
    (right,) = _correct(declared)
    texts = tuple(choices.values())
    if interaction.get("shuffle") == "false":
        return "true_false", (), texts.index(choices[right]) == 0
    return "choice", texts, choices[right]


def _order(
    item: etree._Element, interaction: etree._Element, declared: etree._Element
) -> tuple[str, tuple[str, ...], object]:
    assert (declared.get("cardinality"), declared.get("baseType")) == ("ordered", "identifier")
    _template(item, "match_correct")
    choices = _named(interaction.iter(f"{{{_SPACE}}}simpleChoice"))
    order = _correct(declared)
    assert sorted(order) == sorted(choices)
    return "ordering", tuple(choices.values()), tuple(choices[each] for each in order)


def _match(
    item: etree._Element, interaction: etree._Element, declared: etree._Element
) -> tuple[str, tuple[str, ...], object]:
    assert (declared.get("cardinality"), declared.get("baseType")) == ("multiple", "directedPair")
    _template(item, "map_response")
    left, right = (_named(each) for each in interaction.iterfind("q:simpleMatchSet", _Q))
    assert not set(left) & set(right)
    pairs = [pair.split(" ") for pair in _correct(declared)]
    mapped = {
        each.get("mapKey"): float(each.get("mappedValue", ""))
        for each in declared.iterfind(".//q:mapEntry", _Q)
    }
    assert list(mapped) == [" ".join(pair) for pair in pairs]
    assert abs(sum(mapped.values()) - 1) < 1e-9
    assert interaction.get("maxAssociations") == str(len(left))
    return "matching", tuple(right.values()), tuple((left[a], right[b]) for a, b in pairs)


def _entry(
    item: etree._Element, _: etree._Element, declared: etree._Element
) -> tuple[str, tuple[str, ...], object]:
    assert declared.get("cardinality") == "single"
    if declared.get("baseType") == "string":
        _template(item, "map_response")
        entries = declared.findall(".//q:mapEntry", _Q)
        assert all((each.get("mappedValue"), each.get("caseSensitive")) == ("1", "false") for each in entries)
        keys = tuple(each.get("mapKey", "") for each in entries)
        assert _correct(declared) == [keys[0]]
        return "typed", (), keys
    assert declared.get("baseType") == "float"
    spans = []
    for equal in item.iter(f"{{{_SPACE}}}equal"):
        middle = float(equal.findtext("q:baseValue", "", _Q))
        below, above = map(float, equal.get("tolerance", "0 0").split(" "))
        assert (equal.get("toleranceMode") == "exact") == (below == above == 0)
        spans.append((middle - below, middle + above))
    return "numeric", (), tuple(spans)


_READERS = {
    "choiceInteraction": _choice,
    "orderInteraction": _order,
    "matchInteraction": _match,
    "textEntryInteraction": _entry,
}


def _template(item: etree._Element, name: str) -> None:
    assert _one(item, "q:responseProcessing").get("template") == f"{_TEMPLATES}{name}"


def _correct(declared: etree._Element) -> list[str]:
    return [each.text or "" for each in declared.iterfind("q:correctResponse/q:value", _Q)]


def _named(elements: object) -> dict[str, str]:
    listed = [(each.get("identifier", ""), _words(each)) for each in elements]  # type: ignore[attr-defined]
    unique(name for name, _ in listed)
    return dict(listed)


def _words(parent: etree._Element) -> str:
    words = [parent.text or ""]
    for child in parent:
        words += ["\n" if local(child) == "br" else "_____", child.tail or ""]
    return "".join(words)


def _one(parent: etree._Element, path: str) -> etree._Element:
    (found,) = parent.findall(path, _Q)
    return found
