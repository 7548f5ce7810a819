"""The table of formats: what a server that lacks a library says, and how fast one starts that has them all."""

import subprocess
import sys

import pytest

from content_runs import run, water_request
from toolboxai.errors import ResourceNotFound
from toolboxai.platform.content.exports.formats import FORMATS, left_out, render, sheets
from toolboxai.platform.content.model.package import Audience
from whole_documents import whole_document

WRITERS = {"docx": "docx", "pdf": "typst"}


@pytest.fixture(params=list(WRITERS))
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A format whose library cannot be imported, as where the extra was not installed."""
    monkeypatch.setitem(sys.modules, WRITERS[request.param], None)
    monkeypatch.delitem(sys.modules, f"toolboxai.platform.content.exports.{request.param}", raising=False)
    return str(request.param)


def test_a_format_without_its_library_says_what_to_install(without: str) -> None:
    with pytest.raises(ResourceNotFound, match=rf"cannot write {without} files: install toolboxai\[export\]"):
        render(whole_document(), without, Audience.TEACHER)


def test_the_other_files_are_packaged_with_one_warning(without: str) -> None:
    package = run(water_request()).package
    assert {file.format for file in package.files} == set(FORMATS) - {without}
    assert [(file.format, file.audience) for file in package.files] == list(sheets())
    told = [warning for warning in package.warnings if without in warning]
    assert told == [
        f"This server cannot write {without} files: install toolboxai[export] there, then ask again."
    ]
    assert tuple(told) == left_out()


def test_where_all_is_installed_nothing_is_left_out() -> None:
    assert left_out() == ()
    assert {format for format, _ in sheets()} == set(FORMATS)


def test_what_there_is_not_is_told_with_what_there_is() -> None:
    with pytest.raises(ResourceNotFound, match=r"no 'rtf' for the teacher; there are md \(teacher\), "):
        render(whole_document(), "rtf", Audience.TEACHER)
    with pytest.raises(ResourceNotFound, match="no 'json' for the student"):
        render(whole_document(), "json", Audience.STUDENT)


def test_readable_forms_are_for_both_and_come_first() -> None:
    assert list(FORMATS)[:4] == ["md", "html", "docx", "pdf"]
    assert all(FORMATS[form].audiences == tuple(Audience) for form in list(FORMATS)[:4])


def test_the_libraries_are_loaded_when_the_first_file_is_made() -> None:
    script = (
        "import sys; import toolboxai.platform.content.engine; "
        "print([name for name in ('docx', 'typst', 'lxml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
