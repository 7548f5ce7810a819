"""The parts of a tree as solid bodies: which of them hold a point. Written from Roblox's rules for parts, for tests."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from toolboxai.platform.roblox.model.instances import CFrame, Instance, Vector

__all__ = ["Solid", "Solids", "every", "hidden"]

CELL = 4


def every(instance: Instance, path: str = "") -> Iterator[tuple[str, Instance]]:
    """Each instance at and below one, with its path of names."""
    here = f"{path}/{instance.name}" if path else instance.name
    yield here, instance
    for child in instance.children:
        yield from every(child, here)


@dataclass(frozen=True)
class Solid:
    """A part: where it is, and its own axes as rows of its rotation."""

    path: str
    instance: Instance
    frame: CFrame
    size: Vector

    @property
    def blocks(self) -> bool:
        return self.instance.properties.get("CanCollide") is not False

    def inside(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """The point as seen from the part: along its own x, y and z."""
        away = x - self.frame.x, y - self.frame.y, z - self.frame.z
        r = self.frame.rotation
        return (
            r[0] * away[0] + r[3] * away[1] + r[6] * away[2],
            r[1] * away[0] + r[4] * away[1] + r[7] * away[2],
            r[2] * away[0] + r[5] * away[1] + r[8] * away[2],
        )

    def holds(self, x: float, y: float, z: float) -> bool:
        """Whether a point is in it, not on its skin."""
        a, b, c = self.inside(x, y, z)
        tiny = 1e-3
        half = self.size.x / 2 - tiny, self.size.y / 2 - tiny, self.size.z / 2 - tiny
        if not (abs(a) < half[0] and abs(b) < half[1] and abs(c) < half[2]):
            return False
        if self.instance.class_name == "WedgePart":
            # From the lower edge in front, own -z, to the upper one behind.
            return b / half[1] < c / half[2]
        if self.instance.properties.get("Shape") is not None:
            return math.hypot(b, c) < half[1]  # a cylinder lies along its own x
        return True


def hidden(solids: "Solids") -> list[str]:
    """What stands before the faces of boards, screens and signs, or over the spawn; the face is its own front, -z."""
    found = []
    for solid in solids.all:
        own = "/".join(solid.path.split("/")[:3])
        if solid.path.endswith("/Spawn"):
            x, y, z = solid.frame.x, solid.frame.y, solid.frame.z
            points = [
                (x + 2 * east, y + up, z + 2 * south)
                for up in range(1, 8)
                for east, south in ((-1, -1), (0, 0), (1, 1))
            ]
        elif solid.path.endswith(("/Panel", "/Screen", "/Sign")):
            points = list(_face(solid))
        else:
            continue
        for point in points:
            found += [
                f"{other.path} before {solid.path}"
                for other in solids.at(*point)
                if not other.path.startswith(f"{own}/") or own.startswith("World/Rooms/")
            ]
    return found


def _face(solid: Solid) -> Iterator[tuple[float, float, float]]:
    """Points a little before the front of a part, to its very edges."""
    r, size = solid.frame.rotation, solid.size
    for across in range(-10, 11):
        for up in (-2, -1, 0, 1, 2):
            a, b, c = across / 20 * size.x, up / 4 * size.y, -size.z / 2 - 0.15
            yield (
                solid.frame.x + r[0] * a + r[1] * b + r[2] * c,
                solid.frame.y + r[3] * a + r[4] * b + r[5] * c,
                solid.frame.z + r[6] * a + r[7] * b + r[8] * c,
            )


class Solids:
    """All parts below an instance, found by the cells they are near."""

    def __init__(self, root: Instance) -> None:
        self.all: list[Solid] = []
        for path, instance in every(root):
            frame, size = instance.properties.get("CFrame"), instance.properties.get("Size")
            if isinstance(frame, CFrame) and isinstance(size, Vector):
                self.all.append(Solid(path, instance, frame, size))
        self._near: dict[tuple[int, int], list[Solid]] = defaultdict(list)
        for solid in self.all:
            r, size = solid.frame.rotation, solid.size
            wide = (abs(r[0]) * size.x + abs(r[1]) * size.y + abs(r[2]) * size.z) / 2
            deep = (abs(r[6]) * size.x + abs(r[7]) * size.y + abs(r[8]) * size.z) / 2
            for x in range(
                math.floor((solid.frame.x - wide) / CELL), math.floor((solid.frame.x + wide) / CELL) + 1
            ):
                for z in range(
                    math.floor((solid.frame.z - deep) / CELL), math.floor((solid.frame.z + deep) / CELL) + 1
                ):
                    self._near[x, z].append(solid)

    def at(self, x: float, y: float, z: float) -> list[Solid]:
        """Those that hold a point."""
        near = self._near.get((math.floor(x / CELL), math.floor(z / CELL)), [])
        return [solid for solid in near if solid.holds(x, y, z)]

    def blocking(self, x: float, y: float, z: float) -> list[str]:
        """The paths of those that stand in the way at a point."""
        return [solid.path for solid in self.at(x, y, z) if solid.blocks]
