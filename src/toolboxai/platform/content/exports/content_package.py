"""The manifest of an IMS content package: what a zip file holds, and what each file in it is."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from toolboxai.platform.content.exports.xml import XSI, Element, element, serialise

__all__ = ["CONTENT_PACKAGING", "MANIFEST", "Resource", "manifest"]

MANIFEST: Final = "imsmanifest.xml"
CONTENT_PACKAGING: Final = "http://www.imsglobal.org/xsd/imscp_v1p1"


class Resource(NamedTuple):
    """One thing in the package.

    Args:
        identifier: unique in the manifest.
        type: the specification's name for this kind of thing.
        href: of its only file, below the top of the package.
        dependencies: identifiers of the resources that it needs.
        metadata: elements that describe it.
        attributes: more of the ``resource`` element.
    """

    identifier: str
    type: str
    href: str
    dependencies: tuple[str, ...] = ()
    metadata: tuple[Element, ...] = ()
    attributes: Mapping[str, str] = {}


def manifest(
    identifier: str,
    namespace: str,
    schemas: Mapping[str, str],
    metadata: Iterable[Element],
    organizations: Element,
    resources: Iterable[Resource],
) -> bytes:
    """The manifest, in the order that Content Packaging wants: metadata, organizations, resources.

    Args:
        identifier: of the whole package.
        namespace: of Content Packaging, or of a profile of it.
        schemas: namespaces that stand in it, with the places of their schema files.
        metadata: name and version of the specification first, then what describes the package.
        organizations: the table of contents, which may be empty.
        resources: the things in the package, in order.
    """
    locations = " ".join(f"{name} {place}" for name, place in schemas.items())
    return serialise(
        element(
            "manifest",
            {
                "identifier": identifier,
                "xmlns": namespace,
                "xmlns:xsi": XSI,
                "xsi:schemaLocation": locations,
            },
            element("metadata", {}, *metadata),
            organizations,
            element("resources", {}, *map(_resource, resources)),
        )
    )


def _resource(resource: Resource) -> Element:
    described = [element("metadata", {}, *resource.metadata)] if resource.metadata else []
    return element(
        "resource",
        {
            "identifier": resource.identifier,
            "type": resource.type,
            "href": resource.href,
            **resource.attributes,
        },
        *described,
        element("file", {"href": resource.href}),
        *(element("dependency", {"identifierref": name}) for name in resource.dependencies),
    )
