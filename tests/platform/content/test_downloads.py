"""What a finished session made, its files, and the addresses that work without a token."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener, a_session, a_teacher
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.errors import InvalidToken, ResourceNotFound
from toolboxai.platform.content.downloads import LINK_S, Downloads
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.exports.formats import sheets
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.sessions import STAGES
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.events import SessionNames
from toolboxai.platform.content.run.pipeline import Pipeline
from toolboxai.platform.identity.model import Role
from toolboxai.platform.resources.model import Share
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.testing.clock import ManualClock

ANNA = a_teacher()


@pytest.fixture
def link_keys() -> list[bytes]:
    """The keys that sign links, as they are just now."""
    return [b"k" * 32]


@pytest.fixture
async def downloads(
    database: AsyncEngine, clock: ManualClock, link_keys: list[bytes]
) -> AsyncIterator[Downloads]:
    store = DatabaseContentStore(database)
    ledger = Ledger(store, Listener(), SessionNames(PublicCompat.SAFE))
    pipeline = Pipeline(store, ledger, OfflineEngine(), clock)
    await store.create(a_session(), active_limit=5)
    for stage in STAGES:
        await pipeline.run_stage(stage, "gen_1")
    await pipeline.close()
    await store.create(a_session(2), active_limit=5)  # and one that is not finished
    calls = EngineCalls(OfflineEngine())
    yield Downloads(store, Editions(store), calls, clock, lambda: link_keys)
    await calls.close()


async def test_content_lists_its_files_and_each_can_be_fetched(downloads: Downloads) -> None:
    content = await downloads.content(ANNA, "content_1")
    assert content.session.content_id == "content_1"
    assert [(facts.format, facts.audience) for facts in content.files] == list(sheets())
    for facts in content.files:
        file = await downloads.file(ANNA, "content_1", format=facts.format, audience=Audience(facts.audience))
        assert (file.name, len(file.content), file.sha256) == (facts.name, facts.size, facts.sha256)


async def test_a_file_that_is_not_there_is_answered_with_those_that_are(downloads: Downloads) -> None:
    with pytest.raises(ResourceNotFound, match=r"it has .*md \(teacher\)"):
        await downloads.file(ANNA, "content_1", format="odt", audience=Audience.TEACHER)
    for unfinished in ("content_2", "content_9"):
        with pytest.raises(ResourceNotFound):
            await downloads.content(ANNA, unfinished)


async def test_answers_are_for_those_who_teach(downloads: Downloads, database: AsyncEngine) -> None:
    shares = DatabaseShareStore(database)
    for number, user_id in enumerate(("user_sam", "user_ben")):
        share = Share(f"share_{number}", "content_session", "gen_1", "org_1", user_id, 1.0)
        await shares.add(share, most=9)
    ben, sam = a_teacher("user_ben"), a_teacher("user_sam", role=Role.STUDENT)
    assert (await downloads.content(ben, "content_1")).files == (
        await downloads.content(ANNA, "content_1")
    ).files
    assert {file.audience for file in (await downloads.content(sam, "content_1")).files} == {"student"}
    file = await downloads.file(sam, "content_1", format="md", audience=Audience.STUDENT)
    assert file.audience is Audience.STUDENT
    for fetch in (downloads.file, downloads.link):
        with pytest.raises(ResourceNotFound, match=r"it has .*md \(student\)"):
            await fetch(sam, "content_1", format="md", audience=Audience.TEACHER)
    with pytest.raises(ResourceNotFound):
        await downloads.content(a_teacher("user_eve"), "content_1")
    with pytest.raises(ResourceNotFound):
        await downloads.content(a_teacher("user_sam", "org_2"), "content_1")


def parts(url: str) -> dict[str, Any]:
    path, _, query = url.partition("?")
    assert path == "/api/v1/content/download/content_1"
    return dict(part.split("=") for part in query.split("&"))


async def test_a_link_gives_its_one_file_for_its_time(downloads: Downloads, clock: ManualClock) -> None:
    link = await downloads.link(ANNA, "content_1", format="md", audience=Audience.STUDENT)
    said = parts(link.url)
    assert int(said["expires"]) == link.expires_at == clock.now() + LINK_S
    good = {"format": said["format"], "audience": Audience(said["sheet"]), "expires": link.expires_at}
    file = await downloads.file_by_link("content_1", **good, signature=said["signature"])
    assert file == await downloads.file(ANNA, "content_1", format="md", audience=Audience.STUDENT)
    for wrong in (
        {"format": "html"},
        {"audience": Audience.TEACHER},
        {"expires": link.expires_at + 1},
        {"signature": "0" * 64},
        {"signature": "\udcff"},
        {"content_id": "content_2"},
    ):
        tried: dict[str, Any] = {"content_id": "content_1", **good, "signature": said["signature"], **wrong}
        with pytest.raises(InvalidToken):
            await downloads.file_by_link(**tried)
    clock.advance(LINK_S + 1)
    with pytest.raises(InvalidToken):
        await downloads.file_by_link("content_1", **good, signature=said["signature"])


async def test_nobody_makes_a_link_to_what_they_may_not_see(downloads: Downloads) -> None:
    for who in (a_teacher("user_2"), a_teacher("user_1", "org_2")):
        with pytest.raises(ResourceNotFound):
            await downloads.link(who, "content_1", format="md", audience=Audience.TEACHER)


async def test_a_link_holds_as_long_as_the_key_that_signed_it_is_among_the_keys(
    downloads: Downloads, link_keys: list[bytes]
) -> None:
    async def made() -> dict[str, str]:
        link = await downloads.link(ANNA, "content_1", format="md", audience=Audience.STUDENT)
        return dict(parse_qsl(urlsplit(link.url).query))

    async def fetched(link: dict[str, str]) -> str:
        file = await downloads.file_by_link(
            "content_1",
            format=link["format"],
            audience=Audience(link["sheet"]),
            expires=int(link["expires"]),
            signature=link["signature"],
        )
        return file.format

    old = await made()
    link_keys.insert(0, b"n" * 32)
    new = await made()
    assert await fetched(old) == await fetched(new) == "md"
    assert old["signature"] != new["signature"]
    link_keys.pop()
    assert await fetched(new) == "md"
    with pytest.raises(InvalidToken):
        await fetched(old)
