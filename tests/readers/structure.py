"""Strict checks of an XML document against the structure that its specification publishes.

Schema files are not to be had, so the content models of the elements that matter stand here and in the readers, in the
notation of a DTD: names, ``|``, ``?``, ``*``, ``+`` and brackets, with a space where a DTD has a comma.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from lxml import etree

__all__ = ["Model", "check", "local", "parse", "unique"]


class Model(NamedTuple):
    """What one element may hold.

    Args:
        children: its content model; ``mixed`` lets text stand among them.
        required: attributes that must be there.
        optional: attributes that may.
        values: for some attributes, what they may be, as a regular expression.
    """

    children: str = ""
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    values: Mapping[str, str] = {}
    mixed: bool = False


def parse(content: bytes) -> etree._Element:
    """The root of a well-formed document in UTF-8, without a doctype."""
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.getroottree().docinfo.doctype == ""
    return root


def local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def check(root: etree._Element, models: Mapping[str, Model], namespaces: Iterable[str | None]) -> None:
    """Fail on an element, an attribute or an order that the models do not know."""
    allowed = set(namespaces)
    for each in root.iter():
        assert isinstance(each.tag, str), "no comments and no processing instructions"
        name = local(each)
        assert etree.QName(each).namespace in allowed, f"{name} is of a foreign namespace"
        assert name in models, f"{name} is not an element of this format"
        model = models[name]
        children = "".join(f"{local(child)} " for child in each)
        assert _pattern(model.children).fullmatch(children), (
            f"{name} holds {children!r}, not {model.children!r}"
        )
        have = {
            key for key in each.attrib if not key.startswith("{http://www.w3.org/2001/XMLSchema-instance}")
        }
        assert set(model.required) <= have <= {*model.required, *model.optional}, f"{name} has {sorted(have)}"
        for key, value in model.values.items():
            assert key not in each.attrib or re.fullmatch(value, each.attrib[key]), (
                f"{name} {key} {each.get(key)}"
            )
        if not model.mixed:
            words = [each.text, *(child.tail for child in each)]
            assert not any(text and text.strip() for text in words), f"{name} has text"


def unique(names: Iterable[str]) -> set[str]:
    """The names, none of which stands there twice."""
    listed = list(names)
    assert len(set(listed)) == len(listed)
    return set(listed)


@cache
def _pattern(children: str) -> re.Pattern[str]:
    return re.compile(
        re.sub(r"[A-Za-z_0-9]+", lambda name: f"(?:{name[0]}~)", children).replace(" ", "").replace("~", " ")
    )
