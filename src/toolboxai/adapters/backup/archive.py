"""The file of a backup: a zip with one part for each table and a manifest that says what has to be in it.

A part is a stream of messages, each with four bytes of length before it: first the names of the columns, then one list
for each row. The manifest stands at the end of the file, and the file gets its name when it is whole: what has a
backup's name and a manifest is complete.
"""

import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from toolboxai.errors import ToolboxaiError

__all__ = [
    "FORMAT",
    "Archive",
    "ArchiveWriter",
    "BadArchive",
    "Manifest",
    "Part",
    "opened",
    "sync_folder",
    "writing",
]

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_LENGTH: Final = struct.Struct("!I")
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    msgspec.MsgspecError,
    EOFError,
    KeyError,
    RuntimeError,  # zipfile: of an encryption, or a compression, that we never write
    UnicodeError,
)
_LEVEL: Final = 3  # of compression: a third of the time of the usual level, for a tenth more bytes


class BadArchive(ToolboxaiError):
    """The file is no backup, or not whole; the text says what is wrong with it."""


class Part(msgspec.Struct, frozen=True):
    """One table.

    Args:
        room: ``application`` or ``jobs``.
        table: its name.
        rows: how many.
        size: bytes of the stream.
        sha256: of the stream, in hex.
    """

    room: str
    table: str
    rows: int
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Of the part, as people are told."""
        return f"{self.room}/{self.table}"


class Manifest(msgspec.Struct, frozen=True):
    """What the file has to hold.

    Args:
        format: of the file.
        product: the version of the program that wrote it.
        made_at: when, RFC 3339 in UTC.
        engine: of the database, ``sqlite`` or ``postgresql``.
        revision: of the application's schema.
        jobs_revision: of the job engine's schema; None: there were no jobs.
        memory: whether the running server had written down what it had in memory.
        last_numbers: the last number that each table with such numbers has given.
        parts: every table that has rows.
    """

    format: int
    product: str
    made_at: str
    engine: str
    revision: str
    jobs_revision: int | None
    memory: bool
    last_numbers: dict[str, int]
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(part.rows for part in self.parts)


class ArchiveWriter:
    """Writes parts, one after the other."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.parts: list[Part] = []

    @contextmanager
    def part(self, room: str, table: str, columns: Sequence[str]) -> Iterator["PartWriter"]:
        """Write one table; it is in `parts` afterwards."""
        with self._file.open(_entry(f"{room}/{table}"), "w", force_zip64=True) as stream:
            writer = PartWriter(stream)
            writer.add(columns)
            yield writer
        self.parts.append(Part(room, table, writer.messages - 1, writer.size, writer.digest.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """The last thing that is written."""
        self._file.writestr(_entry(_MANIFEST), msgspec.json.format(msgspec.json.encode(manifest), indent=1))


class PartWriter:
    """The stream of one table."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = sha256()
        self.size = self.messages = 0

    def add(self, row: Sequence[Any]) -> None:
        """Write one row, its values in the order of the columns."""
        body = msgspec.msgpack.encode(row)
        piece = _LENGTH.pack(len(body)) + body
        self._stream.write(piece)
        self.digest.update(piece)
        self.size += len(piece)
        self.messages += 1


class Archive:
    """A backup that is read; its manifest has been checked against what is in the file, byte for byte only by `verify`."""

    def __init__(self, file: zipfile.ZipFile, manifest: Manifest) -> None:
        self._file = file
        self.manifest = manifest

    def rows(self, part: Part) -> Iterator[list[Any]]:
        """First the names of the columns, then the rows.

        Raises:
            BadArchive: the part is not what the manifest says; some of its rows have been read by then.
        """
        digest, size = sha256(), 0
        try:
            with self._file.open(part.name) as stream:
                while head := stream.read(_LENGTH.size):
                    body = stream.read(_LENGTH.unpack(head)[0])
                    digest.update(head)
                    digest.update(body)
                    size += len(head) + len(body)
                    if size > part.size:
                        break
                    yield msgspec.msgpack.decode(body, type=list[Any])
        except _DAMAGED as fault:
            raise BadArchive(f"the backup is damaged in {part.name}: {fault}. Take another one") from fault
        if size != part.size or digest.hexdigest() != part.sha256:
            raise BadArchive(f"the backup is damaged: {part.name} is not what was written. Take another one")

    def verify(self) -> Iterator[tuple[Part, int]]:
        """Read everything; tells after each part, and now and then within, how many of its rows have been read.

        Raises:
            BadArchive: something is not what was written.
        """
        for part in self.manifest.parts:
            count = -1
            for count, _row in enumerate(self.rows(part)):  # the first one is the columns
                if count % 1000 == 999:
                    yield part, count
            if count != part.rows:
                raise BadArchive(f"the backup is damaged: {part.name} has {count} rows and not {part.rows}")
            yield part, count


@contextmanager
def writing(path: Path, *, replace: bool) -> Iterator[ArchiveWriter]:
    """Write a backup, for the user alone to read; when anything fails there is nothing at `path` but what was there.

    Args:
        path: of the file.
        replace: whether a file that is there may go.

    Raises:
        FileExistsError: there is one, and it may not.
        OSError: the disk does not take it.
    """
    _refuse_existing(path, replace=replace)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    raw = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    stream = os.fdopen(raw, "wb")
    file = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
    try:
        yield ArchiveWriter(file)
        file.close()
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        _refuse_existing(path, replace=replace)
        unfinished.rename(path)
        sync_folder(path.parent)
    except BaseException:  # whatever it is, half a backup is not to stay
        for closing in (file.close, stream.close):
            with suppress(OSError, ValueError):
                closing()
        unfinished.unlink(missing_ok=True)
        raise


def _refuse_existing(path: Path, *, replace: bool) -> None:
    if path.is_dir() or (path.exists() and not (replace and path.is_file())):
        raise FileExistsError(None, "it is there already", str(path))


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Read a backup.

    Raises:
        BadArchive: it is none, or one of a newer program.
        OSError: it cannot be read.
    """
    try:
        file = zipfile.ZipFile(path)
    except _DAMAGED as fault:
        raise BadArchive(f"{path} is no backup, or not all of it is there ({fault})") from fault
    with file:
        yield Archive(file, _manifest(file, path))


def _manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        body = file.read(_MANIFEST)
        found = msgspec.json.decode(body, type=dict[str, Any])
        if found.get("format") != FORMAT:
            raise BadArchive(
                f"{path} has format {found.get('format')!r}, made by toolboxai {found.get('product')!r}; this version "
                f"reads format {FORMAT}. Restore it with the version that made it"
            )
        manifest = msgspec.convert(found, Manifest)
    except _DAMAGED as fault:
        raise BadArchive(f"{path} is no backup: its manifest is missing or wrong ({fault})") from fault
    missing = {part.name for part in manifest.parts} - set(file.namelist())
    if missing:
        raise BadArchive(f"{path} is not whole: {', '.join(sorted(missing))} is missing")
    return manifest


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # without a time: the manifest has it
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def sync_folder(folder: Path) -> None:
    """Have the names in a folder reach its disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
