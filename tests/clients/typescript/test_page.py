"""The pages on the package: their blocks are compiled and run against a real server, the tables are whole."""

import json
import re
from pathlib import Path

import pytest

from clients.conftest import SOURCE, Built
from doc_snippets import ROOT, Snippet, snippets
from docs.test_reference import code, rows
from generation import long_text
from pusher_js import node_packages
from school import Open, calls, generate

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

PAGE = "typescript-client.md"
BLOCKS = snippets("ts", "tsx")
MOVED, FIRST, TYPES, TOKENS, REACT, TESTS = BLOCKS  # the first stands on the page of the way out
README = re.search(r"```ts\n(.*?)```", (SOURCE / "README.md").read_text(encoding="utf-8"), re.DOTALL)

# What a browser has, and what is read from it; a block writes lines, and ends by itself.
AROUND = """
const kept = new Map(Object.entries({kept}));
globalThis.localStorage = {{
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
}};
"""
MOUNTED = """
import { Window } from "happy-dom";
const window = new Window();
for (const [name, value] of Object.entries({ window, document: window.document, navigator: window.navigator })) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
const { createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { App } = await import("./block.mjs");
const element = document.createElement("div");
const root = createRoot(element);
new window.MutationObserver(() => {
  if (!element.textContent.includes("Content ID: content_")) return;
  console.log(element.textContent);
  root.unmount();
}).observe(element, { childList: true, characterData: true, subtree: true });
root.render(createElement(App));
"""


def compiled(built: Built, block: Snippet | str, port: int, session_id: str, user_id: str) -> Path:
    """A block as JavaScript, with a server's port and somebody's lesson in the places of the page's."""
    text = block if isinstance(block, str) else block.text
    for shown, real in {
        "localhost:8009": f"127.0.0.1:{port}",
        "8009": str(port),
        "gen_abc123": session_id,
        "private-user-ME": f"private-user-{user_id}",
    }.items():
        text = text.replace(shown, real)
    built.place("block.tsx", text)
    esbuild = node_packages() / "esbuild" / "bin" / "esbuild"
    script = built.run(esbuild, "block.tsx", "--format=esm", "--jsx=automatic")
    return built.place("block.mjs", script)


async def said(opened: Open, built: Built, block: Snippet | str, *, token: str | None = None) -> list[str]:
    """What a block prints when it is run by Jane, who has begun a lesson."""
    jane = opened.school["jane"]
    async with calls(opened.server, jane) as http:
        session_id = (await generate(http, source_text=long_text(2_000)))["session_id"]
        signed_in = (
            await http.post("/api/v1/auth/login", json={"username": "jane", "password": jane.password})
        ).json()
    kept = {"jwt_token": token or jane.token, "refresh_token": signed_in["refresh_token"]}
    script = compiled(built, block, opened.server.port, session_id, jane.id)
    around = built.place("around.mjs", AROUND.format(kept=json.dumps(kept)))
    if block is REACT:
        script = built.place("mounted.mjs", MOUNTED)
    return built.run("--import", around.as_uri(), script).splitlines()


def test_every_block_compiles(built: Built) -> None:
    assert README is not None
    files = []
    for number, text in enumerate([*(block.text for block in BLOCKS), README.group(1)]):
        files.append(built.place(f"block{number}.tsx", text).name)
    options = {
        "strict": True,
        "noEmit": True,
        "jsx": "react-jsx",
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "bundler",
        "moduleDetection": "force",
        "lib": ["ES2022", "DOM"],
        "types": ["node"],
    }
    config = built.place("tsconfig.page.json", json.dumps({"compilerOptions": options, "files": files}))
    assert built.run(node_packages() / "typescript" / "bin" / "tsc", "-p", config) == ""


async def test_the_first_block_shows_a_lesson_to_its_end(opened: Open, built: Built) -> None:
    lines = await said(opened, built, FIRST)
    assert lines[-1].startswith("Content ID: content_")
    assert any(line.startswith("100% ") for line in lines)


async def test_the_block_of_client_events_runs(opened: Open, built: Built) -> None:
    assert [line for line in await said(opened, built, TYPES) if "slow" in line] == []


async def test_a_token_that_is_over_is_exchanged(opened: Open, built: Built) -> None:
    assert await said(opened, built, TOKENS, token="over") == ["subscribed"]


async def test_the_component_shows_a_lesson_to_its_end(opened: Open, built: Built) -> None:
    (shown,) = await said(opened, built, REACT)
    assert "Connection: connectedProgress: 100%" in shown


async def test_the_block_of_ones_own_tests_passes(opened: Open, built: Built) -> None:
    assert await said(opened, built, TESTS) == []


async def test_the_guides_class_is_at_hand_by_another_import(opened: Open, built: Built) -> None:
    lines = await said(opened, built, MOVED)
    assert lines[:2] == ["WebSocket connected", "Authenticated successfully"]
    assert "Progress: 100%" in lines


def test_every_option_is_documented() -> None:
    text = (SOURCE / "src" / "options.ts").read_text(encoding="utf-8")
    interface = re.search(r"export interface ClientOptions \{(.*?)\n\}", text, re.DOTALL)
    assert interface is not None
    names = re.findall(r"^  (\w+)\??: ", interface.group(1), re.MULTILINE)
    assert [code(row[0])[0] for row in rows(PAGE, "connect")] == names


def test_every_error_is_documented() -> None:
    text = (SOURCE / "src" / "errors.ts").read_text(encoding="utf-8")
    names = re.findall(r"^export class (\w+) extends ClientError", text, re.MULTILINE)
    assert [code(row[0])[0] for row in rows(PAGE, "Errors")] == names


def test_every_hook_is_documented() -> None:
    text = (SOURCE / "src" / "react" / "index.ts").read_text(encoding="utf-8")
    names = set(re.findall(r"\b(use[A-Z]\w+)", text)) - {"useWebSocket"}
    assert {code(row[0])[0].partition("(")[0] for row in rows(PAGE, "React")} == names


def test_every_public_method_of_the_fake_is_documented() -> None:
    text = (SOURCE / "src" / "testing" / "server.ts").read_text(encoding="utf-8")
    inside = text.partition("export class FakeServer")[2].partition("// ---- connections ----")[0]
    names = set(re.findall(r"^  (?:async |readonly )?([a-z]\w+)[(<:]", inside, re.MULTILINE))
    page = (ROOT / "docs" / PAGE).read_text(encoding="utf-8")
    assert {name for name in names if f"server.{name}" not in page} == set()
    assert len(names) > 8
