"""The package in a real browser, with pusher-js as browsers get it."""

import json
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from chromium import ARGUMENTS, chromium
from clients.conftest import Built
from generation import long_text
from line import Line
from pusher_js import node_packages
from school import Open, calls, generate

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

# The address is the page's own, as it was reached: nothing but a token is told.
PAGE = """
import { createElement as h, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "toolboxai-client";
import { RealtimeProvider, useConnectionState, useEvent, useGeneration } from "toolboxai-client/react";

window.begin = (token, sessionId) => {
  window.seqs = [];
  const client = createClient({ url: "", token });
  const Lesson = () => {
    const { status, percent } = useGeneration(sessionId);
    const channel = `private-content-generation-${sessionId}`;
    for (const event of ["progress_update", "stage_complete", "generation_complete"]) {
      useEvent(channel, event, ({ seq }) => window.seqs.push(seq), 0);
    }
    return h("p", { id: "shown" }, `${useConnectionState()} ${status} ${percent}`);
  };
  const root = createRoot(document.body.appendChild(document.createElement("div")));
  root.render(h(StrictMode, null, h(RealtimeProvider, { client }, h(Lesson))));
};
"""


def bundled(built: Built, page: str) -> str:
    """A page with all that it imports, as esbuild makes it for browsers."""
    entry: Path = built.place("page.mjs", page)
    esbuild = node_packages() / "esbuild" / "bin" / "esbuild"
    return built.run(esbuild, entry, "--bundle", "--format=iife", "--charset=utf8")


async def test_a_component_shows_a_lesson_to_its_end_across_a_cut(opened: Open, built: Built) -> None:
    jane = opened.school["jane"]
    async with (
        Line(opened.server.port).running() as line,
        calls(opened.server, jane) as http,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            window = await browser.new_page(bypass_csp=True)
            await window.goto(f"http://127.0.0.1:{line.port}/api/v1/realtime/config")
            await window.add_script_tag(content=bundled(built, PAGE))
            accepted = await generate(http, source_text=long_text(60_000))
            told = json.dumps([jane.token, accepted["session_id"]])
            await window.evaluate(f"window.begin(...{told})")
            await window.wait_for_function("window.seqs.length > 2")
            line.cut()
            await window.wait_for_function(
                "document.querySelector('#shown').textContent.startsWith('waiting')"
            )
            line.mend()
            await window.wait_for_function(
                "document.querySelector('#shown').textContent === 'connected complete 100'"
            )
            events = (await http.get(accepted["events_url"])).json()["items"]
            await window.wait_for_function(f"window.seqs.length >= {len(events)}")
            seqs = await window.evaluate("window.seqs.sort((one, other) => one - other)")
        finally:
            await browser.close()
    assert seqs == [event["seq"] for event in events]
