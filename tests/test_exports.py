"""What each module offers is written down: ``__all__`` is there, sorted, whole, and every name in it exists."""

import ast
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import toolboxai
import toolboxai.client
import toolboxai.config
import toolboxai.platform.ports

ROOT = Path(__file__).resolve().parents[1]
MIGRATIONS = "toolboxai.adapters.database.versions."
SCRIPTS = {"toolboxai.adapters.database.env"}  # alembic runs it; nobody imports it

NAMES = sorted(
    module.name
    for module in pkgutil.walk_packages(toolboxai.__path__, "toolboxai.")
    if not module.name.startswith(MIGRATIONS) and module.name not in SCRIPTS
)


def public_definitions(module: ModuleType) -> set[str]:
    """Functions, classes and constants in capitals that the module itself defines under a public name."""
    assert module.__file__ is not None
    names: set[str] = set()
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def is_sorted(names: list[str]) -> bool:
    """Constants, then classes, then the rest, each by the alphabet: the order that ruff keeps."""

    def place(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)

    return names == sorted(names, key=place)


@pytest.mark.parametrize("name", NAMES)
def test_a_module_says_what_it_offers(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", None)
    if exported is None:
        assert public_definitions(module) == set(), "a module that defines something public has an __all__"
        return
    assert len(set(exported)) == len(exported)
    assert is_sorted(list(exported))
    assert [each for each in exported if not hasattr(module, each)] == []


def test_the_package_offers_its_version_and_the_day_of_its_release() -> None:
    assert toolboxai.__all__ == ["__released__", "__version__"]
    assert toolboxai.__version__.count(".") == 2
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {toolboxai.__version__} - {toolboxai.__released__}\n" in changelog


@pytest.mark.parametrize("package", [toolboxai.client, toolboxai.config])
def test_a_package_offers_only_what_its_modules_offer(package: ModuleType) -> None:
    inner = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    offered = {name for module in inner for name in getattr(module, "__all__", ())}
    assert set(package.__all__) <= offered


def test_the_package_is_typed() -> None:
    assert (Path(toolboxai.__path__[0]) / "py.typed").is_file()
