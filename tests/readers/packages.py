"""A reader of IMS content packages: a zip file whose manifest names everything in it."""

import io
import zipfile
from dataclasses import dataclass

from lxml import etree

from readers.structure import Model, check, local, parse, unique

__all__ = ["Packed", "members", "read_package"]

_LOM_MODELS = {
    "lom": Model("general? educational? classification*"),
    "general": Model("title? language* description* keyword*"),
    "title": Model("string+"),
    "language": Model(mixed=True),
    "description": Model("string+"),
    "keyword": Model("string+"),
    "string": Model("", (), ("language",), mixed=True),
    "educational": Model("difficulty?"),
    "difficulty": Model("source value"),
    "classification": Model("purpose? description?"),
    "purpose": Model("source value"),
    "source": Model(mixed=True),
    "value": Model(mixed=True),
}
_QTI_METADATA_MODELS = {
    "qtiMetadata": Model("timeDependent? interactionType* feedbackType? solutionAvailable?"),
    "timeDependent": Model(mixed=True),
    "interactionType": Model(mixed=True),
    "feedbackType": Model(mixed=True),
    "solutionAvailable": Model(mixed=True),
}
_MODELS = {
    "manifest": Model("metadata organizations resources", ("identifier",)),
    "metadata": Model("(schema schemaversion lom?) | (lom qtiMetadata)"),
    "schema": Model(mixed=True),
    "schemaversion": Model(mixed=True),
    "organizations": Model("organization?"),
    "organization": Model("item", ("identifier",), ("structure",), {"structure": "rooted-hierarchy"}),
    "title": Model(mixed=True),
    "item": Model("title? item*", ("identifier",), ("identifierref",)),
    "resources": Model("resource*"),
    "resource": Model("metadata? file* dependency*", ("identifier", "type"), ("href",)),
    "file": Model("", ("href",)),
    "dependency": Model("", ("identifierref",)),
}


@dataclass(frozen=True)
class Packed:
    """A package: schema and version, files by name, resources by identifier, the table of contents."""

    schema: tuple[str, str]
    files: dict[str, bytes]
    resources: dict[str, etree._Element]
    contents: list[tuple[str, str]]

    def of_type(self, kind: str) -> list[tuple[etree._Element, bytes]]:
        """The resources of a type, each with its file."""
        found = [each for each in self.resources.values() if each.get("type") == kind]
        return [(each, self.files[each.get("href", "")]) for each in found]


def members(content: bytes) -> dict[str, bytes]:
    """The members of a zip file that a careful reader takes: plain files below its top, each once, all of one moment."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        unique(name.casefold() for name in names)
        assert not any(name.startswith("/") or ".." in name.split("/") or "\\" in name for name in names)
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        return {name: archive.read(name) for name in names}


def read_package(content: bytes, namespace: str, lom: str) -> Packed:
    """The package, after a strict look at its manifest: every name leads somewhere, every file is named."""
    files = members(content)
    root = parse(files["imsmanifest.xml"])
    _check_manifest(root, namespace, lom)
    resources = {each.get("identifier", ""): each for each in root.iter(f"{{{namespace}}}resource")}
    identifiers = unique(each.get("identifier", "") for each in root.iter() if each.get("identifier"))
    assert all(each.isascii() and each[0].isalpha() and len(each) <= 64 for each in identifiers)
    for each in root.iter():
        assert each.get("identifierref") is None or each.get("identifierref") in resources
    hrefs = unique(each.get("href", "") for each in root.iter(f"{{{namespace}}}file"))
    assert hrefs | {"imsmanifest.xml"} == set(files)
    for resource in resources.values():
        assert resource.get("href") in [each.get("href") for each in resource if local(each) == "file"]
    schema, version = (
        root.findtext(f"{{{namespace}}}metadata/{{{namespace}}}{name}")
        for name in ("schema", "schemaversion")
    )
    titles = [
        (each.get("identifierref", ""), each.findtext(f"{{{namespace}}}title") or "")
        for each in root.iter(f"{{{namespace}}}item")
        if each.get("identifierref")
    ]
    return Packed((schema or "", version or ""), files, resources, titles)


def _check_manifest(root: etree._Element, namespace: str, lom: str) -> None:
    """Each namespace by its own models; what is described in a foreign one is looked at by itself."""
    assert root.tag == f"{{{namespace}}}manifest"
    metadata = "http://www.imsglobal.org/xsd/imsqti_metadata_v2p1"
    for name, models, spaces in (("lom", _LOM_MODELS, lom), ("qtiMetadata", _QTI_METADATA_MODELS, metadata)):
        for each in root.iter(f"{{{spaces}}}{name}"):
            check(each, models, [spaces])
    bare = etree.fromstring(etree.tostring(root))
    for each in list(bare.iter()):
        if etree.QName(each).namespace in (lom, metadata):
            for child in list(each):
                each.remove(child)
            each.tag = f"{{{namespace}}}{local(each)}"
            each.text = None
    check(bare, {**_MODELS, "lom": Model(), "qtiMetadata": Model()}, [namespace])
