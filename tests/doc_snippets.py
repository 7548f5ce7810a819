"""The fenced blocks and the links of the documents."""

import re
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "ROOT",
    "Link",
    "Snippet",
    "anchors",
    "documents",
    "example_files",
    "links",
    "shown_files",
    "snippets",
]

ROOT = Path(__file__).resolve().parents[1]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")


class Snippet(NamedTuple):
    """One fenced block.

    Args:
        page: path of the document, relative to the tree.
        line: of its first line, from 1.
        language: what stands behind the fence.
        text: what stands in it.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """How a test run shows it."""
        return f"{self.page}:{self.line}"


class Link(NamedTuple):
    """One link: the page it stands on, and where it leads."""

    page: str
    target: str


def documents() -> list[str]:
    """Every page, the README first; the guide that was handed to us is not ours to mend."""
    pages = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    others = ["CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md"]
    return ["README.md", *(name for name in others if (ROOT / name).is_file()), *pages]


def example_files() -> list[Path]:
    """Every file below ``examples/``."""
    found = sorted((ROOT / "examples").rglob("*"))
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


_READ_BY_PROGRAMS = {"alerts.yml", "grafana-dashboard.json"}  # see test_monitoring.py


def shown_files() -> list[Path]:
    """The examples and the samples of ``deploy/``; each stands on a page, word for word."""
    samples = [path for path in (ROOT / "deploy").iterdir() if path.is_file()]
    return example_files() + sorted(path for path in samples if path.name not in _READ_BY_PROGRAMS)


def snippets(*languages: str) -> list[Snippet]:
    """The fenced blocks of all pages, of these languages or, when none is named, of all."""
    found = []
    for page in documents():
        text = (ROOT / page).read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            if not languages or match["language"] in languages:
                line = text.count("\n", 0, match.start()) + 1
                found.append(Snippet(page, line, match["language"], match["text"]))
    return found


def links() -> list[Link]:
    """The links of all pages, those inside code left out."""
    found = []
    for page in documents():
        text = _FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
        for match in _LINK.finditer(re.sub(r"`[^`\n]*`", "", text)):
            found.append(Link(page, match["target"]))
    return found


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as code hosts write them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
