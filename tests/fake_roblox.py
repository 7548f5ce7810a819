"""A Roblox server with its players, in one Luau machine with bounds: what the scripts of a world are run on."""

import faulthandler
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakMethod

from luau import machine, plain
from toolboxai.platform.roblox.model.instances import CFrame, Instance, Script, ScriptKind, Vector

__all__ = ["FakeRoblox", "called"]

MEMORY_BYTES = 256 * 1024 * 1024
SECONDS = 40
"""Of real time that one step may take. The machine lets nothing else of the process run; so that ends with it."""

_CLASSES = {ScriptKind.SERVER: "Script", ScriptKind.CLIENT: "LocalScript", ScriptKind.MODULE: "ModuleScript"}

Answering = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class FakeRoblox:
    """A game with scripts.

    Args:
        scripts: each put where it stands.
        answer: what a web server answers to ``RequestAsync``: ``StatusCode``, and ``Headers`` and
            ``Body`` if there are any.
    """

    def __init__(self, scripts: Sequence[Script], answer: Answering | None = None) -> None:
        self.requests: list[Mapping[str, Any]] = []
        self._answer = answer or (lambda _request: {"StatusCode": 201})
        self._lua = machine()
        self._lua.sandbox(True)
        self._lua.set_memory_limit(MEMORY_BYTES)
        native = self._lua.create_table()
        for name, does in (
            ("nfd", self._nfd),
            ("encode", self._encode),
            ("decode", self._decode),
            ("request", self._request),
            ("load", self._load),
        ):
            native.set(name, self._lua.create_function(called(WeakMethod(does))))
        prelude = (Path(__file__).parent / "fake_roblox.luau").read_text(encoding="utf-8")
        (self._fake,) = self._lua.load_chunk(prelude, name="=fake").call(native)
        self._probes = self._lua.create_table()
        self._probes.set("fake", self._fake)
        beyond = self._lua.create_table()
        beyond.set("__index", self._fake.get("environment").call()[0])
        self._probes.set_metatable(beyond)
        for script in scripts:
            source = self._lua.create_string(script.source.encode())
            self._fake.get("place").call(_CLASSES[script.kind], script.name, script.parent, source)

    def build(self, instance: Instance, parent: Any = None) -> None:
        """Put a piece of the place file into ``Workspace``, with all that is under it."""
        properties = instance.properties
        values: dict[str, Any] = {
            "attributes": dict(instance.attributes),
            "enabled": properties.get("Enabled", True),
        }
        size, place = properties.get("Size"), properties.get("CFrame")
        if isinstance(size, Vector) and isinstance(place, CFrame):
            sides, turn = (size.x, size.y, size.z), [abs(each) for each in place.rotation]
            # The box that a turned part fills.
            values["size"] = [sum(turn[3 * row + at] * sides[at] for at in range(3)) for row in range(3)]
            values["at"] = [place.x, place.y, place.z]
            values["solid"] = properties.get("CanCollide", True)
        (made,) = self._fake.get("build").call(instance.class_name, instance.name, parent, self.value(values))
        for child in instance.children:
            self.build(child, made)

    def start(self) -> "FakeRoblox":
        """Run the scripts of the server, and let a second pass."""
        with _bounded():
            self._fake.get("start").call()
        return self.advance(1)

    def advance(self, seconds: float) -> "FakeRoblox":
        """Let time pass. A script that failed fails the test."""
        with _bounded():
            self._fake.get("advance").call(seconds)
        faults = plain(self._fake.get("errors"))
        assert not faults, faults
        return self

    def join(self, name: str = "Otter", user_id: int = 7) -> Any:
        """A player comes in; the scripts of players run on their machine."""
        with _bounded():
            (player,) = self._fake.get("join").call(name, user_id)
        self.advance(1)
        return player

    def do(self, source: str, *words: Any) -> Any:
        """Run a piece of Luau beside the scripts, where ``fake``, ``game`` and ``...`` are known; what it returns."""
        with _bounded():
            found = self._lua.load_chunk(source, name="=probe", env=self._probes).call(*words)
        return plain(found[0]) if found else None

    def call(self, player: Any, *words: Any) -> Any:
        """What the server answers to a call of ``SubmitAnswer`` that a player's machine has made up."""
        return self.do(
            'local player = ... return fake.invoke(game:GetService("ReplicatedStorage").WorldQuiz.SubmitAnswer, ...)',
            player,
            *(self.value(word) for word in words),
        )

    def value(self, value: Any) -> Any:
        """A value of Python in the machine."""
        if isinstance(value, str):
            return self._lua.create_string(value.encode())
        if isinstance(value, bytes):
            return self._lua.create_string(value)
        if isinstance(value, list | tuple):
            value = dict(enumerate(value, 1))
        if isinstance(value, dict):
            table = self._lua.create_table()
            for key, each in value.items():
                table.set(self.value(key), self.value(each))
            return table
        return value

    @property
    def warned(self) -> list[str]:
        """What scripts have warned of."""
        return [str(each) for each in plain(self._fake.get("warned"))]

    @property
    def voxels(self) -> dict[str, str]:
        """The terrain: ``x,y,z`` in voxels to material and occupancy."""
        (written,) = self._fake.get("writtenVoxels").call()
        return dict(line.split("=") for line in str(written).splitlines())

    def held(self, voxels: Sequence[tuple[int, int, int]]) -> list[str]:
        """Material and occupancy of some voxels."""
        told = self.do(
            """local held = {}
            for place in string.gmatch(..., "%S+") do
                local x, y, z = string.match(place, "(.+),(.+),(.+)")
                table.insert(held, fake.voxel(tonumber(x), tonumber(y), tonumber(z)))
            end
            return table.concat(held, "\\n")""",
            self.value(" ".join(f"{x},{y},{z}" for x, y, z in voxels)),
        )
        return str(told).splitlines()

    # ---- what the prelude calls -----------------------------------------------------------------------------------

    def _nfd(self, words: Any) -> Any:
        return self.value(unicodedata.normalize("NFD", bytes(words[0].as_bytes()).decode()))

    def _encode(self, words: Any) -> Any:
        return self.value(json.dumps(plain(words[0])))

    def _decode(self, words: Any) -> Any:
        return self.value(json.loads(bytes(words[0].as_bytes())))

    def _load(self, words: Any) -> Any:
        source, name, around = words
        return self._lua.load_chunk(source, name=f"={name}", env=around)

    def _request(self, words: Any) -> Any:
        asked = plain(words[0])
        self.requests.append(asked)
        answer = {"Headers": {}, "Body": "", **self._answer(asked)}
        return self.value({**answer, "Success": 200 <= answer["StatusCode"] < 300})


def called(method: WeakMethod[Callable[[Any], Any]]) -> Callable[[Any, Any], tuple[Any]]:
    """What the machine calls. It does not hold the game, which holds the machine: or neither would ever be freed."""

    def call(_lua: Any, words: Any) -> tuple[Any]:
        does = method()
        assert does is not None
        return (does(words),)

    return call


@contextmanager
def _bounded() -> Iterator[None]:
    """An interrupt of the machine, called at each turn of each loop, takes twenty times as long as the scripts."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
