"""A real browser before a real server."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from chromium import ARGUMENTS, chromium
from provider_server import KEY, ProviderServer, provider
from school import SERVE, Open, School, open_school
from server_process import serving
from visit import PATIENCE_MS, Visit, visiting

ENDS_WITHIN_S = 15.0
TRIES = 2  # of one answer of a model
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A window of its own, without cookies or memory of another."""
    with visiting(browser) as visit:
        yield visit


@pytest.fixture(scope="module")
def demo_link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page that ``demo --serve`` prints."""
    home = tmp_path_factory.mktemp("demo")
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("TOOLBOXAI_", "PUSHER_"))
    }
    command = [sys.executable, "-m", "toolboxai", "demo", "--serve"]
    with subprocess.Popen(command, cwd=home, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            printed = next((line for line in process.stdout if line.startswith("page: ")), None)
            assert printed is not None, "the demo ended without a page"
            yield printed.removeprefix("page: ").strip()
            process.send_signal(signal.SIGINT)
            assert process.wait(ENDS_WITHIN_S) == 0
        finally:
            process.kill()


def made(home: Path, **env: str) -> School:
    """A school whose server is not started yet."""
    # The browser's driver keeps an event loop in this thread, beside which no other can run.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(open_school, home, names=("jane", "john", "sam"), **env).result()


@pytest.fixture
def worded(tmp_path: Path) -> Iterator[tuple[Open, ProviderServer]]:
    """A school whose lessons a language model words, and that model."""
    with provider() as model:
        settings = {"PROVIDER": "openai", "BASE_URL": model.url(), "MODEL": "m", "API_KEY": KEY}
        school = made(tmp_path, **{f"TOOLBOXAI_LLM_{name}": each for name, each in settings.items()})
        (school.home / "toolboxai.toml").write_text(f"[llm]\ntries = {TRIES}\n")
        with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
            yield Open(school, server), model


@pytest.fixture
def school(tmp_path: Path) -> School:
    """A school of the test's own."""
    return made(tmp_path)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A school for all, with its server."""
    school = made(tmp_path_factory.mktemp("school"))
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)
