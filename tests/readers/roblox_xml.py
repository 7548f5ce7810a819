"""A strict reader of Roblox's XML form: what rbx-dom's notes on the format allow, and nothing beside it."""

import base64
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from readers.roblox_classes import CLASSES, ENUM_VALUES, REQUIRED

__all__ = ["ReadInstance", "read_attributes", "read_roblox_xml"]

_AXES = ("X", "Y", "Z")
_FRAME = (*_AXES, *(f"R{row}{column}" for row in range(3) for column in range(3)))


@dataclass
class ReadInstance:
    """An instance as it was read: values as Python has them, vectors, frames and colours as tuples."""

    class_name: str
    referent: str
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    children: list["ReadInstance"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.properties["Name"])

    def all(self) -> Iterator["ReadInstance"]:
        """Itself and all below, a parent before its children."""
        yield self
        for child in self.children:
            yield from child.all()

    def at(self, path: str) -> "ReadInstance":
        """The only one at a path of names."""
        found = self
        for name in path.split("/"):
            [found] = [child for child in found.children if child.name == name]
        return found


def read_roblox_xml(content: bytes) -> list[ReadInstance]:
    """The roots of a place or a model, with every reference led to the instance it means."""
    root = ElementTree.fromstring(content)
    assert (root.tag, root.attrib["version"]) == ("roblox", "4")
    assert not (root.text or "").strip()
    roots = []
    for element in root:
        assert not (element.tail or "").strip()
        if element.tag == "Meta":
            assert (element.attrib, element.text) == ({"name": "ExplicitAutoJoints"}, "true")
        else:
            roots.append(_instance(element))
    everything = [each for one in roots for each in one.all()]
    by_referent = {each.referent: each for each in everything}
    assert len(by_referent) == len(everything), "two items share a referent"
    assert "null" not in by_referent
    for each in everything:
        for name, kind in CLASSES[each.class_name].items():
            if kind == "Ref" and each.properties.get(name) is not None:
                each.properties[name] = by_referent[each.properties[name]]
    return roots


def _instance(element: ElementTree.Element) -> ReadInstance:
    assert element.tag == "Item"
    assert set(element.attrib) == {"class", "referent"}
    made = ReadInstance(element.attrib["class"], element.attrib["referent"])
    known = CLASSES[made.class_name]
    head, *rest = element
    assert head.tag == "Properties"
    assert not head.attrib
    for each in head:
        name = each.attrib["name"]
        assert set(each.attrib) == {"name"}
        assert known[name] == each.tag, f"{made.class_name}.{name} is a {known[name]}, not a {each.tag}"
        assert name not in made.properties, f"{made.class_name}.{name} is there twice"
        value = _READERS[each.tag](each)
        assert each.tag != "token" or value in ENUM_VALUES[name], f"{name} has no item {value}"
        made.properties[name] = value
    missing = ({"Name"} | REQUIRED.get(made.class_name, frozenset())) - made.properties.keys()
    assert not missing, f"a {made.class_name} has no {missing}"
    if "AttributesSerialize" in made.properties:
        made.attributes = read_attributes(made.properties.pop("AttributesSerialize"))
    made.children = [_instance(child) for child in rest]
    return made


def read_attributes(raw: bytes) -> dict[str, Any]:
    """Name and value of each attribute; nothing may be left over."""
    at = 0

    def take(form: str) -> Any:
        nonlocal at
        [value] = struct.unpack_from(form, raw, at)
        at += struct.calcsize(form)
        return value

    def text() -> str:
        nonlocal at
        length = take("<I")
        at += length
        assert at <= len(raw)
        return raw[at - length : at].decode()

    found: dict[str, Any] = {}
    for _ in range(take("<I")):
        name, kind = text(), take("B")
        assert name not in found
        if kind == 2:
            found[name] = text()
        elif kind == 3:
            found[name] = {0: False, 1: True}[take("B")]
        else:
            assert kind == 6
            found[name] = take("<d")
    assert at == len(raw)
    return found


def _text(element: ElementTree.Element) -> str:
    assert not len(element)
    return element.text or ""


def _bool(element: ElementTree.Element) -> bool:
    return {"true": True, "false": False}[_text(element)]


def _whole(bits: int) -> Callable[[ElementTree.Element], int]:
    def read(element: ElementTree.Element) -> int:
        assert re.fullmatch("-?[0-9]+", _text(element))
        value = int(_text(element))
        assert -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
        return value

    return read


def _float(element: ElementTree.Element) -> float:
    text = _text(element)
    special = {"INF": float("inf"), "-INF": float("-inf"), "NAN": float("nan")}
    if text in special:
        return special[text]
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", text), text
    return float(text)


def _tuple(*names: str) -> Callable[[ElementTree.Element], tuple[float, ...]]:
    def read(element: ElementTree.Element) -> tuple[float, ...]:
        assert [child.tag for child in element] == list(names)
        assert not (element.text or "").strip()
        return tuple(_float(child) for child in element)

    return read


def _color(element: ElementTree.Element) -> tuple[int, int, int]:
    value = int(_text(element))
    assert value >> 24 == 0xFF
    return value >> 16 & 255, value >> 8 & 255, value & 255


def _ref(element: ElementTree.Element) -> str | None:
    return None if _text(element) == "null" else _text(element)


_READERS: dict[str, Callable[[ElementTree.Element], Any]] = {
    "bool": _bool,
    "int": _whole(32),
    "int64": _whole(64),
    "float": _float,
    "double": _float,
    "string": _text,
    "ProtectedString": _text,
    "BinaryString": lambda element: base64.b64decode(_text(element), validate=True),
    "token": lambda element: int(_text(element)),
    "Ref": _ref,
    "Color3": _tuple("R", "G", "B"),
    "Color3uint8": _color,
    "Vector3": _tuple(*_AXES),
    "CoordinateFrame": _tuple(*_FRAME),
    "UDim2": _tuple("XS", "XO", "YS", "YO"),
}
