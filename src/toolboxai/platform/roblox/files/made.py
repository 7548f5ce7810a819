"""All files of a world."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from toolboxai import __version__
from toolboxai.platform.content.exports.archive import pack
from toolboxai.platform.roblox.files.bundle import write_bundle
from toolboxai.platform.roblox.files.package import write_package
from toolboxai.platform.roblox.files.rbxml import write_model, write_place
from toolboxai.platform.roblox.files.rojo import write_rojo
from toolboxai.platform.roblox.files.terrain import height_map
from toolboxai.platform.roblox.files.tree import SCRIPT_PARENTS, place_tree, script_instance
from toolboxai.platform.roblox.files.xml_text import lost_characters
from toolboxai.platform.roblox.model.files import WorldFile, WorldFormat
from toolboxai.platform.roblox.model.instances import Instance, Script
from toolboxai.platform.roblox.model.names import WORLD
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec

__all__ = ["MODEL_SCRIPTS", "world_files"]

MODEL_SCRIPTS: Final = "Scripts"
"""The folder of a model's scripts, with a folder in it for each service to which they belong."""

_XML: Final = "application/xml"
_SWITCHED_OFF: Final = (
    f"Scripts stand in {WORLD}/{MODEL_SCRIPTS}, switched off: move what is in each folder into the service of the same "
    "name, then switch it on, before you publish the place: what is in Workspace reaches every player, answers too."
)


def world_files(spec: WorldSpec, plan: WorldPlan, scripts: Sequence[Script]) -> tuple[WorldFile, ...]:
    """Place, model, bundle, Rojo project and the zip of all, in this order; one of each format.

    The same spec, plan and scripts give the same bytes in every process and on every day. The two XML forms cannot carry
    most control characters: they have U+FFFD instead, and say so in their notes.

    Raises:
        ValueError: a script stands where none can, or shares its name.
        IndexError: a board of the plan shows a section that the lesson does not have.
    """
    place = place_tree(spec, plan, scripts)
    name, generator = _file_name(spec.name), f"toolboxai {__version__}"
    lost = _lost_note(place)
    rojo = write_rojo(name, place, scripts)
    land = height_map(plan.land)
    rojo_files = [*rojo, ("terrain/height-map.json", land)] if spec.features.terrain else rojo
    model_notes = (_SWITCHED_OFF, *lost) if scripts else lost
    alone = (
        WorldFile(
            name=f"{name}.rbxlx",
            format=WorldFormat.RBXLX,
            media_type=_XML,
            content=write_place(place),
            notes=lost,
        ),
        WorldFile(
            name=f"{name}.rbxmx",
            format=WorldFormat.RBXMX,
            media_type=_XML,
            content=write_model([_model(place, scripts)], parent="Workspace"),
            notes=model_notes,
        ),
        WorldFile(
            name=f"{name}.bundle.json",
            format=WorldFormat.BUNDLE,
            media_type="application/json",
            content=write_bundle(spec, place, scripts, generator),
        ),
    )
    project = WorldFile(
        name=f"{name}.rojo.zip",
        format=WorldFormat.ROJO,
        media_type="application/zip",
        content=pack(rojo_files),
        notes=lost,
    )
    package = WorldFile(
        name=f"{name}.zip",
        format=WorldFormat.ZIP,
        media_type="application/zip",
        content=write_package(
            spec, plan, place, scripts, alone, rojo, land, generator=generator, notes=model_notes
        ),
        notes=model_notes,
    )
    return (*alone, project, package)


def _model(place: Instance, scripts: Sequence[Script]) -> Instance:
    """What is built, with the scripts in it where there are any: one root, as uploads want it."""
    world = next(child for service in place.children for child in service.children if child.name == WORLD)
    if not scripts:
        return world
    folders = [
        Instance(
            class_name="Folder",
            name=parent.rpartition("/")[2],
            children=tuple(script_instance(each, disabled=True) for each in scripts if each.parent == parent),
        )
        for parent in SCRIPT_PARENTS
    ]
    inside = Instance(
        class_name="Folder", name=MODEL_SCRIPTS, children=tuple(each for each in folders if each.children)
    )
    return replace(world, children=(*world.children, inside))


def _file_name(name: str) -> str:
    """Small ASCII letters, digits and dashes, at most 60: safe on every system."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain)[:60].strip("-") or "world"


def _lost_note(place: Instance) -> tuple[str, ...]:
    lost = sum(lost_characters(text) for text in _texts(place))
    if not lost:
        return ()
    words = "1 character" if lost == 1 else f"{lost} characters"
    return (f"{words} that XML cannot carry became U+FFFD in the place and in models.",)


def _texts(instance: Instance) -> Iterator[str]:
    yield instance.name
    yield from (value for value in instance.properties.values() if isinstance(value, str))
    for child in instance.children:
        yield from _texts(child)
