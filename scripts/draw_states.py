"""Draw the protocol's state tables into the documentation, between the marks that name them."""

import re
from pathlib import Path

from toolboxai.protocol import states

__all__ = ["PAGE", "drawn"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "protocol.md"
_MARKED = re.compile(r"<!-- states: (?P<table>[A-Z]+) -->\n(?:```mermaid\n[^`]*```\n)?<!-- drawn -->")


def drawn(text: str) -> str:
    """The page with every diagram as the tables are now."""

    def diagram(mark: re.Match[str]) -> str:
        table = mark["table"]
        return f"<!-- states: {table} -->\n```mermaid\n{states.draw(getattr(states, table))}\n```\n<!-- drawn -->"

    return _MARKED.sub(diagram, text)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
