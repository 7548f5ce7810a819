"""The way out of the old sockets: before and after of each language show the same lesson, with one handler unchanged."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bundles import bundled
from chromium import ARGUMENTS, chromium
from doc_snippets import ROOT
from docs.conftest import PRODUCT, SAMPLE, Reader
from docs.test_reference import code, rows
from forms import FULL
from pusher_js import node_packages, node_with_sockets
from school import School, open_school
from server_process import serving
from studio import Studio
from toolboxai.legacy.deprecation import MIGRATION_GUIDE, replacement
from toolboxai.legacy.endpoints import ENDPOINTS

pytestmark = [pytest.mark.timeout(60), pytest.mark.xdist_group("docs")]

PAGE_NAME = "WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md"
EXAMPLES = ROOT / "examples" / "migration"
FOLLOW = "import(process.argv[1]).then(({ follow }) => follow(process.argv[2], process.argv[3]))"


class Lesson:
    """A generation that has just begun, and a place with the examples that follow it."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.reader = reader
        self.folder = folder
        self.token = reader.env["TOOLBOXAI_TOKEN"]
        for file in EXAMPLES.iterdir():
            (folder / file.name).write_text(
                reader.adapted(file.read_text(encoding="utf-8")), encoding="utf-8"
            )
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        wanted = {
            "subject": "Science",
            "grade_level": "6-8",
            "learning_objectives": ["Explain how clouds form"],
            "source_text": SAMPLE.read_text(encoding="utf-8"),
        }
        accepted = self.ask("/api/v1/content/generate", json.dumps(wanted).encode())
        self.session_id: str = accepted["session_id"]
        self._events_url: str = accepted["events_url"]

    def ask(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.reader.env['TOOLBOXAI_URL']}{path}", body, headers), timeout=5
        ) as answer:
            return json.load(answer)

    def lines(self) -> list[str]:
        """What the handlers print of it, made from the list of its events when it is over."""
        found = []
        for event in self.ask(f"{self._events_url}?after=0")["items"]:
            data = event["data"]
            if event["type"] == "progress_update":
                found.append(f"Progress: {data['progress_percent']}% - {data['message']}")
        assert event["type"] == "generation_complete", "it is not over, or has failed"
        return [*found, f"Content ID: {data['content_id']}"]

    def node(self, *command: str) -> list[str]:
        node_packages()
        return self.run(node_with_sockets(), *command)

    def run(self, *command: str | Path) -> list[str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.reader.env, "SESSION": self.session_id},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.stderr == ""
        assert done.returncode == 0
        return done.stdout.splitlines()

    def python(self, name: str) -> list[str]:
        return self.run(PRODUCT / "python", f"{name}.py")

    def browser(self, name: str) -> list[str]:
        return self.node("-e", FOLLOW, f"./{name}.mjs", self.session_id, self.token)

    def luau(self, name: str, *, cuts: int = 0) -> list[str]:
        studio = Studio(self.folder, cut_after=6, cuts=cuts)
        printed = studio.run(name, self.session_id, self.token)
        assert studio.warned == []
        assert studio.opened > cuts or cuts == 0
        return printed


@pytest.fixture
def lesson(reader: Reader, tmp_path: Path) -> Lesson:
    return Lesson(reader, tmp_path)


@pytest.mark.parametrize(
    ("follow", "names"),
    [
        (Lesson.python, ["python_before", "python_after"]),
        pytest.param(Lesson.browser, ["browser_before", "browser_after"], marks=pytest.mark.peers),
        (Lesson.luau, ["luau_before", "luau_after", "luau_after_events", "luau_after_poll"]),
    ],
    ids=["python", "browser", "luau"],
)
def test_before_and_after_show_the_same_lesson_at_the_same_time(
    follow: Callable[[Lesson, str], list[str]], names: list[str], lesson: Lesson
) -> None:
    with ThreadPoolExecutor() as threads:
        shown = dict(zip(names, threads.map(lambda name: follow(lesson, name), names), strict=True))
    assert shown == dict.fromkeys(names, lesson.lines())


@pytest.mark.parametrize("name", ["luau_after", "luau_after_events"])
def test_streams_that_studio_cuts_go_on_and_nothing_is_shown_twice(name: str, lesson: Lesson) -> None:
    assert lesson.luau(name, cuts=2) == lesson.lines()


@pytest.mark.parametrize("name", ["luau_after", "luau_after_events", "luau_after_poll"])
def test_who_may_not_follow_a_lesson_is_told_and_stays_away(name: str, lesson: Lesson) -> None:
    studio = Studio(lesson.folder)
    assert studio.run(name, lesson.session_id, "no-token") == []
    assert len(studio.warned) == 1
    assert studio.opened <= 1


@pytest.fixture
def owner(tmp_path_factory: pytest.TempPathFactory) -> School:
    """Of a school whose server is not started yet."""
    home = tmp_path_factory.mktemp("owner")
    # A browser's driver may keep an event loop in this thread, beside which no other can run.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(open_school, home, names=("jane",)).result()


@contextmanager
def served(school: School) -> Iterator[Reader]:
    with serving([PRODUCT / "toolboxai", "serve", "--port", "0"], cwd=school.home, env=school.env) as server:
        signed_in = {"TOOLBOXAI_TOKEN": school["jane"].token, "TOOLBOXAI_URL": server.url}
        yield Reader(server.port, {**server.env, **signed_in})


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_the_examples_through_the_end_of_the_endpoint(owner: School, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    with served(owner) as reader:
        lesson = Lesson(reader, tmp_path / "before")
        assert lesson.python("python_before") == lesson.python("python_after") == lesson.lines()

    (owner.home / "toolboxai.toml").write_text('[legacy.endpoints.content]\nmode = "off"\n')
    with served(owner) as reader:
        lesson = Lesson(reader, tmp_path / "after")
        at = f"ws://127.0.0.1:{reader.port}/ws"
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"{at}/content/{lesson.session_id}", proxy=None),
        ):
            pass
        assert refused.value.response.status_code == 410
        told = json.loads(refused.value.response.body)
        channel = f"private-content-generation-{lesson.session_id}"
        assert (told["error_code"], told["details"]["replacement"]["channel"]) == ("ENDPOINT_GONE", channel)
        studio = Studio(lesson.folder)
        assert studio.run("luau_before", lesson.session_id, lesson.token) == []

        assert lesson.python("python_after") == lesson.lines()  # who has moved is not touched
        with connect(f"{at}/native", proxy=None) as other:  # nor is another endpoint
            other.send("Hello WebSocket!")
            assert other.recv(timeout=5) == "Hello WebSocket!"


PAGE = """
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Lesson as After } from "./react_after.jsx";
import { Lesson as Before } from "./react_before.jsx";

window.show = (id, lesson) => {
  const Lesson = { Before, After }[id];
  createRoot(document.getElementById(id)).render(<StrictMode><Lesson {...lesson} /></StrictMode>);
};
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield browser.new_page()
        browser.close()


@pytest.mark.peers
def test_the_react_components_show_the_same_lesson(lesson: Lesson, page: Page) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(f"{lesson.reader.env['TOOLBOXAI_URL']}/healthz")  # of the same origin, and empty
    page.evaluate("document.body.innerHTML = '<div id=Before></div><div id=After></div>'")
    page.add_script_tag(content=bundled(lesson.folder, PAGE))
    for name in ("Before", "After"):
        page.evaluate(
            "([id, lesson]) => show(id, lesson)",
            [name, {"sessionId": lesson.session_id, "token": lesson.token}],
        )
    for name in ("Before", "After"):
        page.locator(f"#{name}").get_by_text("Content ID").wait_for()
    shown = [page.locator(f"#{name}").inner_text() for name in ("Before", "After")]
    *_, progress, content_id = lesson.lines()
    percent, message = progress.split(" - ")
    assert [text.split("\n\n") for text in shown] == [[percent, f"Message: {message}", content_id]] * 2
    assert faults == []


@pytest.mark.parametrize("language", ["py", "mjs", "jsx", "luau"])
def test_the_handler_is_one_file_that_both_use_and_that_knows_no_transport(language: str) -> None:
    handler = (EXAMPLES / f"progress.{language}").read_text(encoding="utf-8")
    assert not re.search(r"socket|pusher|channel|connect", handler, re.IGNORECASE)
    pair = list(EXAMPLES.glob(f"*_*.{language}"))
    assert len(pair) >= 2
    for file in pair:
        assert re.search(r"import|require", text := file.read_text(encoding="utf-8"))
        assert "progress" in text
        assert not re.search(r"progress_update|generation_complete", text), (
            "the handler stands in its own file"
        )


def test_the_guide_s_own_link_leads_to_the_page() -> None:
    guide = (ROOT / "tests/contract/websocket-guide.md").read_text(encoding="utf-8")
    (target,) = re.findall(r"\]\(([^)]*MIGRATION[^)]*)\)", guide)
    # It stands one folder below the page, as it does in a folder of the documents.
    assert (ROOT / "docs" / "adr" / target).resolve() == ROOT / "docs" / PAGE_NAME
    assert f"/docs/{PAGE_NAME}" == MIGRATION_GUIDE  # and there the server has it


def test_every_endpoint_is_told_what_becomes_of_it() -> None:
    written = {
        code(path)[0]: (code(private)[0], code(public)[0])
        for path, private, public in rows(PAGE_NAME, "From endpoint to channel")
    }
    expected = {}
    for endpoint in ENDPOINTS.values():
        resource_id = "".join(re.findall(r"\{.*\}", endpoint.path))
        there = replacement(endpoint, resource_id)
        expected[endpoint.path] = (there.channel, there.public_channel)
    assert written == expected
