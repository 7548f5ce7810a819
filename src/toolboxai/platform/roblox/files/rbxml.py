"""Roblox's XML form, version 4: ``.rbxlx`` places and ``.rbxmx`` models.

Written as rbx-dom's notes on the format say. The same tree gives the same bytes: referents are counted in the order of
the tree, properties stand in the order of their names.
"""

import math
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from toolboxai.platform.roblox.files.attributes import serialise_attributes
from toolboxai.platform.roblox.files.properties import property_of
from toolboxai.platform.roblox.files.xml_text import as_cdata, as_text
from toolboxai.platform.roblox.model.instances import (
    CFrame,
    Color,
    Enumerated,
    Instance,
    InstanceRef,
    UDim2,
    Value,
    Vector,
)

__all__ = ["write_model", "write_place"]

_ROTATION: Final = ("R00", "R01", "R02", "R10", "R11", "R12", "R20", "R21", "R22")
_INT32: Final = 2**31
_INT64: Final = 2**63


def write_place(root: Instance) -> bytes:
    """A place: the children of the root are its services.

    Raises:
        ValueError: a property is of no type that is known for it, or a reference leads nowhere or to two instances.
    """
    return _document("", root.children, "")


def write_model(roots: Sequence[Instance], *, parent: str = "") -> bytes:
    """A model of one root or several. ``parent`` is the path under which they stand in the place: references know it.

    Raises:
        ValueError: as ``write_place``.
    """
    return _document('<Meta name="ExplicitAutoJoints">true</Meta>\n', roots, parent)


def _document(head: str, roots: Sequence[Instance], parent: str) -> bytes:
    referents = _Referents(roots, parent)
    lines: list[str] = []
    for root in roots:
        _item(root, referents, lines)
    return f'<roblox version="4">\n{head}{"".join(lines)}</roblox>\n'.encode()


class _Referents:
    """Of each instance its referent, handed out in the order of the tree; and which a path leads to."""

    def __init__(self, roots: Sequence[Instance], parent: str) -> None:
        self._by_path: dict[str, str | None] = {}
        for number, path in enumerate(_paths(roots, parent)):
            # None: two instances have this path, so that it leads to neither.
            self._by_path[path] = None if path in self._by_path else _referent(number)
        self._next = 0

    def following(self) -> str:
        """That of the next instance in the tree's order."""
        self._next += 1
        return _referent(self._next - 1)

    def of(self, path: str) -> str:
        """That of the instance at a path."""
        found = self._by_path.get(path)
        if found is None:
            raise ValueError(
                f"{path} is {'no instance' if path not in self._by_path else 'more than one instance'}"
            )
        return found


def _referent(number: int) -> str:
    return f"RBX{number:08X}"


def _paths(instances: Sequence[Instance], parent: str) -> Iterator[str]:
    """The path of each instance, a parent before its children."""
    for instance in instances:
        path = f"{parent}/{instance.name}" if parent else instance.name
        yield path
        yield from _paths(instance.children, path)


def _item(instance: Instance, referents: _Referents, lines: list[str]) -> None:
    lines.append(
        f'<Item class="{instance.class_name}" referent="{referents.following()}">\n<Properties>\n'
        f'<string name="Name">{as_text(instance.name)}</string>\n'
    )
    if instance.attributes:
        packed = b64encode(serialise_attributes(instance.attributes)).decode()
        lines.append(f'<BinaryString name="AttributesSerialize">{packed}</BinaryString>\n')
    for name in sorted(instance.properties):
        value = instance.properties[name]
        known = property_of(instance.class_name, name)
        if isinstance(value, InstanceRef):
            written = referents.of(value.path) if known.xml_type == "Ref" else None
        else:
            written = _written(known.xml_type, value)
        if written is None:
            raise ValueError(
                f"{instance.class_name}.{name} is no {type(value).__name__} but {known.xml_type}"
            )
        lines.append(f'<{known.xml_type} name="{known.xml_name}">{written}</{known.xml_type}>\n')
    lines.append("</Properties>\n")
    for child in instance.children:
        _item(child, referents, lines)
    lines.append("</Item>\n")


def _written(xml_type: str, value: Value) -> str | None:
    """The inside of a property's element, or None where the value is not of its type."""
    writer = _WRITERS.get(xml_type)
    return None if writer is None else writer(value)


def _bool(value: Value) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else None


def _whole(bound: int) -> Callable[[Value], str | None]:
    def write(value: Value) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound
        return str(value) if fits else None

    return write


def _number(value: Value) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _float(value)


def _float(value: float) -> str:
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(value).removesuffix(".0")


def _string(value: Value) -> str | None:
    return as_text(value) if isinstance(value, str) else None


def _source(value: Value) -> str | None:
    return as_cdata(value) if isinstance(value, str) else None


def _vector(value: Value) -> str | None:
    if not isinstance(value, Vector):
        return None
    return f"<X>{_float(value.x)}</X><Y>{_float(value.y)}</Y><Z>{_float(value.z)}</Z>"


def _cframe(value: Value) -> str | None:
    if not isinstance(value, CFrame):
        return None
    place = f"<X>{_float(value.x)}</X><Y>{_float(value.y)}</Y><Z>{_float(value.z)}</Z>"
    rows = zip(_ROTATION, value.rotation, strict=True)
    return place + "".join(f"<{name}>{_float(each)}</{name}>" for name, each in rows)


def _color3(value: Value) -> str | None:
    if not isinstance(value, Color):
        return None
    red, green, blue = (_float(round(each / 255, 6)) for each in (value.red, value.green, value.blue))
    return f"<R>{red}</R><G>{green}</G><B>{blue}</B>"


def _color3uint8(value: Value) -> str | None:
    if not isinstance(value, Color):
        return None
    # The upper byte is what Studio writes, and means nothing.
    return str(0xFF << 24 | value.red << 16 | value.green << 8 | value.blue)


def _udim2(value: Value) -> str | None:
    if not isinstance(value, UDim2):
        return None
    across = f"<XS>{_float(value.x_scale)}</XS><XO>{value.x_offset}</XO>"
    return f"{across}<YS>{_float(value.y_scale)}</YS><YO>{value.y_offset}</YO>"


def _token(value: Value) -> str | None:
    return str(value.value) if isinstance(value, Enumerated) else None


_WRITERS: Final[Mapping[str, Callable[[Value], str | None]]] = MappingProxyType(
    {
        "bool": _bool,
        "int": _whole(_INT32),
        "int64": _whole(_INT64),
        "float": _number,
        "double": _number,
        "string": _string,
        "ProtectedString": _source,
        "Vector3": _vector,
        "CoordinateFrame": _cframe,
        "Color3": _color3,
        "Color3uint8": _color3uint8,
        "UDim2": _udim2,
        "token": _token,
    }
)
