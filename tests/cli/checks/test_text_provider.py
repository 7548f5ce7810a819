"""Whether the language model that is configured is there, and takes the key; the key is never shown."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from provider_server import KEY, ProviderServer, provider
from toolboxai.cli.checks.finding import Verdict
from toolboxai.cli.checks.text_provider import text_provider
from toolboxai.config import Settings


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderServer]:
    with provider() as server:
        yield server


def settings(name: str, base_url: str, key: str = KEY) -> Settings:
    llm: dict[str, Any] = {"provider": name, "base_url": base_url, "model": "m", "api_key": key}
    return Settings.model_validate({"llm": llm})


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_one_that_is_there_and_takes_the_key(server: ProviderServer, name: str) -> None:
    found = await text_provider(settings(name, server.url(name)))
    assert found.verdict is Verdict.OK
    assert "answers and takes the key" in found.text
    assert KEY not in found.text


async def test_one_that_does_not_take_it(server: ProviderServer) -> None:
    found = await text_provider(settings("openai", server.url(), "another-key"))
    assert found.verdict is Verdict.FAULT
    assert "does not take the key (HTTP status 401)" in found.text
    assert "another-key" not in found.text


async def test_one_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = await text_provider(settings("openai", f"http://127.0.0.1:{free.getsockname()[1]}/v1"))
    assert found.verdict is Verdict.FAULT
    assert "does not answer" in found.text


async def test_none_is_needed() -> None:
    assert (await text_provider(Settings())).verdict is Verdict.NOTE
