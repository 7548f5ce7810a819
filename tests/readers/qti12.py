"""A reader of QTI 1.2, by its content models; ``common_cartridge`` holds it to the profile of Common Cartridge."""

from lxml import etree

from readers.quiz import ReadQuestion, shown
from readers.structure import Model, check, parse, unique

__all__ = ["read_qti12"]

_SPACE = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_Q = {"q": _SPACE}
_MODELS = {
    "questestinterop": Model("assessment"),
    "assessment": Model("qtimetadata* section+", ("ident", "title")),
    "section": Model("item*", ("ident",), ("title",)),
    "item": Model(
        "itemmetadata? objectives* presentation resprocessing* itemfeedback*", ("ident",), ("title",)
    ),
    "itemmetadata": Model("qtimetadata*"),
    "qtimetadata": Model("qtimetadatafield+"),
    "qtimetadatafield": Model("fieldlabel fieldentry"),
    "fieldlabel": Model(mixed=True),
    "fieldentry": Model(mixed=True),
    "objectives": Model("material+"),
    "presentation": Model("material (response_lid+ | response_str)"),
    "material": Model("mattext+"),
    "mattext": Model("", (), ("texttype",), {"texttype": "text/(plain|html)"}, mixed=True),
    "response_lid": Model(
        "material? (render_choice | render_extension)",
        ("ident",),
        ("rcardinality",),
        {"rcardinality": "Single|Multiple|Ordered"},
    ),
    "response_str": Model("render_fib", ("ident",), ("rcardinality",), {"rcardinality": "Single"}),
    "render_choice": Model("response_label+", (), ("shuffle",)),
    "render_extension": Model("ims_render_object"),
    "ims_render_object": Model("response_label+", (), ("shuffle", "orientation"), {"shuffle": "Yes|No"}),
    "render_fib": Model(
        "response_label*", (), ("fibtype",), {"fibtype": "String|Integer|Decimal|Scientific"}
    ),
    "response_label": Model("material?", ("ident",), ("rshuffle",), {"rshuffle": "Yes|No"}),
    "resprocessing": Model("outcomes respcondition+"),
    "outcomes": Model("decvar+"),
    "decvar": Model(
        "",
        (),
        ("varname", "vartype", "minvalue", "maxvalue"),
        {"vartype": "Integer|String|Decimal|Scientific|Boolean|Enumerated|Set"},
    ),
    "respcondition": Model(
        "conditionvar setvar* displayfeedback*", (), ("continue", "title"), {"continue": "Yes|No"}
    ),
    "conditionvar": Model("(other | or | and | varequal | vargte | varlte)+"),
    "or": Model("(and | varequal)+"),
    "and": Model("(varequal | vargte | varlte)+"),
    "other": Model(),
    "varequal": Model("", ("respident",), ("case",), {"case": "Yes|No"}, mixed=True),
    "vargte": Model("", ("respident",), mixed=True),
    "varlte": Model("", ("respident",), mixed=True),
    "setvar": Model(
        "", (), ("action", "varname"), {"action": "Set|Add|Subtract|Multiply|Divide"}, mixed=True
    ),
    "displayfeedback": Model(
        "", ("linkrefid",), ("feedbacktype",), {"feedbacktype": "Response|Solution|Hint"}
    ),
    "itemfeedback": Model("flow_mat+", ("ident",)),
    "flow_mat": Model("material+"),
}
_CANVAS = {
    "multiple_choice_question": "choice",
    "true_false_question": "true_false",
    "short_answer_question": "typed",
    "numerical_question": "numeric",
    "matching_question": "matching",
    "ordering_question": "ordering",
}
_CARTRIDGE = {
    "cc.multiple_choice.v0p1": "choice",
    "cc.true_false.v0p1": "true_false",
    "cc.fib.v0p1": "typed",
}
# What the profile of Common Cartridge leaves of QTI 1.2.
_NOT_IN_CARTRIDGES = {"objectives", "render_extension", "ims_render_object", "vargte", "varlte", "or", "and"}


def read_qti12(content: bytes, *, common_cartridge: bool = False) -> tuple[str, list[ReadQuestion]]:
    """The assessment's title and its questions."""
    root = parse(content)
    models = {name: m for name, m in _MODELS.items() if not (common_cartridge and name in _NOT_IN_CARTRIDGES)}
    check(root, models, [_SPACE])
    assessment = root[0]
    if common_cartridge:
        assert _fields(assessment)["cc_profile"] == "cc.exam.v0p1"
        assert _fields(assessment)["qmd_assessmenttype"] == "Examination"
    items = assessment.findall("q:section/q:item", _Q)
    unique(each.get("ident", "") for each in items)
    kinds, name = (_CARTRIDGE, "cc_profile") if common_cartridge else (_CANVAS, "question_type")
    return assessment.get("title", ""), [
        _question(each, kinds[_fields(each.find("q:itemmetadata", _Q))[name]]) for each in items
    ]


def _fields(parent: etree._Element | None) -> dict[str, str]:
    assert parent is not None
    found = parent.findall("q:qtimetadata/q:qtimetadatafield", _Q)
    labels = [each.findtext("q:fieldlabel", "", _Q) for each in found]
    unique(labels)
    return dict(zip(labels, (each.findtext("q:fieldentry", "", _Q) for each in found), strict=True))


def _question(item: etree._Element, kind: str) -> ReadQuestion:
    presentation = _one(item, "q:presentation")
    responses = presentation.findall("q:response_lid", _Q) or presentation.findall("q:response_str", _Q)
    idents = unique(each.get("ident", "") for each in responses)
    assert all(each.get("respident") in idents for each in item.iter(f"{{{_SPACE}}}varequal"))
    labels = {
        each.get("ident", ""): _words(each)
        for each in responses[0].iter(f"{{{_SPACE}}}response_label")
        if len(each)
    }
    feedback, conditions = _feedback(item)
    fields = _fields(item.find("q:itemmetadata", _Q))
    if "original_answer_ids" in fields:
        # Canvas gives these numbers to the answers one by one; to match, the answers are what stands on the left.
        numbered = (
            [each.get("ident", "").removeprefix("response_") for each in responses]
            if kind == "matching"
            else list(labels)
        )
        assert fields["original_answer_ids"].split(",") == numbered
        assert all(each.isdigit() for each in (*numbered, *labels))
        assert len({*numbered, *labels}) == len(labels) + (len(numbered) if kind == "matching" else 0)
    right, options = _right(kind, responses, labels, conditions), tuple(labels.values())
    if kind == "true_false":
        right, options = options.index(right) == 0, ()
    objectives = item.find("q:objectives", _Q)
    return ReadQuestion(
        kind,
        _words(presentation),
        options,
        right,
        feedback,
        None if objectives is None else _words(objectives),
        fields.get("qmd_levelofdifficulty"),
    )


def _feedback(item: etree._Element) -> tuple[str, list[etree._Element]]:
    """What is told after each answer, and the conditions that score."""
    first, *others = item.findall("q:resprocessing/q:respcondition", _Q)
    assert first.find("q:conditionvar/q:other", _Q) is not None
    assert first.get("continue") == "Yes"
    told = item.find(
        f"q:itemfeedback[@ident='{_one(first, 'q:displayfeedback').get('linkrefid')}']/q:flow_mat", _Q
    )
    assert told is not None
    most = float(_one(item, "q:resprocessing/q:outcomes/q:decvar").get("maxvalue", ""))
    actions = {_one(each, "q:setvar").get("action") for each in others}
    scores = [float(each.findtext("q:setvar", "", _Q)) for each in others]
    assert (actions == {"Add"} and abs(sum(scores) - most) < 1e-9) or (
        actions == {"Set"} and set(scores) == {most}
    )
    return _words(told), others


def _right(
    kind: str, responses: list[etree._Element], labels: dict[str, str], conditions: list[etree._Element]
) -> object:
    tests = [list(each.iterfind("q:conditionvar/*", _Q)) for each in conditions]
    if kind in ("choice", "true_false"):
        ((only,),) = tests
        return labels[only.text or ""]
    if kind == "typed":
        assert all(len(each) == 1 and each[0].get("case") == "No" for each in tests)
        return tuple(each[0].text for each in tests)
    if kind == "ordering":
        (each,) = tests
        assert responses[0].get("rcardinality") == "Ordered"
        return tuple(labels[test.text or ""] for test in each)
    if kind == "numeric":
        return tuple(_span(each[0]) for each in tests)
    prompts = {each.get("ident"): _words(each) for each in responses}
    shown_labels = [[_words(one) for one in each.iter(f"{{{_SPACE}}}response_label")] for each in responses]
    assert all(each == list(labels.values()) for each in shown_labels)
    pairs = {prompts[each[0].get("respident")]: labels[each[0].text or ""] for each in tests}
    assert set(pairs) == set(prompts.values())
    return tuple((prompt, pairs[prompt]) for prompt in prompts.values())


def _span(alternatives: etree._Element) -> tuple[float, float]:
    least, most, exact = (
        float(_one(alternatives, path).text or "")
        for path in ("q:and/q:vargte", "q:and/q:varlte", "q:varequal")
    )
    assert least <= exact <= most
    return least, most


def _words(parent: etree._Element) -> str:
    mattext = _one(parent, "q:material/q:mattext")
    text = mattext.text or ""
    return shown(text) if mattext.get("texttype") == "text/html" else text


def _one(parent: etree._Element, path: str) -> etree._Element:
    (found,) = parent.findall(path, _Q)
    return found
