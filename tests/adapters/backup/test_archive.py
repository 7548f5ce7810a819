"""The file of a backup: whole, or not there; what was changed in it is found."""

import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from toolboxai.adapters.backup.archive import FORMAT, BadArchive, Manifest, opened, writing

ROWS: list[list[Any]] = [
    ["gen_1", 1, 0.5, None, b"\x00\xff", True, {"a": [1]}],
    ["gen_ü", 2**62, -1.0, "", b"", False, None],
]
COLUMNS = ["id", "number", "real", "text", "bytes", "flag", "json"]


def manifest(**changes: Any) -> Manifest:
    values = {
        "format": FORMAT,
        "product": "0.1.0",
        "made_at": "2026-01-01T00:00:00Z",
        "engine": "sqlite",
        "revision": "0005",
        "jobs_revision": 125,
        "memory": True,
        "last_numbers": {},
        "parts": (),
    }
    return Manifest(**{**values, **changes})


def write(path: Path, *, replace: bool = False, **changes: Any) -> None:
    with writing(path, replace=replace) as archive:
        with archive.part("application", "things", COLUMNS) as part:
            for row in ROWS:
                part.add(row)
        archive.finish(manifest(**{"parts": tuple(archive.parts), **changes}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "school.backup"
    write(path)
    return path


def read(path: Path) -> list[list[Any]]:
    with opened(path) as archive:
        list(archive.verify())
        return list(archive.rows(archive.manifest.parts[0]))


def test_what_was_written_is_read(path: Path) -> None:
    assert read(path) == [COLUMNS, *ROWS]
    with opened(path) as archive:
        assert [(part.name, part.rows) for part in archive.manifest.parts] == [("application/things", 2)]


def test_it_is_for_the_user_alone_and_nothing_else_is_left(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_one_that_is_there_stays_unless_it_may_go(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write(path, product="9")
    assert path.read_bytes() == before
    write(path, replace=True, product="9")
    with opened(path) as archive:
        assert archive.manifest.product == "9"
    with pytest.raises(FileExistsError):
        write(path.parent, replace=True)


def test_one_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "school.backup"

    def fail() -> None:
        with writing(path, replace=False) as archive, archive.part("application", "things", COLUMNS) as part:
            part.add(ROWS[0])
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert os.listdir(tmp_path) == []


def test_of_one_that_is_there_nothing_is_lost_when_the_next_is_not_finished(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(RuntimeError), writing(path, replace=True):
        raise RuntimeError
    assert path.read_bytes() == before


@pytest.mark.parametrize("at", [0.2, 0.5, 0.7, 0.95])
def test_a_byte_that_has_changed_is_found(path: Path, at: float) -> None:
    whole = bytearray(path.read_bytes())
    whole[int(len(whole) * at)] ^= 0x40
    path.write_bytes(whole)
    with pytest.raises(BadArchive):
        read(path)


@pytest.mark.parametrize("bits", [0x01, 0x80])
def test_wherever_it_is_damaged_it_is_read_as_it_was_or_told_to_be(path: Path, bits: int) -> None:
    whole = path.read_bytes()
    other = path.with_name("other.backup")
    told = 0
    for at in range(len(whole)):
        other.write_bytes(whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :])
        try:
            with opened(other) as archive:
                assert [count for _part, count in archive.verify()] == [len(ROWS)]
        except (BadArchive, OSError):  # the second: a place in the file that there is none of
            told += 1
    assert told > len(whole) // 2


@pytest.mark.parametrize("size", [0, 1, 100, -1, -30])
def test_a_file_that_was_cut_is_no_backup(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(BadArchive, match=r"no backup"):
        read(path)


def rewritten(path: Path, **changes: Any) -> None:
    """The same file with another manifest."""
    with zipfile.ZipFile(path) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    known = msgspec.json.decode(entries["manifest.json"])
    entries["manifest.json"] = msgspec.json.encode({**known, **changes})
    with zipfile.ZipFile(path, "w") as new:
        for name, body in entries.items():
            new.writestr(name, body)


def test_another_format_says_which_version_reads_it(path: Path) -> None:
    rewritten(path, format=FORMAT + 1, product="7.0.0")
    with pytest.raises(BadArchive, match=r"7\.0\.0"):
        read(path)


def test_rows_that_are_too_few_or_not_those_are_found(path: Path) -> None:
    with opened(path) as archive:
        (part,) = archive.manifest.parts
    for wrong in (
        msgspec.structs.replace(part, rows=3),
        msgspec.structs.replace(part, sha256="0" * 64),
        msgspec.structs.replace(part, size=part.size - 1),
        msgspec.structs.replace(part, table="others"),
    ):
        rewritten(path, parts=[msgspec.to_builtins(wrong)])
        with pytest.raises(BadArchive):
            read(path)


def test_a_zip_of_something_else_is_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(BadArchive, match="no backup"):
        read(path)
