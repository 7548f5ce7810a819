"""Write the Studio plugin into the package: one model file of the scripts in clients/roblox, and the client of Channels."""

from collections.abc import Mapping
from pathlib import Path

from toolboxai.platform.roblox.files.rbxml import write_model
from toolboxai.platform.roblox.model.instances import Instance

__all__ = ["FOLDER", "written"]

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "clients" / "roblox"
FOLDER = ROOT / "src" / "toolboxai" / "web" / "studio"


def written() -> Mapping[str, bytes]:
    """Each file by its name."""
    scripts = tuple(_script(file) for file in sorted((SOURCES / "plugin").glob("*.luau")))
    model = Instance(class_name="Folder", name="toolboxai", children=scripts)
    return {
        "toolboxai.rbxmx": write_model([model]),
        "Channels.luau": (SOURCES / "Channels.luau").read_bytes(),
    }


def _script(file: Path) -> Instance:
    """``NAME.server.luau`` runs, ``NAME.luau`` is a module."""
    name, _, kind = file.name.removesuffix(".luau").partition(".")
    return Instance(
        class_name="Script" if kind == "server" else "ModuleScript",
        name=name,
        properties={"Source": file.read_text(encoding="utf-8")},
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, content in written().items():
        (FOLDER / file).write_bytes(content)
