"""The scripts of the plugin as they stand: Luau, without what a careful reader would stop at, and what is served is they."""

import runpy

import pytest

from doc_snippets import ROOT
from plugin_studio import SOURCES
from readers.roblox_xml import read_roblox_xml
from toolboxai.adapters.luau_readers import faults_in
from toolboxai.platform.roblox.luau.risks import risks

WRITING = runpy.run_path(str(ROOT / "scripts" / "write_studio_plugin.py"), run_name="writing")
FILES = sorted(SOURCES.rglob("*.luau"))
each_file = pytest.mark.parametrize("name", [file.relative_to(SOURCES).as_posix() for file in FILES])


@each_file
def test_it_is_luau_of_the_strict_kind(name: str) -> None:
    text = (SOURCES / name).read_text(encoding="utf-8")
    assert faults_in(text) == ()
    assert text.startswith("--!strict\n-- ")  # then a line on what it is


@each_file
def test_nothing_in_it_is_a_risk(name: str) -> None:
    assert risks((SOURCES / name).read_text(encoding="utf-8"), may_call_out=True) == ()


def test_what_is_served_is_made_of_these_files() -> None:
    for name, content in WRITING["written"]().items():
        assert (WRITING["FOLDER"] / name).read_bytes() == content, (
            "run: .venv-dev/bin/python scripts/write_studio_plugin.py"
        )


def test_the_model_is_one_folder_with_one_script_that_runs_and_its_modules() -> None:
    (folder,) = read_roblox_xml((WRITING["FOLDER"] / "toolboxai.rbxmx").read_bytes())
    assert (folder.class_name, folder.name) == ("Folder", "toolboxai")
    kinds = {child.name: child.class_name for child in folder.children}
    assert kinds.pop("Main") == "Script"
    assert set(kinds.values()) == {"ModuleScript"}
    sources = {file.name.partition(".")[0]: file.read_text() for file in (SOURCES / "plugin").iterdir()}
    assert {child.name: child.properties["Source"] for child in folder.children} == sources
