"""Pictures of the pages for the documents: taken of a page that is in order, and of no other."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Locator, expect

from doc_snippets import ROOT, links
from visit import Visit

__all__ = ["ANEW", "IMAGES", "MOST_BYTES", "Camera", "Picture", "keep", "kept", "shown"]

ANEW: Final = bool(os.environ.get("TOOLBOXAI_IMAGES"))  # `make pictures`: into the documents
IMAGES: Final = ROOT / "docs" / "images"
LEAST_BYTES: Final = 15_000  # a page of this size without a word has fewer
MOST_BYTES: Final = 120_000
# What a page in order does not show: faults, a line that is away, a stage that failed, something still awaited.
AMISS = ", ".join(
    f"{each}:visible"
    for each in (
        "[role=alert]",
        ".trouble",
        ".fault",
        "[data-state=away]",
        "[data-state=failed]",
        "[aria-busy=true]",
    )
)


class Picture(NamedTuple):
    """How many points wide and high a PNG is, and how many bytes it has."""

    wide: int
    high: int
    size: int

    @classmethod
    def of(cls, png: bytes) -> "Picture":
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        return cls(int.from_bytes(png[16:20]), int.from_bytes(png[20:24]), len(png))


@dataclass
class Camera:
    """Takes pictures, and keeps them in a folder.

    Args:
        folder: where they go.
        taken: by name.
    """

    folder: Path
    taken: dict[str, Picture] = field(default_factory=dict)

    def take(self, visit: Visit, name: str, top: Locator | None = None, below: int = 16) -> None:
        """What the window shows, with this so far below its upper edge; the page has to be fit to be seen."""
        page = visit.page
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        if top is not None:
            top.evaluate(
                "(place, below) => scrollTo({top: place.getBoundingClientRect().top - below, behavior: 'instant'})",
                below,
            )
        expect(page.locator(AMISS)).to_have_count(0)
        assert visit.axe() == []
        assert visit.own_faults == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        png = page.screenshot(animations="disabled", caret="hide")
        (self.folder / name).write_bytes(png)
        self.taken[name] = Picture.of(png)


def keep(camera: Camera) -> None:
    """Put its pictures into the documents, and throw away what is there besides."""
    IMAGES.mkdir(exist_ok=True)
    for file in IMAGES.glob("*.png"):
        if file.name not in camera.taken:
            file.unlink()
    for name in camera.taken:
        shutil.copyfile(camera.folder / name, IMAGES / name)


def kept() -> dict[str, Picture]:
    """The pictures of pages that are there for the documents."""
    return {file.name: Picture.of(file.read_bytes()) for file in IMAGES.glob("*.png")}


def shown() -> set[str]:
    """Names of the pictures that the documents show."""
    targets = (
        ((ROOT / link.page).parent / link.target).resolve()
        for link in links()
        if link.target.endswith(".png")
    )
    return {target.name for target in targets if target.parent == IMAGES}
