"""A whole place as a tree: the services that a world sets, what is built, and the scripts."""

from collections.abc import Sequence
from typing import Final

from toolboxai.platform.roblox.files.parts import parts
from toolboxai.platform.roblox.model.instances import Instance, Script, ScriptKind, Value
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec
from toolboxai.platform.roblox.themes import THEMES

__all__ = ["SCRIPT_PARENTS", "place_tree", "script_instance"]

SCRIPT_PARENTS: Final = (
    "ReplicatedStorage",
    "ServerScriptService",
    "ServerStorage",
    "StarterPlayer/StarterPlayerScripts",
)
"""Where scripts can stand."""

_CLASSES: Final = {
    ScriptKind.SERVER: "Script",
    ScriptKind.CLIENT: "LocalScript",
    ScriptKind.MODULE: "ModuleScript",
}


def place_tree(spec: WorldSpec, plan: WorldPlan, scripts: Sequence[Script]) -> Instance:
    """The root ``DataModel`` with its services in a fixed order; scripts in the order given.

    Raises:
        ValueError: a script stands where none can, or two of one parent share a name.
    """
    _check(scripts)
    look = THEMES[spec.theme]
    services = [
        # A world is small enough to be sent whole: no script has to wait for what is far away.
        _service("Workspace", {"StreamingEnabled": False}, parts(spec, plan)),
        _service(
            "Players", {"MaxPlayersInternal": spec.max_players, "PreferredPlayersInternal": spec.max_players}
        ),
        _service(
            "Lighting",
            {
                "Ambient": look.ambient,
                "Brightness": 2,
                "GlobalShadows": True,
                "OutdoorAmbient": look.ambient,
                "TimeOfDay": _time(look.clock_time),
            },
        ),
        _service("ReplicatedStorage", {}, *_scripts(scripts, "ReplicatedStorage")),
        _service("ServerScriptService", {}, *_scripts(scripts, "ServerScriptService")),
        _service("ServerStorage", {}, *_scripts(scripts, "ServerStorage")),
        _service(
            "StarterPlayer",
            {},
            _service("StarterPlayerScripts", {}, *_scripts(scripts, "StarterPlayer/StarterPlayerScripts")),
        ),
    ]
    return Instance(class_name="DataModel", name="Game", children=tuple(services))


def script_instance(script: Script, *, disabled: bool = False) -> Instance:
    """A script as an instance, named as it is called."""
    properties: dict[str, Value] = {"Source": script.source}
    if disabled and script.kind is not ScriptKind.MODULE:
        properties["Disabled"] = True
    return Instance(class_name=_CLASSES[script.kind], name=script.name, properties=properties)


def _check(scripts: Sequence[Script]) -> None:
    seen: set[tuple[str, str]] = set()
    for script in scripts:
        if script.parent not in SCRIPT_PARENTS:
            raise ValueError(f"script {script.id} stands in {script.parent}, where none can")
        if not (script.name.isascii() and script.name.isalnum()):
            raise ValueError(
                f"script {script.id} is called {script.name!r}: letters and digits alone make a file's name"
            )
        if (script.parent, script.name.lower()) in seen:
            raise ValueError(f"two scripts in {script.parent} are called {script.name}")
        seen.add((script.parent, script.name.lower()))


def _scripts(scripts: Sequence[Script], parent: str) -> list[Instance]:
    return [script_instance(script) for script in scripts if script.parent == parent]


def _service(name: str, properties: dict[str, Value], *children: Instance) -> Instance:
    return Instance(class_name=name, name=name, properties=properties, children=children)


def _time(hours: float) -> str:
    """``TimeOfDay``: that, and not ``ClockTime``, is what files have."""
    seconds = round(hours * 3600) % 86_400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
