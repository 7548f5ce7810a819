"""The worker that the README shows does a task of a real server, as a process of its own."""

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from doc_snippets import example_files, snippets
from docs.conftest import Reader
from toolboxai.agent import Registration, register
from toolboxai.client import connect

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]


def submitted(reader: Reader, made: Registration) -> str:
    request = urllib.request.Request(
        f"{reader.env['TOOLBOXAI_URL']}/api/v1/agents/{made.agent_id}/tasks",
        json.dumps({"task_type": "lesson_generation", "input": {"title": "Tides"}}).encode(),
        {"Authorization": f"Bearer {reader.env['TOOLBOXAI_TOKEN']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        task_id: str = json.load(answer)["task_id"]
    return task_id


async def result(reader: Reader, made: Registration) -> dict[str, Any]:
    url, key, token = (reader.env[name] for name in ("TOOLBOXAI_URL", "PUSHER_KEY", "TOOLBOXAI_TOKEN"))
    async with connect(url, key, token=token) as client, asyncio.timeout(30):
        async for event in await client.subscribe(f"private-agent-{made.agent_id}", since=0):
            if event.name == "task_result":
                return dict(event.data["data"])
    raise AssertionError("the channel ended")


async def test_the_worker_of_the_readme_does_what_it_is_given(reader: Reader, tmp_path: Path) -> None:
    examples = {file.read_text(encoding="utf-8") for file in example_files()}
    shown = [each for each in snippets("python", "bash", "js") if each.page == "README.md"]
    (worker,) = [each for each in shown if each.text not in examples]
    url, token = reader.env["TOOLBOXAI_URL"], reader.env["TOOLBOXAI_TOKEN"]
    made = await asyncio.to_thread(
        register, url, token, name="Lessons", task_types=["lesson_generation"], concurrency=1
    )
    task_id = await asyncio.to_thread(submitted, reader, made)
    working = await asyncio.create_subprocess_exec(
        *reader.command("python", worker.text, tmp_path),
        cwd=tmp_path,
        env={**reader.env, "TOOLBOXAI_AGENT_ID": made.agent_id, "TOOLBOXAI_AGENT_TOKEN": made.token},
    )
    try:
        told = await result(reader, made)
        working.terminate()
        async with asyncio.timeout(10):
            assert await working.wait() == 0
    finally:
        if working.returncode is None:
            working.kill()
            await working.wait()
    assert (told["task_id"], told["status"]) == (task_id, "completed")
    assert told["result"]["lesson_title"] == "Tides"
