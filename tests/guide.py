"""The WebSocket guide as it was handed to us, block by block, and the few words of it that a reader has to replace.

What a test runs of the guide is a block of it, with nothing changed but what `filled_in` changes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["ELISIONS", "GUIDE", "Block", "block", "blocks", "differences", "filled_in", "sample"]

GUIDE: Final = Path(__file__).parent / "contract" / "websocket-guide.md"

# Server address and port, ids, a token, and the place for the host options of pusher-js. Nothing else may be replaced.
PERMITTED: Final = frozenset(
    {
        "localhost:8009",
        "gen_abc123",
        "gen_123",
        "env_456",
        "agent_content_123",
        "your_jwt_token_here",
        "cluster: 'us2',",
    }
)

# Where the guide leaves something out of a message, what may stand there.
ELISIONS: Final[Mapping[str, str]] = {
    "[...]": '[{"heading": "The Sun", "minutes": 10}, {"heading": "The planets", "minutes": 15}]',
    '"https://assets.roblox.com/..."': '"https://assets.roblox.com/v1/assets/123456789"',
}

_LINE: Final = re.compile(
    r"^(?:#+ (?P<heading>[^\n]+)|\*\*(?P<label>[^*\n]+)\*\*|```(?P<language>\w*)\n(?P<text>.*?)^```)$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One fenced block.

    Args:
        under: the nearest heading or bold line above it.
        language: what stands behind the fence, empty where nothing does.
        number: among the blocks of this language under this heading, from 1.
        text: what stands in it.
        line: of its fence in the guide, from 1.
    """

    under: str
    language: str
    number: int
    text: str
    line: int

    @property
    def name(self) -> tuple[str, str, int]:
        """By what it is found, whatever its text."""
        return self.under, self.language, self.number


def blocks() -> list[Block]:
    """Every fenced block of the guide, in order."""
    guide = GUIDE.read_text(encoding="utf-8")
    found: list[Block] = []
    under = ""
    for match in _LINE.finditer(guide):
        if match["text"] is None:
            under = match["heading"] or match["label"]
            continue
        here = [each for each in found if (each.under, each.language) == (under, match["language"])]
        line = guide.count("\n", 0, match.start()) + 1
        found.append(Block(under, match["language"], len(here) + 1, match["text"], line))
    assert len(found) * 2 == len(re.findall("^ *```", guide, re.MULTILINE)), "a fence of another form"
    return found


def block(under: str, language: str, number: int = 1) -> str:
    """The text of one block."""
    return next(each.text for each in blocks() if each.name == (under, language, number))


def filled_in(text: str, replacements: Mapping[str, str]) -> str:
    """The text with what a reader has to replace; each of it has to be there, and nothing else changes."""
    assert replacements.keys() <= PERMITTED, replacements.keys() - PERMITTED
    options = replacements.get("cluster: 'us2',")
    assert options is None or options.startswith("cluster: 'us2', "), (
        "options are added, and none is taken away"
    )
    missing = [old for old in replacements if old not in text]
    assert missing == [], f"the guide does not have {missing}"
    any_of_them = "|".join(re.escape(old) for old in replacements)
    return re.sub(any_of_them, lambda match: replacements[match[0]], text)


def sample(block: Block) -> dict[str, Any]:
    """The message of a JSON block, nothing left out."""
    text = block.text
    for elision, value in ELISIONS.items():
        text = text.replace(elision, value)
    message: dict[str, Any] = json.loads(text)
    return message


def differences(live: Any, shown: Any, place: str = "message") -> Iterator[str]:
    """Where a message is not as the guide shows it: fields that are missing, values of another JSON type.

    A field may be null, and there may be more fields than in the guide.
    """
    if isinstance(shown, dict) and isinstance(live, dict):
        for name in shown:
            if name in live:
                yield from differences(live[name], shown[name], f"{place}.{name}")
            else:
                yield f"{place}.{name} is missing"
    elif live is not None and type(live) is not type(shown):
        yield f"{place} is {live!r}, not a {type(shown).__name__}"
