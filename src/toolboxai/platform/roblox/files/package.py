"""Everything of a world in one zip, with a manifest of what is in it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

from toolboxai.platform.content.exports.archive import pack
from toolboxai.platform.roblox.files.parts import part_count
from toolboxai.platform.roblox.files.rojo import PROJECT_FILE
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.instances import Instance, Script
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec

__all__ = ["MANIFEST", "Member", "write_package"]

MANIFEST: Final = "manifest.json"


class Member(msgspec.Struct, frozen=True):
    """A file in the zip: its path, one line on what it is, its bytes."""

    path: str
    about: str
    content: bytes


def write_package(
    spec: WorldSpec,
    plan: WorldPlan,
    place: Instance,
    scripts: Sequence[Script],
    files: Sequence[WorldFile],
    rojo: Sequence[tuple[str, bytes]],
    height_map: bytes,
    *,
    generator: str,
    notes: Sequence[str],
) -> bytes:
    """``manifest.json`` first, then the place, the model, the bundle, the Rojo project and the height map.

    Nothing in the zip knows the day on which it was made: the same world is the same bytes.
    """
    members = [Member(file.name, _ABOUT[file.format.value], file.content) for file in files]
    members += [Member(f"rojo/{path}", _about_rojo(path), content) for path, content in rojo]
    if spec.features.terrain:
        members.append(
            Member("terrain/height-map.json", "The land's heights and materials, cell by cell.", height_map)
        )
    manifest = _manifest(spec, plan, place, scripts, members, generator, notes)
    return pack([(MANIFEST, manifest), *((member.path, member.content) for member in members)])


_ABOUT: Final = {
    "rbxlx": "The whole place: open it in Roblox Studio with File, Open from file.",
    "rbxmx": "What is built as one model: insert it in Studio into a place of your own; scripts in it are switched off.",
    "bundle": "The same for a Studio plugin that builds it.",
}


def _about_rojo(path: str) -> str:
    if path == PROJECT_FILE:
        return "The Rojo project: rojo serve in this folder, or rojo build."
    return (
        "What is built, as a model of the Rojo project."
        if path.endswith(".rbxmx")
        else "A script of the Rojo project."
    )


def _manifest(
    spec: WorldSpec,
    plan: WorldPlan,
    place: Instance,
    scripts: Sequence[Script],
    members: Sequence[Member],
    generator: str,
    notes: Sequence[str],
) -> bytes:
    """The wish stands in it without the lesson's text and answers, which are in the files."""
    lesson = spec.lesson
    document = {
        "format": "toolboxai.world",
        "version": 1,
        "generator": generator,
        "environment_id": spec.environment_id,
        "name": spec.name,
        "seed": spec.seed,
        "spec": {
            "theme": spec.theme.value,
            "size": spec.size.value,
            "features": msgspec.to_builtins(spec.features),
            "max_players": spec.max_players,
            "lesson": lesson
            and {
                "content_id": lesson.content_id,
                "revision": lesson.revision,
                "title": lesson.title,
                "language": lesson.language,
                "boards": len(lesson.boards),
                "questions": len(lesson.questions),
            },
        },
        "counts": {
            "rooms": len(plan.rooms),
            "boards": len(plan.boards),
            "stations": len(plan.stations),
            "parts": part_count(place),
            "scripts": len(scripts),
        },
        "left_out": plan.left_out,
        "notes": notes,
        "files": [
            {
                "name": member.path,
                "about": member.about,
                "bytes": len(member.content),
                "sha256": sha256(member.content).hexdigest(),
            }
            for member in members
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
