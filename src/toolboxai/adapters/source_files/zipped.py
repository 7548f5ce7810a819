"""Parts of a zip file from a stranger, as XML: bounded in number and size, and without entities."""

import io
import zipfile
import zlib
from typing import Any, Final

from lxml import etree

from toolboxai.platform.content.sources.files import Fault, SourceUnreadable

__all__ = ["Zipped"]

_ENTRIES: Final = 2_000
# The XML of a book of 200 pages with all its formatting has some ten megabytes.
_PART_BYTES: Final = 32 * 1024 * 1024
# Text in XML shrinks to a tenth, tables of the same cell to a hundredth; what shrinks more was made to do harm.
_RATIO: Final = 500
_SMALL: Final = 1024 * 1024

# As every word processor packs; the other ways swell without a bound that could be set.
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

_HOSTILE: Final = "remake the document in a word processor and send that"


class Zipped:
    """The parts that are asked for are unpacked, into memory; all others, nested archives too, stay as they are.

    Raises:
        SourceUnreadable: it is no zip file, or has too many parts.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            self.names = frozenset(self._zip.namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as fault:
            raise SourceUnreadable(
                Fault.DAMAGED, "is damaged: its parts cannot be found; save it anew and send it again"
            ) from fault
        entries = len(self._zip.infolist())
        if entries > _ENTRIES:
            raise SourceUnreadable(
                Fault.HOSTILE, f"has {entries:,} parts, a document at most {_ENTRIES:,}; {_HOSTILE}"
            )

    def xml(self, name: str) -> Any:
        """The root of a part.

        Raises:
            SourceUnreadable: it is missing, too large, damaged, or declares entities.
        """
        content = self._bytes(name)
        if b"<!DOCTYPE" in content or b"<!DOCTYPE" in content.replace(b"\x00", b""):  # in UTF-16, too
            raise self._declaring(name)
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            tree = etree.fromstring(content, parser).getroottree()
        except (etree.XMLSyntaxError, ValueError) as fault:
            raise self._damaged(name) from fault
        if tree.docinfo.internalDTD is not None or tree.docinfo.externalDTD is not None:
            raise self._declaring(name)
        return tree.getroot()

    def _bytes(self, name: str) -> bytes:
        try:
            entry = self._zip.getinfo(name)
        except KeyError as fault:
            raise self._damaged(name) from fault
        if entry.flag_bits & 0x1:
            raise SourceUnreadable(
                Fault.ENCRYPTED, "is protected by a password; save a copy without one and send that"
            )
        if entry.compress_type not in _PACKED:
            raise SourceUnreadable(
                Fault.HOSTILE, f"has its part {name} packed in a way that no document is; {_HOSTILE}"
            )
        if entry.file_size > _PART_BYTES or (
            entry.file_size > _SMALL and entry.file_size > _RATIO * max(entry.compress_size, 1)
        ):
            raise self._bomb(name)
        try:
            with self._zip.open(entry) as part:
                content = part.read(_PART_BYTES + 1)  # what was declared need not be true
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError) as fault:
            raise self._damaged(name) from fault
        if len(content) > _PART_BYTES:
            raise self._bomb(name)
        return content

    @staticmethod
    def _bomb(name: str) -> SourceUnreadable:
        return SourceUnreadable(
            Fault.HOSTILE, f"swells to many times its size when {name} is unpacked; {_HOSTILE}"
        )

    @staticmethod
    def _declaring(name: str) -> SourceUnreadable:
        return SourceUnreadable(
            Fault.HOSTILE,
            f"declares a document type in its part {name}, which no document needs; {_HOSTILE}",
        )

    @staticmethod
    def _damaged(name: str) -> SourceUnreadable:
        return SourceUnreadable(
            Fault.DAMAGED, f"is damaged: its part {name} cannot be read; save it anew and send it again"
        )
