"""A stock page watches a whole generation, on the private channel and on the guide's public one."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from generation import assert_whole, long_text
from guide import block, filled_in
from programs import Program, running
from pusher_js import node, node_packages
from school import Open, calls, generate
from toolboxai.platform.content.exports.formats import FORMATS

pytestmark = pytest.mark.peers


@asynccontextmanager
async def all_turns_taken(opened: Open) -> AsyncIterator[None]:
    """Two long generations of somebody else run, so that the next one waits until the block ends."""
    async with calls(opened.server, opened.school["john"]) as http:
        begun = [await generate(http, source_text=long_text(400_000)) for _ in range(2)]
        yield
        for each in begun:
            assert (await http.delete(each["status_url"])).status_code == 200


async def status(http: httpx2.AsyncClient, accepted: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.get(accepted["status_url"])).json()
    return answer


async def test_from_before_the_start_to_the_last_event(opened: Open) -> None:
    async with (
        calls(opened.server, opened.school["jane"]) as http,
        opened.watching("jane") as page,
        opened.watching() as stranger,
    ):
        async with all_turns_taken(opened):
            accepted = await generate(http)
            await page.subscribe(accepted["private_channel"])
            await stranger.subscribe(accepted["channel"])
            before = await status(http, accepted)
            assert (before["status"], before["progress_percent"]) == ("queued", 0)
        events = await page.over(accepted["private_channel"])
        complete = assert_whole(events, accepted["session_id"])
        assert complete["content_id"] == accepted["content_id"]

        kept = (await http.get(accepted["events_url"])).json()
        assert kept == {"items": events, "next_cursor": None}
        await the_files_hold_what_the_summary_says(http, complete)
        the_public_form_tells_the_same_without_the_text(
            events, await stranger.over(accepted["channel"]), accepted["session_id"]
        )


async def the_files_hold_what_the_summary_says(http: httpx2.AsyncClient, complete: Mapping[str, Any]) -> None:
    summary, url = complete["summary"], complete["download_url"]
    made = json.loads((await http.get(f"{url}?format=json")).text)
    lesson, quiz = made["lesson"], made["quiz"]
    counted = {
        "lesson_sections": len(lesson["sections"]),
        "quiz_questions": len(quiz["questions"]),
        "duration_minutes": sum(section["duration_minutes"] for section in lesson["sections"]),
    }
    assert counted == summary

    markdown = (await http.get(url)).text
    headings = [line for line in markdown.splitlines() if line.startswith("### ")]
    assert sum("min)" in line for line in headings) == summary["lesson_sections"]
    assert sum(line.startswith("### Question ") for line in headings) == summary["quiz_questions"]

    listed = (await http.get(f"/api/v1/content/{complete['content_id']}")).json()
    assert {file["format"] for file in listed["files"]} == set(FORMATS)
    for file in listed["files"]:
        body = (await http.get(file["url"])).content
        assert (len(body), hashlib.sha256(body).hexdigest()) == (file["size"], file["sha256"])


def the_public_form_tells_the_same_without_the_text(
    private: list[dict[str, Any]], public: list[dict[str, Any]], session_id: str
) -> None:
    assert_whole(public, session_id)
    same = ("type", "seq", "timestamp")
    assert [[event[name] for name in same] for event in public] == [
        [event[name] for name in same] for event in private
    ]
    spoken = json.dumps(public).lower()
    assert not [word for word in ("vapour", "evaporation", "cloud", "glacier", "halley") if word in spoken]


async def test_whoever_may_not_see_it_is_refused_on_the_page(opened: Open) -> None:
    async with calls(opened.server, opened.school["jane"]) as http:
        accepted = await generate(http)
    async with opened.watching("olga") as page:
        refusal = await page.denied(accepted["private_channel"])
        assert refusal["status"] == 403


def the_snippet(**told: str) -> str:
    """The guide's pusher-js block, as it stands there, but for the substitutions that each reader has to make."""
    host = f"wsHost: '127.0.0.1', wsPort: {told['port']}, forceTLS: false, enabledTransports: ['ws'],"
    text = filled_in(
        block("NEW: Pusher Implementation", "javascript"),
        {"gen_abc123": told["session_id"], "cluster: 'us2',": f"cluster: 'us2', {host}"},
    )
    named = [
        "console.log = (...words) => process.stdout.write(JSON.stringify({ logged: words }) + '\\n');",
        f"process.env.VITE_PUSHER_KEY = '{told['key']}';",
        f"const authToken = '{told['token']}';",
        "const handleContentUpdate = (message) => console.log('update', message);",
    ]
    return "\n".join([*named, text])


class Guided:
    """A page that is the guide's snippet."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def next(self) -> Any:
        return (await self._program.next())["logged"]

    async def connected(self) -> None:
        assert await self.next() == ["Connected to content generation channel"]

    async def to_the_end(self) -> list[dict[str, Any]]:
        """All updates and the result, to the completion that the snippet announces."""
        events = []
        while (said := await self.next())[0] == "update":
            events.append(said[1])
        assert said[0] == "Content generation completed:"
        return [*events, said[1]]


@asynccontextmanager
async def guided(opened: Open, session_id: str, folder: Path) -> AsyncIterator[Guided]:
    told = {"port": str(opened.server.port), "key": opened.school.key, "token": opened.school["jane"].token}
    script = placed(the_snippet(session_id=session_id, **told), folder)
    async with running(node(), str(script)) as program:
        yield Guided(program)


def placed(script: str, folder: Path) -> Path:
    """The script in a folder of its own, beside the packages that it imports."""
    folder.mkdir()
    (folder / "node_modules").symlink_to(node_packages())
    place = folder / "guide.mjs"
    place.write_text(script, encoding="utf-8")
    return place


@pytest.mark.timeout(60)
async def test_the_guides_own_snippet_before_during_and_after(opened: Open, tmp_path: Path) -> None:
    async with calls(opened.server, opened.school["jane"]) as http, AsyncExitStack() as pages:
        async with all_turns_taken(opened):
            accepted = await generate(http, source_text=long_text(300_000))
            session_id = accepted["session_id"]
            early = await pages.enter_async_context(guided(opened, session_id, tmp_path / "early"))
            await early.connected()
            assert (await status(http, accepted))["status"] == "queued"
        updates = [(await early.next())[1]]
        while "queue_position" in updates[-1]["data"]:  # its turn has still to come
            updates.append((await early.next())[1])
        midway = await pages.enter_async_context(guided(opened, session_id, tmp_path / "midway"))
        await midway.connected()
        assert (await status(http, accepted))["status"] == "running"
        heard = [*updates, *await early.to_the_end()]

        late = await pages.enter_async_context(guided(opened, session_id, tmp_path / "late"))
        await late.connected()
        assert await midway.to_the_end() == heard
        assert await late.to_the_end() == heard

        kept = (await http.get("/api/v1/realtime/history", params={"channel": accepted["channel"]})).json()
        bound = ("progress_update", "generation_complete")
        assert heard == [event for event in kept["items"] if event["type"] in bound]
