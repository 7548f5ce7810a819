"""A teacher's evening: a lesson out of her own text, and what happens when something fails on the way."""

import io
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import docx
import httpx2
import pytest

from engines import lost
from generation import STAGES, assert_whole, long_text, stages_done
from provider_server import KEY, ProviderServer, Turn, provider, task_of
from pusher_js import watching
from readers.gift import read_gift
from readers.packages import read_package
from readers.qti12 import read_qti12
from school import SERVE, Open, calls, generate, open_school
from server_process import serving

pytestmark = pytest.mark.peers

TEXTS = Path(__file__).parents[1] / "corpus" / "texts"
WORDS = 900
TRIES = 4  # of one answer, by the usual settings
CARTRIDGE = "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"
CARTRIDGE_LOM = "http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"


def a_text_of_900_words() -> str:
    text = "\n\n".join(
        (TEXTS / name).read_text(encoding="utf-8") for name in ("en_rivers.md", "en_printing.md")
    )
    kept: list[str] = []
    left = WORDS
    for line in text.splitlines():
        kept.append(" ".join(line.split()[:left]))
        left -= len(line.split())
        if left <= 0:
            break
    return "\n".join(kept)


async def signed_in(opened: Open, name: str) -> str:
    """An access token, got as a page gets it."""
    person = opened.school[name]
    async with calls(opened.server) as http:
        answer = await http.post(
            "/api/v1/auth/login", json={"username": person.name, "password": person.password}
        )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def downloaded(http: httpx2.AsyncClient, complete: Mapping[str, Any], format: str) -> bytes:
    answer = await http.get(f"{complete['download_url']}?format={format}")
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.timeout(90)
async def test_j1_from_a_text_to_files_that_other_programs_read_in_less_than_a_minute(opened: Open) -> None:
    began_at = time.monotonic()
    token = await signed_in(opened, "jane")
    async with (
        httpx2.AsyncClient(
            base_url=opened.server.url,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=15,
        ) as http,
        watching(opened.server.port, opened.school.key, token=token) as page,
    ):
        text = a_text_of_900_words()
        assert len(text.split()) == WORDS
        accepted = await generate(
            http,
            source_text=text,
            learning_objectives=["Explain how rivers shape the land", "Describe how printing spread"],
            num_questions=10,
        )
        await page.subscribe(accepted["private_channel"])
        complete = assert_whole(await page.over(accepted["private_channel"]), accepted["session_id"])
        summary = complete["summary"]

        word = docx.Document(io.BytesIO(await downloaded(http, complete, "docx")))
        headings = [each.text for each in word.paragraphs if each.style and each.style.name == "Heading 3"]
        sections = [each for each in headings if each.endswith(" min)")]
        assert len(sections) == summary["lesson_sections"] > 0
        minutes = [int(each.rpartition("(")[2].removesuffix(" min)")) for each in sections]
        assert sum(minutes) == summary["duration_minutes"]
        assert sum(each.startswith("Question ") for each in headings) == summary["quiz_questions"] > 0

        gift = read_gift(await downloaded(http, complete, "gift"))
        assert len(gift) == summary["quiz_questions"]

        cartridge = read_package(await downloaded(http, complete, "imscc"), CARTRIDGE, CARTRIDGE_LOM)
        [(_, assessment)] = cartridge.of_type("imsqti_xmlv1p2/imscc_xmlv1p3/assessment")
        _, questions = read_qti12(assessment, common_cartridge=True)
        assert len(questions) == summary["quiz_questions"]
    assert time.monotonic() - began_at < 60


@pytest.fixture
def worded(tmp_path: Path) -> Iterator[tuple[Open, ProviderServer]]:
    """A school whose lessons a language model words, and that model."""
    with provider() as model:
        settings = {"PROVIDER": "openai", "BASE_URL": model.url(), "MODEL": "m", "API_KEY": KEY}
        school = open_school(tmp_path, **{f"TOOLBOXAI_LLM_{name}": each for name, each in settings.items()})
        with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
            yield Open(school, server), model


@pytest.mark.timeout(60)
async def test_j2_an_outage_of_the_provider_in_the_quiz_is_told_and_a_retry_goes_on_there(
    worded: tuple[Open, ProviderServer],
) -> None:
    opened, model = worded
    model.turns.extend([Turn(), *(Turn(status=503, retry_after="0") for _ in range(TRIES))])
    async with calls(opened.server, opened.school["john"]) as http, opened.watching("john") as page:
        accepted = await generate(http)
        channel = accepted["private_channel"]
        await page.subscribe(channel)
        failed = (await page.over(channel))[-1]
        assert (failed["type"], failed["data"]["error_code"]) == ("error", "PROVIDER_UNAVAILABLE")
        assert failed["data"]["details"] == {
            "stage": "quiz_generation",
            "retry_possible": True,
            "terminal": True,
        }
        assert stages_done(page.events(channel)) == STAGES[:2]

        again = await http.post(f"{accepted['status_url']}/retry")
        assert again.status_code == 202, again.text
        await page.until(lambda said: said.get("event") == "generation_complete")
        events = page.events(channel)
        assert stages_done(events) == STAGES, "what the first attempt had made was kept"
        content = json.loads(await downloaded(http, events[-1]["data"], "json"))
    assert content["generator"] == "openai:m"
    asked = [task_of(each["messages"][0]["content"]) for each in model.asked]
    assert asked == ["lesson", *["quiz"] * (TRIES + 1)]


@pytest.mark.timeout(60)
async def test_j2_what_fails_in_the_quiz_is_told_and_a_retry_goes_on_there(opened: Open) -> None:
    async with calls(opened.server, opened.school["john"]) as http, opened.watching("john") as page:
        accepted = await generate(http, source_text=long_text(80_000))
        channel = accepted["private_channel"]
        await page.subscribe(channel)
        await page.until(lambda said: in_work(said) == "quiz_generation")
        lost(opened.server)
        failed = (await page.over(channel))[-1]
        assert (failed["type"], failed["data"]["error_code"]) == ("error", "GENERATION_FAILED")
        assert failed["data"]["details"] == {
            "stage": "quiz_generation",
            "retry_possible": True,
            "terminal": True,
        }
        assert stages_done(page.events(channel)) == ["content_analysis", "lesson_generation"]
        assert (await http.get(accepted["status_url"])).json()["status"] == "failed"

        again = await http.post(f"{accepted['status_url']}/retry")
        assert again.status_code == 202, again.text
        await page.until(lambda said: said.get("event") == "generation_complete")
        events = page.events(channel)
        assert stages_done(events) == STAGES, "what the first attempt had made was kept"
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        percents = [e["data"]["progress_percent"] for e in events if e["type"] == "progress_update"]
        assert percents == sorted(percents)
        assert (await http.get(events[-1]["data"]["download_url"])).status_code == 200


async def test_j2_what_is_cancelled_says_so_and_leaves_no_file(opened: Open) -> None:
    async with calls(opened.server, opened.school["john"]) as http, opened.watching("john") as page:
        accepted = await generate(http, source_text=long_text(150_000))
        channel = accepted["private_channel"]
        await page.subscribe(channel)
        await page.until(lambda said: in_work(said) == "content_analysis")
        assert (await http.delete(accepted["status_url"])).status_code == 200
        events = await page.over(channel)
        assert events[-1]["data"]["error_code"] == "GENERATION_CANCELLED"
        assert [event["type"] for event in events].count("error") == 1
        for path in ("", "download/"):
            answer = await http.get(f"/api/v1/content/{path}{accepted['content_id']}")
            assert answer.status_code == 404, answer.text


def in_work(said: Mapping[str, Any]) -> str | None:
    """The stage of a progress update that is no place in line."""
    data = said["data"]["data"] if said.get("event") == "progress_update" else {}
    return None if "queue_position" in data else data.get("stage")
