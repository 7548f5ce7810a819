"""New samples speak Channels: raw sockets and the old endpoints stand in the pages of the way out alone."""

import re
from pathlib import Path

import pytest

from doc_snippets import ROOT

# What a reader could take over.
SHOWN = ("README.md", "docs", "examples", "src/toolboxai/web/static")
VENDORED = {"src/toolboxai/web/static/pusher.min.js"}
# The pages of the old sockets, and what clients in the field look like.
LEGACY = re.compile(
    r"docs/(WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE|legacy)\.md|examples/migration/[a-z]+_before\.[a-z]+"
)

OPENS_A_SOCKET = re.compile(
    r"new\s+WebSocket\s*\(|websockets?(\.\w+)*\.(connect|create_connection)\s*\(|\bWebSocketApp\s*\("
    r"|CreateWebStreamClient\s*\(\s*Enum\.WebStreamClientType\.WebSocket|\bwss?://[^\s\"'`]*/ws/"
)
NAMES_AN_ENDPOINT = re.compile(r"/ws/(content|roblox|plugin|agent|native)\b")
# There is no library of Channels for Luau: a script of Studio speaks the protocol over a socket, to where clients connect.
SPEAKS_CHANNELS = re.compile(r"/app/\{?\w+\}?\?protocol=7")


def raw_sockets(root: Path) -> list[str]:
    """Where something outside the pages of the way out opens a raw socket, or names an old endpoint as if it were new."""
    found = []
    for shown in SHOWN:
        place = root / shown
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            name = path.relative_to(root).as_posix()
            if (
                not path.is_file()
                or path.suffix in {".pyc", ".png"}
                or name in VENDORED
                or LEGACY.fullmatch(name)
            ):
                continue
            text = path.read_text(encoding="utf-8")
            opens = not (path.suffix == ".luau" and SPEAKS_CHANNELS.search(text))
            for number, line in enumerate(text.splitlines(), 1):
                names = NAMES_AN_ENDPOINT.search(line) and "deprecated" not in line
                if names or (opens and OPENS_A_SOCKET.search(line)):
                    found.append(f"{name}:{number}: {line.strip()}")
    return found


def test_nothing_that_is_shown_opens_a_raw_socket() -> None:
    assert raw_sockets(ROOT) == [], "show it over Channels; docs/clients.md names the libraries"


@pytest.mark.parametrize(
    "line",
    [
        "const ws = new WebSocket(url);",
        "socket = await websockets.connect(url)",
        "from websockets.sync.client import connect; websockets.sync.client.connect(url)",
        "ws = websocket.create_connection(url)",
        'HttpService:CreateWebStreamClient(Enum.WebStreamClientType.WebSocket, { Url = "ws://here" })',
        "const url = `ws://localhost:8009/ws/${kind}/${id}`;",
        "connect to /ws/content/gen_abc123",
        '"/ws/roblox"',
        "/ws/plugin/{plugin_id}",
        "/ws/agent/agent_1",
        "/ws/native",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "README.md",
        "docs/new.md",
        "docs/adr/0099-new.md",
        "examples/new.mjs",
        "examples/migration/python_after.py",
        "examples/migration/progress.luau",
        "src/toolboxai/web/static/new.js",
    ],
)
def test_it_is_seen_where_someone_shows_one(place: str, line: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text(f"one\n{line}\n", encoding="utf-8")
    assert raw_sockets(tmp_path) == [f"{place}:2: {line}"]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("docs/legacy.md", "`/ws/content/{session_id}`"),
        ("docs/WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md", "new WebSocket(url)"),
        ("examples/migration/browser_before.mjs", "new WebSocket(`ws://127.0.0.1:8009/ws/content/${id}`)"),
        ("docs/rest.md", "| `GET /ws/roblox` | | deprecated |"),
        ("src/toolboxai/web/static/pusher.min.js", "new WebSocket(t)"),
        ("docs/new.md", "pusher-js connects to ws://127.0.0.1:8009/app/KEY"),
    ],
)
def test_the_way_out_may_show_them(place: str, line: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text(f"{line}\n", encoding="utf-8")
    assert raw_sockets(tmp_path) == []
